"""Expect claims of policies: counts, and how long each of them was counted.

    python examples/counts.py

10 000 policies of a simulated insurer, observed for a part of a year each. The truth is known:
young drivers, strong cars and the coast have more claims, and twelve other columns have no say.
"""

import numpy as np

from shrinkage import PoissonRegressorCV

REGIONS = np.array(["coast", "hills", "plain"])


def policies(n, seed):
    """Return a table of policies, the years of each, its claims and its true yearly rate."""
    rng = np.random.default_rng(seed)
    table = {
        "age": rng.uniform(18.0, 80.0, n),
        "power": rng.uniform(40.0, 200.0, n),
        "region": REGIONS[rng.integers(3, size=n)],
    }
    rate = np.exp(-0.5 - 0.02 * table["age"] + 0.005 * table["power"])
    rate *= np.where(table["region"] == "coast", 1.4, 1.0)
    table |= {f"other{j}": rng.normal(size=n) for j in range(12)}
    years = rng.uniform(0.1, 1.0, n)
    return table, years, rng.poisson(rate * years), rate


table, years, claims, _ = policies(10_000, seed=0)
# The logarithm of the years is a known part of the linear predictor: its coefficient is 1.
model = PoissonRegressorCV(l1_ratio=[0.5, 1.0])
model.fit(table, claims, offset=np.log(years))
print(f"l1_ratio {model.l1_ratio_}, alpha {model.alpha_:.4f}, status {model.status_.name}")
print("Claims in a year, times so much for one more of each; 1 is no influence:")
for name, coef in zip(model.coef_names_, model.coef_, strict=True):
    if coef != 0.0:
        print(f"  {name:14}{np.exp(coef):6.3f}")

new, new_years, new_claims, new_rate = policies(10_000, seed=1)
ratio = model.score(new, new_claims, offset=np.log(new_years))
expected = model.predict(new, offset=np.log(new_years))
print(f"\nNew policies: {new_claims.sum()} claims, {expected.sum():.0f} expected")
print(f"Share of the deviance explained: {ratio:.3f}; of what is to be explained, most is chance")

# Premiums are for a whole year: exposure 1, of which the logarithm is 0.
yearly = model.predict(new, offset=np.zeros(len(new_rate)))
print(f"Correlation of predicted and true yearly rates: {np.corrcoef(yearly, new_rate)[0, 1]:.3f}")
