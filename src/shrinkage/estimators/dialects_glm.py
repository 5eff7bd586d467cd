"""One strength of penalty on a model of classes or counts, in the words of other packages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shrinkage.estimators.dialects import Strength, lambdas, mixture, named, short

TORCH_LOSSES = {
    "binomial": "BCEWithLogitsLoss",
    "poisson": "PoissonNLLLoss",
    "multinomial": "CrossEntropyLoss",
}


@dataclass(frozen=True)
class GlmStrength(Strength):
    """A strength of penalty on the mean of half unit deviances, which have no unit.

    Parameters are those of `Strength`, and

    family : {"binomial", "poisson", "multinomial"}
    n_outputs : int
        2 for two classes with coefficients each, which other packages have as a difference.
    """

    family: str = "binomial"
    n_outputs: int = 1

    @property
    def l2(self) -> float:
        """Multiplier of (s b)^2 / 2."""
        return self.alpha * (1.0 - self.l1_ratio)

    def translations(self) -> list[tuple[str, str]]:
        """Return (where, what to type there), one pair per package or convention."""
        return [
            ("glmnet", named(self.glmnet())),
            ("scikit-learn", self.scikit_learn()),
            ("statsmodels", self.statsmodels_call()),
            ("Keras", named(self.keras())),
            ("torch", self.torch()),
            ("sum of losses", lambdas(*self.summed())),
            ("mean of losses", lambdas(*self.averaged())),
        ]

    def glmnet(self) -> dict[str, float]:
        """Return glmnet's lambda and alpha: ours."""
        return {"lambda": self.alpha, "alpha": self.l1_ratio}

    def scikit_learn(self) -> str:
        """Return the estimator of scikit-learn with the same objective."""
        if self.family == "poisson":
            if self.l1 > 0.0:
                return "no PoissonRegressor has an L1 part"
            return f"PoissonRegressor(alpha={short(self.l2)})"
        if self.alpha == 0.0:
            return "LogisticRegression(C=np.inf)"
        if self.n_outputs == 2:  # half of (d/2)^2 + (d/2)^2 for a difference d
            alpha, l1_ratio = mixture(self.l1, 0.5 * self.l2, ("alpha", "l1_ratio")).values()
            one = replace(self, alpha=alpha, l1_ratio=l1_ratio, family="binomial", n_outputs=1)
            return one.scikit_learn()
        C = short(self.logistic_c())
        if self.l1 == 0.0:
            return f"LogisticRegression(C={C})"
        return f"LogisticRegression(C={C}, l1_ratio={short(self.l1_ratio)}, solver='saga')"

    def logistic_c(self) -> float:
        """Return the C of scikit-learn's LogisticRegression, which multiplies a sum of losses."""
        return 1.0 / (self.total_weight * self.alpha)

    def statsmodels_call(self) -> str:
        """Return the call of statsmodels with the same objective."""
        if self.family == "multinomial":
            return "no MNLogit penalises all classes alike"
        return f"GLM.fit_regularized({named(self.statsmodels())})"

    def statsmodels(self) -> dict[str, float]:
        """Return alpha and L1_wt of GLM.fit_regularized."""
        return mixture(self.l1, self.l2, ("alpha", "L1_wt"))

    def torch(self) -> str:
        """Return the weight_decay of torch.optim.SGD under the mean loss: ridge only."""
        if self.l1 > 0.0:
            return "no weight_decay has an L1 part"
        return f"SGD(weight_decay={short(self.l2)}) with {TORCH_LOSSES[self.family]}"

    def summed(self) -> tuple[float, float]:
        """Return (l1, l2) of sum w loss + l1 sum |b| + l2 sum b^2."""
        return self.total_weight * self.l1, 0.5 * self.total_weight * self.l2

    def averaged(self) -> tuple[float, float]:
        """Return (l1, l2) of mean loss + l1 sum |b| + l2 sum b^2."""
        return self.l1, 0.5 * self.l2
