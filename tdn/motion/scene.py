"""A scene: what is in it, how it moves, how it is filmed; and its frames and masks, each from its index alone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tdn.motion import arms, draws, motions, paths, scenery, sprites
from tdn.motion.camera import Camera, draw_camera, smooth_walk
from tdn.motion.labels import GROUPS, LABELS, SHORT_TERM, STREAM_LEFT, STREAM_RIGHT, label_index

# Each part of a scene has its own stream of random numbers, so that none of them depends on the class.
_MOTION, _LOOKS, _SCENERY, _CAMERA, _NOISE = range(5)


@dataclass(frozen=True)
class Thing:
    """A sprite on its path, perhaps held by an arm; `tremor` [F] is what a hand adds, in units; `sway` its leaning."""

    sprite: sprites.Sprite
    path: paths.Path
    arm: arms.Arm | None
    tremor: np.ndarray
    sway: draws.Sway

    def pose(self, time: float) -> tuple[complex, float, float, float]:
        """Place, radius, degrees and texture phase at a frame time."""
        x, y, log_radius, degrees, phase = self.path.state(time).tolist()
        nearest = min(max(0, round(time)), len(self.tremor) - 1)
        return complex(x, y) + complex(self.tremor[nearest]), math.exp(log_radius), degrees, phase

    def lean(self, time: float) -> sprites.Lean:
        """How far it is turned out of the picture's plane at a frame time."""
        return self.sway.lean(self.path.progress(time, len(self.tremor) - 1))

    def hand(self, time: float) -> tuple[complex, float]:
        """Where the hand of its arm is at a frame time, and how many times as wide as at its grip."""
        if not self.path.carries:
            return self.arm.grip, 1.0
        place, radius, _, _ = self.pose(time)
        return place, radius / math.exp(self.path.grip(len(self.tremor) - 1)[paths.LOG_RADIUS])


@dataclass(frozen=True)
class Occluder:
    """Something small that stays in front of everything."""

    sprite: sprites.Sprite
    place: complex
    factor: complex


