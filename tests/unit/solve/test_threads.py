"""BLAS's own threads rest during native calls and come back after them."""

import threading

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from shrinkage.solve.threads import one_blas_thread


def limits():
    found = ThreadpoolController().lib_controllers
    return [library.num_threads for library in found if library.user_api == "blas"]


@pytest.fixture(autouse=True)
def _two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


def test_one_inside_and_restored_outside():
    before = limits()
    with one_blas_thread:
        assert set(limits()) == {1}
        with one_blas_thread:
            assert set(limits()) == {1}
        assert set(limits()) == {1}
    assert limits() == before


def test_restored_after_an_error():
    before = limits()
    with pytest.raises(KeyError), one_blas_thread:
        raise KeyError
    assert limits() == before


def test_the_last_python_thread_out_restores():
    before = limits()
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with one_blas_thread:
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with one_blas_thread:
        other.start()
        inside.wait(10)
    assert set(limits()) == {1}
    leave.set()
    other.join()
    assert limits() == before
