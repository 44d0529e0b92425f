"""Photos that clips are made of: cut-outs of things, scenes behind them, textures. From a folder, or none.

A folder has `things` (pictures with alpha), `scenes` and `textures`; any of them may be missing. Where `python -m tdn
assets fetch` prepared it, each is one packed .npy instead, read through memory so that processes share it.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

THING_SIDE = 192  # pixels of the square around a cut-out
SCENE_HEIGHT, SCENE_WIDTH = 360, 480
TEXTURE_SIDE = 160
PARTS = ("things", "scenes", "textures")
PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "photos"


@dataclass(frozen=True, eq=False)
class Photos:
    """`things` uint8 [n, 192, 192, 4] (RGB, alpha), `scenes` [n, 360, 480, 3], `textures` [n, 160, 160, 3] that tile.

    `checksum` is that of all pixels: with the same seed and checksum, clips have the same bytes.
    """

    things: np.ndarray
    scenes: np.ndarray
    textures: np.ndarray
    checksum: str


@dataclass(frozen=True)
class Material:
    """What a clip is made of: `photos`, if any, and how many of its things and scenes are photos, 0 to 1 each."""

    photos: Photos | None = None
    things: float = 0.0
    scenes: float = 0.0

    @property
    def checksum(self) -> str:
        return self.photos.checksum if self.photos is not None and self.things + self.scenes > 0 else "drawn"


DRAWN = Material()


def mixed(photos: Photos | None) -> Material:
    """Two of three things and scenes are photos, as in training; all drawn where there are none."""
    return Material(photos, 0.65, 0.7) if photos is not None else DRAWN


def photographic(photos: Photos | None) -> Material:
    """Every thing and every scene is a photo."""
    return Material(photos, 1.0, 1.0) if photos is not None else DRAWN


def half_photographic(number: int) -> Material:
    """All photos, of those in this repository, for even numbers; all drawn for odd ones."""
    return DRAWN if number % 2 else photographic(shipped_photos())


def assets_folder() -> Path:
    """Where `assets fetch` puts what it prepares: TDN_ASSETS, else ~/.cache/tdn-lens."""
    return Path(os.environ.get("TDN_ASSETS") or Path.home() / ".cache" / "tdn-lens")


def shipped_photos() -> Photos:
    """The evaluation photos of this repository; no training clip shows any of them."""
    return open_photos(SHIPPED)


def fetched_photos() -> Photos | None:
    """The training photos that `assets fetch` prepared, or a person's own in the same folder; None where neither is."""
    folder = assets_folder() / "photos"
    there = (folder / "checksum").is_file() or any((folder / part).is_dir() for part in PARTS)
    return open_photos(folder) if there else None


@lru_cache(maxsize=4)
def open_photos(folder: Path) -> Photos:
    """The photos of a folder. Raises ValueError where it has neither things nor scenes."""
    folder = Path(folder)
    if (folder / "checksum").is_file():
        parts = [np.load(folder / f"{part}.npy", mmap_mode="r") for part in PARTS]
        return Photos(*parts, (folder / "checksum").read_text().strip())
    parts = [read_part(picture_files(folder / part), part) for part in PARTS]
    if not (len(parts[0]) or len(parts[1])):
        raise ValueError(f"{folder}: no photos; expected folders named things (pictures with alpha) and scenes")
    return Photos(*parts, checksum(parts))


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of their names; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)


def read_part(files: list[Path], part: str) -> np.ndarray:
    """The pictures of one part at their working size."""
    prepare = {"things": prepared_thing, "scenes": prepared_scene, "textures": prepared_texture}[part]
    shape = {"things": (THING_SIDE, THING_SIDE, 4), "scenes": (SCENE_HEIGHT, SCENE_WIDTH, 3)}
    pictures = [prepare(read_picture(path)) for path in files]
    return np.array(pictures, np.uint8).reshape(-1, *shape.get(part, (TEXTURE_SIDE, TEXTURE_SIDE, 3)))


