"""Picture files as frames: laid as their EXIF says, 16 bits brought to 8, transparent parts on black."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tdn.data.video import UndecodableFrame
from tdn.data.video.picture import Orientation, laid, on_black
from tdn.lfs import expect_no_pointer

# EXIF 2.3, tag 274: what to do to the stored picture.
EXIF_ORIENTATION = 274
ORIENTATIONS = {
    2: Orientation(False, True, False),
    3: Orientation(False, True, True),
    4: Orientation(False, False, True),
    5: Orientation(True, False, False),
    6: Orientation(True, True, False),
    7: Orientation(True, True, True),
    8: Orientation(True, False, True),
}
# Pictures of 16 bits often hold samples of a camera with fewer; as many of them are looked at to find out.
USUAL_BITS = (8, 10, 12, 14, 16)
PICTURES_LOOKED_AT = 8
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def read_picture(path: Path, bits: int = 0) -> np.ndarray:
    """uint8 [H, W, 3], laid as its EXIF orientation says, transparent parts on black.

    Of a picture of 16 bits a sample the lowest `bits` are the whole range, by default all. Raises UndecodableFrame.
    """
    try:
        with Image.open(path) as image:
            if bits or image.mode[0] in "IF":
                picture = _eight_bits(_samples(path, image), bits or 16)
            elif image.has_transparency_data:
                picture = on_black(np.asarray(image.convert("RGBA")))
            else:
                picture = np.asarray(image.convert("RGB"))
            orientation = _orientation(image)
    except UNREADABLE as error:
        expect_no_pointer(path, UndecodableFrame)
        raise UndecodableFrame(f"{path.parent.name}/{path.name}: not a readable picture ({error})") from None
    return np.ascontiguousarray(laid(picture, orientation))


def _orientation(image: Image.Image) -> Orientation:
    return ORIENTATIONS.get(image.getexif().get(EXIF_ORIENTATION), Orientation())


def _samples(path: Path, image: Image.Image) -> np.ndarray:
    """Samples of a picture of more than 8 bits: uint16 [H, W] or [H, W, C]; 8-bit ones as they are."""
    if image.mode.startswith("I"):
        return np.asarray(image).astype(np.uint16)
    if _is_deep_png(path):  # Pillow 12.3.0 throws the lower half of such samples away
        from tdn.data.video.png import deep_samples

        return deep_samples(path)
    if image.mode == "F":
        raise ValueError("samples are floating-point numbers; expected 8 or 16 bits")
    return np.asarray(image.convert("RGB"))


def _is_deep_png(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(26)
    return head[:8] == b"\x89PNG\r\n\x1a\n" and head[24:25] == b"\x10"  # bits a sample in the first chunk


def _eight_bits(samples: np.ndarray, bits: int) -> np.ndarray:
    if samples.dtype != np.uint8:
        samples = (samples.astype(np.uint32) >> bits - 8).clip(0, 255).astype(np.uint8)
    if samples.ndim == 2:
        samples = samples[..., None]
    channels = samples.shape[2]
    if channels in (2, 4):
        colour = samples[..., :-1].repeat(3 // (channels - 1), axis=2)
        return on_black(np.concatenate([colour, samples[..., -1:]], axis=2))
    return np.ascontiguousarray(samples.repeat(3 // channels, axis=2))


def bits_used(files: list[Path]) -> int:
    """How many bits pictures of 16 bits make use of, 0 for ordinary ones. Raises UndecodableFrame as reading does."""
    largest = -1
    for index in sorted({round(place) for place in np.linspace(0, len(files) - 1, PICTURES_LOOKED_AT)}):
        try:
            with Image.open(files[index]) as image:
                if not image.mode.startswith("I") and not _is_deep_png(files[index]):
                    if largest < 0:
                        return 0
                    continue
                samples = _samples(files[index], image)
        except UNREADABLE as error:
            raise UndecodableFrame(f"{files[index].parent.name}/{files[index].name}: not readable ({error})") from None
        if samples.ndim == 3 and samples.shape[2] in (2, 4):
            samples = samples[..., :-1]  # not the alpha
        largest = max(largest, int(samples.max()))
    return next(bits for bits in USUAL_BITS if largest < 1 << bits) if largest > 0 else 16  # 0: all black


def first_picture(path: Path) -> tuple[tuple[int, int], list[str]]:
    """Height and width of a picture as shown, and sentences on what its header says beyond that."""
    picture = read_picture(path)
    notes = []
    with Image.open(path) as image:
        if image.has_transparency_data:
            notes.append("The pictures have transparent parts: they are shown on black.")
        if name := _foreign_profile(image):
            notes.append(f"The pictures bring a colour profile, {name}, which is not applied.")
        if image.info.get("jfif_unit") == 0 and len(set(image.info.get("jfif_density", (1, 1)))) == 2:
            x, y = image.info["jfif_density"]
            notes.append(f"The pictures' headers give their pixels the shape {x}:{y}, which is not applied.")
    return picture.shape[:2], notes


def _foreign_profile(image: Image.Image) -> str:
    """The name of a colour profile that is not that of an ordinary screen."""
    if not image.info.get("icc_profile"):
        return ""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        name = " ".join(ImageCms.getProfileDescription(profile).split())[:60]
    except (OSError, ImageCms.PyCMSError):
        return "one that cannot be read"
    return "" if "srgb" in name.lower().replace(" ", "") else name


def shown_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as shown, from its header."""
    try:
        with Image.open(path) as image:
            return image.size[::-1] if _orientation(image).transposed else image.size
    except UNREADABLE as error:
        expect_no_pointer(path, UndecodableFrame)
        raise UndecodableFrame(f"{path.parent.name}/{path.name}: not a readable picture ({error})") from None
