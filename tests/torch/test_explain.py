"""The table of what is penalised by what, and what is said about weight_decay."""

import pytest
import torch
from torch import nn, optim

from shrinkage.errors import DataWarning
from shrinkage.torch import (
    L1,
    L2,
    DecoupledDecay,
    ElasticNet,
    GroupLasso,
    Rule,
    SparseGroupLasso,
    attach,
)


def net(middle=nn.Identity):
    return nn.Sequential(
        nn.Conv1d(4, 3, 2),
        nn.Tanh(),
        middle(3),
        nn.Flatten(),
        nn.Linear(9, 5),
        nn.Tanh(),
        nn.Linear(5, 2),
    )


def test_the_table():
    model = net(nn.BatchNorm1d)
    optimizer = optim.Adam([p for name, p in model.named_parameters() if name != "6.bias"])
    rules = [
        Rule("0.*t", GroupLasso(1e-3)),
        Rule(nn.BatchNorm1d, L1(1e-4)),
        Rule("4.weight", SparseGroupLasso(0.01, "out", l1_ratio=0.3)),
    ]
    found = attach(optimizer, model, rules, default=ElasticNet(0.1, 0.2)).explain()
    assert found.rows == (
        ("0.weight", "3x4x2", "GroupLasso(0.001, groups='in')", "rule '0.*t'"),
        ("0.bias", "3", "none", "bias: left out of the default"),
        ("2.weight", "3", "L1(0.0001)", "rule BatchNorm1d"),
        ("2.bias", "3", "none", "bias: left out of the default"),
        (
            "4.weight",
            "5x9",
            "SparseGroupLasso(0.01, groups='out', l1_ratio=0.3)",
            "rule '4.weight'",
        ),
        ("4.bias", "5", "none", "bias: left out of the default"),
        ("6.weight", "2x5", "ElasticNet(0.1, l1_ratio=0.2)", "default"),
        ("6.bias", "2", "none", "not trained by this optimizer"),
    )
    assert found.notes == ()
    lines = str(found).splitlines()
    assert lines[0].split() == ["parameter", "shape", "penalty", "because"]
    assert (
        len({line.rstrip().rfind(row[3]) for line, row in zip(lines[-8:], found.rows, strict=True)})
        == 1
    )


def test_other_reasons():
    model = net()
    rules = [
        Rule("0.weight", GroupLasso(0.1, [[[0, 1]] * 4] * 3)),
        Rule("4.weight", DecoupledDecay(0.2)),
    ]
    found = attach(optim.SGD(model.parameters(), lr=0.1), model, rules).explain()
    assert found.rows[0][2] == "GroupLasso(0.1, groups=an index array)"
    assert found.rows[2][2] == "DecoupledDecay(0.2)"
    assert found.rows[-1][3] == "no rule, no default"
    model = nn.Sequential(nn.Linear(2, 2), nn.PReLU(2))
    found = attach(optim.SGD(model.parameters(), lr=0.1), model, default=GroupLasso(0.1)).explain()
    assert found.rows[-1][3] == "a vector: no groups for the default"


def test_weight_decay_besides_a_penalty_warns_once():
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1, weight_decay=0.01)
    with pytest.warns(DataWarning) as caught:
        regularizer = attach(optimizer, model, default=L2(0.1))
    for _ in range(2):  # where any warning is an error
        optimizer.zero_grad()
        model(torch.randn(3, 4, 4)).square().mean().backward()
        optimizer.step()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    assert message.startswith(
        "0.weight and 2 more: weight_decay of the optimizer acts besides the penalty"
    )
    assert "SGD is added to the gradient: it is L2(weight_decay), and acts on biases" in message
    assert regularizer.explain().rows[0][2] == "L2(0.1), weight_decay 0.01"
    assert regularizer.explain().rows[1][2] == "none, weight_decay 0.01"
    assert len(regularizer.explain().notes) == 2


@pytest.mark.parametrize(
    ("cls", "options"), [(optim.AdamW, {}), (optim.NAdam, dict(decoupled_weight_decay=True))]
)
def test_decoupled_decay_is_said_to_be_no_penalty(cls, options):
    model = net()
    optimizer = cls(model.parameters(), weight_decay=0.01, **options)
    with pytest.warns(
        DataWarning, match=f"{cls.__name__} is decoupled.*L2.alpha. does, and is ridge"
    ):
        attach(optimizer, model, default=L1(0.1))


def test_weight_decay_on_what_has_no_penalty_is_a_note_and_no_warning():
    model = net()
    biases = [p for name, p in model.named_parameters() if "bias" in name]
    rest = [p for name, p in model.named_parameters() if "bias" not in name]
    groups = [{"params": rest}, {"params": biases, "weight_decay": 0.1}]
    found = attach(optim.SGD(groups, lr=0.1), model, default=L1(0.1)).explain()
    assert len(found.notes) == 1
    assert "note: the weight_decay of SGD is added to the gradient" in str(found)


def test_parameters_of_another_model_are_counted():
    model, other = net(), nn.Linear(2, 2)
    optimizer = optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)
    notes = attach(optimizer, model, default=L1(0.1)).explain().notes
    assert notes == ("the optimizer trains 2 parameters more, which are not in this model",)
