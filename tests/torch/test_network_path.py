"""A path of networks: on a linear one it is the lasso path, and it says what it can't do."""

import numpy as np
import pytest
import torch
from torch import nn

from shrinkage import Lasso
from shrinkage.errors import ArgumentError
from shrinkage.torch import L1, L2, GroupLasso, NetworkPath, Rule, regularization_path

ALPHAS = (0.05, 0.2, 0.5)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 8))
X -= X.mean(axis=0)
Y = X[:, :3] @ [2.0, -1.0, 0.3] + 0.1 * RNG.standard_normal(60)
Y -= Y.mean()
INPUTS, TARGETS = torch.tensor(X), torch.tensor(Y)[:, None]


def linear():
    return nn.Linear(8, 1, bias=False, dtype=torch.float64)


def fit_linear(model, regularize, n_steps=150):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    regularize(optimizer)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = 0.5 * (model(INPUTS) - TARGETS).square().mean()
        loss.backward()
        optimizer.step()
    return loss


LASSO = [Rule("weight", L1(1.0))]


def path_of(fit=fit_linear, rules=LASSO, **options):
    options = {"alphas": ALPHAS, "higher_is_better": False} | options
    return regularization_path(linear, fit, rules, **options)


def test_a_linear_network_goes_along_the_lasso_path():
    torch.manual_seed(0)
    path = path_of()
    assert path.alphas.tolist() == sorted(ALPHAS, reverse=True)
    for alpha, n_nonzero in zip(path.alphas, path.n_nonzero, strict=True):
        lasso = Lasso(alpha, fit_intercept=False, standardize=False).fit(X, Y)
        np.testing.assert_allclose(path.at(alpha).weight.detach()[0], lasso.coef_, atol=1e-10)
        assert n_nonzero == np.count_nonzero(lasso.coef_)


def test_a_function_gives_the_rules_that_a_list_gives():
    torch.manual_seed(0)
    path = path_of()
    same = path_of(rules=lambda alpha: [Rule("weight", L1(alpha))])
    for alpha in ALPHAS:
        np.testing.assert_allclose(
            path.at(alpha).weight.detach(), same.at(alpha).weight.detach(), atol=1e-10
        )


def test_the_alphas_of_the_rules_are_multiplied():
    seen = []

    def fit(model, regularize):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        regularizer = regularize(optimizer, default=L2(3.0))
        seen.append([block.penalty.alpha for block in regularizer.blocks])
        return 0.0

    regularization_path(
        lambda: nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2, bias=False)),
        fit,
        [
            Rule("0.weight", GroupLasso(0.5, weights=1.0)),
            Rule("0.bias", L1(2.0)),
        ],
        alphas=[1.0, 0.0, 0.5],
    )
    assert seen == [[0.0, 0.0, 3.0], [0.25, 1.0, 3.0], [0.5, 2.0, 3.0]]


def test_weights_and_buffers_are_carried_from_weak_to_strong():
    starts = []

    def make():
        return nn.Sequential(nn.Linear(2, 2, bias=False), nn.BatchNorm1d(2))

    def fit(model, regularize):
        regularize(torch.optim.SGD(model.parameters(), lr=0.1))
        starts.append((model.training, model[0].weight[0, 0].item(), model[1].running_mean[0]))
        with torch.no_grad():
            model[0].weight[0, 0] = 10.0 + len(starts)
            model[1].running_mean += 1.0
        model.eval()
        return float(len(starts))

    path = regularization_path(make, fit, [Rule("1.weight", L1(1.0))], alphas=[1.0, 2.0, 3.0])
    assert [was_training for was_training, _, _ in starts] == [True] * 3
    assert [weight for _, weight, _ in starts][1:] == [11.0, 12.0]
    assert path.scores.tolist() == [3.0, 2.0, 1.0]
    assert path.at(1.0)[0].weight[0, 0] == 11.0
    assert path.at(3.0)[1].running_mean[0] == 3.0
    assert not path.at(3.0).training


def test_the_optimizer_is_free_again_afterwards():
    optimizers = []

    def fit(model, regularize):
        if not optimizers:
            optimizers.append(torch.optim.SGD(model.parameters(), lr=0.1))
        regularize(optimizers[0])
        return 0.0

    path_of(fit)
    assert not optimizers[0]._optimizer_step_post_hooks


