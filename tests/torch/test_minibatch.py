"""With mini-batches: dual averaging finds the support, the prox does not, polishing always does."""

import numpy as np
import pytest

from tests.torch.minibatch import run


def check(seeds):
    wrong = {}
    for name in ("dual", "prox Adam", "prox SGD"):
        ends, polished = zip(*(run(name, seed) for seed in seeds), strict=True)
        assert max(polished) == 0, name
        wrong[name] = np.mean(ends)
    assert wrong["dual"] <= 1.0
    assert wrong["prox Adam"] > 5.0
    assert wrong["prox SGD"] > 5.0


def test_two_seeds():
    check(range(2))


@pytest.mark.long
def test_ten_seeds():
    check(range(10))
