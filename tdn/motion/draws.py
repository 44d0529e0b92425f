"""Every number that some motion needs, drawn in the same order by the same law for every class.

A class lets only its own part of the state go; the rest stays where it would be at some random moment. So no single
frame of a thing tells its class, and with one seed opposite classes are the same frames in the opposite order.
"""

import math
from dataclasses import dataclass

import numpy as np

from tdn.motion.paths import SIDE, Burst, state
from tdn.motion.sprites import Lean

_SMALLEST_RADIUS, _LARGEST_RADIUS = 13.0, 44.0  # units
_SEGMENTS, _WINDOW = 8, 5
_SHORTEST_BURST = 4.5  # frames


@dataclass(frozen=True)
class Journey:
    """Where one coordinate may go: from `start` by `length`; `resting` is where it stays if it is not let go."""

    start: float
    length: float
    resting: float


@dataclass(frozen=True)
class Sway:
    """How a thing leans out of the picture's plane as it moves: to `depth` less than its width and back, `turns` times.

    What never moves keeps the lean of one moment.
    """

    depth: float
    turns: float
    phase: float
    axis: float

    def lean(self, progress: float) -> Lean:
        part = self.phase + self.turns * progress
        return Lean(1 - self.depth * (0.5 - 0.5 * math.cos(2 * math.pi * part)), self.axis)


def draw_sway(rng: np.random.Generator) -> Sway:
    """Half of all things are flat: they never lean."""
    depth = rng.uniform(0.15, 0.6) if rng.random() < 0.5 else 0.0
    return Sway(depth, rng.uniform(0.3, 2), rng.random(), rng.uniform(0, math.pi))


@dataclass(frozen=True)
class Draws:
    """Every number that some motion needs, in units, frames and degrees; drawn alike for every class."""

    last: int
    burst: Burst
    log_radius: Journey
    second_log_radius: float
    x: Journey
    y: Journey
    crossing: tuple[float, float] | None
    slant: float
    wobble: np.ndarray
    shift: np.ndarray
    turn: float
    spin: float
    stream: float
    stream_fast: bool
    shake: float
    shake_tilt: float
    shake_degrees: float
    shake_period: float
    tremble: float
    tremble_period: float
    swing_phase: float
    direction: float
    share: float
    pair_near: float
    pair_apart: float
    follower: float | None
    fall_start: float
    fall_slowness: float
    bounce: float

    @property
    def gap(self) -> float:
        """Frames from one window to the next, as `tdn.data.sampling` spaces them."""
        return (self.last + 2 - _WINDOW) / _SEGMENTS


def draw_num_frames(rng: np.random.Generator, may_be_short: bool) -> int:
    """Frames of a clip: 48 to 96; three in ten are 14 to 47 long, as a swipe before a webcam is, where that may be.

    The windows of a short clip lie close together or overlap, so it cannot show what only a window tells.
    """
    is_short, short, long = rng.random() < 0.3, int(rng.integers(14, 48)), int(rng.integers(48, 97))
    return short if is_short and may_be_short else long


def draw_burst(rng: np.random.Generator, last: int) -> Burst:
    """Half of all bursts last most of the clip, the others are short (a swipe) and anywhere."""
    smooth = rng.random() < 0.6
    if rng.random() < 0.5:
        duration = max(_SHORTEST_BURST, rng.uniform(0.12, 0.55) * last)
        start = rng.uniform(0.02 * last, 0.98 * last - duration)
        return Burst(start, start + duration, smooth)
    return Burst(rng.uniform(0, 0.22) * last, rng.uniform(0.78, 1) * last, smooth)


def _draw_journey(rng: np.random.Generator, start: float, length: float, last: int) -> Journey:
    resting = start + length * draw_burst(rng, last).progress(rng.uniform(0, last))
    return Journey(start, length, resting)


def draw_radius_journey(rng: np.random.Generator, last: int) -> Journey:
    """A log radius that grows 1.9 to 2.9 times, within the limits."""
    gain = math.log(rng.uniform(1.8, 2.9))
    start = rng.uniform(math.log(_SMALLEST_RADIUS), math.log(_LARGEST_RADIUS) - gain)
    return _draw_journey(rng, start, gain, last)


def draw_place_journey(rng: np.random.Generator, log_radius: Journey, last: int) -> Journey:
    """A way along one axis, at least half of the thing inside the picture even where it is largest."""
    margin = 0.5 * math.exp(log_radius.start + log_radius.length)
    length = rng.uniform(0.32, 0.72) * SIDE
    room = max(0.0, SIDE - 2 * margin - length)
    return _draw_journey(rng, (SIDE - length - room) / 2 + rng.uniform(0, room), length, last)


def draw_rest(rng: np.random.Generator, last: int) -> np.ndarray:
    """The state of a thing that never moves: as likely as that of a moving one in a random frame."""
    log_radius = draw_radius_journey(rng, last)
    x, y = draw_place_journey(rng, log_radius, last), draw_place_journey(rng, log_radius, last)
    return state(x.resting, y.resting, log_radius.resting)


def draw_motion(rng: np.random.Generator, num_frames: int) -> Draws:
    """Draw for one clip, whatever its class."""
    last = num_frames - 1
    log_radius = draw_radius_journey(rng, last)
    return Draws(
        last=last,
        burst=draw_burst(rng, last),
        log_radius=log_radius,
        second_log_radius=draw_radius_journey(rng, last).resting,
        x=draw_place_journey(rng, log_radius, last),
        y=draw_place_journey(rng, log_radius, last),
        crossing=_draw_crossing(rng, 0.8 * math.exp(log_radius.resting)),
        slant=rng.uniform(-0.18, 0.18),
        wobble=state(
            log_radius=rng.uniform(-0.15, 0.15), degrees=rng.uniform(-12, 12) * (4 if rng.random() < 0.25 else 1)
        ),
        shift=state(*rng.uniform(-9, 9, 2)),
        turn=rng.uniform(110, 300),
        spin=rng.uniform(140, 220),
        stream=rng.uniform(-0.12, 0.12),
        stream_fast=rng.random() < 0.3,
        shake=rng.uniform(6, 17),
        shake_tilt=rng.uniform(-0.2, 0.2),
        shake_degrees=rng.uniform(-8, 8),
        shake_period=rng.uniform(11, 26),
        tremble=rng.uniform(1.5, 3.5),
        tremble_period=rng.uniform(2.4, 5),
        swing_phase=rng.uniform(0, 2 * math.pi),
        direction=rng.uniform(0, 2 * math.pi),
        share=rng.uniform(0.35, 0.65),
        pair_near=rng.uniform(0.75, 1.05),
        pair_apart=rng.uniform(38, 68),
        follower=rng.uniform(1.1, 2.4) if rng.random() < 0.2 else None,
        fall_start=rng.random(),
        fall_slowness=rng.uniform(1, 1.35),
        bounce=rng.uniform(0.15, 0.45),
    )


def _draw_crossing(rng: np.random.Generator, outside: float) -> tuple[float, float] | None:
    """Start and end of a way that enters the picture, leaves it or both; None for most clips."""
    kind, inside = rng.random(), rng.uniform(0.3, 0.7) * SIDE
    if kind < 0.1:
        return -outside, SIDE + outside
    if kind < 0.2:
        return -outside, inside
    if kind < 0.3:
        return inside, SIDE + outside
    return None
