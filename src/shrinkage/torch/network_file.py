"""A network in one file that holds data and no code: it opens without the class that made it.

The file is that of `torch.save`, read with `weights_only=True`: a dictionary with the description
of the network and its tensors.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import Parameter

from shrinkage.errors import ArgumentError, Phrase
from shrinkage.torch.description import describe, make

_FORMAT, _VERSION = "shrinkage network", 1


def save(network: nn.Module, file: str | os.PathLike[str]) -> None:
    """Write a network made by `compact` to a file that holds no code.

    Parameters
    ----------
    network : torch.nn.Module
        A stock layer, a `Sequential` of such, or a `torch.fx.GraphModule` of such and of common
        operations. Any network of this form, smaller or not.
    file : path
        Written beside its place and renamed when complete: an error leaves what was there.

    Raises
    ------
    ArgumentError
        If a layer or an operation cannot be described as data, or the file cannot be written.

    See Also
    --------
    load : The way back, in a new process and without the class of the model.

    Examples
    --------
    >>> import tempfile, torch
    >>> from shrinkage.torch import load, save
    >>> with tempfile.TemporaryDirectory() as home:
    ...     save(torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh()), f"{home}/net.pt")
    ...     load(f"{home}/net.pt")
    Sequential(
      (0): Linear(in_features=2, out_features=1, bias=True)
      (1): Tanh()
    )
    """
    if not isinstance(network, nn.Module):
        raise ArgumentError.must_be("network", "a torch.nn.Module", network)
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "network": describe(network),
        "state": {name: tensor.detach() for name, tensor in network.state_dict().items()},
        "tied": _tied(network),
        "frozen": [name for name, p in network.named_parameters() if not p.requires_grad],
        "eval": [name for name, module in network.named_modules() if not module.training],
    }
    path = Path(file)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        torch.save(content, beside)
        beside.replace(path)
    except (OSError, RuntimeError) as error:
        raise ArgumentError.cannot("file", f"be written: {error}") from error
    finally:
        beside.unlink(missing_ok=True)


def load(file: str | os.PathLike[str], *, device: str | torch.device = "cpu") -> nn.Module:
    """Return the network in a file that `save` wrote.

    Parameters
    ----------
    file : path
    device : str or torch.device, default "cpu"
        Where its tensors go.

    Returns
    -------
    torch.nn.Module
        A `Sequential` or a `GraphModule`, in the training mode it was saved in.

    Raises
    ------
    ArgumentError
        If the file cannot be read, is none of ours or of a newer version.

    Notes
    -----
    No code of the file is run: it is read with `weights_only=True`, and only layers and
    operations that are listed are made.
    """
    content = _read(file, device)
    try:
        with torch.device("meta"):
            network = make(content["network"])
        network.load_state_dict(content["state"], assign=True)
        for first, *others in content["tied"]:
            for name in others:
                _set(network, name, _get(network, first))
        for name in content["frozen"]:
            _get(network, name).requires_grad_(False)
        for name, module in network.named_modules():
            module.training = name not in content["eval"]
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ArgumentError.cannot("file", f"be made into a network: {error}") from error
    return network


def _read(file: str | os.PathLike[str], device: str | torch.device) -> dict[str, Any]:
    requirement = "a file that shrinkage.torch.save wrote"
    try:
        content = torch.load(file, map_location=device, weights_only=True)
    except OSError as error:
        raise ArgumentError.cannot("file", f"be read: {error}") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise ArgumentError.must_be("file", requirement, os.fspath(file)) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ArgumentError.must_be("file", requirement, os.fspath(file))
    if content.get("version") != _VERSION:
        got = Phrase(f"version {content.get('version')}")
        raise ArgumentError.must_be("file", f"of version {_VERSION}", got, "upgrade shrinkage")
    return content


def _tied(network: nn.Module) -> list[list[str]]:
    """Return the names of each parameter that has several."""
    names: dict[int, list[str]] = {}
    for name, parameter in network.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return [found for found in names.values() if len(found) > 1]


def _get(network: nn.Module, name: str) -> Parameter:
    home, _, last = name.rpartition(".")
    parameter = getattr(network.get_submodule(home), last)
    assert isinstance(parameter, Parameter)
    return parameter


def _set(network: nn.Module, name: str, parameter: Parameter) -> None:
    home, _, last = name.rpartition(".")
    setattr(network.get_submodule(home), last, parameter)
