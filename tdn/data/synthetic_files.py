"""Procedural clips as files anyone can open: mp4, masks, labels.csv."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tdn.data.pool import SPLITS, scene_seed
from tdn.data.synthetic import GROUPS, LABELS, make_scene
from tdn.data.video import write_mp4

# A frame of these clips stands for a fifteenth of a second.
FPS = 15


def write_clips(
    out: Path, num_clips: int, seed: int, split: str = "val", label: str | None = None, size: int = 112
) -> Iterator[str]:
    """Write NAME.mp4, NAME_mask.npz (`mask` and `still`, bool [F, H, W]) and labels.csv; yield each name.

    Clip `i` is that of the benchmark: the same split, seed and index always give the same frames. Raises ValueError
    for an unknown split or label.
    """
    if split not in SPLITS:
        raise ValueError(f"--split {split}: expected {' or '.join(SPLITS)}")
    if label is not None and label not in LABELS:
        raise ValueError(f"--label {label!r}: expected one of {', '.join(LABELS)}")
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for index in range(num_clips):
        chosen = label or LABELS[index % len(LABELS)]
        scene = make_scene(chosen, scene_seed(split, seed, index), size)
        frames, masks = zip(*(scene.frame(i) for i in range(scene.num_frames)), strict=True)
        still = np.stack([scene.still_mask(i) for i in range(scene.num_frames)])
        name = f"{split}_{seed}_{index:05d}"
        write_mp4(out / f"{name}.mp4", frames, fps=FPS)
        np.savez_compressed(out / f"{name}_mask.npz", mask=np.stack(masks), still=still)
        rows.append({"file": f"{name}.mp4", "label": chosen, "group": GROUPS[chosen]})
        yield f"{name}.mp4: {chosen}"
    with (out / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ("file", "label", "group"))
        writer.writeheader()
        writer.writerows(rows)
