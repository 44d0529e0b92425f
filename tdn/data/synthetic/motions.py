"""How things move: paths through a five-number state, and the paths of each class.

Every class draws the same numbers in the same order; a class only lets its own part of the state go and leaves the
rest where it would be at some random moment. So no single frame of a thing tells its class, and with one seed
opposite classes are the same frames in the opposite order.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from tdn.data.synthetic import labels
from tdn.data.synthetic.sprites import LARGEST_RADIUS, SMALLEST_RADIUS

SIDE = 112.0  # the picture is this many units wide and high
X, Y, LOG_RADIUS, DEGREES, PHASE = range(5)  # the state: units, units, log units, degrees clockwise, texture repeats
TOP_SPEED = 12.0  # units a frame
_SEGMENTS, _WINDOW = 8, 5

# Class -> the class that is the same run backwards.
_BACKWARDS = {
    labels.LEFT: labels.RIGHT,
    labels.UP: labels.DOWN,
    labels.AWAY: labels.CLOSER,
    labels.TURN_COUNTER: labels.TURN_CLOCKWISE,
    labels.SEPARATE: labels.APPROACH,
    labels.SPIN_COUNTER: labels.SPIN_CLOCKWISE,
    labels.STREAM_LEFT: labels.STREAM_RIGHT,
}


def state(x: float = 0, y: float = 0, log_radius: float = 0, degrees: float = 0, phase: float = 0) -> np.ndarray:
    return np.array([x, y, log_radius, degrees, phase], float)


@dataclass(frozen=True)
class Burst:
    """Progress from 0 to 1 between two frame times, evenly or (`smooth`) with soft ends."""

    start: float
    end: float
    smooth: bool

    @property
    def peak(self) -> float:
        """Highest speed over mean speed."""
        return 1.5 if self.smooth else 1.0

    def progress(self, time: float) -> float:
        part = min(1.0, max(0.0, (time - self.start) / (self.end - self.start)))
        return part * part * (3 - 2 * part) if self.smooth else part

    def active(self, time: float) -> bool:
        return self.start - 0.5 < time < self.end + 0.5

    def at_least(self, duration: float, last: float) -> "Burst":
        """The same burst, lengthened about its middle to `duration` frames where it is shorter, within the clip."""
        duration = min(max(duration, self.end - self.start), last)
        start = min(max(0.0, (self.start + self.end - duration) / 2), last - duration)
        return replace(self, start=start, end=start + duration)


@dataclass(frozen=True)
class Fall:
    """Progress from 0 to 1 under gravity from frame time `start`, and one bounce: `bounce` of the speed is kept."""

    start: float
    duration: float
    bounce: float

    def progress(self, time: float) -> float:
        part = max(0.0, (time - self.start) / self.duration)
        if part <= 1:
            return part * part
        part = min(1.0, (part - 1) / (2 * self.bounce))
        return 1 - 4 * self.bounce**2 * part * (1 - part)

    @property
    def end(self) -> float:
        return self.start + self.duration * (1 + 2 * self.bounce)

    def active(self, time: float) -> bool:
        return self.start - 0.5 < time < self.end + 0.5


@dataclass(frozen=True)
class Path:
    """The state of one thing at any frame time: rest + travel * progress + swing * sin + rate * time.

    `carries` says whether an arm that holds the thing goes with it. With `backwards_from` set, time runs backwards
    from there.
    """

    rest: np.ndarray
    travel: np.ndarray | None = None
    timing: Burst | Fall | None = None
    swing: np.ndarray | None = None
    period: float = 1.0
    swing_phase: float = 0.0
    rate: np.ndarray | None = None
    carries: bool = True
    backwards_from: float | None = None

    def state(self, time: float) -> np.ndarray:
        """float [5]; frame times are whole numbers, times between them blur a frame."""
        time = self._own_time(time)
        here = self.rest
        if self.travel is not None:
            here = here + self.travel * self.timing.progress(time)
        if self.swing is not None:
            here = here + self.swing * math.sin(2 * math.pi * time / self.period + self.swing_phase)
        if self.rate is not None:
            here = here + self.rate * time
        return here

    def moves(self, time: float) -> bool:
        """Whether the thing is under way at this frame time."""
        if self.swing is not None or self.rate is not None:
            return True
        return self.travel is not None and self.timing.active(self._own_time(time))

    def grip(self, last: float) -> np.ndarray:
        """The state that an arm is drawn for: half way, so that no arm leans in the direction of motion.

        A hand that does not go along holds on where the clip starts.
        """
        return (self.state(0) + self.state(last)) / 2 if self.carries else self.state(0)

    def _own_time(self, time: float) -> float:
        return time if self.backwards_from is None else self.backwards_from - time


@dataclass(frozen=True)
class Journey:
    """Where one coordinate may go: from `start` by `length`; `resting` is where it stays if it is not let go."""

    start: float
    length: float
    resting: float


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


def draw_burst(rng: np.random.Generator, last: int) -> Burst:
    """Half of all bursts last most of the clip, the others are short (a swipe) and anywhere."""
    smooth = rng.random() < 0.6
    if rng.random() < 0.5:
        duration = max(7.0, rng.uniform(0.12, 0.55) * last)
        start = rng.uniform(0.02 * last, 0.98 * last - duration)
        return Burst(start, start + duration, smooth)
    return Burst(rng.uniform(0, 0.22) * last, rng.uniform(0.78, 1) * last, smooth)


def _draw_journey(rng: np.random.Generator, start: float, length: float, last: int) -> Journey:
    resting = start + length * draw_burst(rng, last).progress(rng.uniform(0, last))
    return Journey(start, length, resting)


def draw_radius_journey(rng: np.random.Generator, last: int) -> Journey:
    """A log radius that grows 1.9 to 2.9 times, within the limits."""
    gain = math.log(rng.uniform(1.9, 2.9))
    start = rng.uniform(math.log(SMALLEST_RADIUS), math.log(LARGEST_RADIUS) - gain)
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
        follower=rng.uniform(1.1, 1.8) if rng.random() < 0.15 else None,
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


def class_paths(label: int, draws: Draws) -> list[Path]:
    """The paths of what moves (or, for "still", is held): one or two, the main thing first."""
    forward = _BACKWARDS.get(label, label)
    paths = _FORWARD[forward](draws)
    if forward == label:
        return paths
    return [replace(path, backwards_from=draws.last) for path in paths]


def _rest(draws: Draws) -> np.ndarray:
    return state(draws.x.resting, draws.y.resting, draws.log_radius.resting)


def _translation(draws: Draws, along: int) -> list[Path]:
    journey = draws.x if along == X else draws.y
    start, end = draws.crossing or (journey.start, journey.start + journey.length)
    rest, travel = _rest(draws), draws.wobble.copy()
    rest[along], travel[along] = start, end - start
    travel[Y if along == X else X] = draws.slant * min(end - start, SIDE / 2)
    timing = draws.burst.at_least((end - start) * draws.burst.peak / TOP_SPEED, draws.last)
    first = Path(rest, travel, timing)
    if draws.follower is None:
        return [first]
    behind = rest.copy()
    behind[LOG_RADIUS] = draws.second_log_radius
    behind[along] -= draws.follower * (math.exp(rest[LOG_RADIUS]) + math.exp(behind[LOG_RADIUS]))
    return [first, replace(first, rest=behind)]


def _rightwards(draws: Draws) -> list[Path]:
    return _translation(draws, X)


def _downwards(draws: Draws) -> list[Path]:
    return _translation(draws, Y)


def _closer(draws: Draws) -> list[Path]:
    rest, travel = _rest(draws), draws.shift.copy()
    rest[LOG_RADIUS], travel[LOG_RADIUS] = draws.log_radius.start, draws.log_radius.length
    travel[DEGREES] = draws.wobble[DEGREES]
    return [Path(rest, travel, draws.burst.at_least(0.2 * draws.last, draws.last))]


def _turn(draws: Draws) -> list[Path]:
    # At most 100 degrees from one window to the next, so that the windows alone show the direction.
    duration = draws.turn * draws.burst.peak * draws.gap / 100
    return [Path(_rest(draws), state(degrees=draws.turn), draws.burst.at_least(duration, draws.last), carries=False)]


def _shake(draws: Draws, along: int) -> list[Path]:
    swing = state(degrees=draws.shake_degrees)
    swing[along], swing[Y if along == X else X] = draws.shake, draws.shake * draws.shake_tilt
    return [Path(_rest(draws), swing=swing, period=draws.shake_period, swing_phase=draws.swing_phase)]


def _shake_sideways(draws: Draws) -> list[Path]:
    return _shake(draws, X)


def _shake_up_down(draws: Draws) -> list[Path]:
    return _shake(draws, Y)


def _approach(draws: Draws) -> list[Path]:
    radii = draws.log_radius.resting, draws.second_log_radius
    # Large things overlap in the end rather than have no way to go.
    near = min(draws.pair_near * (math.exp(radii[0]) + math.exp(radii[1])), 0.5 * SIDE)
    apart = min(near + draws.pair_apart, 0.85 * SIDE)
    along = complex(math.cos(draws.direction), math.sin(draws.direction))
    middle = complex(SIDE / 2, SIDE / 2) + complex(draws.shift[X], draws.shift[Y])
    timing = draws.burst.at_least((apart - near) * draws.burst.peak / TOP_SPEED, draws.last)
    paths = []
    for side, share, log_radius in ((-1, draws.share, radii[0]), (1, 1 - draws.share, radii[1])):
        start, way = middle + side * along * share * apart, -side * along * share * (apart - near)
        travel = state(way.real, way.imag, degrees=side * draws.wobble[DEGREES])
        paths.append(Path(state(start.real, start.imag, log_radius), travel, timing))
    return paths


def _drop(draws: Draws) -> list[Path]:
    rest = _rest(draws)
    rest[Y] = draws.y.start
    travel = state(x=draws.shift[X] / 2, y=draws.y.length, degrees=1.25 * draws.wobble[DEGREES])
    # Falling distance grows with the square of time: the speed at the ground is twice the mean.
    duration = draws.fall_slowness * max(8.0, 2 * draws.y.length / TOP_SPEED)
    fall = Fall(0, duration, draws.bounce)
    fall = replace(fall, start=draws.fall_start * (draws.last - fall.end))
    # The hand lets go and stays where it was.
    return [Path(rest, travel, fall, carries=False)]


def _still(draws: Draws) -> list[Path]:
    return [Path(_rest(draws))]


def _spin(draws: Draws) -> list[Path]:
    # About half a turn from window to window: which way, the windows alone cannot tell.
    return [Path(_rest(draws), rate=state(degrees=draws.spin / draws.gap), carries=False)]


def _stream(draws: Draws) -> list[Path]:
    # About half a repeat (or one and a half) from window to window.
    repeats = (1.5 if draws.stream_fast else 0.5) + draws.stream
    return [Path(_rest(draws), rate=state(phase=repeats / draws.gap), carries=False)]


def _vibrate(draws: Draws) -> list[Path]:
    x, y = draws.tremble * math.cos(draws.direction), draws.tremble * math.sin(draws.direction)
    swing = state(x, y, degrees=draws.shake_degrees * 0.75)
    return [Path(_rest(draws), swing=swing, period=draws.tremble_period, swing_phase=draws.swing_phase)]


_FORWARD = {
    labels.RIGHT: _rightwards,
    labels.DOWN: _downwards,
    labels.CLOSER: _closer,
    labels.TURN_CLOCKWISE: _turn,
    labels.SHAKE_SIDEWAYS: _shake_sideways,
    labels.SHAKE_UP_DOWN: _shake_up_down,
    labels.APPROACH: _approach,
    labels.DROP: _drop,
    labels.STILL: _still,
    labels.SPIN_CLOCKWISE: _spin,
    labels.STREAM_RIGHT: _stream,
    labels.VIBRATE: _vibrate,
}
