"""How alpha changes while a network is trained, counted in optimizer steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shrinkage._validate import check_count, check_number


@dataclass(frozen=True)
class Constant:
    """The whole alpha from the first step on: what a convex problem needs."""

    def factor(self, step: int) -> float:
        """Return what alpha is multiplied by at a step, in [0, 1]; the first step is 1."""
        return 1.0


@dataclass(frozen=True)
class WarmUp:
    """No penalty for `steps` steps, then the whole alpha.

    Parameters
    ----------
    steps : int >= 0
        Optimizer steps, not epochs.

    Examples
    --------
    >>> [WarmUp(2).factor(step) for step in (1, 2, 3)]
    [0.0, 0.0, 1.0]
    """

    steps: int

    def __post_init__(self) -> None:
        check_count("steps", self.steps, 0)

    def factor(self, step: int) -> float:
        """Return what alpha is multiplied by at a step; the first step is 1."""
        return 0.0 if step <= self.steps else 1.0


@dataclass(frozen=True)
class Ramp:
    """From 0 to the whole alpha over `steps` steps that follow `start` steps without penalty.

    A network that first learns and is then made sparse loses less than one that is penalised
    while its weights are still random.

    Parameters
    ----------
    steps : int >= 1
        Optimizer steps from 0 to the whole alpha.
    start : int >= 0, default 0
        Optimizer steps before.
    power : float > 0, default 1.0
        The factor is share^power: 1 is a straight line, 3 starts gently.

    Examples
    --------
    >>> [Ramp(4, start=2).factor(step) for step in (2, 3, 4, 6, 7)]
    [0.0, 0.25, 0.5, 1.0, 1.0]
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

    What the penalty has pulled too far comes back at the end; zeros come back, too, if `last` is
    small.

    Parameters
    ----------
    steps : int >= 1
        Optimizer steps.
    last : float in [0, 1], default 0.0
        Factor at the end and after it.

    Examples
    --------
    >>> [round(Cosine(4, last=0.2).factor(step), 3) for step in (1, 2, 4, 5)]
    [0.883, 0.6, 0.2, 0.2]
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
