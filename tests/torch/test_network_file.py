"""A saved network opens in a new process, without its class and without running code."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from shrinkage.errors import ArgumentError
from shrinkage.torch.compaction import compact
from shrinkage.torch.description import _KINDS
from shrinkage.torch.graph import trace
from shrinkage.torch.network_file import load, save

SOURCES = str(Path(__import__("shrinkage").__file__).parents[1])


class Residual(nn.Module):
    """A class that the new process does not have."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.inner = nn.ModuleDict({"a": nn.Conv2d(4, 6, 1), "b": nn.Conv2d(6, 4, 1)})
        self.scale = nn.Parameter(torch.full((1,), 0.5))
        self.head = nn.Linear(4, 3)

    def forward(self, x, shift: float = 0.25):
        x = self.stem(x)
        x = x + self.scale * self.inner["b"](torch.relu(self.inner["a"](x))) + shift
        return torch.cat([self.head(x.mean((2, 3))), x[:, :1, 0, -1]], dim=1)


def small_residual():
    torch.manual_seed(0)
    model = Residual().double()
    with torch.no_grad():
        model.inner["a"].weight[[1, 4]] = 0.0
    return compact(model, torch.randn(2, 1, 6, 6, dtype=torch.float64), n_repeats=0)[0]


def small_chain():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(6, 5), nn.PReLU(), nn.BatchNorm1d(5), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)
    )
    with torch.no_grad():
        model[0].weight[:, 2] = 0.0
        model[3].weight[:, 1] = 0.0
    model[3].bias.requires_grad_(False)
    return compact(model.eval(), torch.randn(2, 6), n_repeats=0)[0]


@pytest.mark.parametrize("make", [small_chain, small_residual])
def test_a_new_process_without_the_class_gives_the_same_outputs(make, tmp_path):
    small = make().eval()
    dtype = next(small.parameters()).dtype
    x = torch.randn(3, *((6,) if make is small_chain else (1, 6, 6)), dtype=dtype)
    save(small, tmp_path / "net.pt")
    torch.save({"x": x, "y": small(x).detach()}, tmp_path / "case.pt")
    script = (
        "import sys, torch\n"
        "from shrinkage.torch.network_file import load\n"
        "net = load(sys.argv[1] + '/net.pt')\n"
        "case = torch.load(sys.argv[1] + '/case.pt', weights_only=True)\n"
        "assert not net.training\n"
        "print(torch.equal(net(case['x']), case['y']), next(net.parameters()).dtype)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": SOURCES, "PATH": ""},
        timeout=120,
    )
    assert done.stdout.split() == ["True", str(dtype)], done.stderr


def test_a_loaded_network_trains_on_and_can_be_saved_and_compacted_again(tmp_path):
    small = small_chain()
    save(small, tmp_path / "net.pt")
    network = load(tmp_path / "net.pt")
    assert [n for n, p in network.named_parameters() if not p.requires_grad] == ["3.bias"]
    assert str(network) == str(small)
    network.train()(torch.randn(8, 6)).sum().backward()
    save(network, tmp_path / "net.pt")
    again, report = compact(load(tmp_path / "net.pt"), torch.randn(2, 6), n_repeats=0)
    assert report.before.parameters == report.after.parameters
    assert type(again) is nn.Sequential


ARGUMENTS = {
    "Linear": (2, 3), "Bilinear": (2, 3, 4), "Embedding": (3, 4), "Unflatten": (1, (2, 2)),
    "LayerNorm": ([3, 4],), "GroupNorm": (2, 4), "Threshold": (0.1, 0.2), "Softmax": (1,),
    "LogSoftmax": (1,), "Upsample": (None, 2.0), "PixelShuffle": (2,), "PixelUnshuffle": (2,),
    "ZeroPad1d": (1,), "ZeroPad2d": ((1, 2, 0, 1),), "ConvTranspose2d": (2, 4, 3, 2, 1, 1, 2),
    "Conv2d": (2, 4, (3, 1), 2, "valid", 1, 2, False, "replicate"), "Identity": (),
    "MaxPool2d": (3, 2, 1), "AvgPool2d": ((2, 3), 2, 1, True, False, 5), "PReLU": (4, 0.1),
    "BatchNorm2d": (3, 1e-3, None, False), "GELU": ("tanh",), "Hardtanh": (-0.5, 0.6),
}  # fmt: skip


def instance(kind):
    name = kind.__name__
    if name in ARGUMENTS:
        return kind(*ARGUMENTS[name])
    for arguments in ((), (2,), (2, 3, 1)):
        try:
            return kind(*arguments)
        except TypeError:
            continue
    raise AssertionError(name)


