"""Things as they look, and how they are put into a picture.

Places are complex numbers, x + iy, in units: the picture is 112 units wide whatever its pixels. A similarity (turn,
scale, shift) is then `factor * place + shift`, and `exp(i * angle)` turns clockwise as seen, since y points down.
"""

import cmath
import math
from dataclasses import dataclass

import cv2
import numpy as np

from tdn.motion import outlines, textures


@dataclass(frozen=True)
class Look:
    """What a thing looks like, at no resolution yet.

    `period` is the side of its texture tile in radii, `axis` the direction in radians that the tile repeats along,
    `levelled` the same within 25 degrees of horizontal.
    """

    outline: np.ndarray
    field: textures.Field
    palette: np.ndarray
    period: float
    stretch: float
    axis: float
    levelled: float
    patch: tuple[float, float, float] | None
    patch_colour: tuple[int, int, int]
    shade: float
    light_from: float
    tile: np.ndarray | None = None  # uint8 [h, w, 3] that tiles, instead of the field and its palette


def draw_look(rng: np.random.Generator) -> Look:
    """One law for every thing of every class, moving or not."""
    palette = textures.draw_palette(rng, rng.uniform(0.6, 1.2))
    if rng.random() < 0.2:
        palette = cv2.addWeighted(palette, 0.5, np.full_like(palette, textures.draw_skin(rng)), 0.5, 0)
    levelled = math.radians(rng.uniform(-25, 25))
    place, reach = rng.uniform(0.2, 0.8, 2), rng.uniform(0.06, 0.2)
    return Look(
        outline=outlines.draw_outline(rng),
        field=textures.draw_field(rng),
        palette=palette,
        period=rng.uniform(0.8, 1.8),
        stretch=rng.uniform(0.7, 1.6),
        # Streams need a level axis; most other things have one too, so that it tells nothing.
        axis=levelled if rng.random() < 0.6 else rng.uniform(0, 2 * math.pi),
        levelled=levelled,
        patch=(*place, reach) if rng.random() < 0.6 else None,
        patch_colour=tuple(int(level) for level in rng.uniform(0, 255, 3)),
        shade=rng.uniform(0.15, 0.5) if rng.random() < 0.6 else 0.0,
        light_from=rng.uniform(0, 2 * math.pi),
    )