def test_living_inputs_are_those_that_a_weight_leaves():
    def make():
        return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))

    def fit(model, regularize):
        regularize(torch.optim.SGD(model.parameters(), lr=0.1))
        with torch.no_grad():
            model[0].weight[:, :2] = 0.0
            model[0].bias[0] = 0.0
            model[2].weight[0] = 0.0
        return 0.0

    rules = [Rule("*.weight", L1(1.0)), Rule("0.bias", L1(1.0))]
    path = regularization_path(make, fit, rules, alphas=[1.0])
    assert {name: int(kept[0]) for name, kept in path.living.items()} == {
        "0.weight": 2,
        "0.bias": 2,
        "2.weight": 3,
    }
    assert path.n_nonzero[0] == 6 + 2 + 3
    assert path.n_weights == 12 + 3 + 6


def test_a_network_of_the_path_is_a_new_one_and_leaves_the_random_numbers_alone():
    path = path_of()
    state = torch.get_rng_state()
    one, other = path.at(0.2), path.at(0.2)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        one.weight.fill_(0.0)
    assert torch.count_nonzero(other.weight) == torch.count_nonzero(path.at(0.2).weight) > 0


def scored(*scores, **options):
    """Return a path with these scores, from the weakest penalty to the strongest."""
    rest = iter(scores)

    def fit(model, regularize):
        regularize(torch.optim.SGD(model.parameters(), lr=0.1))
        return next(rest)

    return path_of(fit, **options)


def test_the_best_of_equal_scores_is_the_sparsest():
    assert scored(0.9, 0.9, 0.5, higher_is_better=True).best() == 0.2
    assert scored(0.9, 0.9, 1.0, higher_is_better=False).best() == 0.2
    assert scored(0.9, float("nan"), 0.5, higher_is_better=True).best() == 0.05


def test_one_standard_error_takes_the_strongest_that_is_as_good():
    path = scored((0.9, 0.05), (0.86, 0.05), (0.5, 0.05), higher_is_better=True)
    assert path.best("1se") == 0.2
    assert path.best() == 0.05
    loss = scored((1.0, 0.05), (1.2, 0.05), (1.04, 0.05), higher_is_better=False)
    assert loss.best("1se") == 0.5


def test_the_table_has_a_row_for_each_alpha():
    path = path_of()
    frame = path.to_frame()
    assert list(frame["alpha"]) == path.alphas.tolist()
    assert list(frame["n_nonzero"]) == path.n_nonzero.tolist()
    assert list(frame["living weight"]) == path.living["weight"].tolist()


def test_it_says_that_nothing_is_certified():
    assert "not certified" in repr(path_of())
    assert isinstance(path_of(), NetworkPath)


def test_it_can_be_drawn():
    figure = path_of().plot("loss")
    assert "loss" in [axes.get_ylabel() for axes in figure.axes]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": 10}, "alphas"),
        ({"alphas": [0.1, -1.0]}, "alphas"),
        ({"alphas": [0.1, 0.1]}, "alphas"),
        ({"rules": []}, "rules"),
        ({"rules": Rule("weight", L1(1.0))}, "rules"),
        ({"rules": lambda alpha: "weight"}, "rules"),
        ({"rules": [Rule("no such name", L1(1.0))]}, "rules"),
        ({"higher_is_better": 1}, "higher_is_better"),
        ({"fit": lambda model, regularize: 0.0}, "exactly once, got 0 calls"),
        ({"fit": lambda model, regularize: regularize(torch.optim.SGD(model.parameters()))}, "fit"),
    ],
)
def test_what_can_not_be_is_said(change, message):
    with pytest.raises(ArgumentError, match=message):
        path_of(**change)


def test_two_calls_are_one_too_many():
    def fit(model, regularize):
        for _ in range(2):
            regularize(torch.optim.SGD(model.parameters(), lr=0.1))
        return 0.0

    with pytest.raises(ArgumentError, match="got 2 calls"):
        path_of(fit)


def test_a_network_between_two_alphas_is_not_made_up():
    path = path_of()
    with pytest.raises(ArgumentError, match="one of `alphas`"):
        path.at(0.3)
    with pytest.raises(ArgumentError, match="1se"):
        path.best("1se")
    with pytest.raises(ArgumentError, match="rule"):
        path.best("min")
    with pytest.raises(ArgumentError, match="NaN for all"):
        scored(float("nan"), float("nan"), float("nan")).best()
