"""A scene of version 3: what is in it, how it moves, how it is filmed; frames and masks, each from its index alone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tdn.motion import arms, draws, paths, scenery, sprites, textures
from tdn.motion.camera import smooth_walk
from tdn.motion.labels import GROUPS, LABELS, SHORT_TERM, STREAM_LEFT, STREAM_RIGHT, label_index
from tdn.motion.photos import DRAWN, Material
from tdn.motion.scene import Occluder, Thing, mark_thing, paste_thing
from tdn.motion.v3 import looks
from tdn.motion.v3.camera import Camera, draw_camera
from tdn.motion.v3.draws import Numbers, draw_length, draw_numbers, draw_rest
from tdn.motion.v3.motions import class_paths, main_rest
from tdn.motion.v3.paths import Path
from tdn.motion.v3.people import Restless, as_people_do

# Each part of a scene has its own stream of random numbers, so that none of them depends on the class.
_MOTION, _LOOKS, _SCENERY, _CAMERA, _NOISE, _PEOPLE = range(6)
# The main thing of every class but the streams, and that of the streams: one whose texture can stream.
_MAIN, _PATTERNED = 0, 1


class Scene:
    """One clip that can be looked at frame by frame. Its bytes depend on its index and what `make_scene` takes.

    `things` are those that are drawn anew in every frame, from the back to the front; `main` is one of them.
    """

    def __init__(
        self,
        label_index: int,
        fps: float,
        size: int,
        canvas: np.ndarray,
        canvas_things: np.ndarray,
        things: list[Thing],
        main: Thing,
        occluders: list[Occluder],
        camera: Camera,
    ):
        self.label_index = label_index
        self.fps = fps
        self.num_frames = len(camera.shift)
        self.size = size
        self.things = things
        self.main = main
        self.occluders = occluders
        self.camera = camera
        self.canvas = canvas
        self._canvas_things = canvas_things
        self._ground = self._view(canvas, *camera.at(0)) if camera.steady else None

    def frame(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image uint8 [S, S, 3] (RGB) and mask bool [S, S] of what moves, at its exact place, in frame `index`."""
        return self.image(index), self.mask(index)

    def image(self, index: int) -> np.ndarray:
        """Frame `index` alone, uint8 [S, S, 3]."""
        self._expect_index(index)
        moments = [self._moment(index + offset) for offset in self.camera.exposures]
        return self.camera.develop(self.camera.mix(moments), index)

    def mask(self, index: int) -> np.ndarray:
        """What moves in frame `index` and can be seen, bool [S, S]; nothing where nothing moves."""
        self._expect_index(index)
        if not any(thing.path.moves(index) for thing in self.things):
            return np.zeros((self.size, self.size), bool)
        return self._mask(index, lambda thing: thing.path.moves(index))

    def main_mask(self, index: int) -> np.ndarray:
        """The main thing in frame `index`, moving or not, bool [S, S]."""
        return self._mask(index, lambda thing: thing is self.main)

    def still_mask(self, index: int) -> np.ndarray:
        """Things that never move and can be seen in frame `index`, bool [S, S]; ground and scenery are no things."""
        return self._mask(index, _keeps_still, self._canvas_things, with_occluders=True)

    def visible(self, part: np.ndarray, index: int) -> np.ndarray:
        """Where a part of the canvas, uint8 [B, B], is in frame `index` with nothing before it: bool [S, S]."""
        return self._mask(index, lambda thing: False, part)

    def on_canvas(self, canvas: np.ndarray) -> "Scene":
        """The same things before another ground, uint8 [B, B, 3] as `looks.draw_scene` makes them."""
        return Scene(
            *(self.label_index, self.fps, self.size, canvas, self._canvas_things),
            *(self.things, self.main, self.occluders, self.camera),
        )

    def _moment(self, time: float) -> np.ndarray:
        """The scene at one moment, uint8 [S, S, 3]."""
        factor, shift = self.camera.at(time)
        image = self._ground.copy() if self._ground is not None else self._view(self.canvas, factor, shift)
        for thing in self.things:
            paste_thing(image, thing, time, factor, shift)
        for occluder in self.occluders:
            sprites.paste(image, occluder.sprite, 0.0, factor * occluder.place + shift, factor * occluder.factor)
        return image

    def _mask(
        self,
        index: int,
        is_wanted: Callable[[Thing], bool],
        ground: np.ndarray | None = None,
        with_occluders: bool = False,
    ) -> np.ndarray:
        """Where the wanted things are, and that part of the canvas.

        Rows that the camera reads later show a later moment.
        """
        self._expect_index(index)
        if not self.camera.readout:
            return self._mask_at(index, is_wanted, ground, with_occluders) > 127
        moments = [self._mask_at(index + offset, is_wanted, ground, with_occluders) for offset in self.camera.exposures]
        return np.einsum("kyx,ky->yx", np.stack(moments) > 127, self.camera.weights) > 0.5

    def _mask_at(
        self, time: float, is_wanted: Callable[[Thing], bool], ground: np.ndarray | None, with_occluders: bool
    ) -> np.ndarray:
        factor, shift = self.camera.at(time)
        blank = np.zeros((self.size,) * 2, np.uint8)
        mask = blank if ground is None else self._view(ground, factor, shift)
        for thing in self.things:
            mark_thing(mask, thing, time, factor, shift, is_wanted(thing))
        for occluder in self.occluders:
            place = factor * occluder.place + shift
            sprites.mark(mask, occluder.sprite, 0.0, place, factor * occluder.factor, with_occluders)
        return mask

    def _view(self, canvas: np.ndarray, factor: complex, shift: complex) -> np.ndarray:
        return scenery.seen(canvas, factor, shift, self.size, looks.MARGIN)

    def _expect_index(self, index: int) -> None:
        if not 0 <= index < self.num_frames:
            raise IndexError(f"frame {index}: expected 0 to {self.num_frames - 1}")


