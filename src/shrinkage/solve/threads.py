"""Keep the thread pools of NumPy's and SciPy's BLAS at one thread during native calls.

The core cuts its work into blocks and gives each to a thread of its own; a BLAS that also
starts threads for every small block makes that several times slower.
"""

from __future__ import annotations

import threading
from typing import Any

_lock = threading.Lock()
_controllers: list[Any] | None = None
_saved: list[int] = []
_users = 0


class OneBlasThread:
    """Context in which BLAS calls use one thread; the earlier limits return at its end.

    Several Python threads may be inside at once: the first one in saves the limits, the last
    one out restores them. Costs a few microseconds after the first use.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        global _controllers, _saved, _users
        with _lock:
            if _controllers is None:
                _controllers = _find_controllers()
            if _users == 0:
                _saved = [controller.get_num_threads() for controller in _controllers]
                for controller, limit in zip(_controllers, _saved, strict=True):
                    if limit != 1:
                        controller.set_num_threads(1)
            _users += 1

    def __exit__(self, *exc_info: object) -> None:
        global _users
        with _lock:
            _users -= 1
            if _users == 0:
                for controller, limit in zip(_controllers or [], _saved, strict=True):
                    if limit != 1:
                        controller.set_num_threads(limit)


one_blas_thread = OneBlasThread()


def _find_controllers() -> list[Any]:
    # SciPy's BLAS is a library of its own: it has to be loaded before it can be found.
    import scipy.linalg.cython_blas  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return [c for c in ThreadpoolController().lib_controllers if c.user_api == "blas"]
