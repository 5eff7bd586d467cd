"""What holds for the folds of any n, K and seed."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shrinkage.select.folds import assign_folds

SEEDS = st.integers(0, 2**64 - 1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(n=st.integers(2, 300), n_folds=st.integers(2, 40), seed=SEEDS)
def test_folds_are_balanced(n, n_folds, seed):
    """Fold sizes differ by one at most."""
    n_folds = min(n, n_folds)
    sizes = np.bincount(assign_folds(n, n_folds, seed), minlength=n_folds)
    assert sizes.sum() == n
    assert sizes.max() - sizes.min() <= 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(n=st.integers(2, 300), more=st.integers(0, 300), n_folds=st.integers(2, 40), seed=SEEDS)
def test_more_rows_do_not_move_the_first(n, more, n_folds, seed):
    """The fold of row i depends on i, K and the seed only."""
    n_folds = min(n, n_folds)
    folds = assign_folds(n + more, n_folds, seed)
    np.testing.assert_array_equal(folds[:n], assign_folds(n, n_folds, seed))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(kept=st.lists(st.booleans(), min_size=4, max_size=200), seed=SEEDS)
def test_a_weight_of_zero_is_no_row(kept, seed):
    """Rows of weight 0 change the fold of no other row."""
    kept = np.array([True, True, *kept])
    folds = assign_folds(kept.size, 2, seed, kept.astype(float))
    np.testing.assert_array_equal(folds[kept], assign_folds(int(kept.sum()), 2, seed))
    assert (folds[~kept] == -1).all()


def test_every_permutation_of_a_block_is_as_likely():
    """Over many blocks, each of the 6 orders of 3 folds comes up a sixth of the time."""
    blocks = assign_folds(3 * 60_000, 3, seed=1).reshape(-1, 3)
    counts = np.unique(blocks, axis=0, return_counts=True)[1]
    assert counts.size == 6
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(10_000 * 5 / 6)
