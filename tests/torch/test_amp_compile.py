"""The hooks beside everything else that surrounds an optimizer's step."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn, optim
from torch.utils._python_dispatch import TorchDispatchMode

from shrinkage.torch import L1, ElasticNet, GroupLasso, Ramp, Rule, SparseGroupLasso, attach
from tests.torch.regression import ALPHA, coef_of, half_mse, lasso, linear, tensors
from tests.torch.test_optimizers import OPTIMIZERS, X, Y, made, same

SCALED = {
    "SGD momentum": (optim.SGD, dict(lr=0.01, momentum=0.9)),
    "Adam": (optim.Adam, dict(lr=0.01)),
    "AdamW": (optim.AdamW, dict(lr=0.01, weight_decay=0)),
    "Adagrad": (optim.Adagrad, dict(lr=0.1)),
}
RULES = [Rule("0.weight", SparseGroupLasso(0.05)), Rule("2.weight", ElasticNet(0.05))]


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2)).double()


def inputs(n):
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(8, 6, generator=generator, dtype=torch.float64) for _ in range(n)]


def loss_of(model, x):
    return (model(x) - 1.0).square().mean()


# Gradient scalers.


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("method", ["prox", "dual", "subgradient"])
@pytest.mark.parametrize("fused", [False, True])
def test_no_penalty_on_steps_that_the_scaler_skips(name, method, fused):
    """Scales are powers of 2: the run is that of the other steps alone."""
    cls, options = SCALED[name]
    # A fused SGD that skips its very first step goes on with a buffer that PyTorch never wrote.
    skipped = {2, 5} if name == "SGD momentum" else {0, 2, 5}
    model, twin = net(), net()
    optimizer = cls(model.parameters(), fused=fused, **options)
    alone = cls(twin.parameters(), **options)
    attach(optimizer, model, RULES, method=method)
    attach(alone, twin, RULES, method=method)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    for k, x in enumerate(inputs(8)):
        before = [parameter.detach().clone() for parameter in model.parameters()]
        optimizer.zero_grad()
        loss = scaler.scale(loss_of(model, x))
        (loss * torch.inf if k in skipped else loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if k in skipped:
            for parameter, was in zip(model.parameters(), before, strict=True):
                assert torch.equal(parameter, was)
        else:
            alone.zero_grad()
            loss_of(twin, x).backward()
            alone.step()
        for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
            assert_allclose(parameter.detach(), other.detach(), rtol=1e-9, atol=1e-12)
            assert ((parameter == 0) == (other == 0)).all()


def test_unscaling_and_clipping_before_the_step():
    model = linear()
    optimizer = optim.Adam(model.parameters(), lr=0.05, fused=True)
    attach(optimizer, model, [Rule("weight", L1(ALPHA))])
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
    falling = optim.lr_scheduler.CosineAnnealingLR(optimizer, 1000)
    data, targets = tensors(X, Y)
    for _ in range(1000):
        optimizer.zero_grad()
        scaler.scale(half_mse(model(data), targets)).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        scaler.step(optimizer)
        scaler.update()
        falling.step()
    same(coef_of(model), lasso(X, Y))


@pytest.mark.parametrize("method", ["prox", "dual", "subgradient"])
def test_accumulated_gradients_are_those_of_one_batch(method):
    results = []
    for parts in (1, 4):
        model = net()
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        attach(optimizer, model, RULES, method=method)
        for x in inputs(5):
            optimizer.zero_grad()
            for part in x.chunk(parts):
                (loss_of(model, part) / parts).backward()
            optimizer.step()
        results.append([parameter.detach() for parameter in model.parameters()])
    for one, other in zip(*results, strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-13)


def test_schedulers_are_seen():
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    attach(optimizer, model, [Rule("weight", L1(0.1))])
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=20, cycle_momentum=False)
    for _ in range(10):
        before = model.weight.detach().numpy().copy()
        rate = optimizer.param_groups[0]["lr"]
        model.weight.grad = torch.zeros_like(model.weight)
        optimizer.step()
        assert_allclose(model.weight.detach(), L1(0.1).prox(before, rate), rtol=1e-12)
        scheduler.step()


# Compiled models and steps.

compiling = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


@compiling
@pytest.mark.parametrize("name", ["SGD momentum", "Adam", "RMSprop momentum"])
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_step_does_the_same(name, backend):
    torch._dynamo.reset()
    # A compiled Adam counts its steps in float32, by which alone the runs differ.
    tolerance = 1e-5 if name == "Adam" else 1e-12
    model, twin = net(), net()
    optimizer, alone = made(name, model), made(name, twin)
    for one, of in ((optimizer, model), (alone, twin)):
        attach(one, of, RULES, schedule=Ramp(20))
    step = torch.compile(optimizer.step, backend=backend)
    for x in inputs(10):
        for one, of, stepping in ((optimizer, model, step), (alone, twin, alone.step)):
            one.zero_grad()
            loss_of(of, x).backward()
            stepping()
    for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert_allclose(parameter.detach(), other.detach(), rtol=0, atol=tolerance)


@compiling
def test_a_compiled_step_is_not_compiled_again_for_our_counters():
    torch._dynamo.reset()
    model = net()
    optimizer = optim.Adam(model.parameters(), lr=torch.tensor(0.01))
    attach(optimizer, model, RULES, schedule=Ramp(100))
    counter = torch._dynamo.testing.CompileCounter()
    step = torch.compile(optimizer.step, backend=counter)
    seen = []
    for x in inputs(10):
        optimizer.zero_grad()
        loss_of(model, x).backward()
        step()
        seen.append(counter.frame_count)
    assert seen[2:] == [seen[2]] * 8


@compiling
def test_a_compiled_model_has_the_names_of_the_model_in_it():
    torch._dynamo.reset()
    model = net()
    compiled = torch.compile(model, backend="eager")
    optimizer = optim.Adam(compiled.parameters(), lr=0.01)
    regularizer = attach(optimizer, compiled, RULES)
    assert [block.name for block in regularizer.blocks] == [
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]
    twin = net()
    alone = optim.Adam(twin.parameters(), lr=0.01)
    attach(alone, twin, RULES)
    for x in inputs(5):
        for one, of in ((optimizer, compiled), (alone, twin)):
            one.zero_grad()
            loss_of(of, x).backward()
            one.step()
    for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert_allclose(parameter.detach(), other.detach(), rtol=1e-9, atol=1e-12)


# Nothing is read from the device.


class Reads(TorchDispatchMode):
    """Counts what makes the host wait for a device."""

    names = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal", "masked_select", "_unique2")

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        index = name == "index" and any(
            t is not None and t.dtype in (torch.bool, torch.uint8) for t in args[1]
        )
        if name in self.names or index:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("method", ["prox", "dual", "subgradient"])
@pytest.mark.parametrize("kind", ["plain", "scaled", "half"])
def test_no_step_but_the_first_reads_anything_from_the_device(name, method, kind):
    fused = kind == "scaled" and OPTIMIZERS[name][0] in {cls for cls, _ in SCALED.values()}
    if kind == "scaled" and not fused:
        pytest.skip("PyTorch has no fused kernel")
    model = net().to(torch.bfloat16 if kind == "half" else torch.float64)
    optimizer = made(name, model, **({"fused": True} if fused else {}))
    rules = [*RULES, Rule("0.bias", GroupLasso(0.1, [0, 1, 1, 0, 2])), Rule("2.bias", L1(0.1))]
    regularizer = attach(optimizer, model, rules, method=method, schedule=Ramp(5))
    reads = Reads()
    for k in range(4):
        for parameter in model.parameters():
            parameter.grad = torch.randn_like(parameter)
        if fused:
            optimizer.found_inf, optimizer.grad_scale = torch.zeros(()), torch.ones(())
        with Watched(regularizer, reads if k else None):
            optimizer.step()
    assert reads.found == []


class Watched:
    """Watch our hooks alone: the optimizer's own reads are its business."""

    def __init__(self, regularizer, reads):
        self.method, self.reads = regularizer._method, reads

    def __enter__(self):
        if self.reads is None:
            return
        for when in ("before", "after"):
            setattr(self.method, when, self.watched(getattr(self.method, when)))

    def __exit__(self, *error):
        vars(self.method).pop("before", None)
        vars(self.method).pop("after", None)

    def watched(self, act):
        def watching(*args):
            with self.reads:
                act(*args)

        return watching


def test_the_counter_of_reads_counts():
    with Reads() as reads:
        x = torch.ones(3)
        bool(x.sum() > 0), float(x[0]), x[x > 0], x.nonzero(), torch.equal(x, x)
    assert len(reads.found) == 5
