"""Long native calls: other threads run meanwhile. (test_ctrl_c.py interrupts them.)"""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from shrinkage import _core


def test_other_threads_run_during_a_native_call():
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.standard_normal((100_000, 300), dtype=np.float32))
    design, y = _core.dense(X), X[:, 0].astype(float)
    ended = threading.Event()
    counts = [0]

    def count():
        while not ended.wait(0.001):
            counts[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    try:
        before = counts[0]
        _core.moments(design, y, None, None, 0, 1)
        during = counts[0] - before
    finally:
        ended.set()
        counter.join()
    # a call of a tenth of a second that kept the GIL would let the other thread count once
    assert during > 5


FORKED = """
import os, sys
import numpy as np
import shrinkage

rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((500, 20)))
y = X[:, 0] + rng.standard_normal(500)
model = shrinkage.LassoCV(settings=shrinkage.Settings(n_threads=4))
found = model.fit(X, y).cv_mean_
child = os.fork()
if child == 0:
    same = np.array_equal(model.fit(X, y).cv_mean_, found)
    os._exit(0 if same else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forking is for POSIX")
def test_a_forked_child_has_threads_of_its_own():
    # those of the parent sleep between its calls, and do not exist in the child
    run = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "0\n"


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted on Linux")
def test_threads_are_kept_from_call_to_call():
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.standard_normal((2000, 300)))
    folds = (np.arange(2000) % 10).astype(np.int32)
    core = _core.CrossProducts(_core.dense(X), X[:, 0].copy(), None, True, True, folds, 10, 3)

    def threads():
        core.crossval(np.geomspace(1.0, 0.01, 20), 1.0, np.ones(300), None, None, 100, 1e-9, 3)
        return set(os.listdir("/proc/self/task"))

    assert threads() == threads()
