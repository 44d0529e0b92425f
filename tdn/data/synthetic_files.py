"""Procedural clips as files anyone can open: mp4, masks, labels.csv and a sheet of what is in them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tdn.data.pool import PROBE_CLIPS, SPLITS, scene_seed
from tdn.data.sampling import even_window_starts
from tdn.data.synthetic import GROUPS, LABELS, PROBES, EveryNth, Scene, make_probe, make_scene
from tdn.data.video import write_mp4

# A frame of these clips stands for a fifteenth of a second.
FPS = 15
SHEET_ROWS = 40
SHEET_COLUMNS = 8
_MOVING, _STILL = (60, 230, 90), (70, 130, 255)


def write_clips(
    out: Path, num_clips: int, seed: int, split: str = "val", label: str | None = None, size: int = 112
) -> Iterator[str]:
    """Write NAME.mp4, NAME_mask.npz (`mask` and `still`, bool [F, H, W]), labels.csv and sheet.png; yield each name.

    `split` is train, val or the name of a probe set. Clip `i` is that of the benchmark: the same split, seed and index
    always give the same frames. Raises ValueError for an unknown split or label.
    """
    if split not in SPLITS and split not in PROBES:
        raise ValueError(f"--split {split}: expected {', '.join(SPLITS)} or a probe set: {', '.join(PROBES)}")
    if label is not None and (label not in LABELS or split in PROBES):
        raise ValueError(
            f"--label {label!r}: probe sets draw their classes themselves; leave --label out"
            if split in PROBES
            else f"--label {label!r}: expected one of {', '.join(LABELS)}"
        )
    out.mkdir(parents=True, exist_ok=True)
    rows, lines = [], []
    for index in range(num_clips):
        scene = _scene(split, seed, index, label, size)
        frames, masks, still = (
            np.stack([of_frame(i) for i in range(scene.num_frames)])
            for of_frame in (scene.image, scene.mask, scene.still_mask)
        )
        name, chosen = f"{split.replace(' ', '_')}_{seed}_{index:05d}", LABELS[scene.label_index]
        write_mp4(out / f"{name}.mp4", frames, fps=FPS / (scene.step if isinstance(scene, EveryNth) else 1))
        np.savez_compressed(out / f"{name}_mask.npz", mask=masks, still=still)
        rows.append({"file": f"{name}.mp4", "label": chosen, "group": GROUPS[chosen]})
        if index < SHEET_ROWS:
            lines.append(_sheet_line(f"{name}: {chosen}", frames, masks, still))
        yield f"{name}.mp4: {chosen}"
    with (out / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ("file", "label", "group"))
        writer.writeheader()
        writer.writerows(rows)
    Image.fromarray(np.concatenate(lines)).save(out / "sheet.png")


def _scene(split: str, seed: int, index: int, label: str | None, size: int) -> Scene | EveryNth:
    if split in PROBES:
        return make_probe(split, seed * PROBE_CLIPS + index, size)
    return make_scene(label or index % len(LABELS), scene_seed(split, seed, index), size)


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
