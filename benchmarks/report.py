"""What a table says of the machine and of the rules."""

import platform
import time
from pathlib import Path

import numpy
import scipy
import sklearn

import shrinkage
from shrinkage import _core


def header(n_threads: int, limit: float) -> str:
    """Return the machine, the versions and how the figures were taken."""
    return f"""# Benchmark, {time.strftime("%Y-%m-%d")}

{_processor()}, {n_threads} core(s); Python {platform.python_version()}, NumPy {numpy.__version__},
SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}, shrinkage {shrinkage.__version__}
({_core.instruction_set()}).

Times are the least of several alternating runs; in brackets the worst certified relative gap of the
path, or the largest relative error of the cross-validated error. `standardize=False`; peers get
X centred for a dense path. A run is cut at {limit:g} s.
"""


def row(*cells: str) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()
