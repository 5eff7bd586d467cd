"""Long native calls: other threads run meanwhile. (test_ctrl_c.py interrupts them.)"""

import threading

import numpy as np

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
