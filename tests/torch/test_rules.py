"""Which parameter gets which penalty."""

import pytest
import torch
from torch import nn, optim

from shrinkage.errors import ArgumentError
from shrinkage.torch import L1, L2, ElasticNet, GroupLasso, Rule, attach
from shrinkage.torch.rules import assign


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 4)
        self.features = nn.Sequential(nn.Conv1d(4, 3, 2), nn.BatchNorm1d(3), nn.Conv1d(3, 3, 2))
        self.norm = nn.LayerNorm(3)
        self.head = nn.Linear(3, 2)
        self.scale = nn.Parameter(torch.ones(2))


def penalties(rules=(), default=None, model=None, parameters=None):
    model = model or Net()
    optimizer = optim.SGD(parameters or model.parameters(), lr=0.1)
    blocks = attach(optimizer, model, rules, default=default).blocks
    return {block.name: block.penalty for block in blocks}


def test_nothing_is_penalised_without_rule_or_default():
    assert set(penalties().values()) == {None}


def test_the_default_leaves_out_biases_norms_and_embeddings():
    found = penalties(default=L2(0.1))
    assert {name for name, penalty in found.items() if penalty is not None} == {
        "features.0.weight",
        "features.2.weight",
        "head.weight",
        "scale",
    }


@pytest.mark.parametrize(
    ("skip", "more"),
    [
        (("norm", "embedding"), {"features.0.bias", "features.2.bias", "head.bias"}),
        (("bias", "embedding"), {"features.1.weight", "norm.weight"}),
        ("bias", {"features.1.weight", "norm.weight", "table.weight"}),
    ],
)
def test_what_the_default_leaves_out_can_be_chosen(skip, more):
    base = {"features.0.weight", "features.2.weight", "head.weight", "scale"}
    found = penalties(default=L2(0.1, skip=skip))
    assert {name for name, penalty in found.items() if penalty is not None} == base | more


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("head.weight", {"head.weight"}),
        ("features.*.weight", {"features.0.weight", "features.1.weight", "features.2.weight"}),
        ("*s", {"features.0.bias", "features.1.bias", "features.2.bias", "norm.bias", "head.bias"}),
        (nn.Conv1d, {"features.0.weight", "features.2.weight"}),
        (nn.Module, {"table.weight", "features.0.weight", "features.1.weight", "features.2.weight",
                     "norm.weight", "head.weight"}),
        ((nn.BatchNorm1d, "bias"), {"features.1.bias"}),
        ((Net, "scale"), {"scale"}),
        (lambda name, parameter, module: parameter.dim() == 3,
         {"features.0.weight", "features.2.weight"}),
    ],
)  # fmt: skip
def test_selectors(selector, names):
    found = penalties([Rule(selector, L1(0.1))])
    assert {name for name, penalty in found.items() if penalty is not None} == names


def test_the_first_rule_that_matches_decides():
    rules = [Rule("head.*", L1(0.3)), Rule("*.weight", L1(0.2)), Rule(nn.Linear, L1(0.1))]
    with pytest.raises(ArgumentError, match="`rules` must each be the first to match"):
        penalties(rules)
    found = penalties(rules[:2], default=L2(0.5))
    assert found["head.weight"] == found["head.bias"] == L1(0.3)
    assert found["table.weight"] == found["norm.weight"] == L1(0.2)
    assert found["scale"] == L2(0.5)
    assert found["norm.bias"] is None


def test_a_rule_that_matches_nothing_says_what_there_is():
    with pytest.raises(
        ArgumentError, match=r"'heads\.\*', while the parameters are .*'head\.weight'"
    ):
        penalties([Rule("heads.*", L1(0.1))])


def test_a_rule_for_what_the_optimizer_does_not_train_is_an_error():
    model = Net()
    rest = [p for name, p in model.named_parameters() if not name.startswith("table")]
    with pytest.raises(ArgumentError, match="that the optimizer trains"):
        penalties([Rule("table.weight", L1(0.1))], model=model, parameters=rest)
    found = penalties([Rule("head.weight", L1(0.1))], L2(0.1), model, rest)
    assert found["table.weight"] is None


def test_tied_weights_count_once_under_each_of_their_names():
    model = nn.ModuleDict({"table": nn.Embedding(5, 4), "head": nn.Linear(4, 5, bias=False)})
    model["head"].weight = model["table"].weight
    for selector in ("table.weight", "head.weight", "*.weight", nn.Embedding):
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        regularizer = attach(optimizer, model, [Rule(selector, L1(0.1))])
        assert len(regularizer.blocks) == 1
        cost = 0.1 * float(model["table"].weight.detach().abs().sum())
        assert float(regularizer.value()) == pytest.approx(cost)
    # The first name decides what the default leaves out.
    assert set(penalties(default=L2(0.1), model=model).values()) == {None}


def test_a_grouped_default_leaves_out_vectors():
    found = penalties(default=GroupLasso(0.1))
    assert found["scale"] is None
    assert found["head.weight"] == GroupLasso(0.1)


def test_a_network_that_has_no_shapes_yet_is_refused():
    model = nn.LazyLinear(3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ArgumentError, match=r"before weight has a shape.*\n.*run it once"):
        attach(optimizer, model, default=L1(0.1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rule("head", 0.1), "`penalty` must be a penalty such as"),
        (lambda: Rule("head", L1(0.1, skip="bias")), "`skip` can't be given in a rule"),
        (lambda: Rule(3, L1(0.1)), "`selector` must be a name or glob"),
        (lambda: Rule(int, L1(0.1)), "`selector` must be a name or glob"),
        (lambda: Rule((nn.Linear, 3), L1(0.1)), "`selector` must be a name or glob"),
        (lambda: penalties([("head.weight", L1(0.1))]), r"`rules\[0\]` must be a Rule"),
        (lambda: penalties(default=0.1), "`default` must be None or a penalty"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_rules_are_shown_as_they_were_typed():
    assert str(Rule("head.*", L1(0.1))) == "'head.*'"
    assert str(Rule(nn.Linear, ElasticNet(0.1))) == "Linear"
    assert str(Rule((nn.Linear, "bias"), L1(0.1))) == "(Linear, 'bias')"
    assert str(Rule(lambda name, parameter, module: True, L1(0.1))) == "<lambda>"


def test_a_glob_with_groups_of_matrices_passes_over_vectors():
    """What a user writes: the norm's scale is not in the first rule, so the second has it."""
    features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    model = nn.ModuleDict({"features": features})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rules = [
        Rule("features.*.weight", GroupLasso(1e-3, groups="in")),
        Rule((nn.BatchNorm2d, "weight"), L1(1e-4)),
    ]
    blocks = {block.name: block.penalty for block in assign(optimizer, model, rules, None)}
    assert blocks["features.0.weight"] == GroupLasso(1e-3, groups="in")
    assert blocks["features.1.weight"] == L1(1e-4)
    with pytest.raises(ArgumentError, match="axes"):
        assign(optimizer, model, [Rule("features.1.weight", GroupLasso(1e-3))], None)
