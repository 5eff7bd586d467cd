"""The lines of a picture of loss and penalty: the boundary of a ball, and level lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.interpolate import PchipInterpolator

from shrinkage._typing import FloatArray, IndexArray

_RINGS = 7


class Profile(Protocol):
    """A convex loss of two coefficients, and on how many rays and points of each it is drawn."""

    n_rays: int
    n_steps: int
    minimum: FloatArray

    def __call__(self, points: FloatArray) -> FloatArray:
        """Return the loss at points of shape (n_points, 2)."""

    def curvature(self) -> FloatArray:
        """Return its second derivatives about the minimum, of shape (2, 2)."""


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


def level_lines(loss: Profile, contact: FloatArray) -> tuple[list[FloatArray], FloatArray]:
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

    radii = np.linspace(0.0, 1.0, loss.n_steps)[:, None] * _reach(height, top, loss.n_rays)
    heights = height(radii)
    heights[0] = 0.0

    def line(level: float) -> FloatArray:
        found = _radius_at(level, heights, radii)
        if level <= at_contact:
            # Kinks are near the minimum; a look at the first answer finds them.
            known = np.where(np.isnan(found), 0.0, found)[None]
            both = np.append(heights, height(known), axis=0), np.append(radii, known, axis=0)
            found = _radius_at(level, *both)
        around = loss.minimum + found[:, None] * rays
        return np.concatenate([around, around[:1]])

    # The touching line is one of the evenly spaced ones, unless it is too near the minimum.
    inside = int(_RINGS * at_contact / top + 0.3)
    step = at_contact / inside if inside else top / _RINGS
    rings = [line(k * step) for k in range(1, int(top / step) + 1) if k != inside]
    touching = line(at_contact)
    touching[[0, -1]] = contact  # the first ray leads there
    return rings, touching


def _rays(loss: Profile, contact: FloatArray) -> FloatArray:
    """Return directions, evenly spaced where the contours near the minimum are circles."""
    size, axes = np.linalg.eigh(loss.curvature())
    # In a flat valley, or where the others fit everything, there is no such scale.
    size = np.maximum(size, 1e-8 * size[-1]) if size[-1] > 1e-8 else np.ones(2)
    stretch = axes / np.sqrt(size)
    ahead = np.linalg.solve(stretch, contact - loss.minimum)
    n = loss.n_rays
    angles = np.arctan2(ahead[1], ahead[0]) + np.arange(n) * (2.0 * np.pi / n)
    return np.asarray(np.column_stack([np.cos(angles), np.sin(angles)]) @ stretch.T)


def _radius_at(level: float, heights: FloatArray, radii: FloatArray) -> FloatArray:
    """Return on each ray the radius of a height, NaN above the last; both of shape (m, n_rays)."""
    order = np.argsort(radii, axis=0, kind="stable")
    radii = np.take_along_axis(radii, order, 0)
    heights = np.maximum.accumulate(np.take_along_axis(heights, order, 0), axis=0)
    found = np.full(heights.shape[1], np.nan)
    for ray, (h, r) in enumerate(zip(heights.T, radii.T, strict=True)):
        rises = np.append(True, np.diff(h) > 0.0)
        if np.count_nonzero(rises) > 1:
            found[ray] = PchipInterpolator(h[rises], r[rises], extrapolate=False)(level)
    return found


def _reach(
    height: Callable[[FloatArray, IndexArray], FloatArray], top: float, n_rays: int
) -> FloatArray:
    """Return for each ray a radius at which its height is `top` or a little more."""
    inner, outer = np.zeros(n_rays), np.full(n_rays, np.inf)
    radius = np.full(n_rays, top)
    for _ in range(12):
        search = np.flatnonzero(outer > 1.5 * inner)
        enough = height(radius[search], search) >= top * (1.0 - 1e-9)
        outer[search[enough]] = radius[search[enough]]
        inner[search[~enough]] = radius[search[~enough]]
        radius = np.where(np.isinf(outer), 2.0 * radius, 0.5 * (inner + outer))
    return np.where(np.isinf(outer), inner, outer)
