"""Procedural clips as files anyone can open: mp4, masks, labels.csv and a sheet of what is in them."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tdn.data.sampling import even_window_starts
from tdn.data.video import write_mp4
from tdn.motion import GROUPS, LABELS
from tdn.motion.noise import NoiseClip
from tdn.motion.splits import SPLITS, Clip, clip_name, fps_of, ordinary_clip
from tdn.output import expect_writable, remove_files

# Splits that have every class under one law, so that one class can be asked for.
LABELLED = ("val", "train-v2", "val-v2")
SHEET_ROWS = 40
WRITTEN = re.compile(r"[\w-]+_\d+_\d{5}\.mp4")  # names that `write_clips` gives
SHEET_COLUMNS = 8
_MOVING, _STILL = (60, 230, 90), (70, 130, 255)


def write_clips(
    out: Path, num_clips: int, seed: int, split: str = "val", label: str | None = None, size: int = 112
) -> Iterator[str]:
    """Write NAME.mp4, NAME_mask.npz (`mask` and `still`, bool [F, H, W]), labels.csv and sheet.png; yield each name.

    labels.csv has the columns file, label and group, and kind where a split asks several things.
    `split` is a name of `tdn.motion.splits.SPLITS`. Clip `i` is that of the benchmark: the same split, seed and
    index always give the same frames. Raises ValueError for an unknown split or label.
    """
    if split not in SPLITS:
        raise ValueError(f"--split {split}: expected one of {', '.join(SPLITS)}")
    if label is not None and split not in LABELLED:
        raise ValueError(f"--label {label!r}: {split} draws its classes itself; leave --label out")
    if label is not None and label not in LABELS:
        raise ValueError(f"--label {label!r}: expected one of {', '.join(LABELS)}")
    _make_room(expect_writable(out))
    rows, lines = [], []
    for index in range(num_clips):
        scene = _clip(split, seed, index, label, size)
        frames, masks, still = (
            np.stack([of_frame(i) for i in range(scene.num_frames)])
            for of_frame in (scene.image, scene.mask, scene.still_mask)
        )
        name, chosen = clip_name(split, seed, index), LABELS[scene.label_index]
        # Compression that looks the same to us would make noise of neighbouring frames alike.
        write_mp4(out / f"{name}.mp4", frames, fps=fps_of(scene), crf=4 if isinstance(scene, NoiseClip) else 20)
        np.savez_compressed(out / f"{name}_mask.npz", mask=masks, still=still)
        part = SPLITS[split].part_of(index)
        # Not named "part": in a data set's CSV that column says train, val or test.
        kind = {"kind": part} if part and split not in LABELLED else {}
        rows.append({"file": f"{name}.mp4", "label": chosen, "group": GROUPS[chosen], **kind})
        if index < SHEET_ROWS:
            lines.append(_sheet_line(f"{name}: {chosen}{part and f', {part}'}", frames, masks, still))
        yield f"{name}.mp4: {chosen}"
    with (out / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    Image.fromarray(np.concatenate(lines)).save(out / "sheet.png")


def _clip(split: str, seed: int, index: int, label: str | None, size: int) -> Clip:
    if label is not None:
        return ordinary_clip(split, seed, index, size, label)
    return SPLITS[split].make(seed, index, size)


def _make_room(out: Path) -> None:
    """Delete the clips of an earlier call, which its labels.csv names: they would be no part of the new list."""
    listed = out / "labels.csv"
    if not listed.exists():
        return
    with listed.open(newline="") as file:
        names = [row.get("file") or "" for row in csv.DictReader(file)]
    listed.unlink()
    for name in names:
        if WRITTEN.fullmatch(name):
            remove_files(out, (name, f"{Path(name).stem}_mask.npz"))


def _sheet_line(title: str, frames: np.ndarray, masks: np.ndarray, still: np.ndarray) -> np.ndarray:
    """Eight frames of a clip under its name; what moves outlined in green, things that never move in blue."""
    starts = even_window_starts(len(frames), SHEET_COLUMNS) + 2
    pictures = []
    for index in np.minimum(starts, len(frames) - 1):
        picture = frames[index].copy()
        for mask, colour in ((still[index], _STILL), (masks[index], _MOVING)):
            outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, outlines, -1, colour, 1)
        pictures.append(picture)
    strip = Image.new("RGB", (sum(picture.shape[1] for picture in pictures), 14), (24, 24, 24))
    ImageDraw.Draw(strip).text((3, 1), f"{title} ({len(frames)} frames)", fill=(235, 235, 235))
    return np.concatenate([np.asarray(strip), np.concatenate(pictures, axis=1)])
