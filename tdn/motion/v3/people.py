"""What people do beside the motion that is asked for, in training clips alone: they fidget, and hands come and go.

Fidgets are the same whatever the class. Hands come and go where something goes from one place to another once, so they
tell that something does, but not which way: both run forwards as likely as backwards. Neither counts as motion in a
mask.
"""

from dataclasses import dataclass, replace

import numpy as np

from tdn.motion.paths import Burst
from tdn.motion.scene import Thing
from tdn.motion.sprites import Lean

RESTLESS_CLIPS, RESTLESS_THINGS = 0.8, 0.5
GESTURES = 0.5  # of the hands that hold what goes from one place to another once


@dataclass(frozen=True)
class Restless(Thing):
    """A thing that also turns its head, so to say: `turned` [F] is how wide it is left, 1 when it faces us, and
    `shifted` [F] how far its texture has gone, in repeats.
    """

    turned: np.ndarray
    shifted: np.ndarray

    def pose(self, time: float) -> tuple[complex, float, float, float]:
        place, radius, degrees, phase = super().pose(time)
        nearest = min(max(0, round(time)), len(self.shifted) - 1)
        return place, radius, degrees, phase + self.shifted[nearest]

    def lean(self, time: float) -> Lean:
        nearest = min(max(0, round(time)), len(self.turned) - 1)
        lean = super().lean(time)
        return replace(lean, share=lean.share * self.turned[nearest])


def as_people_do(rng: np.random.Generator, things: list[Thing], live: list[int]) -> tuple[list[Thing], list[int]]:
    """The things of a scene with fidgets and gestures, and the numbers of those that are live then, in their order."""
    wanted = rng.random() < RESTLESS_CLIPS
    things, live = list(things), list(live)
    for number, thing in enumerate(things):
        fidgets, comes = wanted and rng.random() < RESTLESS_THINGS, rng.random() < GESTURES
        moved, turned, shifted = draw_fidgets(rng, len(thing.tremor))
        withdrawn = draw_gesture(rng, thing)
        if comes:
            thing = replace(thing, tremor=thing.tremor + withdrawn)
        if fidgets:
            thing = Restless(thing.sprite, thing.path, thing.arm, thing.tremor + moved, thing.sway, turned, shifted)
            live += [] if number in live else [number]
        things[number] = thing
    return things, live


def draw_fidgets(rng: np.random.Generator, num_frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Small starts now and then, each to another place at most 4.3 units from where it rests and another side of it.

    Returns where it is, complex [num_frames] in units; how wide it is left, float [num_frames], 0.55 to 1; and how far
    its texture has gone, float [num_frames], at most 0.25 of a repeat to and fro.
    """
    quiet, start = rng.uniform(5, 40), int(rng.integers(3, 10))
    reach, narrowest, farthest = rng.uniform(0.5, 3), rng.uniform(0.55, 1), rng.uniform(0, 0.25)
    count = num_frames + start - 1
    lengths = rng.geometric(1 / quiet, count)
    smooth = np.hanning(start + 2)[1:-1]
    places, widths = reach * (rng.uniform(-1, 1, (count, 2)) @ (1, 1j)), rng.uniform(narrowest, 1, count)
    phases = farthest * rng.uniform(-1, 1, count)
    moved, turned, shifted = (
        np.convolve(np.repeat(kept, lengths)[:count], smooth / smooth.sum(), "valid")
        for kept in (places, widths, phases)
    )
    return moved, turned, shifted


def draw_gesture(rng: np.random.Generator, thing: Thing) -> np.ndarray:
    """How far a hand is withdrawn along its arm, complex [F] in units: it comes in, does what it does, and goes.

    Large things may stay at the edge of the picture. Nothing but zeros where no hand goes along, and for what falls,
    recurs or never stops.
    """
    times = np.arange(len(thing.tremor))
    come, wait, go, stay = (int(frames) for frames in rng.integers((3, 0, 3, 0), (10, 5, 10, 5)))
    path = thing.path
    goes_once = isinstance(path.timing, Burst) and path.travel is not None and path.cycle is None
    if thing.arm is None or not path.carries or not goes_once:
        return np.zeros(len(times), complex)
    under_way = [time for time in times if path.moves(time)]
    first, last = under_way[0], under_way[-1]
    there = np.clip((times - (first - wait - come)) / come, 0, 1) * np.clip((last + stay + go - times) / go, 0, 1)
    there = there * there * (3 - 2 * there)
    return 1.3 * (thing.arm.base - thing.arm.grip) * (1 - there)
