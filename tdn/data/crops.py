"""Which part of the picture a clip shows in training and in testing with three crops; one draw for a whole clip.

A box is (x0, y0, x1, y1) in pixels of the picture as filmed; cutting and resizing is one step of Pillow's bilinear
filter with averaging, as the released code resizes.
"""

from typing import Literal

import numpy as np
from PIL import Image

from tdn.data.transforms import Preprocess, resized_to, to_view

Box = tuple[float, float, float, float]
TrainCrop = Literal["multi_scale", "jitter", "whole"]

SCALES = (1, 0.875, 0.75, 0.66)
# Left and top in quarters of the room that a crop leaves: corners, centre, edges, and half way to the corners.
PLACES = ((0, 0), (4, 0), (0, 4), (4, 4), (2, 2), (0, 2), (4, 2), (2, 4), (2, 0), (1, 1), (3, 1), (1, 3), (3, 3))


def draw_crop(crop: TrainCrop, width: int, height: int, size: int, rng: np.random.Generator) -> Box:
    """The part of a picture of `width` x `height` that a training clip of `size` x `size` pixels shows.

    "multi_scale": four scales of the short side, width and height at most one scale apart, at 13 places (TDN
    ops/transforms.py:203-274). "jitter": the short side resized to 256 ... 320 for an input of 224, in proportion for
    others, and a square anywhere (TDN Sec. 4.1). "whole": all of it.
    """
    if crop == "multi_scale":
        return _multi_scale(width, height, size, rng)
    if crop == "jitter":
        return _jitter(width, height, rng)
    if crop == "whole":
        return 0.0, 0.0, float(width), float(height)
    raise ValueError(f"crop {crop!r}: expected multi_scale, jitter or whole")


def _multi_scale(width: int, height: int, size: int, rng: np.random.Generator) -> Box:
    sides = [int(min(width, height) * scale) for scale in SCALES]
    # Within two pixels of the input a crop is taken as it is, and not resized.
    sides = [size if abs(side - size) < 3 else side for side in sides]
    pairs = [
        (min(across, width), min(down, height))
        for i, down in enumerate(sides)
        for j, across in enumerate(sides)
        if abs(i - j) <= 1
    ]
    across, down = pairs[rng.integers(len(pairs))]
    column, row = PLACES[rng.integers(len(PLACES))]
    x0, y0 = (width - across) // 4 * column, (height - down) // 4 * row
    return float(x0), float(y0), float(x0 + across), float(y0 + down)


def _jitter(width: int, height: int, rng: np.random.Generator) -> Box:
    side = min(width, height) * 224 / rng.integers(256, 321)
    x0, y0 = rng.uniform(0, width - side), rng.uniform(0, height - side)
    return x0, y0, x0 + side, y0 + side


def cut(picture: np.ndarray, box: Box, size: int) -> np.ndarray:
    """uint8 [H, W, 3] -> [size, size, 3]."""
    resized = Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=box)
    return np.asarray(resized)


def cut_views(picture: np.ndarray, preprocess: Preprocess, crops: int) -> np.ndarray:
    """What a test shows of one picture: uint8 [H, W, 3] -> [crops, S, S, 3].

    One crop is the network's own view. Three are squares of the short side, resized to `preprocess.short_side`, in the
    released order left, right, centre; steps of a whole quarter can leave up to 3 pixels at the right. Those of a
    picture higher than wide are all the middle one. Source: TDN ops/transforms.py:175-183.
    """
    if crops == 1:
        return to_view(picture, preprocess)[None]
    side = preprocess.short_side
    resized = resized_to(picture, side)
    height, width = resized.shape[:2]
    step, top = (width - side) // 4, (height - side) // 4 * 2
    return np.stack([resized[top : top + side, left : left + side] for left in (0, 4 * step, 2 * step)])
