"""Probe sets: clips that ask one question each, filmed from a stand, so that an answer has one reason.

twin            something moves beside an identical thing that does not: does the map tell them apart?
pan             the camera pans over a still scene, one way all through the clip: nothing moves by itself
flicker         the light flickers strongly over a still scene
opposite        two things pass each other in opposite directions; the main thing goes to the right
speed V         something goes V units a frame (the picture is 112 wide), straight and evenly
rate R          ordinary clips of long-range motion seen at R frames a second instead of 15
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tdn.motion import labels, motions, paths, scenery
from tdn.motion.draws import draw_motion
from tdn.motion.paths import DEGREES, LOG_RADIUS, SIDE, X, Y, state
from tdn.motion.scene import Scene, make_scene
from tdn.motion.stage import NUM_FRAMES, camera_on_stand, plain_thing, resting_things, staged

_TWIN_LABELS = (
    *(labels.LEFT, labels.RIGHT, labels.UP, labels.DOWN),
    *(labels.TURN_CLOCKWISE, labels.TURN_COUNTER, labels.SPIN_CLOCKWISE, labels.SPIN_COUNTER),
)
_DIRECTIONS = {labels.RIGHT: (X, 1), labels.LEFT: (X, -1), labels.DOWN: (Y, 1), labels.UP: (Y, -1)}
_LONG_RANGE = [index for index, name in enumerate(labels.LABELS) if labels.GROUPS[name] == "long-range motion"]


@dataclass(frozen=True)
class EveryNth:
    """A scene of which the camera took only every `step`-th frame."""

    scene: Scene
    step: int

    @property
    def num_frames(self) -> int:
        return self.scene.num_frames // self.step

    @property
    def label_index(self) -> int:
        return self.scene.label_index

    def image(self, index: int) -> np.ndarray:
        return self.scene.image(index * self.step)

    def mask(self, index: int) -> np.ndarray:
        return self.scene.mask(index * self.step)

    def still_mask(self, index: int) -> np.ndarray:
        return self.scene.still_mask(index * self.step)


def make_probe(name: str, seed: int, size: int = 112) -> Scene | EveryNth:
    """One clip of a probe set; its `label_index` is the right answer. Raises ValueError for an unknown set."""
    if name not in PROBES:
        raise ValueError(f"probe {name!r}: expected one of {', '.join(PROBES)}")
    number = list(PROBES).index(name)
    return PROBES[name](np.random.default_rng(np.random.SeedSequence((seed, number), spawn_key=(9,))), size)


def _twin(rng: np.random.Generator, size: int) -> Scene:
    label = int(rng.choice(_TWIN_LABELS))
    draws = replace(draw_motion(rng, NUM_FRAMES), follower=None, crossing=None)
    (path,) = motions.class_paths(label, draws)
    moving = plain_thing(rng, path, size)
    way = np.array([path.state(time) for time in range(NUM_FRAMES)])
    places = [(x, y) for x in np.linspace(18, SIDE - 18, 7) for y in np.linspace(18, SIDE - 18, 7)]
    free = max(places, key=lambda place: np.hypot(way[:, X] - place[0], way[:, Y] - place[1]).min())
    middle = way[NUM_FRAMES // 2]
    rest = state(*free, middle[LOG_RADIUS], middle[DEGREES])
    still = replace(moving, path=paths.Path(rest))
    return staged(rng, label, size, [moving], [still], camera_on_stand(rng, size))


def _pan(rng: np.random.Generator, size: int) -> Scene:
    camera = camera_on_stand(rng, size)
    angle, length = rng.uniform(0, 2 * math.pi), rng.uniform(30, 2 * scenery.MARGIN)
    way = np.linspace(-0.5, 0.5, NUM_FRAMES) * length * complex(math.cos(angle), math.sin(angle))
    camera = replace(camera, shift=camera.shift + way * size / SIDE)
    return staged(rng, labels.STILL, size, [], resting_things(rng, size, 4), camera)


def _flicker(rng: np.random.Generator, size: int) -> Scene:
    camera = camera_on_stand(rng, size)
    gain = 1 + rng.standard_normal(NUM_FRAMES) * rng.uniform(0.12, 0.3)
    tone = (np.arange(256) * gain[:, None]).round().clip(0, 255).astype(np.uint8)
    return staged(rng, labels.STILL, size, [], resting_things(rng, size, 4), replace(camera, tone=tone))


def _opposite(rng: np.random.Generator, size: int) -> Scene:
    speed = rng.uniform(1, 3)
    duration = min(NUM_FRAMES - 4, 76 / speed)
    start = rng.uniform(0, NUM_FRAMES - 1 - duration)
    timing = paths.Burst(start, start + duration, smooth=False)
    heights = rng.permutation([rng.uniform(20, 40), rng.uniform(72, 92)])
    things = []
    for direction, height in zip((1, -1), heights, strict=True):
        reach = direction * speed * duration
        rest = state(SIDE / 2 - reach / 2, height, math.log(rng.uniform(11, 19)), rng.uniform(0, 360))
        things.append(plain_thing(rng, paths.Path(rest, state(x=reach), timing), size))
    return staged(rng, labels.RIGHT, size, things, resting_things(rng, size, 1), camera_on_stand(rng, size))


def _speed(rng: np.random.Generator, size: int, speed: float) -> Scene:
    label = int(rng.choice(list(_DIRECTIONS)))
    along, sign = _DIRECTIONS[label]
    duration = min(NUM_FRAMES - 4, 80 / speed)
    start = rng.uniform(0, NUM_FRAMES - 1 - duration)
    rest, travel = state(*rng.uniform(35, SIDE - 35, 2), math.log(rng.uniform(11, 24)), rng.uniform(0, 360)), state()
    travel[along] = sign * speed * duration
    rest[along] = SIDE / 2 - travel[along] / 2
    thing = plain_thing(rng, paths.Path(rest, travel, paths.Burst(start, start + duration, smooth=False)), size)
    return staged(rng, label, size, [thing], resting_things(rng, size, 2), camera_on_stand(rng, size))


def _rate(rng: np.random.Generator, size: int, step: int) -> EveryNth:
    while True:
        scene = make_scene(int(rng.choice(_LONG_RANGE)), int(rng.integers(2**31)), size)
        if scene.num_frames >= 48:
            return EveryNth(scene, step)


_Maker = Callable[[np.random.Generator, int], Scene | EveryNth]
PROBES: dict[str, _Maker] = {
    "twin": _twin,
    "pan": _pan,
    "flicker": _flicker,
    "opposite": _opposite,
    **{f"speed {speed}": partial(_speed, speed=speed) for speed in (0.5, 1, 2, 4, 8, 12)},
    **{f"rate {15 / step:g}": partial(_rate, step=step) for step in (1, 2, 3)},
}
