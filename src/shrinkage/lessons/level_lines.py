"""The lines of a picture of loss and penalty: the boundary of a ball, and level lines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shrinkage._typing import FloatArray, IndexArray
from shrinkage.lessons.profiled_loss import ProfiledLoss

_ANGLES = 120
_RINGS = 7
_STEPS = 13  # on each ray


def ball(contact: FloatArray, l1: float, l2: float) -> FloatArray:
    """Return the boundary of {pen <= pen(contact)}, of shape (n_points, 2), closed."""
    value = float(l1 * np.abs(contact).sum() + 0.5 * l2 * (contact @ contact))
    if value == 0.0:
        return contact[None]
    turns = np.arange(5 if l2 == 0.0 else 4 * 12 + 1)
    angles = turns * (2.0 * np.pi / turns[-1])
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    slope = l1 * np.abs(directions).sum(axis=1)
    # The positive root of l2 r^2 / 2 + slope r = value, in the form that survives l2 = 0.
    radius = 2.0 * value / (slope + np.sqrt(slope**2 + 2.0 * l2 * value))
    return np.asarray(directions * radius[:, None])


def level_lines(loss: ProfiledLoss, contact: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Return level lines, evenly spaced in the root of the loss, and the one through `contact`.

    They are found on rays from the minimum: along each the loss is convex and rises.
    """
    least, *above = loss(np.array([loss.minimum, contact, [0.0, 0.0]])).tolist()
    at_contact, at_zero = (max(2.0 * (value - least), 0.0) ** 0.5 for value in above)
    top = 1.25 * max(at_contact, at_zero) or 1.0
    rays = _rays(loss, contact)

    def height(radii: FloatArray, which: IndexArray | slice = slice(None)) -> FloatArray:
        points = loss.minimum + radii[..., None] * rays[which]
        excess = loss(points.reshape(-1, 2)).reshape(radii.shape) - least
        return np.asarray(np.sqrt(np.maximum(2.0 * excess, 0.0)))

    radii = np.linspace(0.0, 1.0, _STEPS)[:, None] * _reach(height, top)
    heights = np.maximum.accumulate(height(radii), axis=0)
    heights[0] = 0.0

    def line(level: float) -> FloatArray:
        # Along a ray the root of the loss is nearly linear.
        pairs = zip(heights.T, radii.T, strict=True)
        found = np.array([np.interp(level, h, r, right=np.nan) for h, r in pairs])
        around = loss.minimum + found[:, None] * rays
        return np.concatenate([around, around[:1]])

    # The touching line is one of the evenly spaced ones, unless it is too near the minimum.
    inside = int(_RINGS * at_contact / top + 0.3)
    step = at_contact / inside if inside else top / _RINGS
    rings = [line(k * step) for k in range(1, int(top / step) + 1) if k != inside]
    touching = line(at_contact)
    touching[[0, -1]] = contact  # the first ray leads there
    return rings, touching


def _rays(loss: ProfiledLoss, contact: FloatArray) -> FloatArray:
    """Return directions, evenly spaced where the contours near the minimum are circles."""
    size, axes = np.linalg.eigh(loss.curvature())
    # In a flat valley, or where the others fit everything, there is no such scale.
    size = np.maximum(size, 1e-8 * size[-1]) if size[-1] > 1e-8 else np.ones(2)
    stretch = axes / np.sqrt(size)
    ahead = np.linalg.solve(stretch, contact - loss.minimum)
    angles = np.arctan2(ahead[1], ahead[0]) + np.arange(_ANGLES) * (2.0 * np.pi / _ANGLES)
    return np.asarray(np.column_stack([np.cos(angles), np.sin(angles)]) @ stretch.T)


def _reach(height: Callable[[FloatArray, IndexArray], FloatArray], top: float) -> FloatArray:
    """Return for each ray a radius at which its height is `top` or a little more."""
    inner, outer = np.zeros(_ANGLES), np.full(_ANGLES, np.inf)
    radius = np.full(_ANGLES, top)
    for _ in range(12):
        search = np.flatnonzero(outer > 1.5 * inner)
        enough = height(radius[search], search) >= top * (1.0 - 1e-9)
        outer[search[enough]] = radius[search[enough]]
        inner[search[~enough]] = radius[search[~enough]]
        radius = np.where(np.isinf(outer), 2.0 * radius, 0.5 * (inner + outer))
    return np.where(np.isinf(outer), inner, outer)
