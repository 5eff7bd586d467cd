"""Force a plan: `choose` is replaced, so that the public functions run on any problem."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from shrinkage.solve.plan import CROSS_PRODUCTS, WORKING_SET, Plan

# By its name, because the package exports a function next to it.
_caller = importlib.import_module("shrinkage.solve.elastic_net")

ACTIVE_SET_PLANS = (CROSS_PRODUCTS, WORKING_SET)


@contextmanager
def forced(name: str) -> Iterator[None]:
    """Let `elastic_net_path` use the plan of this name, whatever the problem."""
    plan = Plan(name, "forced by a test", 0)
    with mock.patch.object(_caller, "choose", return_value=plan):
        yield
