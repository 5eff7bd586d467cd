"""One strength of penalty, in the words of other packages."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Strength:
    """A strength of penalty on unit-scaled terms, and what translating it needs.

    The objective of docs/objective.md, section 1, with `l1 = alpha * l1_ratio` and
    `l2 = alpha * (1 - l1_ratio) / tau`: these two multiply |s b| and (s b)^2 / 2.

    Parameters
    ----------
    alpha : float >= 0
    l1_ratio : float in [0, 1]
    standardize : bool
        Whether s is the standard deviation of each column (then peers that do not
        standardize get the columns divided by it) or 1.
    target_spread : float >= 0
        Weighted standard deviation of y - offset, about 0 without an intercept.
    total_weight : float > 0
        Sum of the weights: the number of rows where there are none.
    n_rows : int
        Rows of positive weight.
    """

    alpha: float
    l1_ratio: float
    standardize: bool
    target_spread: float
    total_weight: float
    n_rows: int

    @property
    def l1(self) -> float:
        """Multiplier of |s b|."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Multiplier of (s b)^2 / 2."""
        tau = self.target_spread if self.standardize and self.target_spread > 0 else 1.0
        return self.alpha * (1.0 - self.l1_ratio) / tau

    def translations(self) -> list[tuple[str, str]]:
        """Return (where, what to type there), one pair per package or convention."""
        return [
            ("glmnet", named(self.glmnet())),
            ("scikit-learn", self.scikit_learn()),
            ("statsmodels", f"fit_regularized({named(self.statsmodels())})"),
            ("Spark", named(self.spark())),
            ("Keras", named(self.keras())),
            ("torch", self.torch()),
            ("sum of squares", lambdas(*self.summed())),
            ("mean of squares", lambdas(*self.averaged())),
        ]

    def glmnet(self) -> dict[str, float]:
        """Return glmnet's lambda and alpha: its L2 part is always divided by sd(y)."""
        return mixture(self.l1, self.l2 * self.target_spread, ("lambda", "alpha"))

    def scikit_learn(self) -> str:
        """Return the estimator of scikit-learn with the same objective."""
        if self.l1_ratio == 1.0:
            return f"Lasso(alpha={short(self.l1)})"
        if self.l1_ratio == 0.0:
            return f"Ridge(alpha={short(self.ridge_alpha())})"
        return f"ElasticNet({named(mixture(self.l1, self.l2, ('alpha', 'l1_ratio')))})"

    def ridge_alpha(self) -> float:
        """Return the alpha of scikit-learn's Ridge, whose loss is a sum without 1/2."""
        return self.l2 * self.total_weight

    def statsmodels(self) -> dict[str, float]:
        """Return alpha and L1_wt of OLS.fit_regularized."""
        return mixture(self.l1, self.l2, ("alpha", "L1_wt"))

    def spark(self) -> dict[str, float]:
        """Return regParam and elasticNetParam, whose deviations divide by n - 1."""
        inflation = math.sqrt(self.n_rows / max(self.n_rows - 1, 1))
        if self.standardize:
            first, second = self.l1 / inflation, self.l2 * self.target_spread / inflation
        else:
            first, second = self.l1, self.l2 * self.target_spread * inflation
        return mixture(first, second, ("regParam", "elasticNetParam"))

    def keras(self) -> dict[str, float]:
        """Return l1 and l2 of a kernel regularizer under the loss "mse"."""
        first, second = self.averaged()
        return {"l1": first, "l2": second}

    def torch(self) -> str:
        """Return the weight_decay of torch.optim.SGD under MSELoss: ridge only."""
        if self.l1 > 0.0:
            return "no weight_decay has an L1 part"
        return f"SGD(weight_decay={short(2.0 * self.l2)}) with MSELoss"

    def summed(self) -> tuple[float, float]:
        """Return (l1, l2) of sum w r^2 + l1 sum |b| + l2 sum b^2."""
        return 2.0 * self.total_weight * self.l1, self.total_weight * self.l2

    def averaged(self) -> tuple[float, float]:
        """Return (l1, l2) of mean r^2 + l1 sum |b| + l2 sum b^2."""
        return 2.0 * self.l1, self.l2


def mixture(l1: float, l2: float, names: tuple[str, str]) -> dict[str, float]:
    """Return l1 + l2 and the share of l1 in it, under these names."""
    total = l1 + l2
    return {names[0]: total, names[1]: l1 / total if total > 0.0 else 1.0}


def lambdas(l1: float, l2: float) -> str:
    """Return the penalty as a sum of terms."""
    parts = [
        f"{short(value)}*sum {term}" for value, term in ((l1, "|b|"), (l2, "b^2")) if value > 0.0
    ]
    return "+ " + " + ".join(parts) if parts else "no penalty"


def named(values: dict[str, float]) -> str:
    """Return numbers as keywords of a call."""
    return ", ".join(f"{name}={short(value)}" for name, value in values.items())


def short(value: float) -> str:
    """Return a number in six digits."""
    return f"{value:.6g}"
