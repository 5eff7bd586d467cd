"""Measure when ridge, elastic net and lasso win, on simulated data whose truth is known.

    python docs/evidence.py

prints the tables of `l1_vs_l2.md` as Markdown. Every penalty is tuned by 10-fold
cross-validation on the same folds of the same training samples, so that differences between
them are paired. Errors are *model errors*: the expected squared distance of the prediction from
the true mean for new rows, over the variance of the noise. 0 is perfect; the squared error of a
prediction is 1 more.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shrinkage import ElasticNetCV, LassoCV, RidgeCV, Simulation, bias_variance, simulate

N_REPEATS = 100
RIDGE, NET_10, NET_50, LASSO, LASSO_1SE = range(5)
NAMES = ("ridge", "elastic net 0.1", "elastic net 0.5", "lasso", "lasso, 1se rule")
RATIOS = (0.0, 0.1, 0.5, 1.0)
DENSE, HALF, GROUPS, SPARSE = (
    "all 8 matter a little, neighbours correlate 0.5 (example 2)",
    "20 of 40 matter, all pairs correlate 0.5 (example 3)",
    "3 groups of 5 near-copies matter, 25 others don't (example 4)",
    "5 of 100 matter, neighbours correlate 0.35",
)


def settings() -> dict[str, Simulation]:
    """Return examples 2, 3 and 4 of Zou and Hastie (2005), section 5, and a sparse truth."""
    place = np.arange(8)
    dense = Simulation.of(
        np.full(8, 0.85), 0.5 ** np.abs(place[:, None] - place), noise_sd=3.0, n_samples=20
    )
    half = Simulation.of(
        np.tile(np.repeat([0.0, 2.0], 10), 2),
        np.full((40, 40), 0.5) + 0.5 * np.eye(40),
        noise_sd=15.0,
        n_samples=100,
    )
    # Members of a group are a shared factor of variance 1 plus their own of variance 0.01.
    group = np.concatenate([np.repeat([0, 1, 2], 5), np.arange(3, 28)])
    copies = (group[:, None] == group) + np.diag(np.where(group < 3, 0.01, 0.0))
    groups = Simulation.of(np.repeat([3.0, 0.0], [15, 25]), copies, noise_sd=15.0, n_samples=50)
    sparse = simulate(100, 100, snr=2.0)
    return {DENSE: dense, HALF: half, GROUPS: groups, SPARSE: sparse}


@dataclass(frozen=True)
class Measured:
    """What the tuned models did, one row for each training sample, one column for each penalty."""

    truth: Simulation
    errors: NDArray[np.float64]
    found: NDArray[np.float64]
    false: NDArray[np.float64]
    alphas: NDArray[np.float64]

    def lead(self, one: int, other: int) -> tuple[float, float]:
        """Return by how much `one` has the smaller error than `other`, and its standard error."""
        differences = self.errors[:, other] - self.errors[:, one]
        return float(differences.mean()), float(standard_error(differences))

    @property
    def winner(self) -> int:
        """The penalty of the lowest mean error."""
        return int(self.errors.mean(axis=0).argmin())


def measure(truth: Simulation, n_repeats: int = N_REPEATS) -> Measured:
    """Tune and fit every penalty on `n_repeats` training samples."""
    errors, found, false, alphas = (np.empty((n_repeats, len(NAMES))) for _ in range(4))
    matters = truth.coef != 0.0
    for r in range(n_repeats):
        X, y = truth.sample(truth.y.size, random_state=r)
        for k, ratio in enumerate(RATIOS):
            model = tuned(ratio).fit(X, y)
            fits = [model.path_.at(model.alpha_)]
            if k == LASSO:
                fits.append(model.path_.at(model.alpha_1se_))
            for column, fit in enumerate(fits, start=k):
                error = truth.model_error(fit.coef, fit.intercept)
                errors[r, column], alphas[r, column] = error / truth.noise_sd**2, fit.alpha
                kept = fit.coef != 0.0
                found[r, column], false[r, column] = (kept & matters).sum(), (kept & ~matters).sum()
    return Measured(truth, errors, found, false, alphas)


def tuned(ratio: float) -> RidgeCV | ElasticNetCV | LassoCV:
    """Return the penalty with 10-fold cross-validation, the same folds for all."""
    if ratio == 0.0:
        return RidgeCV(cv=10)
    return LassoCV(cv=10) if ratio == 1.0 else ElasticNetCV(l1_ratio=ratio, cv=10)


def standard_error(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of the mean over the training samples."""
    result: NDArray[np.float64] = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return result


def error_table(results: dict[str, Measured]) -> list[str]:
    """Return the model errors, the lowest in bold, and the paired lead of the lasso on ridge."""
    lines = row("which features matter", *NAMES, "ridge minus lasso") + rule(len(NAMES) + 1)
    for name, result in results.items():
        means, spread = result.errors.mean(axis=0), standard_error(result.errors)
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(means, spread, strict=True)]
        cells[result.winner] = f"**{cells[result.winner]}**"
        lead, se = result.lead(LASSO, RIDGE)
        lines += row(name, *cells, f"{lead:+.3f} ± {se:.3f}")
    return lines