class Sprite:
    """A look at the resolution it is shown at: `picture(phase)` is RGB times coverage, and coverage.

    The side of its square is 2 * `radius` pixels, the largest it is shown at.
    """

    def __init__(self, look: Look, radius: float, levelled: bool = False):
        self.side = max(8, round(2 * radius))
        self.look = look
        self._axis = look.levelled if levelled else look.axis
        self.coverage = cv2.resize(look.outline, (self.side, self.side), interpolation=cv2.INTER_AREA)
        shade = 1 - look.shade * (1 + textures.slope(self.side, look.light_from))
        lit = (self.coverage * shade).clip(0, 255).astype(np.uint8)
        self._lit = cv2.merge([lit, lit, lit])
        width = max(4, round(look.period * radius))
        tile = look.field.image if look.tile is None else look.tile
        self._repeats = look.field.repeats if look.tile is None else 1
        self._tile = cv2.resize(tile, (width, max(4, round(width * look.stretch))), interpolation=cv2.INTER_AREA)
        self._pictures: dict[tuple[float, int], np.ndarray] = {}

    def picture(self, phase: float, halvings: int = 0) -> np.ndarray:
        """uint8 [side, side, 4]; with `phase` growing by 1 the texture moves along its axis by one repeat."""
        key = (phase, halvings)
        if key not in self._pictures:
            # A thing shows one phase for ever, or a new one each time: no more than the last few are of use.
            if len(self._pictures) > 4:
                self._pictures.clear()
            if halvings:
                finer = self.picture(phase, halvings - 1)
                side = (max(4, finer.shape[0] // 2),) * 2
                self._pictures[key] = cv2.resize(finer, side, interpolation=cv2.INTER_AREA)
            else:
                self._pictures[key] = self._paint(phase)
        return self._pictures[key]

    def _paint(self, phase: float) -> np.ndarray:
        along = phase * self._tile.shape[1] / self._repeats
        cosine, sine = math.cos(self._axis), math.sin(self._axis)
        matrix = np.array([[cosine, -sine, along * cosine], [sine, cosine, along * sine]])
        pattern = cv2.warpAffine(
            self._tile, matrix, (self.side, self.side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        rgb = textures.colour(pattern, self.look.palette) if self.look.tile is None else pattern
        if self.look.patch is not None:
            x, y, reach = (round(part * self.side) for part in self.look.patch)
            cv2.circle(rgb, (x, y), reach, self.look.patch_colour, -1)
        return cv2.merge([cv2.multiply(rgb, self._lit, scale=1 / 255), self.coverage])


@dataclass(frozen=True)
class Lean:
    """How a thing turns out of the picture's plane: seen along `axis` (radians, its own) only `share` as wide."""

    share: float = 1.0
    axis: float = 0.0


UPRIGHT = Lean()


def warped(sprite: Sprite, phase: float, place: complex, factor: complex, shape: tuple[int, ...], lean: Lean = UPRIGHT):
    """A sprite turned and scaled by `factor` around pixel `place`: (rows, columns, uint8 [h, w, 4]) or None if outside.

    `factor` is picture pixels per pixel of the sprite.
    """
    halvings = max(0, min(3, int(-math.log2(abs(factor) + 1e-9) + 0.3)))
    picture = sprite.picture(phase, halvings)
    factor *= sprite.side / picture.shape[0]
    reach = abs(factor) * picture.shape[0] / 2 + 1.5
    left, right = max(0, int(place.real - reach)), min(shape[1], int(place.real + reach) + 2)
    top, bottom = max(0, int(place.imag - reach)), min(shape[0], int(place.imag + reach) + 2)
    if right <= left or bottom <= top:
        return None
    middle = (picture.shape[0] - 1) / 2
    # Narrowing along an axis: z -> turned * z + mirrored * conj(z).
    turned = factor * (1 + lean.share) / 2
    mirrored = factor * (lean.share - 1) / 2 * cmath.exp(2j * lean.axis)
    corner = place - complex(left, top) - turned * complex(middle, middle) - mirrored * complex(middle, -middle)
    matrix = np.array(
        [
            [turned.real + mirrored.real, mirrored.imag - turned.imag, corner.real],
            [turned.imag + mirrored.imag, turned.real - mirrored.real, corner.imag],
        ]
    )
    piece = cv2.warpAffine(picture, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return slice(top, bottom), slice(left, right), piece


def paste(
    image: np.ndarray, sprite: Sprite, phase: float, place: complex, factor: complex, lean: Lean = UPRIGHT
) -> None:
    """Put a sprite over an RGB image, in place."""
    if (found := warped(sprite, phase, place, factor, image.shape, lean)) is not None:
        rows, columns, piece = found
        red, green, blue, coverage = cv2.split(piece)
        clear = cv2.bitwise_not(coverage)
        under = cv2.multiply(image[rows, columns], cv2.merge([clear, clear, clear]), scale=1 / 255)
        image[rows, columns] = cv2.add(under, cv2.merge([red, green, blue]))


def mark(
    mask: np.ndarray,
    sprite: Sprite,
    phase: float,
    place: complex,
    factor: complex,
    wanted: bool,
    lean: Lean = UPRIGHT,
) -> None:
    """Set the mask [H, W] to 255 where a `wanted` sprite covers it, and to 0 where another one does, in place."""
    if (found := warped(sprite, phase, place, factor, mask.shape, lean)) is not None:
        rows, columns, piece = found
        mask[rows, columns][piece[..., 3] > 127] = 255 if wanted else 0


def sprite_factor(sprite: Sprite, radius: float, degrees: float) -> complex:
    """Units per pixel of the sprite, when it has `radius` units and is turned clockwise by `degrees`."""
    return cmath.rect(2 * radius / sprite.side, math.radians(degrees))
