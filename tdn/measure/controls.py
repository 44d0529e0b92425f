"""Maps that know nothing of the network's answer: what a motion-focus number has to beat to mean anything."""

import cv2
import numpy as np
from torch import Tensor

# Standard deviation of the centre control, as a share of the short side.
CENTRE_SPREAD = 0.25


def uniform(num_segments: int, height: int, width: int) -> np.ndarray:
    """The same everywhere: [T, height, width]."""
    return np.ones((num_segments, height, width))


def centre(num_segments: int, height: int, width: int) -> np.ndarray:
    """A Gaussian in the middle of the picture, where people film things: [T, height, width]."""
    y, x = np.mgrid[:height, :width]
    spread = CENTRE_SPREAD * min(height, width)
    squared = (y - (height - 1) / 2) ** 2 + (x - (width - 1) / 2) ** 2
    return np.broadcast_to(np.exp(-squared / (2 * spread**2)), (num_segments, height, width))


def frame_difference(clip: Tensor) -> np.ndarray:
    """How much each pixel changes within a window: clip [1, T, L, 3, H, W] -> [T, H, W].

    The edge detector of video: an explanation that is no better shows motion, and nothing of the network.
    """
    return (clip[0, :, 1:] - clip[0, :, :-1]).abs().mean((1, 2)).float().cpu().numpy()


def shrunk(moving: np.ndarray, side: int) -> np.ndarray:
    """How often each place moves: bool [T, H, W] -> float32 [side, side]."""
    return cv2.resize(moving.mean(0, dtype=np.float32), (side, side), interpolation=cv2.INTER_AREA)
