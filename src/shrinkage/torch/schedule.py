"""How alpha changes while a network is trained, counted in optimizer steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shrinkage._validate import check_count, check_number


@dataclass(frozen=True)
class Constant:
    """The whole alpha from the first step on."""

    def factor(self, step: int) -> float:
        """Return what alpha is multiplied by at a step; the first step is 1."""
        return 1.0


@dataclass(frozen=True)
class WarmUp:
    """No penalty for `steps` steps, then the whole alpha."""

    steps: int

    def __post_init__(self) -> None:
        check_count("steps", self.steps, 0)

    def factor(self, step: int) -> float:
        """Return what alpha is multiplied by at a step; the first step is 1."""
        return 0.0 if step <= self.steps else 1.0


@dataclass(frozen=True)
class Ramp:
    """From 0 to the whole alpha over `steps` steps that follow `start` steps without penalty.

    Parameters
    ----------
    steps : int >= 1
    start : int >= 0, default 0
    power : float > 0, default 1.0
        The factor is share^power: 1 is a straight line, 3 starts gently.
    """

    steps: int
    start: int = 0
    power: float = 1.0

    def __post_init__(self) -> None:
        check_count("steps", self.steps)
        check_count("start", self.start, 0)
        check_number("power", self.power, "a number > 0", low=math.ulp(0.0))

    def factor(self, step: int) -> float:
        """Return what alpha is multiplied by at a step; the first step is 1."""
        share = min(max((step - self.start) / self.steps, 0.0), 1.0)
        return float(share**self.power)


@dataclass(frozen=True)
class Cosine:
    """From the whole alpha down to `last` times it over `steps` steps, by half a cosine.

    Parameters
    ----------
    steps : int >= 1
    last : float in [0, 1], default 0.0
        Factor at the end and after it.
    """

    steps: int
    last: float = 0.0

    def __post_init__(self) -> None:
        check_count("steps", self.steps)
        check_number("last", self.last, "a number in [0, 1]", low=0.0, high=1.0)

    def factor(self, step: int) -> float:
        """Return what alpha is multiplied by at a step; the first step is 1."""
        share = min(step / self.steps, 1.0)
        return self.last + (1.0 - self.last) * 0.5 * (1.0 + math.cos(math.pi * share))


Schedule = Constant | WarmUp | Ramp | Cosine
