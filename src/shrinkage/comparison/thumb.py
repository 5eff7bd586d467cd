"""The rule of thumb for choosing a penalty, and the measurements that it asks for."""

from __future__ import annotations

from dataclasses import dataclass

RULE = "correlated features or a simple model: L2; many features, selection, interpretability: L1"

# The rule has no numbers of its own. From one feature in five on, correlation is not a detail;
# ten rows for each coefficient is what textbooks ask of a regression without a penalty.
CORRELATED_SHARE = 0.2
ROWS_PER_FEATURE = 10.0


@dataclass(frozen=True)
class RuleOfThumb:
    """What the rule of thumb answers, and why.

    Attributes
    ----------
    n_rows : int
        Rows of positive weight.
    n_features : int
    n_correlated : int
        Features inside groups of correlated features.
    n_examined : int
        Features among which groups were looked for.
    strongest : float
        Largest absolute correlation between two features.
    """

    n_rows: int
    n_features: int
    n_correlated: int
    n_examined: int
    strongest: float

    @property
    def correlated(self) -> bool:
        """Whether the rule's first condition counts as met."""
        return self.n_correlated >= CORRELATED_SHARE * self.n_examined and self.n_correlated > 0

    @property
    def many(self) -> bool:
        """Whether the rule's second condition counts as met."""
        return self.n_rows < ROWS_PER_FEATURE * self.n_features

    @property
    def measurements(self) -> tuple[str, str]:
        """What was measured for each condition, in words."""
        among = "" if self.n_examined == self.n_features else f" among {self.n_examined} examined"
        share = self.n_correlated / max(self.n_examined, 1)
        correlated = (
            f"correlated features: {_yes(self.correlated)} "
            f"({self.n_correlated} of {self.n_features} features{among} are in groups with "
            f"|r| > 0.7, {share:.0%}; counted from {CORRELATED_SHARE:.0%}; "
            f"largest |r| {self.strongest:.2f})"
        )
        many = (
            f"many features: {_yes(self.many)} "
            f"({self.n_rows / self.n_features:.1f} rows for each feature; "
            f"counted below {ROWS_PER_FEATURE:.0f})"
        )
        return correlated, many

    @property
    def answer(self) -> str:
        """The rule's answer: "L1", "L2", "both" or "neither"."""
        if self.correlated and self.many:
            return "both"
        if self.correlated:
            return "L2"
        return "L1" if self.many else "neither"

    @property
    def sentence(self) -> str:
        """The rule's answer in words."""
        return {
            "L2": "The rule says L2 (ridge), unless features are to be selected.",
            "L1": "The rule says L1 (lasso).",
            "both": "Both conditions hold, so the rule points both ways; the elastic net is the "
            "usual compromise.",
            "neither": "Neither condition holds: the rule says L2 for a simple model, and L1 only "
            "if features are to be selected.",
        }[self.answer]


def _yes(met: bool) -> str:
    return "yes" if met else "no"
