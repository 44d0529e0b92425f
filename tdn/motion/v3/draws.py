"""The numbers of version 3, drawn in the same order by the same law for every class: as `synthetic.draws`, and more.

A clip is one episode (something moves once), or an episode that comes again and again, or a film shown k times.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from tdn.motion import draws
from tdn.motion.draws import Draws, Journey
from tdn.motion.paths import SIDE, Burst, state

SMALLEST_RADIUS, LARGEST_RADIUS = 12.0, 50.0  # units
MOST_SECONDS = 60.0
MOST_REPEATS = 16
_SHORTEST_BURST = 4.5  # frames
_FASTEST, _SLOWEST = 12.0, 0.8  # units a frame, of what passes again and again


@dataclass(frozen=True)
class Length:
    """Frames a second, frames of one episode, frames of the clip, and how often the whole film is shown.

    `rate` is how many frames there are for each of 15 a second.
    """

    fps: int
    episode: int
    num_frames: int
    repeats: int

    @property
    def rate(self) -> float:
        return self.fps / 15

    @property
    def recurs(self) -> bool:
        """Whether the episode comes more than once in the film itself."""
        return self.num_frames > self.episode


@dataclass(frozen=True)
class Passing:
    """Things that pass one after another: `duration` frames each, one every `spacing` of that, how many in a row.

    `lanes` are how far each is beside the first, in units; `smooth` is a hand's swipe, not a belt.
    """

    wanted: bool
    speed: float
    spacing: float
    count: int
    lanes: tuple[float, ...]
    smooth: bool


@dataclass(frozen=True)
class Companion:
    """Something beside the main thing that moves like it: in which direction (radians), how far in sums of radii."""

    direction: float
    apart: float


@dataclass(frozen=True)
class Numbers:
    """All that some motion needs. `base` is version 2's; `vanish` is the vanishing point less the place at rest."""

    length: Length
    base: Draws
    vanish: complex | None
    passing: Passing
    companions: tuple[Companion, ...]
    patterned_rest: np.ndarray
    offset: float  # 0 to 1 of an episode, over at the first frame

    @property
    def last(self) -> int:
        return self.length.num_frames - 1

    @property
    def gap(self) -> float:
        """Frames from one window to the next over the whole clip."""
        return max(1.0, (self.length.num_frames + 1 - 5) / 8)


def draw_length(rng: np.random.Generator, may_be_short: bool) -> Length:
    """1 to 6 seconds for an episode; it recurs for 2 to 60 s in a quarter of the clips; a seventh are repeated."""
    fps = 15 if rng.random() < 0.5 else 30
    episode = draws.draw_num_frames(rng, may_be_short) * fps // 15
    kind, seconds = rng.random(), math.exp(rng.uniform(math.log(2), math.log(MOST_SECONDS)))
    repeats = int(rng.integers(2, MOST_REPEATS + 1))
    if kind < 0.58:
        return Length(fps, episode, episode, 1)
    if kind < 0.85:
        return Length(fps, episode, max(episode, round(seconds * fps)), 1)
    return Length(fps, episode, episode, min(repeats, int(MOST_SECONDS * fps / episode)))


def draw_burst(rng: np.random.Generator, last: int) -> Burst:
    """A third are a few frames long (4 to 12 units a frame), a third part of the episode, a third most of it."""
    smooth, kind, share = rng.random() < 0.6, rng.random(), rng.uniform(0.12, 0.55)
    quick, place = rng.uniform(_SHORTEST_BURST, 16), rng.random()
    early, late = rng.uniform(0, 0.22) * last, rng.uniform(0.78, 1) * last
    if kind > 0.67:
        return Burst(early, late, smooth)
    duration = min(quick if kind < 0.33 else max(_SHORTEST_BURST, share * last), 0.96 * last)
    start = 0.02 * last + place * (0.96 * last - duration)
    return Burst(start, start + duration, smooth)


def _journey(rng: np.random.Generator, start: float, length: float, last: int) -> Journey:
    return Journey(start, length, start + length * draw_burst(rng, last).progress(rng.uniform(0, last)))


def draw_radius_journey(rng: np.random.Generator, last: int) -> Journey:
    """A log radius that grows 1.8 to 4 times, within the limits."""
    gain = rng.uniform(math.log(1.8), math.log(4))
    start = rng.uniform(math.log(SMALLEST_RADIUS), math.log(LARGEST_RADIUS) - gain)
    return _journey(rng, start, gain, last)


def draw_place_journey(rng: np.random.Generator, log_radius: Journey, last: int) -> Journey:
    """A way along one axis, at least half of the thing inside the picture where it rests."""
    margin = 0.5 * math.exp(log_radius.resting)
    length = rng.uniform(0.32, 0.72) * SIDE
    room = max(0.0, SIDE - 2 * margin - length)
    return _journey(rng, (SIDE - length - room) / 2 + rng.uniform(0, room), length, last)


def draw_rest(rng: np.random.Generator, last: int) -> np.ndarray:
    """The state of a thing that never moves: as likely as that of a moving one in a random frame."""
    log_radius = draw_radius_journey(rng, last)
    x, y = draw_place_journey(rng, log_radius, last), draw_place_journey(rng, log_radius, last)
    return state(x.resting, y.resting, log_radius.resting)


def draw_numbers(rng: np.random.Generator, length: Length) -> Numbers:
    """Draw for one clip, whatever its class."""
    last = length.episode - 1
    base = draws.draw_motion(rng, length.episode)
    log_radius, burst = draw_radius_journey(rng, last), draw_burst(rng, last)
    if length.recurs or length.repeats > 1:
        # A window falls anywhere in an episode: half of them must show how things move, or nothing tells.
        burst = burst.at_least(0.5 * last, last)
    base = replace(
        base,
        burst=burst,
        log_radius=log_radius,
        second_log_radius=draw_radius_journey(rng, last).resting,
        x=draw_place_journey(rng, log_radius, last),
        y=draw_place_journey(rng, log_radius, last),
        shake_period=base.shake_period * length.rate,
        tremble_period=base.tremble_period * (1 if rng.random() < 0.5 else length.rate),
        fall_slowness=base.fall_slowness * length.rate,
        follower=None,
    )
    wanted, beside, above = rng.random() < 0.75, rng.uniform(-24, 24), rng.uniform(-26, 8)
    passing = Passing(
        wanted=rng.random() < 0.8,
        speed=math.exp(rng.uniform(math.log(_SLOWEST), math.log(_FASTEST))),
        spacing=rng.uniform(0.3, 1.1),
        count=int(rng.integers(1, 4)),
        lanes=tuple(rng.uniform(-12, 12, 3)),
        smooth=rng.random() < 0.3,
    )
    count = int(rng.integers(1, 3)) if rng.random() < 0.25 else 0
    companions = tuple(Companion(rng.uniform(0, 2 * math.pi), rng.uniform(0.7, 1.3)) for _ in range(count))
    here = complex(base.x.resting, base.y.resting)
    rests = [draw_rest(rng, last) for _ in range(4)]
    farthest = max(rests, key=lambda rest: abs(complex(rest[0], rest[1]) - here))
    return Numbers(
        length=length,
        base=base,
        vanish=complex(beside, above) if wanted else None,
        passing=passing,
        companions=companions,
        patterned_rest=farthest,
        offset=rng.random(),
    )
