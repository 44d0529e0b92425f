"""What things and scenes look like in version 3: photos where the material has them, drawn otherwise.

Every draw takes the same numbers from its generator whatever the material, so photos change looks and nothing else.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from tdn.motion import outlines, scenery, sprites
from tdn.motion.paths import SIDE
from tdn.motion.photos import TEXTURE_SIDE, THING_SIDE, Material

# The camera pans further than in version 2: so many units of the scene lie beyond each side of the picture.
MARGIN = 34.0


@dataclass(frozen=True)
class PhotoLook:
    """A cut-out [192, 192, 4], turned by `degrees` and lit by `gain` [3]."""

    picture: np.ndarray
    degrees: float
    gain: np.ndarray


class PhotoSprite:
    """A cut-out at the resolution it is shown at: what `sprites.Sprite` is to a drawn look. Nothing in it streams."""

    def __init__(self, look: PhotoLook, radius: float):
        self.look = look
        self.side = max(8, round(2 * radius))
        picture = look.picture
        if look.degrees:
            turned = cv2.getRotationMatrix2D(((THING_SIDE - 1) / 2,) * 2, -look.degrees, 1)
            picture = cv2.warpAffine(_premultiplied(picture, look.gain), turned, (THING_SIDE, THING_SIDE))
        else:
            picture = _premultiplied(picture, look.gain)
        smaller = self.side < THING_SIDE
        side = (self.side, self.side)
        self._pictures = [cv2.resize(picture, side, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)]

    def picture(self, phase: float, halvings: int = 0) -> np.ndarray:
        """uint8 [side, side, 4], RGB times coverage, and coverage; whatever the phase."""
        while len(self._pictures) <= halvings:
            finer = self._pictures[-1]
            side = (max(4, finer.shape[0] // 2),) * 2
            self._pictures.append(cv2.resize(finer, side, interpolation=cv2.INTER_AREA))
        return self._pictures[halvings]


def _premultiplied(picture: np.ndarray, gain: np.ndarray) -> np.ndarray:
    alpha = picture[..., 3]
    levels = (np.arange(256)[:, None] * gain).clip(0, 255).astype(np.uint8)[None]  # [1, 256, 3]
    lit = cv2.LUT(np.ascontiguousarray(picture[..., :3]), levels)
    return cv2.merge([cv2.multiply(lit, cv2.merge([alpha, alpha, alpha]), scale=1 / 255), alpha])


Look = sprites.Look | PhotoLook


def draw_thing(rng: np.random.Generator, material: Material) -> Look:
    """Any thing: a cut-out, most of them upright or nearly so, or a drawn one."""
    drawn_from = rng.integers(2**63)
    wants_photo, upright, mirrored = rng.random() < material.things, rng.random() < 0.7, rng.random() < 0.5
    tilt, angle, place = rng.uniform(-12, 12), rng.uniform(-180, 180), rng.random()
    gain = rng.uniform(0.75, 1.2) * rng.uniform(0.92, 1.08, 3)
    if not wants_photo or not len(material.photos.things):
        return sprites.draw_look(np.random.default_rng(drawn_from))
    picture = _one_of(material.photos.things, place)
    return PhotoLook(picture[:, ::-1] if mirrored else picture, tilt if upright else angle, gain)


def draw_patterned(rng: np.random.Generator, material: Material) -> sprites.Look:
    """A thing whose texture can stream: a screen, a cloth, a wheel; or the outline of anything, filled."""
    drawn = sprites.draw_look(rng)
    wants_photo, as_outline, place, which = rng.random() < material.things, *rng.random(3)
    if not wants_photo or not len(material.photos.textures):
        return drawn
    if as_outline < 0.4 and len(material.photos.things):
        alpha = _one_of(material.photos.things, place)[..., 3]
        alpha = cv2.resize(np.ascontiguousarray(alpha), (outlines.SIDE,) * 2, interpolation=cv2.INTER_AREA)
        drawn = replace(drawn, outline=alpha)
    return replace(drawn, tile=np.ascontiguousarray(_one_of(material.photos.textures, which)))


def make_sprite(look: Look, radius: float, levelled: bool = False) -> sprites.Sprite | PhotoSprite:
    """A look at `radius` pixels."""
    return PhotoSprite(look, radius) if isinstance(look, PhotoLook) else sprites.Sprite(look, radius, levelled)


def draw_scene(rng: np.random.Generator, size: int, material: Material) -> np.ndarray:
    """What is behind everything: a crop of a photo, a wall of one texture, or drawn scenery: uint8 [B, B, 3]."""
    drawn_from, side = rng.integers(2**63), scenery.canvas_side(size, MARGIN)
    wants_photo, mirrored, out_of_focus = rng.random() < material.scenes, rng.random() < 0.5, rng.random() < 0.25
    place, share, corner, blur = rng.random(), rng.uniform(0.75, 1), rng.random(2), rng.uniform(0.5, 2)
    is_wall, angle, wide = rng.random() < 0.25, rng.uniform(0, 360), rng.uniform(0.25, 1)
    gain = rng.uniform(0.75, 1.15) * rng.uniform(0.92, 1.08, 3)
    if not wants_photo or not len(material.photos.scenes):
        return scenery.draw_scenery(np.random.default_rng(drawn_from), size, MARGIN)
    levels = (np.arange(256)[:, None] * gain).clip(0, 255).astype(np.uint8)[None]
    if is_wall and len(material.photos.textures):
        tile = np.ascontiguousarray(_one_of(material.photos.textures, place))
        turned = cv2.getRotationMatrix2D((0, 0), angle if mirrored else 0, side / TEXTURE_SIDE * wide)
        return cv2.LUT(cv2.warpAffine(tile, turned, (side, side), borderMode=cv2.BORDER_WRAP), levels)
    photo = _one_of(material.photos.scenes, place)
    crop = int(share * min(photo.shape[:2]))
    top, left = (int(part * (whole - crop)) for part, whole in zip(corner, photo.shape[:2], strict=True))
    piece = np.ascontiguousarray(photo[top : top + crop, left : left + crop])
    if mirrored:
        piece = cv2.flip(piece, 1)
    canvas = cv2.resize(piece, (side, side), interpolation=cv2.INTER_AREA if side < crop else cv2.INTER_LINEAR)
    if out_of_focus:
        canvas = cv2.GaussianBlur(canvas, (0, 0), blur * size / SIDE)
    return cv2.LUT(canvas, levels)


def _one_of(pictures: np.ndarray, place: float) -> np.ndarray:
    """The picture at `place`, 0 to 1, of a row of them."""
    return np.asarray(pictures[min(len(pictures) - 1, int(place * len(pictures)))])
