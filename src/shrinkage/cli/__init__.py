"""The command `shrinkage`."""

from shrinkage.cli.main import main

__all__ = ["main"]
