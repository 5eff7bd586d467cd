"""Held-out predictions in bins, and what was observed in each."""

from __future__ import annotations

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.comparison.held_out import HeldOutRows
from shrinkage.draw import Reliability

N_BINS = 10
_Z = 1.959963984540054  # 95 % of a normal distribution


def bins_of(rows: HeldOutRows, mean: FloatArray) -> list[Reliability]:
    """Return the bins of predicted means with the means observed in them.

    Classes: ten bins of equal width, intervals of Wilson (1927); where the rows have shares of
    ones, their weights are the numbers of trials. Other means: ten bins of equal weight, intervals
    from the spread of the response in the bin. Of several classes one `Reliability` each, of two
    that of the second.

    Parameters
    ----------
    rows : HeldOutRows
    mean : ndarray of the shape of `rows.y`
    """
    which = rows.counted
    weight, y, mu = rows.weights[which], rows.y[which], mean[which]
    if not rows.is_classified:
        return [_of_counts(y, mu, weight, rows.total)]
    if y.ndim == 1:
        return [_of_shares(rows.labels[-1], y, mu, weight, rows.total)]
    return [
        _of_shares(label, y[:, k], mu[:, k], weight, rows.total)
        for k, label in enumerate(rows.labels)
    ]


def _of_shares(
    name: str, y: FloatArray, mu: FloatArray, weight: FloatArray, total: float
) -> Reliability:
    edges = np.linspace(0.0, 1.0, N_BINS + 1)
    place = np.clip((mu * N_BINS).astype(np.intp), 0, N_BINS - 1)
    counts = total * np.asarray(np.bincount(place, weight, minlength=N_BINS), dtype=np.float64)
    predicted, observed, _, n = _means(y, mu, weight, place)
    if ((y > 0.0) & (y < 1.0)).any():
        n = counts[np.unique(place)]
    centre = (observed + _Z**2 / (2.0 * n)) / (1.0 + _Z**2 / n)
    half = np.sqrt(observed * (1.0 - observed) / n + _Z**2 / (4.0 * n**2)) * _Z / (1.0 + _Z**2 / n)
    return Reliability(name, predicted, observed, centre - half, centre + half, edges, counts)


def _of_counts(y: FloatArray, mu: FloatArray, weight: FloatArray, total: float) -> Reliability:
    order = np.argsort(mu, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    place = np.empty(mu.size, dtype=np.intp)
    place[order] = np.clip((N_BINS * reached / weight.sum()).astype(np.intp), 0, N_BINS - 1)
    predicted, observed, spread, n = _means(y, mu, weight, place)
    half = _Z * spread / np.sqrt(n)
    low, high = np.maximum(observed - half, 0.0), observed + half
    # A few very large means would leave no room for the others: the last bar has them too.
    top = float(max(high.max(), predicted.max()))
    edges = np.linspace(0.0, top, 2 * N_BINS + 1)
    found = np.histogram(np.minimum(mu, top), edges, weights=weight)[0]
    counts = total * np.asarray(found, dtype=np.float64)
    return Reliability("", predicted, observed, low, high, edges, counts)


def _means(
    y: FloatArray, mu: FloatArray, weight: FloatArray, place: IndexArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return for each bin with rows the means of mu and y, the spread of y, and how many rows.

    With weights as many as would determine the mean as well.
    """
    found = []
    for k in np.unique(place):
        here = place == k
        share = weight[here] / weight[here].sum()
        centre = float(share @ y[here])
        n = 1.0 / float(share @ share)
        spread = float(share @ (y[here] - centre) ** 2) * n / max(n - 1.0, 0.5)
        found.append((float(share @ mu[here]), centre, np.sqrt(spread), n))
    columns = np.array(found).T
    return columns[0], columns[1], columns[2], columns[3]