def _keeps_still(thing: Thing) -> bool:
    return thing.path.is_fixed and not isinstance(thing, Restless)


@dataclass(frozen=True)
class Repeated:
    """A film that is shown `times` times without a pause, as a player shows a GIF."""

    scene: Scene
    times: int

    @property
    def num_frames(self) -> int:
        return self.scene.num_frames * self.times

    @property
    def label_index(self) -> int:
        return self.scene.label_index

    @property
    def fps(self) -> float:
        return self.scene.fps

    @property
    def size(self) -> int:
        return self.scene.size

    def frame(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self.image(index), self.mask(index)

    def image(self, index: int) -> np.ndarray:
        return self.scene.image(self._shown(index))

    def mask(self, index: int) -> np.ndarray:
        return self.scene.mask(self._shown(index))

    def main_mask(self, index: int) -> np.ndarray:
        return self.scene.main_mask(self._shown(index))

    def still_mask(self, index: int) -> np.ndarray:
        return self.scene.still_mask(self._shown(index))

    def _shown(self, index: int) -> int:
        if not 0 <= index < self.num_frames:
            raise IndexError(f"frame {index}: expected 0 to {self.num_frames - 1}")
        return index % self.scene.num_frames


def make_scene(
    label: str | int, seed: int | Sequence[int], size: int = 112, material: Material = DRAWN, people: bool = False
) -> Scene | Repeated:
    """Draw a clip of `size` x `size` pixels, 1 to 60 seconds at 15 or 30 frames a second.

    With the same seed every class gets the same looks, scenery and camera, and so far as it can the same places and
    length; the material changes looks and nothing else. With `people` things
    fidget and hands come and go, as the module of that name says.
    Raises ValueError for an unknown label, a size below 32 or a negative seed.
    """
    label = label_index(label)
    if size < 32:
        raise ValueError(f"size {size}: expected at least 32")
    rngs = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(part,))) for part in range(_NOISE)]
    length = draw_length(rngs[_MOTION], may_be_short=GROUPS[LABELS[label]] != SHORT_TERM)
    clean = rngs[_LOOKS].random() < 0.25
    numbers = draw_numbers(rngs[_MOTION], length)
    things, moving = draw_things(rngs[_LOOKS], label, numbers, size, clean, material)
    if people:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_PEOPLE,)))
        things, moving = as_people_do(rng, things, moving)
    occluders = draw_occluders(rngs[_LOOKS], size, clean, material)
    canvas = looks.draw_scene(rngs[_SCENERY], size, material)
    camera = draw_camera(rngs[_CAMERA], length, size, clean, (seed, _NOISE))
    scene = assemble(label, length.fps, size, canvas, things, moving, occluders, camera)
    return scene if length.repeats == 1 else Repeated(scene, length.repeats)


