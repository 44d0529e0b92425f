"""How a clip of version 3 is filmed: by hand or from a stand, by a webcam, a phone or a good camera.

The same law for every class, and it runs forwards whichever way a class goes. What the sensor reads first, the top or
the bottom of a picture, is drawn by chance: otherwise upright edges would lean with the direction of motion.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from tdn.motion.camera import add_noise
from tdn.motion.paths import SIDE
from tdn.motion.v3.draws import Length

_NOISE_LEVELS = (2, 4, 7, 11)
FARTHEST_PAN = 26.0  # units to each side


@dataclass(frozen=True)
class Camera:
    """A similarity from units to pixels at any frame time, and what shutter, sensor, light and codec do.

    `exposures` are the moments of a frame (0 its middle) at which the scene is taken; `weights` [moments, S] how much
    each row of the picture has of each, so that rows are read one after the other (a rolling shutter) or at once.
    """

    factor: np.ndarray  # complex [F]
    shift: np.ndarray  # complex [F]
    gain: np.ndarray  # float [F], light
    contrast: float
    brightness: float
    white: np.ndarray  # float [3], light by colour
    exposures: tuple[float, ...]
    weights: np.ndarray  # float32 [moments, S]
    readout: float  # frames from the first row to the last, negative if the bottom is read first
    noise: int
    noise_held: int  # frames for which a codec keeps the same noise
    blur: float
    quality: int  # of the codec, 0 for none
    block: float  # its blocks are so many times 8 pixels
    seed: tuple

    @property
    def steady(self) -> bool:
        """Whether it stays where it is throughout."""
        return bool(np.ptp(self.factor.real) + np.ptp(self.factor.imag) == 0 and np.ptp(self.shift) == 0)

    def at(self, time: float) -> tuple[complex, complex]:
        """Factor and shift at a frame time, between frames on a straight line."""
        time = min(max(time, 0.0), len(self.shift) - 1)
        index = min(int(time), len(self.shift) - 2)
        part = time - index
        factor = self.factor[index] * (1 - part) + self.factor[index + 1] * part
        return complex(factor), complex(self.shift[index] * (1 - part) + self.shift[index + 1] * part)

    def row_times(self, size: int) -> np.ndarray:
        """When each row of a frame is read, in frames from its middle, float [S]."""
        return self.readout * ((np.arange(size) + 0.5) / size - 0.5)

    def mix(self, moments: list[np.ndarray]) -> np.ndarray:
        """One frame from what the scene looked like at each moment: uint8 [S, S, 3]."""
        if len(moments) == 1:
            return moments[0]
        if not self.readout:
            # Two or four moments of the same weight: halving pairs.
            while len(moments) > 1:
                pairs = zip(moments[::2], moments[1::2], strict=True)
                moments = [cv2.addWeighted(one, 0.5, other, 0.5, 0) for one, other in pairs]
            return moments[0]
        whole = np.zeros(moments[0].shape, np.float32)
        for moment, weight in zip(moments, self.weights, strict=True):
            rows = np.flatnonzero(weight)
            first, last = rows[0], rows[-1] + 1
            whole[first:last] += moment[first:last] * weight[first:last, None, None]
        return (whole + 0.5).astype(np.uint8)

    def develop(self, image: np.ndarray, index: int) -> np.ndarray:
        """What frame `index` looks like in the end, uint8 [S, S, 3]."""
        if self.blur:
            image = cv2.GaussianBlur(image, (5, 5), self.blur)
        levels = ((np.arange(256) - 127.5) * self.contrast + 127.5 + self.brightness) * self.gain[index]
        image = cv2.LUT(image, (levels[:, None] * self.white).clip(0, 255).astype(np.uint8)[None])
        if self.noise:
            image = add_noise(image, self.noise, (*self.seed, index // self.noise_held))
        return self._coded(image) if self.quality else image

    def _coded(self, image: np.ndarray) -> np.ndarray:
        """Blocks of a codec at a low rate, as JPEG makes them, 4 to 16 pixels wide by scaling the picture."""
        side = round(len(image) / self.block)
        scaled = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA if self.block > 1 else cv2.INTER_LINEAR)
        coded = cv2.imencode(".jpg", scaled, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        return cv2.resize(cv2.imdecode(coded, 1), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def draw_camera(rng: np.random.Generator, length: Length, size: int, clean: bool, seed: tuple) -> Camera:
    """A camera for one clip. A `clean` scene is filmed from a stand, with little noise."""
    count, rate, scale = length.episode if length.repeats > 1 else length.num_frames, length.rate, size / SIDE
    times = np.arange(count)
    sway, zoom, roll = _sway(rng, times, rate), _slow(rng, times, rate, 0.1, 0.25), _slow(rng, times, rate, 4, 0.25)
    if clean:
        sway, zoom, roll = np.zeros_like(sway), np.zeros(count), np.zeros(count)
    factor = scale * (1 + zoom) * np.exp(1j * np.radians(roll))
    middle = complex(SIDE / 2, SIDE / 2)
    # Pixel centres lie half a pixel inside their squares.
    shift = scale * (middle + sway) - factor * middle - complex(0.5, 0.5)
    noise = int(rng.choice((0, *_NOISE_LEVELS), p=(0.25, 0.3, 0.26, 0.13, 0.06)))
    held = int(rng.integers(2, 9)) if rng.random() < 0.3 else 1
    blur = rng.uniform(0.4, 1.1) if rng.random() < 0.35 else 0.0
    quality, block = int(rng.integers(12, 60)), rng.uniform(0.6, 1.6)
    is_coded = rng.random() < 0.3
    exposures, readout = _draw_shutter(rng)
    return Camera(
        factor=factor,
        shift=shift,
        gain=_draw_light(rng, times, rate),
        contrast=rng.uniform(0.7, 1.2),
        brightness=rng.uniform(-20, 25),
        white=rng.uniform(0.9, 1.1, 3) if rng.random() < 0.5 else np.ones(3),
        exposures=exposures,
        weights=_row_weights(exposures, readout, size),
        readout=readout,
        noise=min(noise, 2) if clean else noise,
        noise_held=held,
        blur=blur * scale,
        quality=quality if is_coded else 0,
        block=block * scale,
        seed=seed,
    )


def _sway(rng: np.random.Generator, times: np.ndarray, rate: float) -> np.ndarray:
    """A hand that holds the camera, that shakes, that pans to and fro: complex [F] in units."""
    sway = np.zeros(len(times), complex)
    holds, reach = rng.random() < 0.55, rng.uniform(0.2, 3)
    periods, phases, angles = rng.uniform(7, 60, 4) * rate, rng.uniform(0, 2 * math.pi, 4), rng.uniform(0, 6.3, 4)
    if holds:
        for period, phase, angle in zip(periods, phases, angles, strict=True):
            sway += reach / 2 * np.sin(2 * math.pi * times / period + phase) * np.exp(1j * angle)
    shakes, strength = rng.random() < 0.25, rng.uniform(0.05, 0.6)
    if shakes:
        sway += (rng.standard_normal((len(times), 2)) * strength) @ (1, 1j)
    pans, speed, angle, start = rng.random() < 0.3, rng.uniform(0.1, 1.4) / rate, rng.uniform(0, 6.3), rng.random()
    if pans:
        # There and back between the two ends, as far as the scene is wide.
        way = (start + times * speed / (2 * FARTHEST_PAN)) % 2
        sway += FARTHEST_PAN * (2 * np.minimum(way, 2 - way) - 1) * np.exp(1j * angle)
    return sway


def _slow(rng: np.random.Generator, times: np.ndarray, rate: float, reach: float, share: float) -> np.ndarray:
    """Something that slowly goes to and fro in a `share` of the clips, float [F]."""
    wanted, reach, period, phase = (
        rng.random() < share,
        rng.uniform(0, reach),
        rng.uniform(60, 200),
        rng.uniform(0, 6.3),
    )
    return reach * np.sin(2 * math.pi * times / (period * rate) + phase) * wanted


def _draw_light(rng: np.random.Generator, times: np.ndarray, rate: float) -> np.ndarray:
    """Flicker, light that changes slowly, and exposure that finds itself again after a step: float [F], about 1."""
    gain = np.ones(len(times))
    flickers, strength = rng.random() < 0.4, rng.uniform(0.005, 0.05)
    if flickers:
        gain += rng.standard_normal(len(times)) * strength
    gain += _slow(rng, times, rate, 0.2, 0.4)
    steps, jump, moment, back = rng.random() < 0.2, rng.uniform(-0.35, 0.35), rng.random(), rng.uniform(4, 25) * rate
    since = times - moment * len(times)
    if steps:
        gain += np.where(since >= 0, jump * np.exp(-since / back), 0)
    return gain


def _draw_shutter(rng: np.random.Generator) -> tuple[tuple[float, ...], float]:
    """Moments within a frame, symmetric about its middle, and how long the rows take to be read."""
    count, shutter = int(rng.choice((1, 2, 4), p=(0.35, 0.25, 0.4))), rng.uniform(0.3, 1)
    rolls, readout, from_below = rng.random() < 0.25, rng.uniform(0.3, 0.9), rng.random() < 0.5
    readout = (-readout if from_below else readout) if rolls else 0.0
    count = 4 if rolls else count
    # Rows are read over the readout and exposed for part of the shutter: the moments cover both.
    span = max(shutter, abs(readout)) if rolls else shutter
    return tuple(span * ((k + 0.5) / count - 0.5) for k in range(count)), readout


def _row_weights(exposures: tuple[float, ...], readout: float, size: int) -> np.ndarray:
    """How much of each moment each row has, float32 [moments, S], 1 in sum: the moments nearest to when it is read."""
    times = readout * ((np.arange(size) + 0.5) / size - 0.5)
    if len(exposures) == 1 or not readout:
        return np.full((len(exposures), size), 1 / len(exposures), np.float32)
    step = exposures[1] - exposures[0]
    apart = np.abs(np.array(exposures)[:, None] - times) / step
    weights = np.maximum(0, 1 - apart)
    return (weights / weights.sum(0)).astype(np.float32)
