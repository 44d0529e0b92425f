"""How one thing moves: a path through a five-number state, at any frame time.

A path is data, not code: its numbers are fixed when it is made, so two paths can never get mixed up.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

SIDE = 112.0  # the picture is this many units wide and high
X, Y, LOG_RADIUS, DEGREES, PHASE = range(5)  # the state: units, units, log units, degrees clockwise, texture repeats


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
        time = self.own_time(time)
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
        return self.travel is not None and self.timing.active(self.own_time(time))

    def grip(self, last: float) -> np.ndarray:
        """The state that an arm is drawn for: half way, so that no arm leans in the direction of motion.

        A hand that does not go along holds on where the clip starts.
        """
        return (self.state(0) + self.state(last)) / 2 if self.carries else self.state(0)

    @property
    def is_fixed(self) -> bool:
        """Whether it never moves at all."""
        return self.travel is None and self.swing is None and self.rate is None

    def progress(self, time: float, last: float) -> float:
        """How much of its motion is behind it, 0 to 1; it stands still while the thing does."""
        if self.is_fixed:
            return 0.0
        return self.timing.progress(self.own_time(time)) if self.travel is not None else self.own_time(time) / last

    def own_time(self, time: float) -> float:
        """A frame time as the path counts it."""
        return time if self.backwards_from is None else self.backwards_from - time
