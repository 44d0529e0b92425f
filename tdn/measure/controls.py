"""Maps that know nothing of the network's answer: what a motion-focus number has to beat to mean anything."""

import cv2
import numpy as np
import torch
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

    Of single frames it is the change to the next one; the last has that of the one before. The edge detector of video:
    an explanation that is no better shows motion, and nothing of the network.
    """
    if clip.shape[2] == 1:
        changes = (clip[0, 1:, 0] - clip[0, :-1, 0]).abs().mean(1)
        changes = torch.cat([changes, changes[-1:]]) if len(changes) else torch.zeros_like(clip[0, :, 0].mean(1))
        return changes.float().cpu().numpy()
    return (clip[0, :, 1:] - clip[0, :, :-1]).abs().mean((1, 2)).float().cpu().numpy()


def shrunk(moving: np.ndarray, side: int) -> np.ndarray:
    """How often each place moves: bool [T, H, W] -> float32 [side, side]."""
    return cv2.resize(moving.mean(0, dtype=np.float32), (side, side), interpolation=cv2.INTER_AREA)