@pytest.mark.parametrize("kind", _KINDS.values(), ids=_KINDS.keys())
def test_each_kind_of_layer_comes_back_as_it_was(kind, tmp_path):
    layer = instance(kind)
    save(layer, tmp_path / "layer.pt")
    back = load(tmp_path / "layer.pt")
    assert type(back) is kind
    assert repr(back) == repr(layer)
    ignored = {"_parameters", "_buffers"}
    ours = {k: v for k, v in vars(layer).items() if k not in ignored}
    theirs = {k: v for k, v in vars(back).items() if k not in ignored}
    assert ours == theirs
    state = layer.state_dict()
    assert state.keys() == back.state_dict().keys()
    assert all(torch.equal(state[key], tensor) for key, tensor in back.state_dict().items())


def test_tied_weights_stay_tied(tmp_path):
    twice = nn.Linear(3, 3)
    other = nn.Linear(3, 3)
    other.weight = twice.weight
    save(nn.Sequential(twice, nn.ReLU(), twice, other), tmp_path / "net.pt")
    back = load(tmp_path / "net.pt")
    assert back[0].weight is back[2].weight is back[3].weight
    assert len(list(back.parameters())) == 3


def test_what_is_no_data_is_refused_by_name(tmp_path):
    class Own(nn.Module):
        def forward(self, x):
            return x

    file = tmp_path / "net.pt"
    network = nn.Sequential()
    network.add_module("body", nn.Sequential(nn.ReLU(), Own()))
    with pytest.raises(ArgumentError, match=r"hold body\.1, of type Own"):
        save(network, file)
    with pytest.raises(ArgumentError, match="hold it, of type Own"):
        save(Own(), file)
    with pytest.raises(ArgumentError, match="`network` must be a torch"):
        save({}, file)

    class Sorting(nn.Module):
        def forward(self, x):
            return torch.sort(x)[0]

    with pytest.raises(ArgumentError, match="hold the operation sort"):
        save(trace(Sorting()), file)
    hooked = nn.Linear(1, 1)
    hooked.register_forward_hook(lambda *_: None)
    with pytest.raises(ArgumentError, match="have hooks"):
        save(hooked, file)


def test_an_error_leaves_the_file_that_was_there(tmp_path):
    file = tmp_path / "net.pt"
    save(nn.Linear(1, 1), file)
    before = file.read_bytes()
    with pytest.raises(ArgumentError):
        save(nn.TransformerEncoderLayer(4, 2), file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["net.pt"]
    with pytest.raises(ArgumentError, match="`file` can't be written"):
        save(nn.Linear(1, 1), tmp_path / "nowhere" / "net.pt")


class Evil:
    def __reduce__(self):
        return (print, ("code ran",))


def test_files_that_are_none_of_ours_are_refused_and_run_nothing(tmp_path, capsys):
    file = tmp_path / "net.pt"
    with pytest.raises(ArgumentError, match="`file` can't be read"):
        load(file)
    file.write_text("no network")
    with pytest.raises(ArgumentError, match="a file that shrinkage"):
        load(file)
    torch.save({"weight": torch.ones(1)}, file)
    with pytest.raises(ArgumentError, match="a file that shrinkage"):
        load(file)
    torch.save({"format": "shrinkage network", "version": 1, "network": Evil()}, file)
    with pytest.raises(ArgumentError, match="a file that shrinkage"):
        load(file)
    assert capsys.readouterr().out == ""
    torch.save({"format": "shrinkage network", "version": 99}, file)
    with pytest.raises(ArgumentError, match="upgrade shrinkage"):
        load(file)


def changed(file, change):
    """Write a graph whose description was changed by hand."""
    save(trace(Residual()), file)
    content = torch.load(file, weights_only=True)
    change(content["network"])
    torch.save(content, file)


CODE = "__import__('os').abort()"
CHANGES = {
    "function": lambda net: net["nodes"][1].update(op="call_function", target="os.system"),
    "method": lambda net: net["nodes"][1].update(op="call_method", target="__reduce__"),
    "module": lambda net: net["nodes"][2].update(target=f'stem"+{CODE}+"'),
    "attribute": lambda net: net["nodes"][1].update(op="get_attr", target=f'a"+{CODE}+"'),
    "input": lambda net: net["nodes"][0].update(target=f"x={CODE}"),
    "keyword": lambda net: net["nodes"][2].update(kwargs={"dict": [[f"a={CODE}", 1]]}),
    "name": lambda net: net["nodes"][2].update(name=f"a={CODE}"),
    "getattr": lambda net: net["nodes"][1].update(
        op="call_function", target="getattr", args={"tuple": [{"node": "x"}, "__class__"]}
    ),
    "operation": lambda net: net["nodes"][1].update(op="exec"),
    "kind": lambda net: net["layers"][0][1].update(kind="Module2"),
    "arguments": lambda net: net["layers"][0][1]["layers"][0][1].update(arguments={"code": CODE}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_file_made_by_an_enemy_makes_no_code(change, tmp_path):
    changed(tmp_path / "net.pt", change)
    with pytest.raises(ArgumentError, match="`file` can't be made into a network"):
        load(tmp_path / "net.pt")


def test_loading_draws_no_random_numbers(tmp_path):
    save(nn.Linear(5, 5), tmp_path / "net.pt")
    state = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tmp_path / "net.pt")
    assert torch.equal(state, torch.get_rng_state())
