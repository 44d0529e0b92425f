"""Scaled maps laid over the frames they belong to: arrays in, arrays out."""

import cv2
import matplotlib
import numpy as np

# Perceptually even maps first; jet only because papers use it.
COLOUR_MAPS = {"inferno": "inferno", "viridis": "viridis", "magma": "magma", "jet (paper look)": "jet"}
SIGNED_COLOURS = "RdBu_r"  # blue against the class, red for it
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels of the frame


def colour_table(name: str) -> np.ndarray:
    """256 colours of a map, uint8 [256, 3]. Raises ValueError for a name not in COLOUR_MAPS."""
    if name not in COLOUR_MAPS and name != SIGNED_COLOURS:
        raise ValueError(f"colours {name!r}: expected one of {', '.join(COLOUR_MAPS)}")
    colours = matplotlib.colormaps[COLOUR_MAPS.get(name, name)](np.linspace(0, 1, 256))[:, :3]
    return np.round(255 * colours).astype(np.uint8)


def place_in_frame(values: np.ndarray, height: int, width: int, box: Box) -> np.ndarray:
    """Resize maps [T, h, w] bilinearly into `box` of a frame: float32 [T, height, width], NaN outside the box.

    The box is what the model saw; outside it nothing is known, which is not zero.
    """
    x0, y0, x1, y1 = (round(edge) for edge in box)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"box {box}: expected x0 < x1 <= {width} and y0 < y1 <= {height}")
    placed = np.full((len(values), height, width), np.nan, np.float32)
    for segment, value in enumerate(np.asarray(values, np.float32)):
        placed[segment, y0:y1, x0:x1] = cv2.resize(value, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    return placed


def blend(
    frames: np.ndarray, placed: np.ndarray, opacity: float = 0.8, colours: str = "inferno", signed: bool = False
) -> np.ndarray:
    """Colour `placed` [T, H, W] over `frames` uint8 [T, H, W, 3]: 0..1, or -1..1 where `signed`, NaN unseen.

    A pixel's opacity is opacity * |value|, so that nothing lies over the frame where there is no evidence; the page's
    viewer uses the same formula. Signed values have a colour map of their own. Unseen parts are dimmed and left
    without colour; at opacity 0 the frames stay as they are.
    """
    if not opacity:
        return frames.copy()
    seen = ~np.isnan(placed)
    values = np.where(seen, placed, 0.0).clip(-1 if signed else 0, 1)
    place = (values + 1) / 2 if signed else values
    table = colour_table(SIGNED_COLOURS if signed else colours)
    coloured = table[np.round(255 * place).astype(np.uint8)].astype(np.float32)
    share = (opacity * np.abs(values))[..., None]
    mixed = frames + (coloured - frames) * share
    unseen = 0.45 * frames.astype(np.float32)
    return np.round(np.where(seen[..., None], mixed, unseen)).astype(np.uint8)
