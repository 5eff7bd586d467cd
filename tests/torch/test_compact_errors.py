"""What compaction refuses, in a sentence."""

import pytest
import torch
from torch import nn

from shrinkage.errors import ArgumentError
from shrinkage.torch.compaction import compact
from tests.torch.networks import mlp, zero

pytestmark = pytest.mark.usefixtures("in_double")


def test_what_is_no_model_or_input_is_an_error():
    with pytest.raises(ArgumentError, match="`model` must be a torch"):
        compact("model", torch.ones(1))
    with pytest.raises(ArgumentError, match="`example_inputs` must be a tensor"):
        compact(mlp(), None)
    with pytest.raises(ArgumentError, match="`example_inputs` must be finite"):
        compact(mlp(), torch.full((2, 6), float("nan")))
    with pytest.raises(ArgumentError, match="`example_inputs` can't be what the model"):
        compact(mlp(), torch.ones(2, 7))
    with pytest.raises(ArgumentError, match="`n_repeats` must be an integer >= 0"):
        compact(mlp(), torch.ones(2, 6), n_repeats=-1)
    with pytest.raises(ArgumentError, match=r"initialised, got a lazy 0\.weight"):
        compact(nn.Sequential(nn.LazyLinear(2)), torch.ones(2, 6))
    model = mlp()
    zero(model[0].weight, (0, 0), float("nan"))
    with pytest.raises(ArgumentError, match=r"finite weights, got NaN or infinity in 0\.weight"):
        compact(model, torch.ones(2, 6))


class Noisy(nn.Module):
    def forward(self, x):
        return x + torch.rand_like(x)


def test_outputs_that_differ_are_an_error():
    with pytest.raises(ArgumentError, match="same outputs when units go"):
        compact(nn.Sequential(nn.Linear(2, 2), Noisy()), torch.ones(2, 2), n_repeats=0)
