"""The solutions along a path as the core returns them: compressed rows, one per alpha."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shrinkage import _core
from shrinkage._typing import FloatArray, IndexArray

# Codes of `enum class Status` in path.hpp.
CONVERGED, CONSTANT_TARGET, SINGULAR, STALLED, SEPARATED = 0, 3, 4, 5, 6


NAMES = (
    "counts",
    "dual_gap",
    "features",
    "intercepts",
    "kkt_violation",
    "loss",
    "rounds",
    "starts",
    "status",
    "values",
)


# starts, features, values, intercepts
Models = tuple[NDArray[np.int64], NDArray[np.int32], FloatArray, FloatArray]


class Points:
    """Solutions for m alphas, coefficients in original units.

    Row k has the features `features[starts[k]:starts[k + 1]]` with `values` of the same slice.
    With K classes `intercepts` has the shape (m, K), and coefficient j of class c has the number
    c p + j in place of a feature.
    """

    __slots__ = ("_result", *NAMES)

    starts: NDArray[np.int64]
    features: NDArray[np.int32]
    values: FloatArray
    intercepts: FloatArray
    loss: FloatArray
    dual_gap: FloatArray
    kkt_violation: FloatArray
    status: NDArray[np.int32]
    rounds: NDArray[np.int64]
    counts: dict[str, int]

    def __init__(self, result: _core.PathResult | Points) -> None:
        self._result = result

    def __getattr__(self, name: str) -> Any:
        """Take an array over from the core when it is first asked for: folds have many."""
        if name not in NAMES:
            raise AttributeError(name)
        value = getattr(self._result, name)
        setattr(self, name, value)
        return value

    def __len__(self) -> int:
        """Return the number of alphas."""
        return int(self.intercepts.shape[0])

    def __getstate__(self) -> dict[str, Any]:
        """Return the arrays, as copies that no native object owns."""
        state = {name: np.array(getattr(self, name)) for name in NAMES if name != "counts"}
        return state | {"counts": dict(self.counts)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the arrays back."""
        for name, value in state.items():
            setattr(self, name, value)

    def row(self, k: int) -> tuple[NDArray[np.int32], FloatArray]:
        """Return the features and the coefficients of alpha number k."""
        here = slice(self.starts[k], self.starts[k + 1])
        return self.features[here], self.values[here]

    def judged_by(self, tol: float) -> Points:
        """Return the points with the status that `tol` asks for.

        A linear system is solved as well as rounding allows, whatever the tolerance: only
        the words for it depend on that.
        """
        within = self.dual_gap <= tol
        if within.all() and not (self.status == STALLED).any():
            return self
        other = Points(self)
        other.status = np.where(within, self.status, STALLED).astype(np.int32)
        other.status[within & (self.status == STALLED)] = CONVERGED
        return other

    def only(self, k: int) -> Points:
        """Return alpha number k alone."""
        one = Points(self)
        one.features, one.values = self.row(k)
        one.starts = np.array([0, one.values.shape[0]], dtype=np.int64)
        for name in ("intercepts", "loss", "dual_gap", "kkt_violation", "status", "rounds"):
            setattr(one, name, getattr(self, name)[k : k + 1])
        return one

    def coef(self, k: int, n_features: int) -> FloatArray:
        """Return the dense coefficients of alpha number k, of shape (p,) or (K, p)."""
        dense = np.zeros((*self.intercepts.shape[1:], n_features))
        features, values = self.row(k)
        dense.reshape(-1)[features] = values
        return dense

    def dense(self, n_features: int) -> FloatArray:
        """Return all coefficients, of shape (m, p) or (m, K, p)."""
        dense = np.zeros((*self.intercepts.shape, n_features))
        dense.reshape(len(self), -1)[self._owners(), self.features] = self.values
        return dense

    def _owners(self) -> IndexArray:
        """Return the number of the alpha that each coefficient belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def n_nonzero(self, n_features: int) -> IndexArray:
        """Return the number of features that are not zero, for one class at least."""
        used = self.values != 0.0
        if self.intercepts.ndim == 1:
            filled = np.concatenate([[0], np.cumsum(used)])
            return np.asarray(filled[self.starts[1:]] - filled[self.starts[:-1]], dtype=np.intp)
        pairs = self._owners()[used] * n_features + self.features[used] % n_features
        return np.bincount(np.unique(pairs) // n_features, minlength=len(self))

    def models(self, n_features: int) -> Models:
        """Return what `_core.linear_predictor` takes: one model for each alpha and class."""
        if self.intercepts.ndim == 1:
            return self.starts, self.features, self.values, self.intercepts
        n_classes = self.intercepts.shape[1]
        model = self._owners() * n_classes + self.features // n_features
        starts = np.zeros(self.intercepts.size + 1, dtype=np.int64)
        np.cumsum(np.bincount(model, minlength=self.intercepts.size), out=starts[1:])
        features = self.features % np.int32(n_features)
        return starts, features, self.values, self.intercepts.ravel()


def at_alpha(paths: Sequence[Points], k: int) -> Points:
    """Return the coefficients and intercepts of alpha number k of several paths."""
    rows = [path.row(k) for path in paths]
    both = Points(paths[0])
    both.starts = np.zeros(len(paths) + 1, dtype=np.int64)
    np.cumsum([values.size for _, values in rows], out=both.starts[1:])
    both.features = np.concatenate([features for features, _ in rows])
    both.values = np.concatenate([values for _, values in rows])
    both.intercepts = np.array([path.intercepts[k] for path in paths])
    return both


def joined(parts: Sequence[Points]) -> Points:
    """Return the points of several stretches of alphas as one path."""
    if len(parts) == 1:
        return parts[0]
    whole = Points(parts[0])
    for name in NAMES:
        if name not in ("counts", "starts"):
            setattr(whole, name, np.concatenate([getattr(part, name) for part in parts]))
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    whole.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    whole.counts = {
        key: sum(part.counts.get(key, 0) for part in parts)
        for key in dict.fromkeys(key for part in parts for key in part.counts)
    }
    return whole