class Scene:
    """One clip that can be looked at frame by frame. Its bytes depend on label, seed, size and frame index only."""

    def __init__(
        self,
        label_index: int,
        num_frames: int,
        size: int,
        canvas: np.ndarray,
        canvas_things: np.ndarray,
        things: list[Thing],
        occluders: list[Occluder],
        camera: Camera,
    ):
        self.label_index = label_index
        self.num_frames = num_frames
        self.size = size
        self.things = things
        self.occluders = occluders
        self.camera = camera
        self.canvas = canvas
        self._canvas_things = canvas_things
        self._ground = self._view(canvas, 0) if camera.steady else None

    def frame(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image uint8 [S, S, 3] (RGB) and mask bool [S, S] of what moves, at its exact place, in frame `index`."""
        return self.image(index), self.mask(index)

    def image(self, index: int) -> np.ndarray:
        """Frame `index` alone, uint8 [S, S, 3]."""
        self._expect_index(index)
        ground = self._ground if self._ground is not None else self._view(self.canvas, index)
        exposed = [self._expose(ground, index, offset) for offset in self.camera.exposures]
        # Halving pairs: one, two or four exposures, each of the same weight.
        while len(exposed) > 1:
            exposed = [
                cv2.addWeighted(one, 0.5, other, 0.5, 0) for one, other in zip(exposed[::2], exposed[1::2], strict=True)
            ]
        return self.camera.develop(exposed[0], index)

    def mask(self, index: int) -> np.ndarray:
        """What moves in frame `index` and can be seen, bool [S, S]; nothing where nothing moves."""
        self._expect_index(index)
        if not any(thing.path.moves(index) for thing in self.things):
            return np.zeros((self.size, self.size), bool)
        mask = np.zeros((self.size, self.size), np.uint8)
        self._mark_things(mask, index, lambda thing: thing.path.moves(index))
        self._mark_occluders(mask, index, wanted=False)
        return mask > 0

    def main_mask(self, index: int) -> np.ndarray:
        """The main thing in frame `index`, moving or not, bool [S, S]."""
        self._expect_index(index)
        mask = np.zeros((self.size, self.size), np.uint8)
        self._mark_things(mask, index, lambda thing: thing is self.things[-1])
        self._mark_occluders(mask, index, wanted=False)
        return mask > 0

    def still_mask(self, index: int) -> np.ndarray:
        """Things that never move and can be seen in frame `index`, bool [S, S]; ground and furniture are no things."""
        self._expect_index(index)
        mask = self._view(self._canvas_things, index)
        self._mark_things(mask, index, lambda thing: False)
        self._mark_occluders(mask, index, wanted=True)
        return mask > 127

    def on_canvas(self, canvas: np.ndarray) -> "Scene":
        """The same things before another ground, uint8 [B, B, 3] as `scenery.draw_scenery` makes them."""
        return Scene(
            *(self.label_index, self.num_frames, self.size, canvas),
            *(self._canvas_things, self.things, self.occluders, self.camera),
        )

    def visible(self, part: np.ndarray, index: int) -> np.ndarray:
        """Where a part of the canvas, uint8 [B, B], is in frame `index` with nothing before it: bool [S, S]."""
        self._expect_index(index)
        mask = self._view(part, index)
        self._mark_things(mask, index, lambda thing: False)
        self._mark_occluders(mask, index, wanted=False)
        return mask > 127

    def _mark_things(self, mask: np.ndarray, index: int, is_wanted: Callable[[Thing], bool]) -> None:
        """Set the mask where the wanted among the scene's things are, and clear it where the others are."""
        factor, shift = self._camera_at(index)
        for thing in self.things:
            mark_thing(mask, thing, index, factor, shift, is_wanted(thing))

    def _mark_occluders(self, mask: np.ndarray, index: int, wanted: bool) -> None:
        factor, shift = self._camera_at(index)
        for occluder in self.occluders:
            place = factor * occluder.place + shift
            sprites.mark(mask, occluder.sprite, 0.0, place, factor * occluder.factor, wanted)

    def _expose(self, ground: np.ndarray, index: int, offset: float) -> np.ndarray:
        """The scene at one moment."""
        image = ground.copy()
        factor, shift = self._camera_at(index)
        for thing in self.things:
            paste_thing(image, thing, index + offset, factor, shift)
        for occluder in self.occluders:
            sprites.paste(image, occluder.sprite, 0.0, factor * occluder.place + shift, factor * occluder.factor)
        return image

    def _camera_at(self, index: int) -> tuple[complex, complex]:
        return complex(self.camera.factor[index]), complex(self.camera.shift[index])

    def _view(self, canvas: np.ndarray, index: int) -> np.ndarray:
        """The part of a canvas that the camera sees, uint8 [S, S, ...]."""
        return scenery.seen(canvas, *self._camera_at(index), self.size)

    def _expect_index(self, index: int) -> None:
        if not 0 <= index < self.num_frames:
            raise IndexError(f"frame {index}: expected 0 to {self.num_frames - 1}")


def paste_thing(image: np.ndarray, thing: Thing, time: float, factor: complex, shift: complex) -> None:
    """Put a thing and its arm over an RGB image as they are at a frame time, in place."""
    if thing.arm is not None:
        arms.paint_arm(image, thing.arm, *thing.hand(time), factor, shift, thing.arm.colour)
    place, radius, degrees, phase = thing.pose(time)
    turned = factor * sprites.sprite_factor(thing.sprite, radius, degrees)
    sprites.paste(image, thing.sprite, phase, factor * place + shift, turned, thing.lean(time))


def mark_thing(mask: np.ndarray, thing: Thing, time: float, factor: complex, shift: complex, wanted: bool) -> None:
    """Set or clear the mask where a thing is. Its arm counts with it where it goes along."""
    if thing.arm is not None:
        with_it = wanted and (thing.path.carries or thing.path.is_fixed)
        arms.paint_arm(mask, thing.arm, *thing.hand(time), factor, shift, 255 if with_it else 0)
    place, radius, degrees, phase = thing.pose(time)
    turned = factor * sprites.sprite_factor(thing.sprite, radius, degrees)
    sprites.mark(mask, thing.sprite, phase, factor * place + shift, turned, wanted, thing.lean(time))


def make_scene(label: str | int, seed: int | Sequence[int], size: int = 112) -> Scene:
    """Draw a scene of 14 to 96 frames of `size` x `size` pixels; what only a window tells is never below 48.

    With the same seed and length every class gets the same looks, scenery and camera, and so far as it can the same
    places.
    Raises ValueError for an unknown label, a size below 32 or a negative seed.
    """
    label = label_index(label)
    if size < 32:
        raise ValueError(f"size {size}: expected at least 32")
    rngs = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(part,))) for part in range(_NOISE)]
    num_frames = draws.draw_num_frames(rngs[_MOTION], may_be_short=GROUPS[LABELS[label]] != SHORT_TERM)
    clean = rngs[_LOOKS].random() < 0.3
    moving_paths = motions.class_paths(label, draws.draw_motion(rngs[_MOTION], num_frames))
    streams = label in (STREAM_LEFT, STREAM_RIGHT)
    things = _draw_things(rngs[_LOOKS], moving_paths, num_frames, size, clean, streams)
    occluders = _draw_occluders(rngs[_LOOKS], size, clean)
    canvas = scenery.draw_scenery(rngs[_SCENERY], size)
    camera = draw_camera(rngs[_CAMERA], num_frames, size, clean, (seed, _NOISE))
    moving, resting = things[: len(moving_paths)], things[len(moving_paths) :]
    return assemble(label, num_frames, size, canvas, moving, resting, occluders, camera)


