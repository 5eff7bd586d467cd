"""A smaller network has the outputs of the larger one, and keeps nothing that it need not."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

from shrinkage.errors import DataWarning
from shrinkage.torch.compaction import compact
from shrinkage.torch.graph import KeptInputs
from tests.torch.networks import mlp, n_parameters, same, zero

DOUBLE = torch.float64

pytestmark = pytest.mark.usefixtures("in_double")


def test_a_unit_without_outgoing_weights_goes_and_so_does_what_only_it_needed():
    model = mlp()
    zero(model[5].weight, (slice(None), [0, 2]))  # units 0 and 2 of layer 3 matter to nothing
    zero(model[3].weight, ([1, 3], 4))  # unit 4 of layer 0 matters to those two alone
    small, report = compact(model, torch.randn(7, 6), n_repeats=0)
    assert report.units == (("input", 6, 6), ("0", 5, 4), ("3", 4, 2), ("5", 3, 3))
    assert report.left == ()
    assert n_parameters(small) == 6 * 4 + 4 + 4 * 2 + 2 + 2 * 3 + 3
    same(model, small, torch.randn(9, 6))


def test_a_unit_without_incoming_weights_is_folded_into_the_next_bias():
    model = mlp()
    zero(model[0].weight, [1, 2])
    small, report = compact(model, torch.randn(7, 6), n_repeats=0)
    assert report.units[1] == ("0", 5, 3)
    constant = model[0].bias[1:3].clamp_min(0.0)
    expected = model[3].bias + model[3].weight[:, 1:3] @ constant
    assert torch.allclose(small[3].bias, expected, rtol=1e-14)
    same(model, small, torch.randn(9, 6))


def test_constants_travel_through_layers_and_make_a_bias_where_there_is_none():
    model = nn.Sequential(
        nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 3, bias=False), nn.SiLU(), nn.Linear(3, 2)
    )
    zero(model[0].weight, 0)
    zero(model[2].weight, (0, [1, 2]))  # constant, because all it sees is
    small, report = compact(model, torch.randn(5, 4), n_repeats=0)
    assert report.units[1:3] == (("0", 3, 2), ("2", 3, 2))
    assert small[2].bias is not None
    same(model, small, torch.randn(9, 4))


def test_dead_inputs_are_selected_away_in_front_and_the_call_stays():
    model = mlp()
    zero(model[0].weight, (slice(None), [1, 5]))
    small, report = compact(model, torch.randn(7, 6), n_repeats=0)
    assert report.kept_inputs == {"input": (0, 2, 3, 4)}
    assert isinstance(small[0], KeptInputs)
    assert dict(small.named_modules())["0"].in_features == 4
    same(model, small, torch.randn(9, 6))
    zero(small[1].weight, (slice(None), 1))  # entry 2 of the whole input
    smaller, report = compact(small, torch.randn(7, 6), n_repeats=0)
    assert report.kept_inputs == {"input": (0, 3, 4)}
    same(small, smaller, torch.randn(9, 6))


def test_pixels_are_inputs_behind_a_flatten():
    model = nn.Sequential(nn.Flatten(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    zero(model[1].weight, (slice(None), [0, 7]))
    small, report = compact(model, torch.randn(3, 1, 2, 4), n_repeats=0)
    assert report.kept_inputs == {"input": (1, 2, 3, 4, 5, 6)}
    same(model, small, torch.randn(5, 1, 2, 4))


def test_a_norm_in_front_of_the_inputs_is_narrowed_with_them():
    model = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 3))
    zero(model[0].weight, 2)
    zero(model[0].bias, 2, 0.7)
    zero(model[1].weight, (slice(None), 4))
    small, report = compact(model, torch.randn(6, 5), n_repeats=0)
    assert report.kept_inputs == {"input": (0, 1, 3)}
    assert dict(small.named_modules())["0"].num_features == 3
    same(model, small, torch.randn(9, 5))


def cnn(padding=0, affine_bias=None):
    model = nn.Sequential(
        nn.Conv2d(2, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 4, 3, padding=padding),
        nn.ReLU(),
        nn.Flatten(),
        nn.LazyLinear(3),
    )
    model(torch.randn(4, 2, 10, 10))
    if affine_bias is not None:
        zero(model[1].bias, slice(None), affine_bias)
    return model


def test_a_channel_of_scale_zero_goes_when_nothing_is_padded():
    model = cnn(affine_bias=0.3)
    zero(model[1].weight, [0, 5])
    small, report = compact(model, torch.randn(3, 2, 10, 10), n_repeats=0)
    assert report.units == (("input", 2, 2), ("0", 6, 4), ("4", 4, 4), ("7", 3, 3))
    same(model, small, torch.randn(3, 2, 10, 10))


def test_a_constant_channel_before_zero_padding_stays_and_is_told():
    model = cnn(padding=1, affine_bias=0.3)
    zero(model[1].weight, [0, 5])
    small, report = compact(model, torch.randn(3, 2, 10, 10), n_repeats=0)
    assert report.units[1] == ("0", 6, 6)
    assert [where for where, _ in report.left] == ["4"]
    assert "padding" in report.left[0][1]
    zero(model[1].bias, [0, 5], -0.3)  # ReLU makes it 0, and zeros among zeros are no border
    small, report = compact(model, torch.randn(3, 2, 10, 10), n_repeats=0)
    assert report.units[1] == ("0", 6, 4)
    assert report.left == ()
    same(model, small, torch.randn(3, 2, 10, 10))


def test_folding_under_zero_padding_would_be_wrong_at_the_border():
    """The reason for the refusal above, in numbers."""
    conv = nn.Conv2d(1, 1, 3, padding=1)
    folded = conv.bias + 0.3 * conv.weight.sum()
    out = conv(torch.full((1, 1, 5, 5), 0.3))
    assert torch.allclose(out[0, 0, 1:-1, 1:-1], folded.expand(3, 3))
    assert not torch.allclose(out[0, 0, 0], folded.expand(5))


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate"])
def test_other_padding_modes_continue_a_constant(mode):
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Sigmoid(), nn.Conv2d(4, 2, 3, padding=1, padding_mode=mode)
    )
    zero(model[0].weight, 1)
    small, report = compact(model, torch.randn(2, 1, 8, 8), n_repeats=0)
    assert report.units[1] == ("0", 4, 3)
    same(model, small, torch.randn(2, 1, 8, 8))


def test_flatten_turns_a_channel_into_a_block_of_columns():
    model = cnn()
    zero(model[7].weight, (slice(None), slice(4, 8)))  # the four places of channel 1
    small, report = compact(model, torch.randn(3, 2, 10, 10), n_repeats=0)
    assert report.units[2] == ("4", 4, 3)
    assert small[7].in_features == 12
    same(model, small, torch.randn(3, 2, 10, 10))


def test_depthwise_convolutions_keep_their_channels_apart():
    model = nn.Sequential(
        nn.Conv1d(3, 5, 1), nn.Conv1d(5, 5, 3, padding=1, groups=5), nn.GELU(), nn.Conv1d(5, 2, 1)
    )
    zero(model[1].weight, 0)  # constant by its own filter
    zero(model[3].weight, (slice(None), 3))
    small, report = compact(model, torch.randn(2, 3, 7), n_repeats=0)
    assert report.units[1] == ("0", 5, 3)
    assert small[1].groups == 3
    same(model, small, torch.randn(2, 3, 7))


def test_grouped_convolutions_are_left_with_a_reason():
    model = nn.Sequential(nn.Conv1d(2, 4, 1), nn.Conv1d(4, 4, 3, groups=2), nn.Conv1d(4, 2, 1))
    zero(model[0].weight, 0)
    zero(model[0].bias, 0)
    _, report = compact(model, torch.randn(2, 2, 7), n_repeats=0)
    assert report.units[1] == ("0", 4, 4)
    assert report.left == (("1", "its channels are in groups that must stay equally large"),)


def test_no_layer_is_emptied():
    model = mlp()
    zero(model[3].weight, slice(None))
    small, report = compact(model, torch.randn(7, 6), n_repeats=0)
    assert report.units == (("input", 6, 1), ("0", 5, 1), ("3", 4, 1), ("5", 3, 3))
    assert all(why == "nothing depends on it; one unit stays" for _, why in report.left)
    same(model, small, torch.randn(9, 6))


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6 * 9, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        x = self.relu(F.max_pool2d(x, 2))
        x = F.dropout(x.view(x.size(0), -1), 0.5, self.training)
        return F.log_softmax(self.head(x), dim=1)


def test_functions_become_layers_and_a_chain_becomes_a_sequential():
    model = Functional()
    zero(model.norm.weight, [1, 2])
    zero(model.norm.bias, slice(None), 0.2)
    small, report = compact(model, torch.randn(3, 1, 8, 8), n_repeats=0)
    assert type(small) is nn.Sequential
    assert report.units[1] == ("conv", 6, 4)
    assert {type(m).__module__.split(".")[0] for m in small.modules()} == {"torch"}
    same(model, small, torch.randn(3, 1, 8, 8))
    assert small.training
    assert isinstance(small.dropout, nn.Dropout)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(5, 6)
        self.b = nn.Linear(6, 8)
        self.c = nn.Linear(8, 6)
        self.d = nn.Linear(6, 4)
        self.e = nn.Linear(4, 2)

    def forward(self, x):
        x = torch.relu(self.a(x))
        x = x + self.c(torch.relu(self.b(x)))
        return self.e(torch.tanh(self.d(x)))


def test_a_sum_stops_the_search_and_the_branches_are_searched():
    model = Residual()
    zero(model.a.weight, 0)  # would go, but for the sum
    zero(model.c.weight, (slice(None), [0, 1, 2]))
    zero(model.e.weight, (slice(None), 3))
    small, report = compact(model, torch.randn(3, 5), n_repeats=0)
    assert {n: (b, a) for n, b, a in report.units} == {
        "x": (5, 5), "a": (6, 6), "b": (8, 5), "c": (6, 6), "d": (4, 3), "e": (2, 2)
    }  # fmt: skip
    assert report.left == (("add (add)", "values of two places meet unit by unit"),)
    same(model, small, torch.randn(3, 5))


BARRIERS = {
    "norm": nn.LayerNorm(4),
    "group norm": nn.GroupNorm(2, 4),
    "softmax": nn.Softmax(1),
    "unknown": type("Double", (nn.Module,), {"forward": lambda self, x: x + x.mean()})(),
    "glu": nn.Sequential(nn.GLU(), nn.Linear(2, 4)),
}


@pytest.mark.parametrize("barrier", BARRIERS.values(), ids=BARRIERS.keys())
def test_units_before_a_barrier_stay(barrier):
    model = nn.Sequential(nn.Linear(3, 4), copy.deepcopy(barrier).double(), nn.Linear(4, 2))
    zero(model[0].weight, 0)
    zero(model[2].weight, (slice(None), 1))
    small, report = compact(model, torch.randn(5, 3), n_repeats=0)
    assert ("0", 4, 4) in report.units
    assert report.left
    same(model, small, torch.randn(5, 3))


def test_a_layer_used_twice_stays_whole_and_tied():
    twice = nn.Linear(4, 4)
    model = nn.Sequential(nn.Linear(3, 4), twice, nn.ReLU(), twice, nn.Linear(4, 2))
    zero(twice.weight, 0)
    zero(twice.weight, (slice(None), 0))
    zero(twice.bias, 0)
    small, report = compact(model, torch.randn(5, 3), n_repeats=0)
    assert n_parameters(small) == n_parameters(model)
    assert "more than one place" in report.left[0][1]
    same(model, small, torch.randn(5, 3))


def test_layers_with_hooks_stay_and_pruned_ones_are_told_the_way():
    model = mlp()
    prune.random_structured(model[3], "weight", amount=2, dim=1)
    _, report = compact(model, torch.randn(7, 6), n_repeats=0)
    assert "prune.remove" in report.left[0][1]
    prune.remove(model[3], "weight")
    small, report = compact(model, torch.randn(7, 6), n_repeats=0)
    assert report.units[1] == ("0", 5, 3)
    same(model, small, torch.randn(7, 6))


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)

    def forward(self, x):
        return self.a(x) if x.sum() > 0 else -self.a(x)


def test_a_module_that_cannot_be_traced_stays_whole_inside_a_chain():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), Branching(), nn.Linear(4, 2))
    zero(model[1].weight, (slice(None), 0))
    small, report = compact(model, torch.randn(5, 3), n_repeats=0)
    assert report.units[1] == ("0", 3, 2)
    assert report.left[0][0] == "2"
    same(model, small, torch.randn(1, 3))


def test_a_model_that_cannot_be_traced_comes_back_as_a_copy_with_a_warning():
    model = Branching()
    with pytest.warns(DataWarning, match="can't be traced"):
        small, report = compact(model, torch.randn(5, 3), n_repeats=0)
    assert small is not model
    assert report.before == report.after
    assert report.left[0][0] == "the model"


class Forked(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 5)
        self.b = nn.Linear(5, 2)
        self.c = nn.Linear(5, 2)

    def forward(self, x):
        x = torch.relu(self.a(x))
        return {"b": self.b(x), "c": [self.c(x)]}


def test_a_unit_read_by_two_layers_goes_when_neither_needs_it():
    model = Forked()
    zero(model.b.weight, (slice(None), [0, 1]))
    zero(model.c.weight, (slice(None), [1, 2]))
    zero(model.a.weight, 3)
    small, report = compact(model, torch.randn(4, 3), n_repeats=0)
    assert report.units[1] == ("a", 5, 3)
    x = torch.randn(4, 3)
    assert torch.allclose(small(x)["c"][0], model(x)["c"][0], rtol=1e-10)


def test_linear_layers_act_on_the_last_axis_of_sequences():
    model = nn.Sequential(
        nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2), nn.Flatten(), nn.Linear(8, 1)
    )
    zero(model[2].weight, (slice(None), 1))
    zero(model[4].weight, (0, [1, 3, 5, 7]))  # feature 1 at each of four times
    small, report = compact(model, torch.randn(6, 4, 3), n_repeats=0)
    assert report.units[1:3] == (("0", 5, 4), ("2", 2, 1))
    same(model, small, torch.randn(6, 4, 3))


def test_the_model_is_not_changed_and_nothing_is_shared():
    model = cnn(affine_bias=0.3).train()
    zero(model[1].weight, [0, 5])
    before = copy.deepcopy(model.state_dict())
    state = torch.get_rng_state()
    small, _ = compact(model, torch.randn(3, 2, 10, 10), n_repeats=2)
    after = model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert model.training
    ours = {p.data_ptr() for p in small.parameters()}
    assert not ours & {p.data_ptr() for p in model.parameters()}
    torch.set_rng_state(state)
    torch.randn(3, 2, 10, 10)
    state = torch.get_rng_state()
    compact(model, torch.zeros(3, 2, 10, 10), n_repeats=0)
    assert torch.equal(state, torch.get_rng_state())


def test_training_can_go_on_and_batch_statistics_stay():
    model = cnn().train()
    zero(model[7].weight, slice(None))
    zero(model[7].weight, (slice(None), slice(0, 4)), 1.0)
    zero(model[4].weight, (slice(None), 2))
    small, _ = compact(model, torch.randn(3, 2, 10, 10), n_repeats=0)
    x = torch.randn(8, 2, 10, 10)
    assert torch.allclose(model(x), small(x), rtol=1e-10)  # batch statistics, both
    kept = [0, 1, 3, 4, 5]
    assert torch.allclose(model[1].running_var[kept], small[1].running_var, rtol=1e-12)
    small(x).sum().backward()
    assert all(p.grad is not None for p in small.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_dtypes_are_kept(dtype):
    model = cnn(affine_bias=0.3).to(dtype)
    zero(model[1].weight, [0, 5])
    small, report = compact(model, torch.randn(3, 2, 10, 10, dtype=dtype), n_repeats=0)
    assert report.units[1] == ("0", 6, 4)
    assert {p.dtype for p in small.parameters()} == {dtype}


def test_frozen_parameters_stay_frozen_and_modes_are_kept():
    model = mlp()
    model[0].weight.requires_grad_(False)
    model[2].eval()
    zero(model[3].weight, (slice(None), 1))
    small, _ = compact(model, torch.randn(7, 6), n_repeats=0)
    assert not small[0].weight.requires_grad
    assert small[0].bias.requires_grad
    assert small.training
    assert not small[2].training


def test_the_report_counts_and_reads_well():
    model = mlp()
    zero(model[5].weight, (slice(None), [0, 2]))
    _, report = compact(model, torch.randn(7, 6), n_repeats=3)
    assert report.before.parameters == n_parameters(model)
    assert report.before.multiply_adds == 7 * (6 * 5 + 5 * 4 + 4 * 3)
    assert report.after.multiply_adds == 7 * (6 * 5 + 5 * 2 + 2 * 3)
    assert report.before.milliseconds > 0.0
    text = str(report)
    assert all(word in text for word in ("parameters", "multiply-adds", "milliseconds", "before"))
    _, silent = compact(model, torch.randn(7, 6), n_repeats=0)
    assert silent.before.milliseconds is None
    assert "milliseconds" not in str(silent)


def test_compacting_twice_removes_nothing_more():
    model = cnn(affine_bias=0.3)
    zero(model[1].weight, [0, 5])
    zero(model[4].weight, (1, slice(None)))
    small, _ = compact(model, torch.randn(3, 2, 10, 10), n_repeats=0)
    again, report = compact(small, torch.randn(3, 2, 10, 10), n_repeats=0)
    assert report.before.parameters == report.after.parameters == n_parameters(again)


def test_a_compiled_model_is_made_smaller_as_what_it_was():
    model = mlp()
    zero(model[3].weight, (slice(None), 1))
    small, report = compact(torch.compile(model, backend="eager"), torch.randn(7, 6), n_repeats=0)
    assert report.units[1] == ("0", 5, 4)
    assert type(small) is nn.Sequential


def test_hooks_of_the_model_itself_would_be_lost():
    model = mlp()
    model.register_forward_hook(lambda module, inputs, output: 2.0 * output)
    with pytest.warns(DataWarning, match="forward hooks"):
        small, _ = compact(model, torch.randn(7, 6), n_repeats=0)
    same(model, small, torch.randn(7, 6))


class InPlace(Forked):
    def forward(self, x):
        x = self.a(x)
        y = torch.nn.functional.relu(x, inplace=True)
        return self.b(y) + self.c(x)


def test_what_is_changed_in_place_under_a_reader_stays():
    model = InPlace()
    zero(model.a.weight, 0)
    zero(model.a.bias, 0, -1.0)  # as a constant it would be -1 for c, which sees 0
    small, report = compact(model, torch.randn(4, 3), n_repeats=0)
    assert report.units[1] == ("a", 5, 5)
    assert any("in place" in why for _, why in report.left)
    same(model, small, torch.randn(4, 3))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.a, self.b = nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, words):
        return self.b(torch.relu(self.a(self.table(words).mean(1))))


def test_integers_can_be_inputs():
    model = Words()
    zero(model.b.weight, (slice(None), [0, 5]))
    words = torch.randint(0, 10, (3, 7))
    small, report = compact(model, words, n_repeats=0)
    assert ("a", 6, 4) in report.units
    assert torch.allclose(small(words), model(words), rtol=1e-12)