def checksum(parts: list[np.ndarray]) -> str:
    """Of all pixels, 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        for picture in part:
            digest.update(np.ascontiguousarray(picture))
    return digest.hexdigest()[:12]


def read_picture(path: Path) -> np.ndarray:
    """uint8 [h, w, 3 or 4], RGB with alpha where the file has it. Raises ValueError for what is no picture."""
    return decoded_picture(path.read_bytes(), path.name)


def decoded_picture(data: bytes, name: str) -> np.ndarray:
    """As `read_picture`, of a file's content."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ValueError(f"{name}: not a readable picture; expected PNG, JPEG or WebP")
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def prepared_thing(picture: np.ndarray) -> np.ndarray:
    """A cut-out [h, w, 4] in the middle of a square [192, 192, 4], inside the circle that touches its sides.

    Where it has no alpha, all of it counts. Clear pixels take the colours of the edge, so that no fringe shows.
    """
    if picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    if picture.shape == (THING_SIDE, THING_SIDE, 4):
        return picture
    rows, columns = np.nonzero(picture[..., 3] > 24)
    if not len(rows):
        raise ValueError("a cut-out that is clear everywhere; expected a picture with something opaque in it")
    picture = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    middle = np.array(picture.shape[:2]) / 2
    reach = np.hypot(rows - rows.min() + 0.5 - middle[0], columns - columns.min() + 0.5 - middle[1]).max()
    scale = (THING_SIDE / 2 - 2) / reach
    width, height = (min(THING_SIDE, max(1, round(side * scale))) for side in picture.shape[1::-1])
    # Scaled with its colours times alpha: what is clear must not bleed into the edge.
    alpha = picture[..., 3:].astype(np.float32) / 255
    flat = np.dstack([picture[..., :3] * alpha, alpha * 255]).astype(np.float32)
    flat = cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    opaque = np.clip(flat[..., 3:], 1, 255) / 255
    square = np.zeros((THING_SIDE, THING_SIDE, 4), np.uint8)
    top, left = (THING_SIDE - height) // 2, (THING_SIDE - width) // 2
    found = np.dstack([flat[..., :3] / opaque, flat[..., 3:]])
    square[top : top + height, left : left + width] = found.round().clip(0, 255)
    return square


def prepared_scene(picture: np.ndarray) -> np.ndarray:
    """The middle of a picture, [360, 480, 3]."""
    return _filled(picture[..., :3], SCENE_HEIGHT, SCENE_WIDTH)


def prepared_texture(picture: np.ndarray) -> np.ndarray:
    """The middle of a picture, [160, 160, 3], its edges blended so that it tiles in both directions."""
    if picture.shape == (TEXTURE_SIDE, TEXTURE_SIDE, 3):
        return picture
    blend = TEXTURE_SIDE // 5
    tile = _filled(picture[..., :3], TEXTURE_SIDE + blend, TEXTURE_SIDE + blend).astype(np.float32)
    ramp = np.linspace(0, 1, blend + 2, dtype=np.float32)[1:-1]
    for axis in (0, 1):
        tile = np.moveaxis(tile, axis, 0)
        weight = ramp[:, None, None]
        tile[:blend] = tile[:blend] * weight + tile[TEXTURE_SIDE:] * (1 - weight)
        tile = np.moveaxis(tile[:TEXTURE_SIDE], 0, axis)
    return tile.round().clip(0, 255).astype(np.uint8)


def _filled(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of a picture that has these proportions, at this size."""
    if picture.shape[:2] == (height, width):
        return picture
    scale = max(height / picture.shape[0], width / picture.shape[1])
    rows, columns = (
        min(whole, round(part / scale)) for whole, part in zip(picture.shape[:2], (height, width), strict=True)
    )
    top, left = (picture.shape[0] - rows) // 2, (picture.shape[1] - columns) // 2
    piece = np.ascontiguousarray(picture[top : top + rows, left : left + columns])
    return cv2.resize(piece, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
