"""The paths of each class in version 3. One episode moves as in version 2, with depth; long clips bring it again."""

import math
from dataclasses import replace

import numpy as np

from tdn.motion import labels, motions
from tdn.motion.motions import TOP_SPEED
from tdn.motion.paths import DEGREES, LOG_RADIUS, SIDE, Burst, X, Y, state
from tdn.motion.v3.draws import Numbers
from tdn.motion.v3.paths import Path

_ALONG = {labels.RIGHT: X, labels.DOWN: Y}
_ENDLESS = {labels.STILL, labels.SHAKE_SIDEWAYS, labels.SHAKE_UP_DOWN, labels.VIBRATE}
_ENDLESS |= {labels.SPIN_CLOCKWISE, labels.STREAM_RIGHT}
# Degrees a frame, at 15 frames a second, that spins come near to; repeats a frame that streams make at least.
_SPIN, _STREAM, _FAST_STREAM = 24.0, 0.04, 0.12


def class_paths(label: int, numbers: Numbers) -> list[Path]:
    """The paths of what moves (or, for "still", is held), the main thing first; then those of its companions.

    A class that is another one run backwards has its paths with time running backwards from the last frame.
    """
    forward = motions.BACKWARDS.get(label, label)
    paths = _forward(forward, numbers)
    if forward == label:
        return paths
    return [replace(path, backwards_from=numbers.last) for path in paths]


def main_rest(numbers: Numbers) -> np.ndarray:
    """Where the main thing is if its class does not let it go."""
    base = numbers.base
    return state(base.x.resting, base.y.resting, base.log_radius.resting)


def _forward(label: int, numbers: Numbers) -> list[Path]:
    if label in _ALONG and numbers.length.recurs and numbers.passing.wanted:
        return _passing(_ALONG[label], numbers)
    if label == labels.CLOSER:
        paths = [_closer(numbers)]
    elif label in (labels.SPIN_CLOCKWISE, labels.STREAM_RIGHT):
        paths = [_turning_fast(label, numbers)]
    else:
        paths = [_own(path) for path in motions.class_paths(label, numbers.base)]
    if label in _ALONG and numbers.base.crossing is not None:
        # What comes from outside or goes there must be under way in some window.
        timing = paths[0].timing.at_least(1.5 * numbers.base.gap, numbers.base.last)
        paths = [replace(path, timing=timing) for path in paths]
    if label == labels.STREAM_RIGHT:
        paths = [replace(paths[0], rest=numbers.patterned_rest)]
    elif numbers.length.recurs and label not in _ENDLESS:
        paths = [_again(path, numbers) for path in paths]
    return paths + _companions(label, paths[0], numbers)


def _own(path) -> Path:
    """A path of version 2 as one of ours."""
    return Path(**{name: getattr(path, name) for name in path.__dataclass_fields__})


def _again(path: Path, numbers: Numbers) -> Path:
    cycle = float(numbers.length.episode)
    return replace(path, cycle=cycle, offset=numbers.offset * cycle)


def _closer(numbers: Numbers) -> Path:
    """Motion in depth through the place and size of rest; without a vanishing point of its own, straight at us."""
    base, rest = numbers.base, main_rest(numbers)
    growth = base.log_radius.length
    start = rest.copy()
    start[LOG_RADIUS] = base.log_radius.start
    here = complex(rest[X], rest[Y])
    nearer = math.exp(base.log_radius.start + growth - rest[LOG_RADIUS])
    vanish = here + _kept_inside(here, numbers.vanish or 0j, nearer)
    smaller = math.exp(base.log_radius.start - rest[LOG_RADIUS])
    start[X] = vanish.real + (rest[X] - vanish.real) * smaller
    start[Y] = vanish.imag + (rest[Y] - vanish.imag) * smaller
    travel = state(log_radius=growth, degrees=base.wobble[DEGREES])
    # What is near moves fastest: at the end by the last of the way, times the growth.
    sideways = abs(complex(start[X], start[Y]) - vanish) + math.exp(start[LOG_RADIUS])
    fastest = sideways * (math.exp(growth) - 1) * math.exp(growth)
    timing = base.burst.at_least(fastest * base.burst.peak / TOP_SPEED, base.last)
    return Path(start, travel, timing, vanish=vanish)


