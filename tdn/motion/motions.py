"""The paths of each class: which part of the state it lets go, and how."""

import math
from dataclasses import replace

import numpy as np

from tdn.motion import labels
from tdn.motion.draws import Draws
from tdn.motion.paths import DEGREES, LOG_RADIUS, SIDE, Fall, Path, X, Y, state

TOP_SPEED = 12.0  # units a frame

# Class -> the class that is the same run backwards.
BACKWARDS = {
    labels.LEFT: labels.RIGHT,
    labels.UP: labels.DOWN,
    labels.AWAY: labels.CLOSER,
    labels.TURN_COUNTER: labels.TURN_CLOCKWISE,
    labels.SEPARATE: labels.APPROACH,
    labels.SPIN_COUNTER: labels.SPIN_CLOCKWISE,
    labels.STREAM_LEFT: labels.STREAM_RIGHT,
}


def class_paths(label: int, draws: Draws) -> list[Path]:
    """The paths of what moves (or, for "still", is held): one or two, the main thing first."""
    forward = BACKWARDS.get(label, label)
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
    # Once there and back at least, also in a short clip; and no faster than anything else.
    period = min(draws.shake_period, draws.last / 1.6)
    reach = min(draws.shake, TOP_SPEED * period / (2 * math.pi))
    swing = state(degrees=draws.shake_degrees)
    swing[along], swing[Y if along == X else X] = reach, reach * draws.shake_tilt
    return [Path(_rest(draws), swing=swing, period=period, swing_phase=draws.swing_phase)]


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
    # Falling distance grows with the square of time: the speed at the ground is twice the mean.
    duration = min(draws.fall_slowness * max(8.0, 2 * draws.y.length / TOP_SPEED), 0.85 * draws.last)
    height = min(draws.y.length, TOP_SPEED * duration / 2)
    travel = state(x=draws.shift[X] / 2, y=height, degrees=1.25 * draws.wobble[DEGREES])
    bounce = min(draws.bounce, (draws.last / duration - 1) / 2)  # it comes to rest within the clip
    fall = Fall(0, duration, bounce)
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
