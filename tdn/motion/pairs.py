"""Minimal pairs: two clips of the very same frames that differ in one fact of their order, and so in their class.

backwards   an ordinary clip of any class that has an opposite, and the same played backwards
stops       something stands here, then there, in 2, 4 or 8 places: no window shows a motion, only the order of the
            stops does, and they come in the opposite order
windows     something spins or streams, by half a turn or half a repeat from segment to segment; every window runs
            backwards around the same centre frame, so whoever sees one frame a segment sees the same clip twice

Clips 2i and 2i + 1 are a pair; kinds go round in turn. Windows are those of a network of eight segments of five frames.
"""

import math
from dataclasses import replace

import numpy as np

from tdn.motion import labels, motions, paths
from tdn.motion.draws import draw_motion
from tdn.motion.paths import SIDE, state
from tdn.motion.photos import Material, half_photographic
from tdn.motion.reordered import FPS, Reordered
from tdn.motion.scene import Scene
from tdn.motion.stage import plain_scene, plain_thing
from tdn.motion.v3 import scene as v3

KINDS = ("backwards", "stops", "windows")
_SEGMENTS = 8
# Blocks of 9 frames, one a segment, each with its window in the middle, and two frames before and after them.
_BLOCK, _EDGE = 9, 2
_NUM_FRAMES = _SEGMENTS * _BLOCK + 2 * _EDGE
_STOPPING = (labels.RIGHT, labels.DOWN, labels.CLOSER, labels.APPROACH)
_WITHIN = (labels.SPIN_CLOCKWISE, labels.STREAM_RIGHT)


def kind_of(index: int) -> str:
    """The kind of the pair that clip `index` belongs to."""
    return KINDS[index // 2 % len(KINDS)]


CLASSES = tuple(index for index, back in enumerate(labels.REVERSE_TIME) if back not in (index, None))


def make_pair_clip(seed: list[int], index: int, size: int) -> Reordered:
    """Clip `index`: the even one and the odd one after it are a pair."""
    pair, is_second = divmod(index, 2)
    rng = np.random.default_rng([*seed, pair])
    material = half_photographic(pair // len(KINDS))
    makers = {"backwards": _backwards, "stops": _stops, "windows": _windows}
    scene, first, second = makers[kind_of(index)](rng, size, material)
    label, fps = scene.label_index, getattr(scene, "fps", FPS)
    if is_second:
        return Reordered(scene, second, labels.REVERSE_TIME[label], fps)
    return Reordered(scene, first, label, fps)


def _backwards(
    rng: np.random.Generator, size: int, material: Material
) -> tuple[v3.Scene | v3.Repeated, list[int], list[int]]:
    scene = v3.make_scene(int(rng.choice(CLASSES)), int(rng.integers(2**31)), size, material)
    order = list(range(scene.num_frames))
    return scene, order, order[::-1]


def _stops(rng: np.random.Generator, size: int, material: Material) -> tuple[Scene, list[int], list[int]]:
    label, stops, last = int(rng.choice(_STOPPING)), int(rng.choice((2, 4, 8))), _NUM_FRAMES - 1
    draws = replace(draw_motion(rng, _NUM_FRAMES), follower=None, crossing=None, burst=paths.Burst(0, last, False))
    moving = [plain_thing(rng, path, size, _NUM_FRAMES, material) for path in motions.class_paths(label, draws)]
    scene = plain_scene(rng, label, size, moving, _NUM_FRAMES, material)
    times = np.linspace(0, last, stops).round().astype(int)
    order = [int(times[_block(frame) * stops // _SEGMENTS]) for frame in range(_NUM_FRAMES)]
    return scene, order, order[::-1]


def _windows(rng: np.random.Generator, size: int, material: Material) -> tuple[Scene, list[int], list[int]]:
    label = int(rng.choice(_WITHIN))
    rest = state(*rng.uniform(30, SIDE - 30, 2), math.log(rng.uniform(18, 34)), rng.uniform(0, 360))
    rate = state(degrees=180 / _BLOCK) if label == labels.SPIN_CLOCKWISE else state(phase=0.5 / _BLOCK)
    # As the classes do: a hand, if there were one, would not turn with it.
    path = paths.Path(rest, rate=rate, carries=False)
    thing = plain_thing(rng, path, size, _NUM_FRAMES, material, label == labels.STREAM_RIGHT)
    scene = plain_scene(rng, label, size, [thing], _NUM_FRAMES, material)
    order = list(range(_NUM_FRAMES))
    turned = order[:_EDGE]
    for start in range(_EDGE, _NUM_FRAMES - _EDGE, _BLOCK):
        turned += order[start : start + _BLOCK][::-1]
    return scene, order, turned + order[-_EDGE:]


def _block(frame: int) -> int:
    """The segment whose block a frame belongs to, or lies next to."""
    return min(max(0, (frame - _EDGE) // _BLOCK), _SEGMENTS - 1)
