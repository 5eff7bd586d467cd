"""Which rows each fold of a cross-validation holds out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from shrinkage import errors
from shrinkage._typing import BoolArray, FloatArray, FoldArray, IndexArray
from shrinkage._validate import check_count
from shrinkage.errors import ArgumentError, Phrase

Pair = tuple[IndexArray, IndexArray]


@dataclass(frozen=True, eq=False)
class Splits:
    """The folds of a cross-validation over n rows.

    Exactly one of `fold_ids` and `pairs` is there: `fold_ids` where no row is held out twice and
    each fold is fitted to all the other rows, which allows the fast way (rows of weight 0, which
    change nothing, are not looked at); `pairs` otherwise.

    Attributes
    ----------
    n_rows, n_folds : int
    fold_ids : ndarray of int32, shape (n_rows,), or None
        The fold that holds out each row; -1 for rows that are never held out.
    pairs : tuple of (ndarray, ndarray), or None
        For each fold the sorted positions of its training rows and of its held-out rows.
    """

    n_rows: int
    n_folds: int
    fold_ids: FoldArray | None
    pairs: tuple[Pair, ...] | None

    def __iter__(self) -> Iterator[Pair]:
        """Yield training and held-out positions of each fold, as a scikit-learn splitter does."""
        if self.pairs is not None:
            yield from self.pairs
            return
        for fold in range(self.n_folds):
            held_out = self.fold_ids == fold
            yield np.flatnonzero(~held_out), np.flatnonzero(held_out)

    def held_out_in(self) -> FoldArray:
        """Return the last fold that holds out each row, -1 where none does, shape (n_rows,)."""
        if self.fold_ids is not None:
            return self.fold_ids
        found = np.full(self.n_rows, -1, dtype=np.int32)
        for fold, (_, held_out) in enumerate(self):
            found[held_out] = fold
        return found


def assign_folds(n: int, n_folds: int, seed: int, weights: FloatArray | None = None) -> FoldArray:
    """Assign rows to K folds at random, balanced to +-1.

    Row i, counted among the rows of positive weight, goes to fold perm(seed, i // K)[i % K]: an
    independent permutation of 0..K-1 for each block of K rows. The permutation is exactly this:
    w_0, w_1, ... are the 64-bit words of `numpy.random.Philox(key=seed)`, word i belongs to
    row i, and the fold of a row is the number of smaller words among the K words of its block.
    (The last block has K words, too, even if it has fewer rows.) Philox can start anywhere, so
    any part of the rows can be assigned alone: the folds depend on nothing but i, K and the seed.

    Parameters
    ----------
    n : int
        Number of rows.
    n_folds : int
        K, from 2 to the number of rows of positive weight.
    seed : int
        From 0 to 2**64 - 1.
    weights : ndarray, shape (n,), optional
        Rows of weight 0 get -1: they are in no fold.

    Returns
    -------
    ndarray of int32, shape (n,)
    """
    n_folds = check_count("cv", n_folds, minimum=2)
    seed = check_count("random_state", seed, minimum=0)
    if seed >= 2**64:
        raise ArgumentError.must_be("random_state", "less than 2**64", seed)
    counted = np.arange(n) if weights is None else np.flatnonzero(weights > 0.0)
    if n_folds > counted.size:
        requirement = f"at most the number of rows of positive weight, {counted.size}"
        raise ArgumentError.must_be("cv", requirement, n_folds)
    n_blocks = -(-counted.size // n_folds)
    words = np.random.Philox(key=seed).random_raw(n_blocks * n_folds).reshape(n_blocks, n_folds)
    # The rank of each word: argsort is a permutation, argsort of it is its inverse.
    ranks = words.argsort(axis=1, kind="stable").argsort(axis=1)
    fold_ids = np.full(n, -1, dtype=np.int32)
    fold_ids[counted] = ranks.ravel()[: counted.size]
    return fold_ids


def make_splits(
    cv: Any,
    n: int,
    y: Any = None,
    groups: Any = None,
    fold_ids: Any = None,
    seed: int = 0,
    weights: FloatArray | None = None,
) -> Splits:
    """Return the folds that the arguments of a cross-validated fit describe.

    Parameters
    ----------
    cv : int, scikit-learn splitter, or iterable of (train, test)
        An integer K >= 2 assigns rows as `assign_folds` does, or with `groups` whole groups as
        `sklearn.model_selection.GroupKFold` does. Train and test are positions or masks.
    n : int
        Number of rows.
    y : array-like, shape (n,), optional
        The response, for splitters that look at it.
    groups : array-like, shape (n,), optional
        Rows of one group are held out together. Only with an integer or a splitter.
    fold_ids : array-like of int, shape (n,), optional
        The fold that holds out each row, 0 to K-1; -1 for rows that are never held out. It
        overrides an integer `cv`.
    seed : int
        For an integer `cv` without `groups`.
    weights : ndarray, shape (n,), optional

    Raises
    ------
    ArgumentError
        If a fold holds out no row of positive weight or leaves none to fit, or the folds are
        not positions among the n rows.
    """
    positive = np.ones(n, dtype=np.bool_) if weights is None else weights > 0.0
    if fold_ids is not None:
        if groups is not None:
            raise ArgumentError.cannot("fold_ids", "be given together with `groups`")
        if not _is_integer(cv):
            raise ArgumentError.cannot("fold_ids", "be given together with the splits of `cv`")
        return _from_fold_ids(_check_fold_ids(fold_ids, n), positive)
    if _is_integer(cv):
        if groups is None:
            return _from_fold_ids(assign_folds(n, cv, seed, weights), positive)
        return _from_fold_ids(_whole_groups(cv, _check_groups(groups, n), positive), positive)
    if hasattr(cv, "split") and not isinstance(cv, (str, bytes)):
        groups = None if groups is None else _check_groups(groups, n)
        return _from_pairs(_split(cv, n, y, groups), n, positive)
    if groups is not None:
        raise ArgumentError.cannot("groups", "be given together with the splits of `cv`")
    if not isinstance(cv, Iterable) or isinstance(cv, (str, bytes)):
        requirement = "an integer >= 2, a scikit-learn splitter, or a list of (train, test)"
        raise ArgumentError.must_be("cv", requirement, cv)
    return _from_pairs(list(cv), n, positive)


def _is_integer(cv: object) -> bool:
    return isinstance(cv, Integral) and not isinstance(cv, bool)


def _check_fold_ids(fold_ids: Any, n: int) -> FoldArray:
    array = np.asarray(fold_ids)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        raise ArgumentError.must_be("fold_ids", "one integer per row", fold_ids)
    if array.size != n:
        raise errors.wrong_length("fold_ids", array.size, n)
    whole = array.dtype.kind != "f" or (array == np.floor(array)).all()
    if not (whole and (n == 0 or (array.min() >= -1 and array.max() < n))):
        valid = (array >= -1) & (array < n) & (array == np.floor(array))
        row = int(np.flatnonzero(~valid)[0])
        got = Phrase(f"{errors.describe(array[row])} at fold_ids[{row}]")
        hint = "-1 stands for rows that are never held out"
        raise ArgumentError.must("fold_ids", "number the folds 0, 1, 2, ...", got, hint)
    return array.astype(np.int32)


def _check_groups(groups: Any, n: int) -> Any:
    array = np.asarray(groups)
    if array.ndim != 1:
        got = Phrase(f"an array of shape {array.shape}")
        raise ArgumentError.must_be("groups", "one-dimensional", got)
    if array.size != n:
        raise errors.wrong_length("groups", array.size, n)
    return array


def _whole_groups(n_folds: int, groups: Any, positive: BoolArray) -> FoldArray:
    """Assign whole groups to folds of nearly equal size."""
    from sklearn.model_selection import GroupKFold

    n_folds = check_count("cv", n_folds, minimum=2)
    counted = np.flatnonzero(positive)
    n_groups = np.unique(groups[counted]).size
    if n_folds > n_groups:
        raise ArgumentError.must_be("cv", f"at most the number of groups, {n_groups}", n_folds)
    fold_ids = np.full(groups.size, -1, dtype=np.int32)
    splitter = GroupKFold(n_splits=n_folds)
    for fold, (_, held_out) in enumerate(splitter.split(counted, groups=groups[counted])):
        fold_ids[counted[held_out]] = fold
    return fold_ids


def _split(splitter: Any, n: int, y: Any, groups: Any) -> list[Any]:
    try:
        return list(splitter.split(np.zeros((n, 1)), y, groups))
    except ValueError as error:
        raise ArgumentError.cannot("cv", f"split these rows: {str(error).rstrip('.')}") from error


def _from_fold_ids(fold_ids: FoldArray, positive: BoolArray) -> Splits:
    counted = fold_ids[positive]
    n_folds = int(fold_ids.max(initial=-1)) + 1
    if n_folds == 0:
        raise ArgumentError.must("fold_ids", "hold out some row", Phrase("-1 for every row"))
    sizes = np.bincount(counted + 1, minlength=n_folds + 1)[1:]
    if sizes.min() == 0:
        raise _empty_fold("fold_ids", int(np.flatnonzero(sizes == 0)[0]))
    if sizes.max() == counted.size:
        raise _empty_training("fold_ids", int(np.flatnonzero(sizes == counted.size)[0]))
    return Splits(fold_ids.size, n_folds, fold_ids, None)


def _from_pairs(splits: list[Any], n: int, positive: BoolArray) -> Splits:
    if not splits:
        raise ArgumentError.must("cv", "give at least one split", Phrase("none"))
    pairs = tuple(_check_pair(pair, fold, n) for fold, pair in enumerate(splits))
    n_positive = int(positive.sum())
    times, complements = np.zeros(n, dtype=np.intp), True
    for fold, (train, test) in enumerate(pairs):
        n_train, n_test = int(positive[train].sum()), int(positive[test].sum())
        if n_test == 0:
            raise _empty_fold("cv", fold)
        if n_train == 0:
            raise _empty_training("cv", fold)
        times[test] += 1
        complements = complements and n_train + n_test == n_positive
    if not complements or times.max() > 1:
        return Splits(n, len(pairs), None, pairs)
    fold_ids = np.full(n, -1, dtype=np.int32)
    for fold, (_, test) in enumerate(pairs):
        fold_ids[test] = fold
    return Splits(n, len(pairs), fold_ids, None)


def _check_pair(pair: Any, fold: int, n: int) -> Pair:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        got = Phrase(f"{errors.describe(pair)} as split {fold}")
        raise ArgumentError.must("cv", "give pairs (train, test)", got)
    train, test = (_positions(rows, fold, n) for rows in pair)
    both = np.intersect1d(train, test, assume_unique=True)
    if both.size:
        got = Phrase(f"row {both[0]} in both parts of split {fold}")
        raise ArgumentError.must("cv", "hold out rows that it does not fit to", got)
    return train, test


def _positions(rows: Any, fold: int, n: int) -> IndexArray:
    array = np.asarray(rows)
    if array.dtype == np.bool_ and array.shape == (n,):
        return np.flatnonzero(array)
    if array.size == 0:
        array = array.astype(np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        got = Phrase(f"an array of shape {array.shape} and dtype {array.dtype} in split {fold}")
        raise ArgumentError.must("cv", "give positions or masks of rows", got)
    positions = np.unique(array)
    if positions.size and (positions[0] < 0 or positions[-1] >= n):
        outside = positions[0] if positions[0] < 0 else positions[-1]
        got = Phrase(f"{outside} in split {fold}")
        raise ArgumentError.must("cv", f"give positions from 0 to {n - 1}", got)
    if positions.size < array.size:
        hint = "sample_weight lets a row count twice"
        got = Phrase(f"a row twice in split {fold}")
        raise ArgumentError.must("cv", "give each row once", got, hint)
    return positions.astype(np.intp)


def _empty_fold(name: str, fold: int) -> ArgumentError:
    got = Phrase(f"none in fold {fold}")
    hint = "number the folds from 0 without a gap" if name == "fold_ids" else None
    return ArgumentError.must(name, "hold out a row of positive weight in each fold", got, hint)


def _empty_training(name: str, fold: int) -> ArgumentError:
    got = Phrase(f"all of them in fold {fold}")
    return ArgumentError.must(name, "leave rows of positive weight to fit to", got)
