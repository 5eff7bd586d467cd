"""L1, L2, elastic net and group lasso for PyTorch modules, with exact zeros and the right alpha."""

from shrinkage.errors import MissingDependencyError

try:
    import torch as _torch  # noqa: F401
except ImportError:
    raise MissingDependencyError.needs("shrinkage.torch", "PyTorch", "torch") from None

from shrinkage.penalties import L1, L2, ElasticNet, GroupLasso, SparseGroupLasso
from shrinkage.torch.compaction import compact
from shrinkage.torch.decay import DecoupledDecay
from shrinkage.torch.network_file import load, save
from shrinkage.torch.network_path import NetworkPath, regularization_path
from shrinkage.torch.regularizer import Regularizer, attach
from shrinkage.torch.report import Report
from shrinkage.torch.rules import Rule
from shrinkage.torch.schedule import Constant, Cosine, Ramp, WarmUp

__all__ = [
    "L1",
    "L2",
    "Constant",
    "Cosine",
    "DecoupledDecay",
    "ElasticNet",
    "GroupLasso",
    "NetworkPath",
    "Ramp",
    "Regularizer",
    "Report",
    "Rule",
    "SparseGroupLasso",
    "WarmUp",
    "attach",
    "compact",
    "load",
    "regularization_path",
    "save",
]