def assemble(
    label: int,
    num_frames: int,
    size: int,
    canvas: np.ndarray,
    moving: list[Thing],
    resting: list[Thing],
    occluders: list[Occluder],
    camera: Camera,
) -> Scene:
    """A scene of these parts; the first of `moving` is the main thing, over the others. `canvas` is painted on."""
    canvas_things = np.zeros(canvas.shape[:2], np.uint8)
    for thing in reversed(resting):
        paste_thing(canvas, thing, 0, *scenery.to_canvas(size))
        mark_thing(canvas_things, thing, 0, *scenery.to_canvas(size), wanted=True)
    return Scene(label, num_frames, size, canvas, canvas_things, moving[::-1], occluders, camera)


def _draw_things(
    rng: np.random.Generator, moving_paths: list[paths.Path], num_frames: int, size: int, clean: bool, streams: bool
) -> list[Thing]:
    """Two to six things, two in a clean scene: those on `moving_paths` first, the others at rest.

    However many move, the number of things and the look of each come out the same.
    """
    count = 2 if clean else int(rng.integers(2, 7))
    things = []
    for number in range(count):
        rest = draws.draw_rest(rng, num_frames - 1)
        path = moving_paths[number] if number < len(moving_paths) else paths.Path(rest)
        look = sprites.draw_look(rng)
        largest = math.exp(max(path.state(time)[paths.LOG_RADIUS] for time in (0, num_frames - 1)))
        sprite = sprites.Sprite(look, largest * size / paths.SIDE, levelled=streams and number == 0)
        grip = complex(*path.grip(num_frames - 1)[[paths.X, paths.Y]])
        arm = arms.draw_arm(rng, grip, paths.SIDE)
        held = rng.random() < (0.42 if number < 2 else 0.15)
        tremor = smooth_walk(rng, num_frames, rng.uniform(0, 0.6) if rng.random() < 0.5 else 0.0)
        things.append(Thing(sprite, path, arm if held else None, tremor, draws.draw_sway(rng)))
    return things


def _draw_occluders(rng: np.random.Generator, size: int, clean: bool) -> list[Occluder]:
    scale = size / paths.SIDE
    occluders = []
    wanted = int(rng.integers(1, 3)) if rng.random() < 0.25 else 0
    for _ in range(0 if clean else wanted):
        radius, place = rng.uniform(6, 14), complex(*rng.uniform(0, paths.SIDE, 2))
        sprite = sprites.Sprite(sprites.draw_look(rng), radius * scale)
        occluders.append(Occluder(sprite, place, sprites.sprite_factor(sprite, radius, 0.0)))
    return occluders


def render_windows(scene: Scene, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Render only the frames `windows` [T, L] names: uint8 [T, L, S, S, 3], and the centre masks bool [T, S, S]."""
    windows = np.asarray(windows)
    frames = np.stack([scene.image(int(index)) for index in windows.flat])
    frames = frames.reshape(*windows.shape, *frames.shape[1:])
    masks = np.stack([scene.mask(int(index)) for index in windows[:, windows.shape[1] // 2]])
    return frames, masks
