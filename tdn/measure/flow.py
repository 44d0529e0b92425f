"""What moves in a clip whose masks nobody knows: optical flow, less the motion of the camera.

Flow is OpenCV's DIS (Kroeger et al., ECCV 2016), from the centre frame to both of its neighbours. The camera's part is
the affine motion that most of the picture follows (RANSAC); what is left moves by itself. Parallax of a camera that
travels, reflections and shadows count as motion; a thing that fills most of the picture counts as the camera.
"""

import cv2
import numpy as np
from torch import Tensor

from tdn.data.transforms import Preprocess, denormalise

# Pixels a frame below which nothing counts as moving, as a share of the picture's short side: 0.5 pixels of 144.
LEAST_SPEED = 0.5 / 144
# Robust standard deviations of the noise above which a pixel moves.
NOISE_DEVIATIONS = 4.0


def flow_of_windows(clip: Tensor, preprocess: Preprocess | None = None) -> np.ndarray:
    """Speed of each pixel of the centre frames, camera taken out: clip [1, T, L, 3, H, W] -> [T, H, W], pixels a frame.

    In a dense clip a frame's neighbours are those of the clip; `preprocess` says what its colours were divided by.
    Raises ValueError for windows of one frame, one a segment.
    """
    pictures = denormalise(clip[0], preprocess)  # uint8 [T, L, H, W, 3]
    if pictures.shape[1] < 3:
        if preprocess is None or preprocess.sampling != "dense" or len(pictures) < 3:
            raise ValueError("flow needs windows of at least 3 frames; this network takes one frame a segment")
        around = np.clip(np.arange(len(pictures))[:, None] + (-1, 0, 1), 0, len(pictures) - 1)
        pictures = pictures[around, 0]
    centre = pictures.shape[1] // 2
    speeds = []
    for window in pictures:
        grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in window]
        # The smaller of both directions: what a moving thing lays bare has no true flow in one of them.
        speeds.append(np.minimum(*(own_speed(grey[centre], grey[centre + step]) for step in (-1, 1))))
    return np.stack(speeds)


def own_speed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Length of the flow from `first` to `second`, uint8 [H, W], less the affine motion of most of the picture."""
    height, width = first.shape
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(first, second, None)  # [H, W, 2]: x, y
    y, x = np.mgrid[:height, :width].astype(np.float32)
    step = max(1, min(height, width) // 24)
    from_points = np.stack([x, y], -1)[::step, ::step].reshape(-1, 2)
    to_points = from_points + flow[::step, ::step].reshape(-1, 2)
    cv2.setRNGSeed(0)
    camera, _ = cv2.estimateAffine2D(from_points, to_points, method=cv2.RANSAC, ransacReprojThreshold=0.5)
    if camera is None:
        camera = np.float64([[1, 0, 0], [0, 1, 0]])
    by_camera = np.stack([x, y, np.ones_like(x)], -1) @ camera.T.astype(np.float32) - np.stack([x, y], -1)
    return np.linalg.norm(flow - by_camera, axis=-1)


def moving_by_flow(speeds: np.ndarray) -> np.ndarray:
    """Where speeds [T, H, W] stand out of the clip's noise: bool of the same shape."""
    median = np.median(speeds)
    deviation = 1.4826 * np.median(np.abs(speeds - median))
    return speeds > max(median + NOISE_DEVIATIONS * deviation, LEAST_SPEED * min(speeds.shape[1:]))
