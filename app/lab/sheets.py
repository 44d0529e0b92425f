"""Sheets of tiles for the lab's boards: arrays to one picture of many, as a data URI."""

import base64
import io

import numpy as np
from PIL import Image

from app.lab.board import Sheet
from tdn.show.overlay import colour_table

FEATURE_COLOURS = "inferno"
# Differences of one frame to the next are faint; each level is drawn as this many.
DIFFERENCE_GAIN = 2


def photo_sheet(tiles: np.ndarray, quality: int = 85) -> Sheet:
    """Pictures uint8 [rows, columns, h, w, 3] as one JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(_joined(tiles)).save(buffer, "JPEG", quality=quality)
    return _sheet(tiles, buffer, "jpeg", is_smooth=True)


def cell_sheet(values: np.ndarray, maximum: float) -> Sheet:
    """Values [rows, columns, h, w] from 0 to `maximum` in colours, as one PNG with a pixel a cell."""
    levels = np.round(255 * (values / maximum if maximum > 0 else np.zeros_like(values)).clip(0, 1)).astype(np.uint8)
    picture = Image.fromarray(_joined(levels), "P")
    picture.putpalette(colour_table(FEATURE_COLOURS).ravel().tolist())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return _sheet(values, buffer, "png", is_smooth=False)


def difference_tiles(levels: np.ndarray) -> np.ndarray:
    """Differences [..., 3] in levels of 0 to 255 around the middle grey: uint8 [..., 3]."""
    return np.round(128 + DIFFERENCE_GAIN * levels).clip(0, 255).astype(np.uint8)


def _joined(tiles: np.ndarray) -> np.ndarray:
    """[rows, columns, h, w, ...] -> [rows * h, columns * w, ...]."""
    rows, columns, height, width = tiles.shape[:4]
    return tiles.swapaxes(1, 2).reshape(rows * height, columns * width, *tiles.shape[4:])


def _sheet(tiles: np.ndarray, buffer: io.BytesIO, kind: str, is_smooth: bool) -> Sheet:
    height, width = tiles.shape[2:4]
    uri = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Sheet(picture=uri, width=width, height=height, is_smooth=is_smooth)
