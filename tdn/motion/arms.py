"""Arms that hold things. Places are complex numbers in units, as in `sprites`."""

from dataclasses import dataclass

import cv2
import numpy as np

from tdn.motion import textures


@dataclass(frozen=True)
class Arm:
    """A forearm from outside the picture to the thing it holds: `grip` and `base` in units, `width` half its width.

    `follow` is how much of the hand's way from the grip the base goes too.
    """

    base: complex
    grip: complex
    width: float
    colour: tuple[int, int, int]
    follow: float

    def corners(self, hand: complex, growth: float) -> np.ndarray:
        """Its four corners, complex [4], when the hand is at `hand` and `growth` times as wide as at the grip."""
        base = self.base + self.follow * (hand - self.grip)
        across = 1j * (hand - base) / (abs(hand - base) + 1e-6) * self.width
        return np.array([base + 1.5 * across, base - 1.5 * across, hand - growth * across, hand + growth * across])


def draw_arm(rng: np.random.Generator, grip: complex, side: float) -> Arm:
    """An arm that holds what is at `grip`; half of them come from below."""
    along, beside = rng.uniform(-40, 40), rng.integers(4)
    entries = (
        complex(grip.real + along, side + 25),
        complex(-25, grip.imag + along),
        complex(side + 25, grip.imag + along),
        complex(grip.real + along, -25),
    )
    base = entries[beside if rng.random() < 0.5 else 0]
    colour = textures.draw_skin(rng) if rng.random() < 0.6 else rng.uniform(0, 255, 3)
    width, follow = rng.uniform(3, 11), rng.uniform(0, 0.8)
    return Arm(base, grip, width, tuple(int(level) for level in colour), follow)


def paint_arm(
    image: np.ndarray, arm: Arm, hand: complex, growth: float, factor: complex, shift: complex, colour
) -> None:
    """Fill an arm, and its round end, into an image or mask, in place; the camera is `factor * place + shift`."""
    corners = factor * arm.corners(hand, growth) + shift
    # OpenCV takes points with 4 fractional bits as integers.
    points = (np.stack([corners.real, corners.imag], 1) * 16).round().astype(np.int32)
    kind = cv2.LINE_AA if image.ndim == 3 else cv2.LINE_8
    cv2.fillConvexPoly(image, points, colour, kind, 4)
    end = factor * hand + shift
    centre = (round(end.real * 16), round(end.imag * 16))
    cv2.circle(image, centre, round(growth * arm.width * abs(factor) * 16), colour, -1, kind, 4)
