"""Groups of correlated features, and how a fitted model spreads its weight inside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.design import correlations

# Dormann et al. (2013): beyond it, collinearity begins to distort estimates.
THRESHOLD = 0.7


@dataclass(frozen=True)
class Group:
    """Features connected by correlations beyond the threshold.

    Attributes
    ----------
    features : ndarray of shape (n_members,)
        Positions, increasing.
    strongest : float
        Largest absolute correlation between two members.
    """

    features: IndexArray
    strongest: float


@dataclass(frozen=True)
class Share:
    """What one model does inside one group.

    Attributes
    ----------
    n_kept : int
        Members with a coefficient that is not zero.
    largest : float
        Share of the member with the largest coefficient in the sum of the absolute coefficients
        per standard deviation; NaN if all are zero.
    leader : int
        Position of that member; -1 if all are zero.
    """

    n_kept: int
    largest: float
    leader: int


def share(coef_per_sd: FloatArray, group: Group) -> Share:
    """Return how `coef_per_sd` of shape (n_features,) is spread over the members of a group."""
    size = np.abs(coef_per_sd[group.features])
    total = float(size.sum())
    if total == 0.0:
        return Share(0, float("nan"), -1)
    top = int(size.argmax())
    return Share(int(np.count_nonzero(size)), float(size[top]) / total, int(group.features[top]))


def correlated_groups(
    X: Any, weights: FloatArray | None, features: IndexArray, origin: IndexArray
) -> tuple[list[Group], float]:
    """Return the groups among `features`, and the largest absolute correlation.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows, which sum to 1; equal if None.
    features : ndarray of shape (n_features,)
        Columns of X to look at, increasing; at most `MOST_CORRELATED`.
    origin : ndarray of shape (n_columns,)
        Column of the user's table that each column of X comes from: the levels of one category
        exclude each other, so correlations between them are left out.

    Notes
    -----
    Groups are the connected components of the graph that joins two features if the absolute
    value of their correlation exceeds 0.7, so two members need not be correlated directly.
    Cost: n_rows * n_features^2 operations, two passes over the features.
    """
    # Imported here, for it takes a tenth of a second.
    from scipy.sparse.csgraph import connected_components

    size = np.abs(correlations(X, features, weights))
    size[origin[features][:, None] == origin[features][None, :]] = 0.0
    n_components, labels = connected_components(size > THRESHOLD, directed=False)
    groups = []
    for members in _members(np.asarray(labels, np.intp), n_components):
        groups.append(Group(features[members], float(size[np.ix_(members, members)].max())))
    return groups, float(size.max(initial=0.0))


def _members(labels: IndexArray, n_components: int) -> list[IndexArray]:
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels, minlength=n_components))
    return [members for members in np.split(order, ends[:-1]) if len(members) > 1]
