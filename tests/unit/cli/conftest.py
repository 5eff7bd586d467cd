"""What the tests of the command share."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from shrinkage.cli import main


@pytest.fixture
def call(capsys):
    def call(*arguments: str):
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return call
