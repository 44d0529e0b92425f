"""Clips with what moves in them: procedural ones, whose masks are known, and anybody's, by masks or optical flow."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from tdn.data.clip import Clip, load_clip
from tdn.data.datasets import DataSet, Item, open_dataset
from tdn.data.film import ClipTaker, window_frames
from tdn.data.loading import SECONDS_PER_VIDEO, within
from tdn.data.transforms import normalise, seen_box, to_view
from tdn.lfs import expect_no_pointer
from tdn.measure.flow import flow_of_windows, moving_by_flow
from tdn.motion import LABELS
from tdn.motion.pool import windowed_clip
from tdn.motion.splits import clip_name, fps_of, split_named, split_title

# Pixels of the side of a procedural clip, as the validation clips of the demonstration weights.
RENDERED = 112


@dataclass(frozen=True)
class MaskedClip:
    """A clip as the networks take it, its class, and what moves in its centre frames, as far as the networks see them.

    `tensor` [1, T, L, 3, H, W]; `moving` and `still` bool [T, H', W'], the latter things that never move, None where
    nobody knows.
    """

    name: str
    label: str
    tensor: Tensor
    moving: np.ndarray
    still: np.ndarray | None


class SyntheticClips:
    """Procedural clips without end: those of a split of the benchmark."""

    count = None
    masks = "known"
    notes: tuple[str, ...] = ()

    def __init__(self, seed: int, split: str = "val"):
        self.seed, self.split = seed, split

    def listing(self) -> str:
        """The generator's version and the photos; split and seed say the rest."""
        return split_title(self.split)

    def read(self, index: int, model: ClipTaker) -> MaskedClip:
        scene, places = windowed_clip(self.split, self.seed, index, RENDERED, model.num_segments, model.window)
        if model.preprocess.sampling == "dense":
            places, _ = window_frames(scene.num_frames, fps_of(scene), model)  # [T, 1]
        x0, y0, x1, y1 = (round(edge) for edge in seen_box(RENDERED, RENDERED, model.preprocess))
        centres = [int(frame) for frame in places[:, model.window // 2]]
        frames = np.stack([to_view(scene.image(int(frame)), model.preprocess) for frame in places.flat])
        return MaskedClip(
            name=clip_name(self.split, self.seed, index),
            label=LABELS[scene.label_index],
            tensor=normalise(frames, model.preprocess).unflatten(0, places.shape)[None],  # [1, T, L, 3, H, W]
            moving=np.stack([scene.mask(frame)[y0:y1, x0:x1] for frame in centres]),
            still=np.stack([scene.still_mask(frame)[y0:y1, x0:x1] for frame in centres]),
        )


class LabelledClips:
    """The clips of a data set. Where NAME_mask.npz lies beside any video, those alone count; else flow says what moves.

    A mask file holds `mask` (what moves) and optionally `still`, bool [F, H, W], one a frame of the video.
    """

    def __init__(self, dataset: DataSet):
        with_masks = tuple(item for item in dataset.items if mask_path(item.path).exists())
        self.dataset = dataset
        self.items = with_masks or dataset.items
        self.count = len(self.items)
        self.masks = "known" if with_masks else "optical flow less the camera's motion"
        self.notes = list(dataset.notes)
        if with_masks and len(with_masks) < len(dataset.items):
            self.notes.append(
                f"{dataset.name}: {len(dataset.items) - len(with_masks)} of {len(dataset.items)} clips have no "
                f"NAME_mask.npz beside them and are left out, such as {without_mask(dataset).id}"
            )

    def listing(self) -> str:
        """Tells sets of clips apart: by names, classes and sizes of their files."""
        known = [(item.id, item.label, item.path.stat().st_size if item.path.exists() else 0) for item in self.items]
        return hashlib.sha256(repr(known).encode()).hexdigest()

    def read(self, index: int, model: ClipTaker) -> MaskedClip:
        """Raises VideoError for a video that cannot be read, ValueError for masks that do not fit it."""
        item = self.items[index]
        clip = within(SECONDS_PER_VIDEO, item, lambda: load_clip(item.path, model))
        label = self.dataset.labels[item.label]
        if self.masks != "known":
            moving = moving_by_flow(flow_of_windows(clip.tensor, model.preprocess))
            return MaskedClip(item.id, label, clip.tensor, moving, None)
        moving, still = known_masks(item.path, clip)
        return MaskedClip(item.id, label, clip.tensor, moving, still)


def without_mask(dataset: DataSet) -> Item:
    """The first clip that no mask lies beside."""
    return next(item for item in dataset.items if not mask_path(item.path).exists())


def known_masks(video: Path, clip: Clip) -> tuple[np.ndarray, np.ndarray | None]:
    """What moves in the centre frames of a clip of `video`, and what never does, from the masks beside the video.

    Raises ValueError for masks that do not fit the video.
    """
    expect_no_pointer(mask_path(video))
    with np.load(mask_path(video)) as stored:
        masks = {name: stored[name] for name in stored.files}
    if masks["mask"].shape[0] != clip.info.num_frames:
        raise ValueError(
            f"{video.name}: {clip.info.num_frames} frames but {len(masks['mask'])} masks; one mask a frame is needed"
        )
    height, width = masks["mask"].shape[1:]
    if (width - height) * (clip.info.width - clip.info.height) < 0:
        raise ValueError(
            f"{video.name}: masks of {width}x{height} pixels for pictures that are shown at {clip.info.width}x"
            f"{clip.info.height}; make the masks of the pictures as a player turns them"
        )
    # The part of the picture that the network sees, in pixels of the mask.
    scale = np.tile(np.divide(masks["mask"].shape[:0:-1], clip.centre_frames.shape[2:0:-1]), 2)
    x0, y0, x1, y1 = np.round(np.multiply(clip.seen_box, scale)).astype(int)
    centres = clip.frames[:, clip.frames.shape[1] // 2]
    seen = {name: mask[centres, y0:y1, x0:x1] for name, mask in masks.items()}
    return seen["mask"], seen.get("still")


def open_masked(data: str, seed: int = 0) -> SyntheticClips | LabelledClips:
    """`synthetic`, `synthetic:NAME`, or what `tdn.data.datasets.open_dataset` takes."""
    split = split_named(data)
    return LabelledClips(open_dataset(data)) if split is None else SyntheticClips(seed, split)


def mask_path(video: Path) -> Path:
    return video.with_name(f"{video.stem}_mask.npz")
