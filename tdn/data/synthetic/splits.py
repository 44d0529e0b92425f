"""The parts of the benchmark by name: training and validation clips, the new splits, the probe sets.

train, val          ordinary clips of all classes
appearance-free     every frame is noise by itself (`noise`)
minimal-pairs       the same frames in two orders (`pairs`)
stroboscope         one thing passes again and again, or many do (`strobe`)
planted-bias        clips without, and with a misleading, sign on the wall (`bias`)
twin, pan, ...      the probe sets (`probes`)

With "-train" at the end: the clips to train on for a split; those of planted-bias have signs that tell the class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from tdn.data.synthetic import bias, noise, pairs, strobe
from tdn.data.synthetic.labels import LABELS
from tdn.data.synthetic.probes import PROBES, EveryNth, make_probe
from tdn.data.synthetic.scene import make_scene

# A frame of these clips stands for a fifteenth of a second.
FPS = 15
# Clips of a probe set that one seed stands for.
PROBE_CLIPS = 100_000
# Splits never share a seed.
_SEEDS = {"train": 0, "val": 1, "appearance-free": 20, "minimal-pairs": 21, "stroboscope": 22}
_SEEDS |= {"planted-bias": 23, "planted-bias-train": 24, "appearance-free-train": 25}
# The training clips that go with a split's test clips.
TRAINING = {"val": "train", "appearance-free": "appearance-free-train", "planted-bias": "planted-bias-train"}


class Clip(Protocol):
    """One procedural clip, each frame from its index alone."""

    label_index: int
    num_frames: int

    def image(self, index: int) -> np.ndarray:
        """uint8 [S, S, 3]."""
        ...

    def mask(self, index: int) -> np.ndarray:
        """What moves, bool [S, S]."""
        ...

    def still_mask(self, index: int) -> np.ndarray:
        """Things that never move, bool [S, S]."""
        ...


def _no_part(index: int) -> str:
    return ""


@dataclass(frozen=True)
class Split:
    """`make(seed, index, size)` gives its clip `index`; `clips` are taken unless somebody says how many.

    `classes` are those that occur, or for a probe set all. Every `together` clips share frames: they are one draw.
    `part_of(index)` says what clip `index` asks where a split asks several things, "" where it asks one.
    """

    make: Callable[[int, int, int], Clip]
    clips: int = 190
    classes: tuple[int, ...] = tuple(range(len(LABELS)))
    together: int = 1
    part_of: Callable[[int], str] = _no_part

    def draws(self, clips: int) -> int:
        """How many independent draws the first `clips` clips are."""
        return -(-clips // self.together)


def scene_seed(split: str, seed: int, index: int) -> list[int]:
    """The seed of one clip of a split; splits never share one."""
    return [_SEEDS[split], seed, index]


def _ordinary(split: str, seed: int, index: int, size: int) -> Clip:
    return make_scene(index % len(LABELS), scene_seed(split, seed, index), size)


def _noise(split: str, seed: int, index: int, size: int) -> Clip:
    label = noise.CLASSES[index % len(noise.CLASSES)]
    return noise.NoiseClip(label, scene_seed(split, seed, index), size)


def _grouped(make: Callable[[list[int], int, int], Clip], split: str, seed: int, index: int, size: int) -> Clip:
    """A clip of a split whose clips belong together: it counts its draws itself."""
    return make([_SEEDS[split], seed], index, size)


def _probe(name: str, seed: int, index: int, size: int) -> Clip:
    return make_probe(name, seed * PROBE_CLIPS + index, size)


SPLITS: dict[str, Split] = {
    "train": Split(partial(_ordinary, "train")),
    "val": Split(partial(_ordinary, "val")),
    **{name: Split(partial(_noise, name), 240, noise.CLASSES) for name in ("appearance-free", "appearance-free-train")},
    "minimal-pairs": Split(
        partial(_grouped, pairs.make_pair_clip, "minimal-pairs"), 240, pairs.CLASSES, 2, pairs.kind_of
    ),
    "stroboscope": Split(
        partial(_grouped, strobe.make_strobe_clip, "stroboscope"),
        24 * strobe.TOGETHER,
        strobe.CLASSES,
        strobe.TOGETHER,
        strobe.part_of,
    ),
    "planted-bias": Split(
        partial(_grouped, bias.make_test_clip, "planted-bias"), 228, together=2, part_of=bias.part_of
    ),
    "planted-bias-train": Split(partial(_grouped, bias.make_training_clip, "planted-bias-train")),
    **{name: Split(partial(_probe, name), 60) for name in PROBES},
}
# What the command line takes after "synthetic:".
NAMED = tuple(name for name in SPLITS if not name.endswith("train"))


def split_named(data: str) -> str | None:
    """The split that `synthetic` or `synthetic:NAME` names; None for other data. Raises ValueError for no such NAME."""
    name, _, split = data.partition(":")
    if name != "synthetic":
        return None
    if split and split not in NAMED:
        raise ValueError(f"{data}: no such part; expected synthetic or synthetic:NAME with NAME of {', '.join(NAMED)}")
    return split or "val"


def fps_of(clip: Clip) -> float:
    """Frames a second that a clip is shown at."""
    return FPS / (clip.step if isinstance(clip, EveryNth) else 1)


def clip_name(split: str, seed: int, index: int) -> str:
    return f"{split.replace(' ', '_')}_{seed}_{index:05d}"
