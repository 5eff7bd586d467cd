"""With mini-batches: dual averaging finds the support, the prox does not, polishing always does."""

import numpy as np
import pytest

from tests.torch.minibatch import run


def check(seeds, *proximal):
    wrong = {}
    for name in ("dual", *proximal):
        ends, polished = zip(*(run(name, seed) for seed in seeds), strict=True)
        assert max(polished) == 0, name
        wrong[name] = np.mean(ends)
    assert wrong["dual"] <= 1.0
    assert all(wrong[name] > 5.0 for name in proximal)


def test_two_seeds():
    check(range(2), "prox Adam")


@pytest.mark.long
def test_ten_seeds():
    check(range(10), "prox Adam", "prox SGD")
