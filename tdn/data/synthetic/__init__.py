"""The motion benchmark: endless procedural clips of 19 motions, with the mask of what moves in every frame.

Looks, places, scenery and camera follow one law whatever the class: only the order of the frames tells it.

    labels    the classes, their groups, what mirroring and reversing make of them
    paths, draws, motions    how one thing moves, what is drawn by chance, the paths of each class
    textures, outlines, sprites, arms    what things and arms look like
    scenery, camera    what is behind them, how they are filmed
    scene     all of it together: make_scene, frames, masks
    probes    clips that ask one question each
"""

from tdn.data.synthetic.labels import (
    FLIP_HORIZONTAL,
    FLIP_VERTICAL,
    GROUPS,
    LABELS,
    REVERSE_TIME,
    TRANSPOSE,
    label_index,
)
from tdn.data.synthetic.probes import PROBES, EveryNth, make_probe
from tdn.data.synthetic.scene import Scene, make_scene, render_windows, synthetic_clip

# Raise it whenever a seed gives other frames than before: pools and published numbers carry it.
VERSION = 2

__all__ = [
    "FLIP_HORIZONTAL",
    "FLIP_VERTICAL",
    "GROUPS",
    "LABELS",
    "PROBES",
    "REVERSE_TIME",
    "TRANSPOSE",
    "VERSION",
    "EveryNth",
    "Scene",
    "label_index",
    "make_probe",
    "make_scene",
    "render_windows",
    "synthetic_clip",
]
