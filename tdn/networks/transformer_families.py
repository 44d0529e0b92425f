"""The video transformers that `huggingface` opens: their classes, and where and in which order their tokens lie.

Orders were found by changing one place at one time of the input and seeing which token moves; tests/test_huggingface.py
does it again for each family. Source: transformers 5.24.0, models/{videomae,timesformer,vivit,vjepa2}/modeling_*.py.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import nn

from tdn.networks.network import Reads, Tap, TapLayout

# Frames apart so far that a video is always too short for them: the clip is then spread over all of it.
WHOLE = 10_000
SSV2_CLASSES = 174

MIXED = "Attention has mixed the places before a block: a cell says what the network holds there, not only what it saw."


@dataclass(frozen=True)
class Family:
    """Networks of one architecture: classes of the library, and where their tokens are.

    `patches` and `blocks` are modules; tokens run as `layout` says behind `class_tokens`. `stages` are prefixes of
    tensor names before and after the blocks, `attention` the library's form of it (one that needs no other package).
    """

    title: str
    classifier: str
    processor: str
    patches: str
    blocks: str
    stages: tuple[tuple[str, ...], tuple[str, ...]]
    layout: TapLayout = "N(THW)C"
    class_tokens: int = 0
    attention: str = "sdpa"


FAMILIES = {
    "videomae": Family(
        "VideoMAE",
        "VideoMAEForVideoClassification",
        "VideoMAEVideoProcessor",
        "videomae.embeddings",
        "videomae.encoder.layer",
        (("videomae.embeddings.",), ("videomae.layernorm.", "fc_norm.", "classifier.")),
    ),
    "timesformer": Family(
        "TimeSformer",
        "TimesformerForVideoClassification",
        "TimesformerVideoProcessor",
        "timesformer.embeddings",
        "timesformer.encoder.layer",
        (("timesformer.embeddings.",), ("timesformer.layernorm.", "classifier.")),
        layout="N(HWT)C",
        class_tokens=1,
        attention="eager",
    ),
    "vivit": Family(
        "ViViT",
        "VivitForVideoClassification",
        "VivitVideoProcessor",
        "vivit.embeddings",
        "vivit.layers",
        (("vivit.embeddings.",), ("vivit.layernorm.", "classifier.")),
        class_tokens=1,
    ),
    "vjepa2": Family(
        "V-JEPA 2",
        "VJEPA2ForVideoClassification",
        "VJEPA2VideoProcessor",
        "vjepa2.encoder.embeddings",
        "vjepa2.encoder.layer",
        (("vjepa2.encoder.embeddings.",), ("vjepa2.encoder.layernorm.", "pooler.", "classifier.")),
    ),
}


@dataclass(frozen=True)
class Sizes:
    """What a network was made for: `frames` of `side` x `side` pixels, `cell` (t, h, w) of them in a token."""

    frames: int
    side: int
    cell: tuple[int, int, int]

    @property
    def grid(self) -> tuple[int, int, int]:
        """Tokens in time, rows and columns."""
        time, height, width = self.cell
        return self.frames // time, self.side // height, self.side // width


def sizes_of(source: str, config: Any) -> Sizes:
    """Raises ValueError where tokens do not cover the clip, or the picture is no square."""
    of_vjepa = config.model_type == "vjepa2"
    frames = config.frames_per_clip if of_vjepa else config.num_frames
    height, width = _pair(config.crop_size if of_vjepa else config.image_size)
    if config.model_type == "vivit":
        cell = tuple(config.tubelet_size)
    else:
        cell = (getattr(config, "tubelet_size", 1), *_pair(config.patch_size))
    clip = (frames, height, width)
    if height != width or len(cell) != 3 or any(whole % part for whole, part in zip(clip, cell, strict=True)):
        raise ValueError(
            f"{source}: made for {frames} frames of {height} x {width} pixels in tokens of {' x '.join(map(str, cell))}"
            f"; expected squares that the tokens cover"
        )
    colours = config.in_chans if of_vjepa else config.num_channels
    if colours != 3:
        raise ValueError(f"{source}: made for {colours} colour channels; expected 3")
    if getattr(config, "attention_type", "") == "space_only":
        raise ValueError(f"{source}: attention_type space_only gives logits for each frame; expected one answer a clip")
    return Sizes(frames, height, cell)


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def stride_of(kind: str, frames: int, classes: int) -> int:
    """Frames of the video from one frame of a clip to the next, as published; no configuration holds it.

    Sources: VideoMAE scripts/kinetics (16 x 4) and scripts/ssv2 (spread); TimeSformer configs/Kinetics (8 x 32,
    16 x 16, 96 x 4) and configs/SSv2 (spread); Scenic projects/vivit/configs/kinetics400 (32 x 2); V-JEPA 2
    configs/inference/vitl/ssv2.yaml (16 x 4).
    """
    if classes == SSV2_CLASSES and kind in ("videomae", "timesformer"):
        return WHOLE
    return {"timesformer": max(256 // frames, 4), "vivit": 2}.get(kind, 4)


def taps_of(family: Family, sizes: Sizes, module: nn.Module) -> list[Tap]:
    """What goes into the first block and what comes out of each."""
    frames = sizes.cell[0]
    where = {
        "layout": family.layout,
        "grid": sizes.grid,
        "class_tokens": family.class_tokens,
        "times": tuple(place * frames + (frames - 1) / 2 for place in range(sizes.grid[0])),
    }
    depth = len(module.get_submodule(family.blocks))
    blocks = (
        Tap(f"block{number}", f"{family.blocks}.{number - 1}", title=f"block {number} of {depth}", **where)
        for number in range(1, depth + 1)
    )
    return [Tap("patches", family.patches, title="patches", **where), *blocks]


def stages_of(family: Family, depth: int) -> tuple[tuple[str, ...], ...]:
    """Six, as of the networks of ours: patches, four quarters of the blocks, the classifier."""
    edges = [quarter * depth // 4 for quarter in range(5)]
    quarters = (tuple(f"{family.blocks}.{number}." for number in range(start, end)) for start, end in pairwise(edges))
    first, last = family.stages
    return (first, *quarters, last)


def note_of(family: Family, sizes: Sizes, reads: Reads, only_first: bool) -> str:
    """Sentences on what no map of this network can say, and how its clip was read."""
    said = [MIXED]
    if only_first:
        token = "the class token" if family.class_tokens else "the patch at the upper left of the first frames"
        said.append(f"Its classifier reads one token, {token}, so behind the last block no other has a gradient.")
    if sizes.cell[0] > 1:
        said.append(f"A cell speaks for {sizes.cell[0]} frames.")
    apart = "spread over all of the video" if reads.stride == WHOLE else f"{reads.stride} frames apart"
    said.append(f"Its {reads.frames} frames are {apart}, as published.")
    return " ".join(said)
