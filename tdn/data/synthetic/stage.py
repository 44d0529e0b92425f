"""A scene that asks one question: filmed from a stand, in even light, with things that nobody holds."""

import math
from dataclasses import replace

import numpy as np

from tdn.data.synthetic import paths, scenery, sprites
from tdn.data.synthetic.camera import Camera, draw_camera
from tdn.data.synthetic.draws import Sway
from tdn.data.synthetic.paths import LOG_RADIUS, SIDE, state
from tdn.data.synthetic.scene import Scene, Thing, assemble

NUM_FRAMES = 64
_FLAT = Sway(0.0, 1.0, 0.0, 0.0)


def plain_thing(
    rng: np.random.Generator, path: paths.Path, size: int, num_frames: int = NUM_FRAMES, levelled: bool = False
) -> Thing:
    """Something that nobody holds and that never leans."""
    largest = math.exp(max(path.state(time)[LOG_RADIUS] for time in (0, num_frames - 1)))
    sprite = sprites.Sprite(sprites.draw_look(rng), largest * size / SIDE, levelled)
    return Thing(sprite, path, None, np.zeros(num_frames, complex), _FLAT)


def resting_things(rng: np.random.Generator, size: int, count: int, num_frames: int = NUM_FRAMES) -> list[Thing]:
    """Things that never move, anywhere."""
    places = rng.uniform(15, SIDE - 15, (count, 2))
    rests = [state(x, y, math.log(rng.uniform(9, 22)), rng.uniform(0, 360)) for x, y in places]
    return [plain_thing(rng, paths.Path(rest), size, num_frames) for rest in rests]


def camera_on_stand(rng: np.random.Generator, size: int, num_frames: int = NUM_FRAMES) -> Camera:
    """A camera that does not move, in even light."""
    camera = draw_camera(rng, num_frames, size, True, (int(rng.integers(2**31)), 0))
    return replace(camera, tone=np.tile(np.arange(256, dtype=np.uint8), (num_frames, 1)))


def staged(
    rng: np.random.Generator, label: int, size: int, moving: list[Thing], resting: list[Thing], camera: Camera
) -> Scene:
    """The scene of these things before a ground of its own."""
    canvas = scenery.draw_scenery(rng, size)
    return assemble(label, len(camera.tone), size, canvas, moving, resting, [], camera)