def selection_table(results: dict[str, Measured]) -> list[str]:
    """Return how many features that matter, and how many others, the tuned models kept."""
    shown = (LASSO, LASSO_1SE, NET_50)
    lines = row("which features matter", *(NAMES[k] for k in shown), "exactly right: lasso", "1se")
    lines += rule(len(shown) + 2)
    for name, result in results.items():
        matter = int(np.count_nonzero(result.truth.coef))
        others = result.truth.coef.size - matter
        counts = [
            f"{result.found[:, k].mean():.1f} of {matter}"
            + (f" + {result.false[:, k].mean():.1f} of {others}" if others else "")
            for k in shown
        ]
        exact = [f"{exactly(result, k)} of {len(result.errors)}" for k in (LASSO, LASSO_1SE)]
        lines += row(name, *counts, *exact)
    return lines


def exactly(result: Measured, k: int) -> int:
    """Return in how many samples all features that matter were kept and no other."""
    matter = np.count_nonzero(result.truth.coef)
    right = (result.found[:, k] == matter) & (result.false[:, k] == 0)
    return int(right.sum())


@dataclass(frozen=True)
class Flatness:
    """How much alpha may vary around the sweet spot, as largest over smallest.

    `within_1` and `within_5` are for an expected error within 1 and 5 % of the lowest;
    `chosen` is the 90 % over the 10 % quantile of the alphas that cross-validation chose, and
    `cost` the share by which the error of its models exceeds that of the best fixed alpha.
    """

    within_1: float
    within_5: float
    chosen: float
    cost: float


def flatness(result: Measured, k: int) -> Flatness:
    """Measure how flat the sweet spot of one penalty is, on as many training samples."""
    parts = bias_variance(result.truth, RATIOS[k], alphas=100, n_repeats=len(result.errors))
    low_1, high_1 = parts.flat(0.01)
    low_5, high_5 = parts.flat(0.05)
    low, high = np.quantile(result.alphas[:, k], [0.1, 0.9])
    lowest = parts.expected_error[parts.best] / parts.noise
    cost = (1.0 + result.errors[:, k].mean()) / lowest - 1.0
    return Flatness(high_1 / low_1, high_5 / low_5, float(high / low), float(cost))


def flatness_table(results: dict[str, Measured]) -> list[str]:
    """Return how wide the sweet spot is, and how well cross-validation finds it."""
    titles = ("within 1 %", "within 5 %", "chosen", "costs")
    both = [f"{NAMES[k]}: {title}" for k in (RIDGE, LASSO) for title in titles]
    lines = row("which features matter", *both) + rule(len(both))
    for name, result in results.items():
        cells = []
        for flat in (flatness(result, k) for k in (RIDGE, LASSO)):
            cells += [f"{factor:.1f}" for factor in (flat.within_1, flat.within_5, flat.chosen)]
            cells.append(f"{100 * flat.cost:.0f} %")
        lines += row(name, *cells)
    return lines


def rules_table(results: dict[str, Measured]) -> list[str]:
    """Return the rules of thumb with the numbers for and against them."""

    def error(name: str, *penalties: int) -> str:
        means = results[name].errors.mean(axis=0)
        return ", ".join(f"{NAMES[k]} {means[k]:.2f}" for k in penalties)

    groups, sparse = results[GROUPS], results[SPARSE]
    others = int(np.count_nonzero(sparse.truth.coef == 0.0))
    kept = sparse.false[:, LASSO].mean()
    lines = [*row("rule of thumb", "holds", "fails"), "|---|---|---|"]
    lines += row(
        "L2 where features are correlated",
        f"all or half of them matter: {error(DENSE, RIDGE, LASSO)}; {error(HALF, RIDGE, LASSO)}",
        f"few matter: {error(SPARSE, RIDGE, LASSO)}",
    )
    lines += row(
        "L1 where there are many features",
        f"5 of 100 matter: {error(SPARSE, LASSO, RIDGE)}",
        f"20 of 40 matter: {error(HALF, LASSO, RIDGE)}",
    )
    lines += row(
        "L1 selects the features that matter",
        f"it kept {sparse.found[:, LASSO].mean():.1f} of 5 and left out {others - kept:.0f} of the "
        f"{others} others",
        f"it kept {kept:.1f} others, and exactly the right ones in {exactly(sparse, LASSO)} of "
        f"{len(sparse.errors)} samples",
    )
    lead, se = groups.lead(NET_50, LASSO)
    found = groups.found.mean(axis=0)
    lines += row(
        "elastic net for groups of near-copies",
        f"of 15 it kept {found[NET_50]:.1f}, the lasso {found[LASSO]:.1f}; "
        f"{error(GROUPS, NET_50, RIDGE)}",
        f"its error is not clearly below the lasso's: by {lead:.2f} ± {se:.2f}",
    )
    return lines


def row(*cells: str) -> list[str]:
    """Return one row of a Markdown table."""
    return [f"| {' | '.join(cells)} |"]


def rule(n_numbers: int) -> list[str]:
    """Return the line under the titles: the first column to the left, numbers to the right."""
    return [f"|---|{'--:|' * n_numbers}"]


def main(n_repeats: int = N_REPEATS) -> None:
    """Print the tables."""
    results = {name: measure(truth, n_repeats) for name, truth in settings().items()}
    print(f"Model error over the variance of the noise, {n_repeats} training samples each:\n")
    print("\n".join(error_table(results)))
    print("\nFeatures kept on average, those that matter + others:\n")
    print("\n".join(selection_table(results)))
    print("\nLargest over smallest alpha around the sweet spot, and among those that")
    print("cross-validation chose; what its choice costs in squared error:\n")
    print("\n".join(flatness_table(results)))
    print("\nRules of thumb against these numbers:\n")
    print("\n".join(rules_table(results)))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
