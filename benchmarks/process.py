"""The other end of `worker.py`: start a solver's process, ask it, cut it at a limit."""

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Late(Exception):
    """The answer did not come within the limit; the process was killed."""


class Failed(Exception):
    """The solver said that it failed, or its process ended."""


class Candidate:
    """A solver with a number of threads, and its process if it runs.

    Attributes
    ----------
    make : type
        The solver's class.
    file : Path or None
        Where a solver from outside of the project is.
    process_seconds, import_seconds : float
        From the start of the process to its first line, and from there to the end of the import.
    """

    def __init__(self, make: Any, n_threads: int, environments: Path, file: Path | None) -> None:
        self.make, self.n_threads, self.file = make, n_threads, file
        self.name = str(make.name)
        self._command = _command(make, n_threads, environments, file)
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self.process_seconds = self.import_seconds = float("nan")

    @property
    def is_installed(self) -> bool:
        return self._command is not None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def solves(self, task: str, data: Any) -> bool:
        """Return whether it has this problem."""
        make = self.make
        has = task in make.tasks if hasattr(make, "tasks") else hasattr(make, f"fit_{task}")
        if not has or data.family not in getattr(make, "families", ("gaussian",)):
            return False
        return bool(make.solves(task, data)) if hasattr(make, "solves") else data.l1_ratio == 1.0

    def ladder(self, family: str) -> tuple[Any, ...]:
        make = self.make
        return tuple(make.ladder(family) if hasattr(make, "ladder") else make.tolerances)

    def start(self, limit: float) -> None:
        """Start the process and wait until its packages are imported."""
        assert self._command is not None
        threads = {
            name: str(self.n_threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
        }
        self._unread = b""
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **threads},
        )
        self._line(limit)
        started = time.perf_counter()
        self._line(limit)
        self.process_seconds = started - begin
        self.import_seconds = time.perf_counter() - started

    def ask(self, *words: Any, limit: float) -> list[str]:
        """Return the words of the answer after "ok"."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(("\t".join(map(str, words)) + "\n").encode())
        self._process.stdin.flush()
        status, *rest = self._line(limit).split(" ")
        if status != "ok":
            raise Failed(" ".join(rest))
        return rest

    def _line(self, limit: float) -> str:
        """Return the next line that it writes."""
        assert self._process is not None
        assert self._process.stdout is not None
        end = time.perf_counter() + limit
        while b"\n" not in self._unread:
            left = max(end - time.perf_counter(), 0.0)
            if not select.select([self._process.stdout], [], [], left)[0]:
                self.stop()
                raise Late
            read = os.read(self._process.stdout.fileno(), 65536)
            if not read:
                self.stop()
                raise Failed("its process ended")
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


def _command(make: Any, n_threads: int, environments: Path, file: Path | None) -> list[str] | None:
    """Return how its worker is started, None if its environment is not there."""
    environment = getattr(make, "environment", None)
    if environment == "R":
        if shutil.which("Rscript") is None or not _has_glmnet():
            return None
        return ["Rscript", "--vanilla", str(ROOT / "benchmarks" / "solvers" / "glmnet.R")]
    python = Path(sys.executable)
    if environment is not None and file is None:
        python = environments.resolve() / environment / "bin" / "python"
        if not python.exists():
            return None
    what = make.__name__ if file is None else str(file.resolve())
    return [str(python), "-m", "benchmarks.worker", what, str(n_threads)]


def _has_glmnet() -> bool:
    asked = ["Rscript", "--vanilla", "-e", "stopifnot(requireNamespace('glmnet', quietly = TRUE))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