def _kept_inside(here: complex, beside: complex, nearer: float) -> complex:
    """A vanishing point less `here`, so near that what comes `nearer` times as near still has its middle in view."""
    way = -beside * (nearer - 1)
    room = [
        ((SIDE - 8 if part > 0 else 8) - place) / part
        for part, place in ((way.real, here.real), (way.imag, here.imag))
        if part
    ]
    return beside * min([1.0, *(max(0.0, part) for part in room)])


def _turning_fast(label: int, numbers: Numbers) -> Path:
    """About half a turn (or repeat) and whole ones from window to window, so that only a window tells which way."""
    base, rate = numbers.base, numbers.length.rate
    if label == labels.SPIN_CLOCKWISE:
        whole = max(0, round((_SPIN / rate * numbers.gap - base.spin) / 360))
        return Path(main_rest(numbers), rate=state(degrees=(base.spin + 360 * whole) / numbers.gap), carries=False)
    part, least = 0.5 + base.stream, _FAST_STREAM if base.stream_fast else _STREAM
    whole = max(int(base.stream_fast), math.ceil(least * numbers.gap - part))
    return Path(main_rest(numbers), rate=state(phase=(part + whole) / numbers.gap), carries=False)


def _passing(along: int, numbers: Numbers) -> list[Path]:
    """Things that cross the picture one after another: a belt, traffic, a hand that swipes again and again."""
    base, passing, last = numbers.base, numbers.passing, numbers.last
    across = Y if along == X else X
    radii = (base.log_radius.resting, *[base.second_log_radius] * (passing.count - 1))
    outside = math.exp(max(radii)) + 6
    way = SIDE + 2 * outside
    timing = Burst(0.0, way / passing.speed, passing.smooth)
    timing = replace(timing, end=max(timing.end, way * timing.peak / TOP_SPEED))
    # Two of them are never nearer than they are wide, nor more of them on their way than there are.
    gap = max(passing.spacing * timing.end, 2.3 * math.exp(max(radii)) / way * timing.end * timing.peak)
    cycle = max(gap * passing.count, timing.end + 1)
    paths = []
    for number, log_radius in enumerate(radii):
        rest, travel = state(base.x.resting, base.y.resting, log_radius), base.wobble.copy()
        travel[LOG_RADIUS] = 0
        rest[along], travel[along] = -outside, way
        rest[across] += passing.lanes[number] if number else 0
        offset = (numbers.offset + number / passing.count) % 1 * cycle
        paths.append(Path(rest, travel, timing, cycle=cycle, offset=offset))
    # Where hardly anything would come by, the first is half way across in the middle of the clip.
    if np.mean([any(_inside(path, time, along) for path in paths) for time in np.linspace(0, last, 16)]) < 0.3:
        paths[0] = replace(paths[0], offset=(timing.end - last) / 2 % cycle)
    return paths


def _inside(path: Path, time: float, along: int) -> bool:
    return 0 < path.state(time)[along] < SIDE


def _companions(label: int, main: Path, numbers: Numbers) -> list[Path]:
    """What moves like the main thing beside it; at rest there where the class has no such motion."""
    base = numbers.base
    moves = label not in (labels.APPROACH, labels.STREAM_RIGHT)
    rest = main.rest if moves else main_rest(numbers)
    found = []
    for companion in numbers.companions:
        both = math.exp(base.log_radius.resting) + math.exp(base.second_log_radius)
        smaller = math.exp(rest[LOG_RADIUS] - base.log_radius.resting) if main.vanish is not None else 1.0
        apart = companion.apart * both * smaller
        beside = state(
            apart * math.cos(companion.direction),
            apart * math.sin(companion.direction),
            base.second_log_radius - base.log_radius.resting,
        )
        found.append(replace(main, rest=rest + beside) if moves else Path(rest + beside))
    return found
