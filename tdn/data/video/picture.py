"""From a decoded frame to the picture that a player shows: colours, fields, transparency, shape, orientation.

What the file says of its pictures is followed as players follow it; where that changes more than the shape, or where
what the file says makes no sense, there is a sentence for the reader (`picture_notes`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tdn.data.video import hdr

if TYPE_CHECKING:
    import av

# Colour matrices, ITU-T H.273. RGB has none; those that nobody converts would be shown in wrong colours.
UNTAGGED, BT709, BT601 = 2, 1, 5
UNCONVERTED = {8: "YCgCo", 10: "BT.2020 with constant luminance", 11: "SMPTE 2085", 12: "chromaticity-derived"} | {
    13: "chromaticity-derived",
    14: "ICtCp",
    15: "IPT",
}
# The usual rule for files that do not say: larger than standard definition is BT.709. Source: mpv, video/csputils.c.
HD_WIDTH, HD_HEIGHT = 1280, 576
# Sample aspect ratios beyond this are a writer's mistake; real ones reach from 0.5 to 2.2.
MOST_ASPECT = 8
# Codecs that store their transparency in every frame though mostly nothing is transparent.
MAYBE_TRANSPARENT = ("gif", "apng", "png")
FIELD_ORDERS = (2, 3, 4, 5)


class Orientation(NamedTuple):
    """Transpose the stored picture or not, then mirror it sideways and upside down: all eight ways to lay it."""

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False


def orientation(frame: av.VideoFrame) -> Orientation | None:
    """How the file's display matrix lays the picture; None for a matrix that is no quarter turn or mirror.

    The matrix takes a point (x, y) to (a x + c y, b x + d y). Source: ISO 14496-12, 6.2.2; ffmpeg's own
    `fftools/ffmpeg_filter.c` applies the same turns and mirrors.
    """
    matrix = _display_matrix(frame)
    if matrix is None:
        return Orientation()
    (a, b, u), (c, d, v) = matrix[:2].astype(float)
    across, down = np.hypot(a, b), np.hypot(c, d)
    if u or v or not across or not down:
        return None
    a, b, c, d = round(a / across, 2), round(b / across, 2), round(c / down, 2), round(d / down, 2)
    if abs(a) == abs(d) == 1 and b == c == 0:
        return Orientation(False, a < 0, d < 0)
    if abs(b) == abs(c) == 1 and a == d == 0:
        return Orientation(True, c < 0, b < 0)
    return None


def _display_matrix(frame: av.VideoFrame) -> np.ndarray | None:
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            return np.frombuffer(bytes(data), np.int32).reshape(3, 3)
    return None


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height with square pixels, of pixels that are `aspect` times as wide as high.

    One side grows, neither shrinks. Source: the HTML standard on the natural size of a video.
    """
    if not aspect or not 1 / MOST_ASPECT <= aspect <= MOST_ASPECT:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def shown_size(frame: av.VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height of the picture as shown."""
    width, height = square_size(frame.width, frame.height, aspect)
    return (height, width) if (orientation(frame) or Orientation()).transposed else (width, height)


def picture_of(frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
    """The picture as shown, at `width` x `height`: uint8 [height, width, 3], RGB."""
    how = orientation(frame) or Orientation()
    stored = _unlaid(frame, height, width) if how.transposed else _unlaid(frame, width, height)
    return np.ascontiguousarray(laid(stored, how))


def laid(picture: np.ndarray, how: Orientation) -> np.ndarray:
    """A stored picture [H, W, ...] as it is shown."""
    picture = picture.swapaxes(0, 1) if how.transposed else picture
    return picture[:: -1 if how.flip_y else 1, :: -1 if how.flip_x else 1]


def _unlaid(frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
    if not frame.interlaced_frame or frame.height < 4:
        return _coloured(frame, width, height)
    field = _top_field(frame)
    return resized(_filled(_coloured(field, field.width, field.height), frame.height), width, height)


def _coloured(frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
    """uint8 [height, width, 3], RGB: high dynamic range mapped, transparent parts on black."""
    if has_alpha(frame.format):
        return resized(on_black(_converted(frame, frame.width, frame.height, "rgba")), width, height)
    if is_hdr(frame):
        return hdr.tone_mapped(_converted(frame, width, height, "rgb48le"), frame.color_trc, frame.color_primaries)
    return _converted(frame, width, height, "rgb24")


def _converted(frame: av.VideoFrame, width: int, height: int, form: str) -> np.ndarray:
    # One thread, as for decoding: more only get in the way of other analyses, and each takes memory of its own.
    return frame.to_ndarray(format=form, width=width, height=height, src_colorspace=colour_matrix(frame), threads=1)


def colour_matrix(frame: av.VideoFrame) -> int | None:
    """The matrix of a frame that does not name one, by the size rule; None where the frame's own serves."""
    if frame.colorspace != UNTAGGED or frame.format.is_rgb:
        return None
    return BT709 if frame.width >= HD_WIDTH or frame.height > HD_HEIGHT else BT601


def is_hdr(frame: av.VideoFrame) -> bool:
    """Whether brightness is coded by PQ or HLG."""
    return frame.color_trc in (hdr.PQ, hdr.HLG)


def has_alpha(form: av.VideoFormat) -> bool:
    """Whether a pixel format has transparency."""
    return any(component.is_alpha for component in form.components)


def on_black(picture: np.ndarray) -> np.ndarray:
    """Compose uint8 [H, W, 4], RGB and alpha, over black: uint8 [H, W, 3]."""
    colour, alpha = picture[..., :3], picture[..., 3:]
    if alpha.min() == 255:
        return colour
    return ((colour.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)


def resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 [H, W, 3] at another size by FFmpeg's bilinear filter; itself at its own."""
    import av

    if picture.shape[:2] == (height, width):
        return picture
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame.to_ndarray(format="rgb24", width=width, height=height, threads=1)


def _top_field(frame: av.VideoFrame) -> av.VideoFrame:
    """The even lines of a frame, a picture of half the height filmed at one moment."""
    import av

    field = av.VideoFrame(frame.width, (frame.height + 1) // 2, frame.format.name)
    for whole, half in zip(frame.planes, field.planes, strict=True):
        lines = np.frombuffer(whole, np.uint8).reshape(-1, whole.line_size)[: whole.height : 2]
        target = np.frombuffer(half, np.uint8).reshape(-1, half.line_size)
        count = min(whole.line_size, half.line_size)
        target[: len(lines), :count] = lines[: half.height, :count]
    field.colorspace, field.color_range = colour_matrix(frame) or frame.colorspace, frame.color_range
    field.color_trc, field.color_primaries = frame.color_trc, frame.color_primaries
    return field


def _filled(field: np.ndarray, height: int) -> np.ndarray:
    """A field at full height: each line between two of its own is their mean, uint8 [height, W, 3]."""
    whole = np.empty((height, *field.shape[1:]), np.uint8)
    whole[0::2] = field
    below = np.concatenate([field[1:], field[-1:]])[: height // 2]
    whole[1::2] = (field[: height // 2].astype(np.uint16) + below + 1) // 2
    return whole


def picture_notes(stream: av.video.stream.VideoStream, frame: av.VideoFrame, aspect: Fraction | None) -> list[str]:
    """Sentences on what is done to the pictures of a stream, seen in its first frame."""
    notes = []
    if orientation(frame) is None:
        notes.append(
            "The file's display matrix is neither a quarter turn nor a mirror: pictures are shown as they are stored."
        )
    if aspect and square_size(1000, 1000, aspect) == (1000, 1000) and aspect != 1:
        notes.append(f"The file says that its pixels are {aspect} times as wide as high, which isn't believed.")
    own = stream.codec_context.sample_aspect_ratio
    if own and aspect and own not in (1, aspect):  # 1 is what a codec says that knows nothing of it
        notes.append(f"The file says that pixels are {aspect} times as wide as high, its codec {own}: the file counts.")
    if frame.interlaced_frame:
        notes.append(
            "The video is interlaced: every second line of a picture is filled in from its neighbours, because it was "
            "filmed at another moment."
        )
    elif stream.codec_context.field_order in FIELD_ORDERS:
        notes.append(
            "The file says that it is interlaced, its first picture does not: in pictures that do, every second line "
            "is filled in from its neighbours."
        )
    if is_hdr(frame):
        name = "PQ" if frame.color_trc == hdr.PQ else "HLG"
        notes.append(f"The video has high dynamic range ({name}): its brightness is mapped to an ordinary screen's.")
    if has_alpha(frame.format) and (stream.codec_context.name not in MAYBE_TRANSPARENT or _is_transparent(frame)):
        notes.append("The video has transparent parts: they are shown on black.")
    if frame.colorspace in UNCONVERTED:
        notes.append(f"The colours are coded as {UNCONVERTED[frame.colorspace]}, which is not converted: they are off.")
    if frame.color_primaries == hdr.BT2020 and not is_hdr(frame):
        notes.append(
            "The colours are those of a wider screen (BT.2020), shown as they are: a little paler than filmed."
        )
    kinds = {data.type.name: bytes(data) for data in frame.side_data}
    if "DOVI_METADATA" in kinds and not is_hdr(frame):
        notes.append("The colours are coded for Dolby Vision alone, which is not converted: they are off.")
    if any(kinds.get("STEREO3D", b"")[:4]):  # 0 is an ordinary picture
        notes.append("The video is stereoscopic: a picture may hold the views of both eyes, and is read as it is.")
    if "SPHERICAL" in kinds:
        notes.append("The video is a panorama for all directions: its pictures are read flat, as they are stored.")
    return notes


def _is_transparent(frame: av.VideoFrame) -> bool:
    return bool((_converted(frame, frame.width, frame.height, "rgba")[..., 3] < 255).any())
