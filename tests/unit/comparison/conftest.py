"""Comparisons that several files of tests look at."""

from __future__ import annotations

import pytest

import shrinkage
from tests.unit.comparison.class_data import CV, FAMILIES, data


@pytest.fixture(scope="package")
def comparisons():
    return {name: shrinkage.compare(*data(name), family=name, cv=CV) for name in FAMILIES}