def assemble(
    label: int,
    fps: float,
    size: int,
    canvas: np.ndarray,
    things: list[Thing],
    live: list[int],
    occluders: list[Occluder],
    camera: Camera,
) -> Scene:
    """A scene of these parts, each of `things` over those after it. `live` numbers those to draw in every frame.

    The first of `live` is the main thing; the others are painted onto `canvas`.
    """
    canvas_things = np.zeros(canvas.shape[:2], np.uint8)
    place = scenery.to_canvas(size, looks.MARGIN)
    for number in reversed(range(len(things))):
        if number not in live:
            paste_thing(canvas, things[number], 0, *place)
            mark_thing(canvas_things, things[number], 0, *place, wanted=True)
    drawn = [things[number] for number in sorted(live, reverse=True)]
    return Scene(label, fps, size, canvas, canvas_things, drawn, things[live[0]], occluders, camera)


def draw_things(
    rng: np.random.Generator, label: int, numbers: Numbers, size: int, clean: bool, material: Material
) -> tuple[list[Thing], list[int]]:
    """Three to seven things, and the numbers of those that are live, the main one first.

    However many move, the number of things and the look of each come out the same.
    """
    last, streams = numbers.last, label in (STREAM_LEFT, STREAM_RIGHT)
    moving = class_paths(label, numbers)
    order = [_PATTERNED, *range(2, 9)] if streams else [_MAIN, *range(2, 9)]
    own = dict(zip(order, moving, strict=False))
    passing = numbers.passing.count if numbers.length.recurs and numbers.passing.wanted else 0
    count = 3 + max(len(numbers.companions), passing - 2, 0 if clean else int(rng.integers(0, 4)))
    rest_of = {_MAIN: main_rest(numbers), _PATTERNED: numbers.patterned_rest}
    things = []
    for number in range(count):
        rest = draw_rest(rng, numbers.length.episode - 1)
        path = own.get(number) or Path(rest_of.get(number, rest))
        draw = looks.draw_patterned if number == _PATTERNED else looks.draw_thing
        look = draw(rng, material)
        sprite = looks.make_sprite(look, _largest(path, last) * size / paths.SIDE, streams and number == _PATTERNED)
        grip = complex(*path.grip(last)[[paths.X, paths.Y]])
        arm = arms.draw_arm(rng, grip, paths.SIDE)
        bare, skin = rng.random() < 0.6, tuple(int(level) for level in textures.draw_skin(rng))
        arm = replace(arm, colour=skin) if bare else arm
        held = rng.random() < (0.3 if number < 3 else 0.12)
        tremor = smooth_walk(rng, min(last + 1, 96), rng.uniform(0, 0.6) if rng.random() < 0.5 else 0.0)
        tremor = np.concatenate([tremor, tremor[-2:0:-1]]) if last + 1 > len(tremor) else tremor
        tremor = np.resize(tremor, last + 1)
        things.append(Thing(sprite, path, arm if held else None, tremor, draws.draw_sway(rng)))
    live = [number for number in order if number < count and number in own and not own[number].is_fixed]
    if streams:
        return things, [_PATTERNED, _MAIN]
    return things, [_MAIN, *(number for number in live if number != _MAIN)]


def _largest(path: Path, last: int) -> float:
    """The largest radius that a thing ever has, in units."""
    end = path.rest[paths.LOG_RADIUS] + (0 if path.travel is None else max(0.0, path.travel[paths.LOG_RADIUS]))
    return math.exp(end)


def draw_occluders(rng: np.random.Generator, size: int, clean: bool, material: Material) -> list[Occluder]:
    """Nothing, or one or two small things that stay in front of everything."""
    scale = size / paths.SIDE
    wanted = int(rng.integers(1, 3)) if rng.random() < 0.25 else 0
    occluders = []
    for _ in range(0 if clean else wanted):
        radius, place = rng.uniform(6, 14), complex(*rng.uniform(0, paths.SIDE, 2))
        sprite = looks.make_sprite(looks.draw_thing(rng, material), radius * scale)
        occluders.append(Occluder(sprite, place, sprites.sprite_factor(sprite, radius, 0.0)))
    return occluders
