"""Files that appear together, complete, or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from shrinkage.errors import ArgumentError, Phrase


def check_directory(name: str, directory: str | os.PathLike[str]) -> Path:
    """Return `directory` as a path; anything but a directory or nothing is an error."""
    path = Path(directory)
    for parent in (path, *path.parents):
        if parent.is_dir():
            return path
        if parent.exists():
            raise ArgumentError.must_be(name, "a directory", Phrase(f"the file {parent}"))
    return path


def write_together(directory: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files, text in UTF-8, into `directory`, which is made if need be.

    Every file is written beside its place first and renamed when all are complete: an error
    leaves what was there before.
    """
    made = _make(directory)
    # A hidden file in the same directory, so that renaming it is one step.
    places = {
        name: (directory / f".{name}.{os.getpid()}.part", directory / name) for name in contents
    }
    try:
        for name, (temporary, _) in places.items():
            content = contents[name]
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        for temporary, path in places.values():
            temporary.replace(path)
    except BaseException as error:
        for temporary, _ in places.values():
            temporary.unlink(missing_ok=True)
        for path in reversed(made):
            path.rmdir()
        if isinstance(error, OSError):
            raise ArgumentError.cannot(str(directory), f"be written to: {error.strerror}") from None
        raise


def _make(directory: Path) -> list[Path]:
    """Make a directory with its parents; return those made, outermost first."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()][::-1]
    made: list[Path] = []
    try:
        for path in missing:
            path.mkdir()
            made.append(path)
    except OSError as error:
        for path in reversed(made):
            path.rmdir()
        raise ArgumentError.cannot(str(directory), f"be made: {error.strerror}") from None
    return made
