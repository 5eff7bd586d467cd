"""What a solver is."""

from typing import Any

import numpy as np

from benchmarks.problem import Data


class GaveUp(Exception):
    """The solver stopped by itself before the end of the path."""


class Solver:
    """One solver with a number of threads. A task that it has is a method `fit_TASK`.

    `fit_TASK(data, tol)` is timed. `coefs(found)` of what `fit_path` and `fit_one` found, and
    `curve(data, found)`, the cross-validated deviance for each alpha, of the others, are not.

    Attributes
    ----------
    name : str
    module : str
        Imported, by the clock, before anything is solved.
    environment : str
        Which environment has it; None is this package's own.
    families : tuple of str
    tolerances : tuple
        The ladder, from the solver's default upwards; None is the default too.
    is_threaded : bool
        Whether it is tried with one thread too.
    is_centred : bool
        Whether it gets dense X and y centred, as its path function does not centre.
    compiles : bool
        Whether the first call of a problem compiles it: that call is then not what is compared.
    """

    name: str
    module: str
    environment: str | None = "peers"
    families: tuple[str, ...]
    tolerances: tuple[Any, ...]
    is_threaded = False
    is_centred = False
    compiles = False

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    @classmethod
    def ladder(cls, family: str) -> tuple[Any, ...]:
        """Return the tolerances for a family."""
        return cls.tolerances

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        """Return whether it has this problem, beyond its families and tasks."""
        return True

    def coefs(self, found: Any) -> np.ndarray:
        return np.asarray(found[0])

    def curve(self, data: Data, found: Any) -> np.ndarray:
        raise NotImplementedError
