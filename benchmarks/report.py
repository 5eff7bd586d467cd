"""What a table says of the machine, and its rows."""

import platform
import time
from pathlib import Path

import numpy
import scipy
import sklearn

import shrinkage
from shrinkage import _core


def header(title: str, n_threads: int) -> str:
    """Return the title, the machine and the versions."""
    return f"""# {title}, {time.strftime("%Y-%m-%d")}

{_processor()}, {n_threads} core(s); Python {platform.python_version()}, NumPy {numpy.__version__},
SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}, shrinkage {shrinkage.__version__}
({_core.instruction_set()})."""


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
