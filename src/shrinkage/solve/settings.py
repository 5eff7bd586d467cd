"""How hard to solve: tolerance, limit of rounds, threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from numbers import Integral, Real

from shrinkage.errors import ArgumentError

# Largest duality gap, over the loss of the null model, that counts as solved.
GAUSSIAN_TOL = 1e-9
GLM_TOL = 1e-8


@dataclass(frozen=True)
class Settings:
    """How hard to solve, never what to solve.

    Parameters
    ----------
    tol : float > 0 or None
        Largest duality gap that counts as converged, as a share of the loss of the null
        model, so it has no unit. None means 1e-9 for the Gaussian family, 1e-8 for others.
    max_rounds : int >= 1
        Limit of rounds (fresh gradients) for each alpha. Ordinary problems need 1 to 3.
    n_threads : int >= 1 or None
        Threads of the compiled core. None means the cores that this process may use. The
        answer is the same, bit for bit, for any number.

    Raises
    ------
    ArgumentError
        If a value is outside its range.
    """

    tol: float | None = None
    max_rounds: int = 5000
    n_threads: int | None = None

    def __post_init__(self) -> None:
        if self.tol is not None and not (_is_number(self.tol) and self.tol > 0):
            raise ArgumentError.must_be("tol", "None or a number above 0", self.tol)
        if not _is_count(self.max_rounds):
            raise ArgumentError.must_be("max_rounds", "an integer >= 1", self.max_rounds)
        if self.n_threads is not None and not _is_count(self.n_threads):
            raise ArgumentError.must_be("n_threads", "None or an integer >= 1", self.n_threads)

    @property
    def gap(self) -> float:
        """The duality gap asked for, of the Gaussian family."""
        return self.gap_of("gaussian")

    def gap_of(self, family: str) -> float:
        """Return the duality gap asked for, by the name of the family."""
        if self.tol is not None:
            return float(self.tol)
        return GAUSSIAN_TOL if family == "gaussian" else GLM_TOL

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return _available_cores() if self.n_threads is None else int(self.n_threads)


def check_settings(settings: Settings | None) -> Settings:
    """Return `settings`, or the default ones for None."""
    if settings is None:
        return Settings()
    if not isinstance(settings, Settings):
        raise ArgumentError.must_be("settings", "None or a shrinkage.Settings", settings)
    return settings


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
