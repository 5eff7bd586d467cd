"""How a solution ended, and the solution itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from shrinkage import errors
from shrinkage._typing import FloatArray


class Status(Enum):
    """How one alpha ended, as a sentence; what to try next where that helps."""

    CONVERGED = "The solution is optimal to within the tolerance."
    MAX_ROUNDS = (
        "The limit of rounds was reached first. Raise `max_rounds` or loosen `tol` in `settings`."
    )
    NULL_MODEL = (
        "Every penalised coefficient is zero: alpha is not below alpha_max. Choose a smaller alpha."
    )
    CONSTANT_TARGET = "The null model fits y exactly, so every penalised coefficient is zero."
    SINGULAR = (
        "Without a penalty more than one solution fits equally well; "
        "this is the one of minimum norm."
    )
    STALLED = (
        "Rounding stopped the solver above the tolerance. "
        "Rescale columns of extreme size, or loosen `tol` in `settings`."
    )
    SEPARATED = (
        "Features without a penalty fit some rows ever better as their coefficients grow, so no "
        "finite coefficients are best. Give these features a penalty (alpha and penalty_factor "
        "above 0), or drop them."
    )
    INTERPOLATED = (
        "The coefficients were interpolated linearly between two alphas of the path; "
        'they solve no problem exactly. Use how="exact" to refit.'
    )
    GRID_EDGE = (
        "The best alpha is at the edge of the grid and the error still falls there. "
        "Pass `alphas` that go further."
    )

    @property
    def converged(self) -> bool:
        """Whether the solver reached what was asked."""
        return self not in (Status.MAX_ROUNDS, Status.STALLED, Status.SEPARATED)


# The order of `enum class Status` in path.hpp.
CORE_STATUS = (
    Status.CONVERGED,
    Status.MAX_ROUNDS,
    Status.NULL_MODEL,
    Status.CONSTANT_TARGET,
    Status.SINGULAR,
    Status.STALLED,
    Status.SEPARATED,
)


@dataclass(frozen=True, eq=False)
class Solution:
    """One solution of the objective in docs/objective.md, with its certificate.

    Attributes
    ----------
    coef : ndarray of shape (n_features,), or (K, n_features) for K classes
        Coefficients, in units of the linear predictor (Gaussian: of y) per unit of each column.
    intercept : float, or ndarray of shape (K,)
        In units of the linear predictor; 0.0 without an intercept.
    alpha, l1_ratio : float
        The penalty that was used.
    status : Status
        How the solver ended.
    dual_gap : float
        (primal - dual value) / loss of the null model; NaN after interpolation, where SEPARATED,
        and at alpha 0 but for the Gaussian family.
    kkt_violation : float
        Largest distance from the optimality conditions, over alpha_max at l1_ratio 1.
    n_rounds : int
        Rounds of the active-set method.
    df : float
        Effective degrees of freedom, the intercept not counted.
    deviance_ratio : float
        1 - loss / loss of the null model: the share of the deviance explained.
    alpha_max : float
        Smallest alpha with every penalised coefficient zero; infinite for ridge.
    """

    coef: FloatArray
    intercept: float | FloatArray
    alpha: float
    l1_ratio: float
    status: Status
    dual_gap: float
    kkt_violation: float
    n_rounds: int
    df: float
    deviance_ratio: float
    alpha_max: float

    def __repr__(self) -> str:
        """Return how it ended, how far from optimal it is, and how large the model is."""
        kept = int(np.count_nonzero(self.coef))
        return (
            f"Solution(alpha={self.alpha:.6g}, l1_ratio={self.l1_ratio:g}, "
            f"{kept} of {self.coef.size} coefficients non-zero, "
            f"dual_gap={self.dual_gap:.1e}, status={self.status.name})"
        )


IS_UNFINISHED = np.array([not status.converged for status in CORE_STATUS])


def unfinished(codes: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return where the solver did not reach what was asked; codes are places in CORE_STATUS."""
    return IS_UNFINISHED[codes].nonzero()[0]


def warn_of(
    failed: NDArray[np.intp],
    alphas: FloatArray,
    codes: NDArray[np.int32],
    dual_gap: FloatArray,
    rounds: int,
    tol: float,
    separating: str = "",
) -> None:
    """Warn once of the alphas that ended above the tolerance, with the worst.

    `separating` names the features to blame where one is SEPARATED.
    """
    worst = failed[np.argmax(np.nan_to_num(dual_gap[failed], nan=np.inf))]
    status = CORE_STATUS[codes[worst]]
    reached = f"has a duality gap of {dual_gap[worst]:.1e} of the null model's loss"
    if status is Status.SEPARATED:
        reached = "has no finite optimum"
    elif np.isnan(dual_gap[worst]):
        reached = "has no duality gap, as nothing is penalised,"
    message = (
        f"{failed.size} of {len(alphas)} alphas did not converge; the others are exact. "
        f"Worst: alpha = {alphas[worst]:.6g} {reached} "
        f"after {rounds} rounds on the path, asked was {tol:.1e}.\n"
        f"Hint: {status.value}"
    )
    if status is Status.SEPARATED and separating:
        message += f" The largest of these coefficients: {separating}."
    errors.warn(message, errors.ConvergenceWarning)
