"""The parts of the benchmark by name: training and validation clips, the new splits, the probe sets.

val                 ordinary clips of all classes, of version 3, photographic and drawn in turn
train               those to learn from, by TRAINING_ROUNDS: of version 3 with people in them, of version 2, and noise
train-v2, val-v2    those of version 2, all drawn
appearance-free     every frame is noise by itself (`noise`)
minimal-pairs       the same frames in two orders (`pairs`)
stroboscope         one thing passes again and again, or many do (`strobe`)
planted-bias        clips without, and with a misleading, sign on the wall (`bias`)
twin, pan, ...      the probe sets (`probes`)

With "-train" at the end (or "train-v2"): the clips to train on for a split; those of planted-bias have signs that tell
the class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from tdn.motion import VERSION, bias, labels, make_scene, noise, pairs, strobe
from tdn.motion.labels import LABELS
from tdn.motion.photos import DRAWN, Material, fetched_photos, half_photographic, mixed
from tdn.motion.probes import PROBES, EveryNth, make_probe
from tdn.motion.reordered import FPS

# Raise it whenever training clips change and the others do not: names of pools and cards carry it.
TRAINING_VERSION = 4
# What training clips are, round after round of all classes: so versions 2 and 3 have all of them; noise has its twelve.
# "still" is the one class that people in it are hard to tell from motion in, all by itself.
TRAINING_ROUNDS = (*("v3", "v3", "v2") * 3, "noise", *("v3", "v3", "v2") * 3, "noise", "still")
# Clips of a probe set that one seed stands for.
PROBE_CLIPS = 100_000
# Splits never share a seed.
_SEEDS = {
    "train": 0,
    "val": 1,
    "train-v2": 0,
    "val-v2": 1,
    "appearance-free": 20,
    "minimal-pairs": 21,
    "stroboscope": 22,
}
_SEEDS |= {"planted-bias": 23, "planted-bias-train": 24, "appearance-free-train": 25}
# The training clips that go with a split's test clips.
TRAINING = {
    "val": "train",
    "val-v2": "train-v2",
    "appearance-free": "appearance-free-train",
    "planted-bias": "planted-bias-train",
}
# Splits in which photos occur, and how many clips of one kind, photographic or drawn, follow each other.
OF_PHOTOS = {
    **{"train": 1, "planted-bias-train": 1, "val": len(LABELS), "planted-bias": 2 * len(LABELS)},
    **{"minimal-pairs": 2 * len(pairs.KINDS), "stroboscope": strobe.TOGETHER * len(strobe.CLASSES)},
}


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


def is_training(split: str) -> bool:
    """Whether clips of a split are to learn from: they take a random window in each segment."""
    return split.removesuffix("-v2").endswith("train")


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


def ordinary_clip(split: str, seed: int, index: int, size: int, label: str | int | None = None) -> Clip:
    """Clip `index` of val, train-v2 or val-v2; labels go round in turn unless one is given."""
    label = index % len(LABELS) if label is None else label
    version = 2 if split.endswith("-v2") else 3
    return make_scene(label, scene_seed(split, seed, index), size, version, material_of(split, index))


def _training(seed: int, index: int, size: int) -> Clip:
    kind = TRAINING_ROUNDS[index // len(LABELS) % len(TRAINING_ROUNDS)]
    if kind == "noise":
        return _noise("train", seed, index, size)
    version = 2 if kind == "v2" else 3
    label = labels.STILL if kind == "still" else index % len(LABELS)
    material = material_of("train", index)
    return make_scene(label, scene_seed("train", seed, index), size, version, material, people=True)


def material_of(split: str, index: int) -> Material:
    """What clip `index` of a split is made of: training mixes drawn things with the photos that were fetched, if any.

    Half of the other clips of `OF_PHOTOS` are of the photos in this repository, the other half is drawn.
    """
    if split not in OF_PHOTOS:
        return DRAWN
    return mixed(fetched_photos()) if is_training(split) else half_photographic(index // OF_PHOTOS[split])


def _kind(index: int) -> str:
    """Photographic or drawn, in turn: every class has as many of both."""
    return "drawn" if index // OF_PHOTOS["val"] % 2 else "photographic"


def split_title(split: str) -> str:
    """A split with the version that made it and the checksum of its photos: what pools are named by."""
    if split.endswith("-v2"):
        return f"v2-{split.removesuffix('-v2')}"
    photos = f"-{material_of(split, 0).checksum}" if split in OF_PHOTOS else ""
    revision = f"r{TRAINING_VERSION}" if split == "train" else ""
    return f"v{VERSION}{revision}-{split}{photos}"


def _noise(split: str, seed: int, index: int, size: int) -> Clip:
    label = noise.CLASSES[index % len(noise.CLASSES)]
    return noise.NoiseClip(label, scene_seed(split, seed, index), size)


def _grouped(make: Callable[[list[int], int, int], Clip], split: str, seed: int, index: int, size: int) -> Clip:
    """A clip of a split whose clips belong together: it counts its draws itself."""
    return make([_SEEDS[split], seed], index, size)


def _probe(name: str, seed: int, index: int, size: int) -> Clip:
    return make_probe(name, seed * PROBE_CLIPS + index, size)


SPLITS: dict[str, Split] = {
    "train": Split(_training),
    "val": Split(partial(ordinary_clip, "val"), part_of=_kind),
    "train-v2": Split(partial(ordinary_clip, "train-v2")),
    "val-v2": Split(partial(ordinary_clip, "val-v2")),
    **{name: Split(partial(_noise, name), 240, noise.CLASSES) for name in ("appearance-free", "appearance-free-train")},
    "minimal-pairs": Split(
        partial(_grouped, pairs.make_pair_clip, "minimal-pairs"), 240, pairs.CLASSES, 2, pairs.kind_of
    ),
    "stroboscope": Split(
        partial(_grouped, strobe.make_strobe_clip, "stroboscope"),
        16 * strobe.TOGETHER,
        strobe.CLASSES,
        strobe.TOGETHER,
        strobe.part_of,
    ),
    "planted-bias": Split(
        partial(_grouped, bias.make_test_clip, "planted-bias"), 152, together=2, part_of=bias.part_of
    ),
    "planted-bias-train": Split(partial(_grouped, bias.make_training_clip, "planted-bias-train")),
    **{name: Split(partial(_probe, name), 60) for name in PROBES},
}
# What the command line takes after "synthetic:".
NAMED = tuple(name for name in SPLITS if not is_training(name))


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
    return FPS / clip.step if isinstance(clip, EveryNth) else getattr(clip, "fps", FPS)


def clip_name(split: str, seed: int, index: int) -> str:
    return f"{split.replace(' ', '_')}_{seed}_{index:05d}"
