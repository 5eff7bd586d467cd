"""These tests run where PyTorch is installed; the rest of the suite does without."""

from pathlib import Path

import pytest

HOME = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HOME in Path(item.fspath).parents:
            item.add_marker(pytest.mark.torch)


def pytest_ignore_collect(collection_path):
    try:
        import torch
    except ImportError:
        return True if collection_path.name.startswith("test_") else None
    torch.set_num_threads(1)
    return None


@pytest.fixture(autouse=True)
def _same_random_numbers():
    import torch

    torch.manual_seed(0)


@pytest.fixture
def in_double():
    """Make networks in float64, and the same ones every time."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(before)
