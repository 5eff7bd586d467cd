"""Keep the thread pools of NumPy's and SciPy's BLAS at one thread during native calls.

The core cuts its work into blocks and gives each to a thread of its own; a BLAS that also
starts threads for every small block makes that several times slower.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import product
from typing import Any

# (get, set) the number of threads of one library.
Pool = tuple[Callable[[], int], Callable[[int], Any]]

_lock = threading.Lock()
_pools: list[Pool] | None = None
_saved: list[int] = []
_users = 0


class OneBlasThread:
    """Context in which BLAS calls use one thread; the earlier limits return at its end.

    Several Python threads may be inside at once: the first one in saves the limits, the last
    one out restores them. Costs a few microseconds after the first use.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        global _pools, _saved, _users
        with _lock:
            if _pools is None:
                _pools = _find_pools()
            if _users == 0:
                _saved = [get() for get, _ in _pools]
                for (_, limit_to), limit in zip(_pools, _saved, strict=True):
                    if limit != 1:
                        limit_to(1)
            _users += 1

    def __exit__(self, *exc_info: object) -> None:
        global _users
        with _lock:
            _users -= 1
            if _users == 0:
                for (_, limit_to), limit in zip(_pools or [], _saved, strict=True):
                    if limit != 1:
                        limit_to(limit)


one_blas_thread = OneBlasThread()


def _find_pools() -> list[Pool]:
    # SciPy's BLAS is a library of its own: it has to be loaded before it can be found.
    import scipy.linalg.cython_blas  # noqa: F401
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().lib_controllers
    return [_pool_of(library) for library in found if library.user_api == "blas"]


def _pool_of(library: Any) -> Pool:
    """Return OpenBLAS's own functions where its threads are shared by the process.

    threadpoolctl lets one Python thread alone set them, the first one that did; with ours
    the last one out restores.
    """
    if library.internal_api == "openblas" and library.threading_layer != "openmp":
        for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
            names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
            if all(hasattr(library.dynlib, name) for name in names):
                return getattr(library.dynlib, names[0]), getattr(library.dynlib, names[1])
    return library.get_num_threads, library.set_num_threads
