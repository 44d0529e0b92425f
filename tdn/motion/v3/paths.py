"""How a thing moves in version 3: as in `synthetic.paths`, and in depth, and again and again."""

import math
from dataclasses import dataclass

import numpy as np

from tdn.motion import paths
from tdn.motion.paths import LOG_RADIUS, X, Y


@dataclass(frozen=True)
class Path(paths.Path):
    """A path that may start again every `cycle` frames, `offset` of which are over at the first frame.

    With `vanish` (a place in units) the travel is motion in depth before a pinhole camera: the thing goes evenly along
    a straight line in space that seems to come from there, so its size grows as one over its distance, and it and the
    ground it stands on move away from the vanishing point in proportion.
    """

    vanish: complex | None = None
    cycle: float | None = None
    offset: float = 0.0

    def own_time(self, time: float) -> float:
        time = super().own_time(time)
        return time if self.cycle is None else (time + self.offset) % self.cycle

    def state(self, time: float) -> np.ndarray:
        return self._at(self.own_time(time))

    def _at(self, time: float) -> np.ndarray:
        """The state at a time of its own."""
        here = self.rest
        if self.travel is not None:
            progress = self.timing.progress(time)
            here = here + self.travel * progress if self.vanish is None else self._in_depth(progress)
        if self.swing is not None:
            here = here + self.swing * math.sin(2 * math.pi * time / self.period + self.swing_phase)
        if self.rate is not None:
            here = here + self.rate * time
        return here

    def _in_depth(self, progress: float) -> np.ndarray:
        # The distance goes evenly from 1 to 1 / growth; the size is one over it.
        distance = 1 + progress * (math.exp(-self.travel[LOG_RADIUS]) - 1)
        here = self.rest + self.travel * progress
        here[LOG_RADIUS] = self.rest[LOG_RADIUS] - math.log(distance)
        here[X] = self.vanish.real + (self.rest[X] - self.vanish.real) / distance
        here[Y] = self.vanish.imag + (self.rest[Y] - self.vanish.imag) / distance
        return here

    def grip(self, last: float) -> np.ndarray:
        """As `paths.Path.grip`, over one cycle where it starts again."""
        if self.cycle is None:
            return super().grip(last)
        start, end = self._at(0.0), self._at(self.cycle)
        return (start + end) / 2 if self.carries else start

    def progress(self, time: float, last: float) -> float:
        if self.is_fixed or self.travel is not None:
            return super().progress(time, last)
        return super().own_time(time) / last
