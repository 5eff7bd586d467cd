"""Long native calls: other threads run meanwhile, and Ctrl-C ends them."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from shrinkage import _core

PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import shrinkage

n, p, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
rng = np.random.default_rng(0)
X = rng.standard_normal((p, n), dtype=np.float32).T
y = X[:, :50].sum(axis=1) + 10 * rng.standard_normal(n)
settings = shrinkage.Settings(n_threads=1)

def press():
    time.sleep(seconds)
    pressed.append(time.process_time())
    os.kill(os.getpid(), signal.SIGINT)

pressed = []
threading.Thread(target=press).start()
try:
    for _ in range(1000):
        shrinkage.elastic_net_path(X, y, l1_ratio=0.9, settings=settings)
except KeyboardInterrupt:
    print("cpu seconds:", time.process_time() - pressed[0])
path = shrinkage.elastic_net_path(X[:50, :10], y[:50])
assert path.dual_gap.max() <= 1e-9
"""

SHAPES = {
    "one pass over X": (200_000, 400),
    "a path on cross-products": (3_000, 1_000),
    "a path on a working set": (1_000, 20_000),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("seconds", [0.2, 0.9])
def test_ctrl_c_is_answered_soon(shape, seconds):
    """Within 0.1 s of processor time, which other programs can't take away."""
    command = [sys.executable, "-c", PROGRAM, *map(str, shape), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.removeprefix("cpu seconds: ")) < 0.1


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
