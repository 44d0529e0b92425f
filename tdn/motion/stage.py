"""A scene that asks one question: filmed from a stand, in even light, with things that nobody holds."""

import math
from dataclasses import replace

import numpy as np

from tdn.motion import paths, scenery, sprites
from tdn.motion.camera import Camera, draw_camera
from tdn.motion.draws import Sway
from tdn.motion.paths import LOG_RADIUS, SIDE, state
from tdn.motion.photos import DRAWN, Material
from tdn.motion.scene import Scene, Thing, assemble
from tdn.motion.v3 import looks

NUM_FRAMES = 64
_FLAT = Sway(0.0, 1.0, 0.0, 0.0)


def plain_thing(
    rng: np.random.Generator,
    path: paths.Path,
    size: int,
    num_frames: int = NUM_FRAMES,
    material: Material = DRAWN,
    streams: bool = False,
) -> Thing:
    """Something that nobody holds and that never leans; with `streams` something whose texture can."""
    largest = math.exp(max(path.state(time)[LOG_RADIUS] for time in (0, num_frames - 1)))
    if material is DRAWN:
        look = sprites.draw_look(rng)
    else:
        look = (looks.draw_patterned if streams else looks.draw_thing)(rng, material)
    sprite = looks.make_sprite(look, largest * size / SIDE, streams)
    return Thing(sprite, path, None, np.zeros(num_frames, complex), _FLAT)


def resting_things(
    rng: np.random.Generator, size: int, count: int, num_frames: int = NUM_FRAMES, material: Material = DRAWN
) -> list[Thing]:
    """Things that never move, anywhere."""
    places = rng.uniform(15, SIDE - 15, (count, 2))
    rests = [state(x, y, math.log(rng.uniform(9, 22)), rng.uniform(0, 360)) for x, y in places]
    return [plain_thing(rng, paths.Path(rest), size, num_frames, material) for rest in rests]


def camera_on_stand(rng: np.random.Generator, size: int, num_frames: int = NUM_FRAMES) -> Camera:
    """A camera that does not move, in even light."""
    camera = draw_camera(rng, num_frames, size, True, (int(rng.integers(2**31)), 0))
    return replace(camera, tone=np.tile(np.arange(256, dtype=np.uint8), (num_frames, 1)))


def staged(
    rng: np.random.Generator,
    label: int,
    size: int,
    moving: list[Thing],
    resting: list[Thing],
    camera: Camera,
    material: Material = DRAWN,
) -> Scene:
    """The scene of these things before a ground of its own."""
    if material is DRAWN:
        canvas = scenery.draw_scenery(rng, size)
    else:
        wide, side = looks.draw_scene(rng, size, material), scenery.canvas_side(size)
        edge = (len(wide) - side) // 2
        canvas = np.ascontiguousarray(wide[edge : edge + side, edge : edge + side])
    return assemble(label, len(camera.tone), size, canvas, moving, resting, [], camera)


def plain_scene(
    rng: np.random.Generator, label: int, size: int, moving: list[Thing], num_frames: int, material: Material
) -> Scene:
    """These things with two others at rest, filmed from a stand."""
    resting = resting_things(rng, size, 2, num_frames, material)
    return staged(rng, label, size, moving, resting, camera_on_stand(rng, size, num_frames), material)
