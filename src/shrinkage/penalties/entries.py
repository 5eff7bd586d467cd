"""Penalties of single weights: L1, L2 and the elastic net."""

from __future__ import annotations

from dataclasses import dataclass

from shrinkage import _core
from shrinkage._typing import AnyArray
from shrinkage._validate import check_l1_ratio
from shrinkage.penalties.penalty import Penalty


@dataclass(frozen=True)
class L1(Penalty):
    """alpha * sum |w|: exact zeros, entry by entry.

    Examples
    --------
    >>> L1(0.5).prox([2.0, -0.3])
    array([1.5, 0. ])
    """

    @property
    def l1(self) -> float:
        """Factor of the sum of absolute weights."""
        return self.alpha


@dataclass(frozen=True)
class L2(Penalty):
    """alpha / 2 * sum w^2: smooth, shrinks all and zeroes none; torch's `weight_decay`, coupled.

    Examples
    --------
    >>> L2(1.0).prox([2.0, -0.5])
    array([ 1.  , -0.25])
    """

    @property
    def l2(self) -> float:
        """Factor of half the sum of squared weights."""
        return self.alpha


@dataclass(frozen=True)
class ElasticNet(Penalty):
    """alpha * (l1_ratio * sum |w| + (1 - l1_ratio) / 2 * sum w^2): exact zeros, and shrinkage.

    Parameters
    ----------
    alpha : float >= 0
    l1_ratio : float in [0, 1], default 0.5
        Share of L1: 1 is `L1`, 0 is `L2`.
    skip : tuple of {"bias", "norm", "embedding"}
        As for `Penalty`.

    Examples
    --------
    >>> ElasticNet(1.0, l1_ratio=0.5).prox([2.0, -0.5])
    array([1., 0.])
    """

    l1_ratio: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "l1_ratio", check_l1_ratio(self.l1_ratio))

    @property
    def l1(self) -> float:
        """Factor of the sum of absolute weights."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Factor of half the sum of squared weights."""
        return self.alpha * (1.0 - self.l1_ratio)


def shrink_entries(
    weight: AnyArray,
    second: AnyArray | None,
    *,
    is_squared: bool,
    scale: float,
    shift: float,
    l1: float,
    l2: float,
    n_threads: int,
) -> None:
    """Take the proximal step of l1 |w| + l2/2 w^2 in the metric D, in place.

    D = scale * sqrt(second) + shift where `is_squared`, else scale * second + shift, else (None)
    shift: what `Penalty.prox(weight, 1 / D)` returns, for the networks' inner loop.

    Parameters
    ----------
    weight : ndarray of shape (n,), float32 or float64, writeable and contiguous
    second : ndarray of shape (n,) and of the weight's dtype, or None
    is_squared : bool
        Not looked at without `second`.
    scale, shift, l1, l2 : float
        Such that D > 0.
    n_threads : int >= 1

    Notes
    -----
    Cost: one pass, three streams of memory; nothing is allocated.
    """
    _core.shrink_entries(weight, second, is_squared, scale, shift, l1, l2, n_threads)
