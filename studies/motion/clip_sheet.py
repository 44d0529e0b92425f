"""Draws what clips of version 3 look like: for each class a photographic and a drawn one, six frames each.

python -m studies.motion.clip_sheet [SEED]          writes docs/clips.jpg

What moves is outlined in green, things that never move in blue.
"""

import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw

from studies.report import DOCS
from tdn.data.sampling import even_window_starts
from tdn.motion import LABELS
from tdn.motion.splits import fps_of, ordinary_clip

SIZE, FRAMES = 96, 6


def strip(index: int, seed: int) -> np.ndarray:
    """Six frames of one validation clip under its class, length and rate."""
    clip = ordinary_clip("val", seed, index, SIZE)
    pictures = []
    for frame in even_window_starts(clip.num_frames, FRAMES) + 2:
        picture = clip.image(int(frame)).copy()
        for mask, colour in ((clip.still_mask(int(frame)), (70, 130, 255)), (clip.mask(int(frame)), (60, 230, 90))):
            lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, lines, -1, colour, 1)
        pictures.append(picture)
    title = Image.new("RGB", (SIZE * FRAMES, 14), (24, 24, 24))
    told = f"{LABELS[clip.label_index]} ({clip.num_frames / fps_of(clip):.1f} s at {fps_of(clip)} frames a second)"
    ImageDraw.Draw(title).text((3, 1), told, fill=(235, 235, 235))
    return np.concatenate([np.asarray(title), np.concatenate(pictures, axis=1)])


def draw_sheet(seed: int) -> Image.Image:
    """A row a class, the photographic clip on the left, the drawn one on the right."""
    rows = [np.concatenate([strip(i, seed), strip(len(LABELS) + i, seed)], axis=1) for i in range(len(LABELS))]
    return Image.fromarray(np.concatenate(rows))


if __name__ == "__main__":
    draw_sheet(int(sys.argv[1]) if len(sys.argv) > 1 else 2).save(DOCS / "clips.jpg", quality=62, optimize=True)
