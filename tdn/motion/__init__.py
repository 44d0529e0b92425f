"""The motion benchmark: endless procedural clips of 19 motions, with the mask of what moves in every frame.

Looks, places, scenery and camera follow one law whatever the class: only the order of the frames tells it.

    labels    the classes, their groups, what mirroring and reversing make of them
    paths, draws, motions    how one thing moves, what is drawn by chance, the paths of each class
    textures, outlines, sprites, arms    what things and arms look like
    scenery, camera    what is behind them, how they are filmed
    scene     all of it together: make_scene, frames, masks
    probes    clips that ask one question each

That is version 2. Version 3 makes things and scenes of photos and moves and films them as people do:

    photos    cut-outs, scenes and textures from a folder; what a clip is made of (`Material`)
    v3        looks, paths, draws, motions, camera, people and scene of its own; the rest is version 2's
"""

from collections.abc import Sequence

import numpy as np

from tdn.motion import scene as v2
from tdn.motion.labels import (
    FLIP_HORIZONTAL,
    FLIP_VERTICAL,
    GROUPS,
    LABELS,
    REVERSE_TIME,
    TRANSPOSE,
    label_index,
)
from tdn.motion.photos import DRAWN, Material
from tdn.motion.probes import PROBES, EveryNth, make_probe
from tdn.motion.scene import Scene, render_windows
from tdn.motion.v3 import scene as v3
from tdn.motion.v3.scene import Repeated

# Raise it whenever a seed gives other frames than before: pools and published numbers carry it.
VERSION = 3

AnyScene = Scene | v3.Scene | Repeated | EveryNth


def make_scene(
    label: str | int,
    seed: int | Sequence[int],
    size: int = 112,
    version: int = VERSION,
    material: Material = DRAWN,
    people: bool = False,
) -> Scene | v3.Scene | Repeated:
    """Draw a clip of `size` x `size` pixels; its bytes depend on these arguments only.

    With the same seed every class gets the same looks, scenery and camera, and so far as it can the same places.
    `material` is what version 3 makes things and scenes of, `people` whether things fidget and hands come and go in it;
    version 2 draws them all and knows no such people.
    Raises ValueError for an unknown label or version, a size below 32 or a negative seed.
    """
    if version == 2:
        return v2.make_scene(label, seed, size)
    if version != 3:
        raise ValueError(f"version {version}: expected 2 or 3")
    return v3.make_scene(label, seed, size, material, people)


def synthetic_clip(
    label: str | int,
    seed: int | Sequence[int],
    size: int = 112,
    version: int = VERSION,
    material: Material = DRAWN,
) -> tuple[np.ndarray, np.ndarray]:
    """Render a whole clip: frames uint8 [F, S, S, 3] and the mask of what moves, bool [F, S, S]."""
    scene = make_scene(label, seed, size, version, material)
    frames, masks = zip(*(scene.frame(index) for index in range(scene.num_frames)), strict=True)
    return np.stack(frames), np.stack(masks)


__all__ = [
    "DRAWN",
    "FLIP_HORIZONTAL",
    "FLIP_VERTICAL",
    "GROUPS",
    "LABELS",
    "PROBES",
    "REVERSE_TIME",
    "TRANSPOSE",
    "VERSION",
    "AnyScene",
    "EveryNth",
    "Material",
    "Repeated",
    "Scene",
    "label_index",
    "make_probe",
    "make_scene",
    "render_windows",
    "synthetic_clip",
]
