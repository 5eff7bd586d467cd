"""How a penalty is named and drawn: the same in every figure."""

from __future__ import annotations

from dataclasses import dataclass

from shrinkage.draw.figure import BLUE, GREEN, ORANGE


@dataclass(frozen=True)
class Look:
    """Name, colour and line of a penalty; the line tells them apart without colour."""

    name: str
    colour: str
    line: str


def look_of(l1_ratio: float) -> Look:
    """Return how the penalty of this share of L1 is named and drawn."""
    if l1_ratio == 1.0:
        return Look("lasso", ORANGE, "-")
    if l1_ratio == 0.0:
        return Look("ridge", BLUE, "-.")
    return Look(f"elastic net {l1_ratio:g}", GREEN, "--")
