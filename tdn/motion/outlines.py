"""Outlines of things: white on black, uint8 [SIDE, SIDE], inside the circle that touches the four sides."""

import math

import cv2
import numpy as np

SIDE = 96
_CENTRE = SIDE / 2
_REACH = SIDE / 2 - 3


def draw_outline(rng: np.random.Generator) -> np.ndarray:
    """The outline of a random thing, somewhat squeezed and turned by a random angle; or of somebody upright."""
    body, is_body = draw_body(rng), rng.random() < 0.12
    shapes = (_ellipse, _box, _pebble, _polygon, _star, _bottle, _hand, _person)
    shape = shapes[rng.integers(len(shapes))](rng)
    squeeze = rng.uniform(0.6, 1.0) if rng.random() < 0.4 else 1.0
    posed = _posed(shape, rng.uniform(0, 2 * math.pi), squeeze)
    return body if is_body else posed


def draw_body(rng: np.random.Generator) -> np.ndarray:
    """The outline of somebody who stands or sits, upright."""
    return _posed(_person(rng), rng.uniform(-0.2, 0.2), 1.0)


def _posed(shape: np.ndarray, angle: float, squeeze: float) -> np.ndarray:
    """Squeeze along x, then turn about the centre."""
    cosine, sine = math.cos(angle), math.sin(angle)
    matrix = np.array([[squeeze * cosine, -sine, 0], [squeeze * sine, cosine, 0]])
    middle = (SIDE - 1) / 2
    matrix[:, 2] = middle - matrix[:, :2] @ (middle, middle)
    return cv2.warpAffine(shape, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)


def _blank() -> np.ndarray:
    return np.zeros((SIDE, SIDE), np.uint8)


def _point(x: float, y: float) -> tuple[int, int]:
    """Pixel at (x, y), in units of the reach from the centre."""
    return round(_CENTRE + x * _REACH), round(_CENTRE + y * _REACH)


def _fill(angles: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Fill the polygon with these corners; radii in units of the reach."""
    radii = np.clip(radii, 0.25, 1) * _REACH
    corners = np.stack([_CENTRE + radii * np.cos(angles), _CENTRE + radii * np.sin(angles)], 1)
    return cv2.fillPoly(_blank(), [corners.round().astype(np.int32)], 255, cv2.LINE_AA)


def _around(count: int) -> np.ndarray:
    return np.linspace(0, 2 * np.pi, count, endpoint=False)


def _ellipse(rng: np.random.Generator) -> np.ndarray:
    axes = (int(_REACH), int(_REACH * rng.uniform(0.45, 1)))
    return cv2.ellipse(_blank(), _point(0, 0), axes, 0, 0, 360, 255, -1, cv2.LINE_AA)


def _box(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0.4, 1.15)
    width, height = math.cos(angle), math.sin(angle)
    box = cv2.rectangle(_blank(), _point(-width, -height), _point(width, height), 255, -1)
    rounding = int(rng.uniform(0, 2 * _REACH * min(width, height)) * 0.9)
    if rounding < 3:
        return box
    return cv2.morphologyEx(box, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rounding, rounding)))


def _pebble(rng: np.random.Generator) -> np.ndarray:
    angles = _around(64)
    radii = np.full(64, 0.7)
    for waves in range(2, 6):
        radii += rng.uniform(-0.16, 0.16) * np.cos(waves * angles + rng.uniform(0, 2 * np.pi))
    return _fill(angles, radii)


def _polygon(rng: np.random.Generator) -> np.ndarray:
    corners = int(rng.integers(3, 8))
    angles = _around(corners) + rng.uniform(-0.25, 0.25, corners) * 2 * np.pi / corners
    return _fill(angles, rng.uniform(0.65, 1, corners))


def _star(rng: np.random.Generator) -> np.ndarray:
    tips = int(rng.integers(3, 8))
    return _fill(_around(2 * tips), np.where(np.arange(2 * tips) % 2, rng.uniform(0.4, 0.8), 1.0))


def _bottle(rng: np.random.Generator) -> np.ndarray:
    body, neck, shoulder = rng.uniform(0.25, 0.45), rng.uniform(0.1, 0.25), rng.uniform(-0.3, 0.3)
    bottle = cv2.rectangle(_blank(), _point(-body, shoulder), _point(body, 0.88), 255, -1)
    return cv2.rectangle(bottle, _point(-neck, -0.95), _point(neck, shoulder), 255, -1)


def _hand(rng: np.random.Generator) -> np.ndarray:
    palm = (int(0.5 * _REACH), int(0.55 * _REACH))
    hand = cv2.ellipse(_blank(), _point(0, 0.25), palm, 0, 0, 360, 255, -1, cv2.LINE_AA)
    for finger in range(int(rng.integers(2, 6))):
        angle = math.radians(-90 + (finger - 2) * 22 + rng.uniform(-6, 6))
        length = rng.uniform(0.7, 0.9)
        tip = _point(length * math.cos(angle), 0.2 + length * math.sin(angle))
        cv2.line(hand, _point(0, 0.2), tip, 255, int(_REACH * 0.17) + 1, cv2.LINE_AA)
    return hand


def _person(rng: np.random.Generator) -> np.ndarray:
    head, shoulders, waist = rng.uniform(0.17, 0.25), rng.uniform(0.35, 0.55), rng.uniform(0.2, 0.4)
    top = -0.95 + 2 * head
    trunk = [(-shoulders, top + 0.12), (-0.1, top), (0.1, top), (shoulders, top + 0.12), (waist, 0.85), (-waist, 0.85)]
    person = cv2.fillPoly(_blank(), [np.array([_point(x, y) for x, y in trunk])], 255, cv2.LINE_AA)
    return cv2.circle(person, _point(0, -0.95 + head), int(head * 1.05 * _REACH), 255, -1, cv2.LINE_AA)
