"""Frames are as a player shows them: turned, mirrored, in shape, in colour, on black, without combs.

Files are drawn here, without loss where a codec has that, and compared with what was drawn.
"""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tdn.data.clip import load_clip
from tdn.data.video import UnreadableVideo, VideoInfo, probe, read_frames, write_mp4
from tests.h264_fields import write_fields
from tests.test_clip import SMALL_CROP, Taker

HEIGHT, WIDTH = 64, 96
LOSSLESS = {"qp": "0", "preset": "ultrafast"}
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (255, 255, 0), (128, 128, 128)]


def drawn(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A picture that no turn and no mirror leaves as it is: uint8 [height, width, 3]."""
    picture = np.full((height, width, 3), 40, np.uint8)
    picture[: height // 2, : width // 2] = (230, 30, 30)
    picture[: height // 2, width // 2 :] = (30, 200, 30)
    picture[height // 2 :, : width // 4] = (30, 30, 220)
    return picture


def write(
    path: Path, frames: list[av.VideoFrame], codec: str = "libx264", options=LOSSLESS, pixels="yuv444p", prepare=None
):
    """Encode frames as PyAV allows and `write_mp4` does not; `prepare` is given the stream first."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, pixels
        stream.options = dict(options)
        if prepare is not None:
            prepare(stream)
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def rgb_frames(*pictures: np.ndarray) -> list[av.VideoFrame]:
    return [av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv444p") for picture in pictures]


def off(found: np.ndarray, truth: np.ndarray) -> int:
    assert found.shape == truth.shape
    return int(np.abs(found.astype(int) - truth).max())


def notes_of(info: VideoInfo) -> str:
    return " ".join(info.notes)


# The display matrix

ORIENTATIONS = {
    "as stored": (1, 0, 0, 1),
    "mirrored": (-1, 0, 0, 1),
    "upside down and mirrored": (1, 0, 0, -1),
    "half turn": (-1, 0, 0, -1),
    "quarter turn clockwise": (0, 1, -1, 0),
    "quarter turn anticlockwise": (0, -1, 1, 0),
    "transposed": (0, 1, 1, 0),
    "transposed over the other diagonal": (0, -1, -1, 0),
}


def laid(picture: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Each point (x, y), from the middle, goes to (a x + c y, b x + d y): ISO 14496-12, 6.2.2."""
    a, b, c, d = matrix
    height, width = picture.shape[:2]
    shape = (height, width) if a else (width, height)
    shown = np.zeros((*shape, 3), np.uint8)
    y, x = np.mgrid[:height, :width]
    from_middle_x, from_middle_y = 2 * x - (width - 1), 2 * y - (height - 1)
    new_x = (a * from_middle_x + c * from_middle_y + shape[1] - 1) // 2
    new_y = (b * from_middle_x + d * from_middle_y + shape[0] - 1) // 2
    shown[new_y, new_x] = picture
    return shown


def matrix_setter(a: float, b: float, c: float, d: float):
    values = [round(65536 * value) for value in (a, b, 0, c, d, 0, 0, 0, 1 << 14)]
    return lambda stream: stream.set_display_matrix(values)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("name", ORIENTATIONS)
def test_pictures_are_laid_as_the_display_matrix_says(name, ending, tmp_path):
    path, matrix = tmp_path / f"laid.{ending}", ORIENTATIONS[name]
    write(path, rgb_frames(drawn(), drawn()), prepare=matrix_setter(*matrix))
    info, truth = probe(path), laid(drawn(), matrix)
    assert (info.height, info.width) == truth.shape[:2]
    assert off(read_frames(path, [1])[0], truth) <= 2
    assert info.notes == ()


@pytest.mark.parametrize("matrix", [(0.866, 0.5, -0.5, 0.866), (0, 0, 0, 0), (1, 0, 1, 0)])
def test_a_matrix_that_is_no_turn_and_no_mirror_is_said(matrix, tmp_path):
    path = tmp_path / "odd.mov"
    write(path, rgb_frames(drawn()))
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    a, b, c, d = (round(65536 * value) for value in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    assert "display matrix is neither a quarter turn nor a mirror" in notes_of(probe(path))
    assert off(read_frames(path, [0])[0], drawn()) <= 2


# The shape of pixels


def aspect_setter(aspect: Fraction):
    def prepare(stream):
        stream.codec_context.sample_aspect_ratio = aspect

    return prepare


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Fraction(2), (192, 64)), (Fraction(1, 2), (96, 128)), (Fraction(16, 15), (102, 64)), (Fraction(8, 9), (96, 72))],
)
def test_pixels_become_square(aspect, size, ending, tmp_path):
    path = tmp_path / f"shape.{ending}"
    write(path, rgb_frames(drawn()), prepare=aspect_setter(aspect))
    info = probe(path)
    assert (info.width, info.height) == size
    frame = read_frames(path, [0])[0]
    assert frame.shape[:2] == (info.height, info.width)
    assert np.abs(frame.astype(int) - np.asarray(Image.fromarray(drawn()).resize(size, 2))).mean() < 2


def test_a_turned_picture_gets_the_shape_of_its_pixels_before_it_is_turned(tmp_path):
    def prepare(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        matrix_setter(0, 1, -1, 0)(stream)

    write(tmp_path / "both.mp4", rgb_frames(drawn()), prepare=prepare)
    info = probe(tmp_path / "both.mp4")
    assert (info.width, info.height) == (64, 192)
    assert read_frames(tmp_path / "both.mp4", [0]).shape == (1, 192, 64, 3)


def test_the_view_is_cut_from_the_picture_in_its_shape(tmp_path):
    narrow, wide = tmp_path / "narrow.mp4", tmp_path / "wide.mp4"
    write(narrow, rgb_frames(*[drawn()] * 6), prepare=aspect_setter(Fraction(2)))
    write(wide, rgb_frames(*[drawn(64, 192)] * 6))
    stretched, plain = load_clip(narrow, Taker(SMALL_CROP)), load_clip(wide, Taker(SMALL_CROP))
    assert stretched.centre_frames.shape == plain.centre_frames.shape == (8, 64, 192, 3)
    assert stretched.seen_box == plain.seen_box
    assert (stretched.tensor - plain.tensor).abs().mean() < 0.05


def test_an_absurd_shape_of_pixels_is_not_believed_and_said(tmp_path):
    write(tmp_path / "absurd.mp4", rgb_frames(drawn()), prepare=aspect_setter(Fraction(20)))
    info = probe(tmp_path / "absurd.mp4")
    assert (info.width, info.height) == (WIDTH, HEIGHT)
    assert "pixels are 20 times as wide as high, which isn't believed" in notes_of(info)


def test_a_file_and_a_codec_that_disagree_on_the_shape_are_said(tmp_path):
    path = tmp_path / "two.mp4"
    write(path, rgb_frames(drawn()), prepare=aspect_setter(Fraction(2)))
    data = path.read_bytes()
    place = data.index(b"pasp") + 4
    path.write_bytes(data[:place] + struct.pack(">2I", 3, 2) + data[place + 8 :])
    info = probe(path)
    assert (info.width, info.height) == (144, 64)
    assert "3/2 times as wide as high, its codec 2: the file counts" in notes_of(info)


# Colours

MATRICES = {709: (0.2126, 0.0722), 601: (0.299, 0.114), 240: (0.212, 0.087), 2020: (0.2627, 0.0593)}
TAGS = {709: 1, 601: 6, 240: 7, 2020: 9}


def stripes(height: int, width: int) -> np.ndarray:
    return np.repeat(np.array(COLOURS, np.uint8), width // len(COLOURS) + 1, axis=0)[None, :width].repeat(height, 0)


def coded(picture: np.ndarray, matrix: int, full: bool, bits: int = 8) -> np.ndarray:
    """RGB in 0 to 1 as Y, Cb, Cr planes [3, H, W] of `bits`. Source: ITU-T H.273, 8.3."""
    red, blue = MATRICES[matrix]
    luma = picture @ [red, 1 - red - blue, blue]
    chroma = (picture[..., 2] - luma) / (2 - 2 * blue), (picture[..., 0] - luma) / (2 - 2 * red)
    unit, top = 1 << bits - 8, (1 << bits) - 1
    if full:
        planes = [luma * top, *(128 * unit + part * top for part in chroma)]
    else:
        planes = [unit * (16 + 219 * luma), *(unit * (128 + 224 * part) for part in chroma)]
    return np.stack(planes).round().clip(0, top)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("size", "matrix", "tagged"),
    [
        ((1280, 720), 709, False),
        ((720, 1280), 709, False),
        ((720, 576), 601, False),
        ((720, 576), 709, True),
        ((1280, 720), 601, True),
        ((320, 240), 240, True),
        ((320, 240), 2020, True),
    ],
)
def test_colours_follow_the_tag_and_without_one_the_size(size, matrix, tagged, full, tmp_path):
    picture = stripes(size[1], size[0])
    frame = av.VideoFrame.from_ndarray(coded(picture / 255, matrix, full).astype(np.uint8), format="yuv444p")

    def prepare(stream):
        frame.color_range = stream.codec_context.color_range = 2 if full else 1
        frame.colorspace = stream.codec_context.colorspace = TAGS[matrix] if tagged else 2

    write(tmp_path / "c.mp4", [frame], prepare=prepare, options=LOSSLESS)
    assert off(read_frames(tmp_path / "c.mp4", [0])[0], picture) <= 2


@pytest.mark.parametrize(
    ("codec", "options", "pixels", "tolerance"),
    [
        ("libvpx-vp9", {"lossless": "1"}, "yuv444p", 2),
        ("ffv1", {}, "yuv444p", 2),
        ("libsvtav1", {"crf": "1", "preset": "12"}, "yuv420p", 6),
    ],
)
def test_full_range_holds_in_other_codecs(codec, options, pixels, tolerance, tmp_path):
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    picture = stripes(64, 112)
    frame = av.VideoFrame.from_ndarray(coded(picture / 255, 709, True).astype(np.uint8), format="yuv444p")
    frame.color_range, frame.colorspace = 2, 1
    frame = frame.reformat(format=pixels, src_color_range=2, dst_color_range=2)
    frame.color_range, frame.colorspace = 2, 1

    def prepare(stream):
        stream.codec_context.color_range, stream.codec_context.colorspace = 2, 1

    write(tmp_path / "c.mkv", [frame], codec, options, pixels, prepare=prepare)
    shown = read_frames(tmp_path / "c.mkv", [0])[0]
    assert off(shown[:, 8::17], picture[:, 8::17]) <= tolerance  # the middles of stripes


def as_pq(light: np.ndarray) -> np.ndarray:
    """Light in units of 10 000 candela a square metre as PQ codes it. Source: SMPTE ST 2084."""
    power = light ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def as_hlg(light: np.ndarray) -> np.ndarray:
    """Light on a screen of 1000 candela a square metre, grey, as HLG codes it. Source: ITU-R BT.2100."""
    scene = light ** (1 / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


GREYS = np.array([0, 20, 60, 100, 150, 200, 235, 255], np.uint8)


def light_of(grey: np.ndarray) -> np.ndarray:
    """sRGB to linear light."""
    share = grey / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def write_hdr(path: Path, codes: np.ndarray, transfer: int) -> None:
    """Vertical stripes of coded RGB [K, 3], BT.2020, as 10-bit video."""
    picture = np.repeat(codes, 16, axis=0)[None].repeat(32, 0)
    planes = coded(picture, 2020, False, bits=10).astype(np.uint16)
    frame = av.VideoFrame(picture.shape[1], 32, "yuv444p10le")
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, : values.shape[1]] = values
        plane.update(rows.tobytes())
    frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = 9, 1, transfer, 9

    def prepare(stream):
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_trc, context.color_primaries = 9, 1, transfer, 9

    write(path, [frame], "ffv1", {}, "yuv444p10le", prepare)


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_mapped_to_the_greys_of_an_ordinary_picture(transfer, name, tmp_path):
    light = 203 * light_of(GREYS)
    codes = as_pq(light / 10_000) if transfer == 16 else as_hlg(light / 1000)
    write_hdr(tmp_path / "hdr.mkv", np.stack([codes] * 3, axis=-1), transfer)
    shown = read_frames(tmp_path / "hdr.mkv", [0])[0][16, 8::16]
    assert np.abs(shown.astype(int) - GREYS[:, None]).max() <= 8
    assert f"high dynamic range ({name})" in notes_of(probe(tmp_path / "hdr.mkv"))


def test_the_colours_of_high_dynamic_range_are_those_of_an_ordinary_picture(tmp_path):
    to_bt2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    colours = np.array([(220, 60, 60), (60, 200, 60), (60, 60, 220), (200, 200, 60), (120, 180, 200)])
    write_hdr(tmp_path / "hdr.mkv", as_pq(light_of(colours) @ to_bt2020.T * 203 / 10_000), 16)
    shown = read_frames(tmp_path / "hdr.mkv", [0])[0][16, 8::16]
    assert np.abs(shown.astype(int) - colours).max() <= 6


def test_what_is_brighter_than_white_stays_in_order(tmp_path):
    codes = as_pq(np.array([203, 400, 1000, 4000]) / 10_000)
    write_hdr(tmp_path / "hdr.mkv", np.stack([codes] * 3, axis=-1), 16)
    shown = read_frames(tmp_path / "hdr.mkv", [0])[0][16, 8::16, 0].astype(int)
    assert 240 < shown[0] < shown[1] < shown[2] <= shown[3] <= 255


# Transparency


def see_through() -> np.ndarray:
    """uint8 [H, W, 4]: red, opaque above, half in the middle, gone below."""
    picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    picture[..., 0] = 200
    picture[:24, :, 3], picture[24:40, :, 3] = 255, 128
    return picture


def test_transparent_parts_are_black_in_pictures_of_a_mov(tmp_path):
    frame = av.VideoFrame.from_ndarray(see_through(), format="rgba")
    write(tmp_path / "a.mov", [frame], "png", {}, "rgba")
    shown = read_frames(tmp_path / "a.mov", [0])[0][:, 10, 0]
    assert (shown[10], shown[30], shown[50]) == (200, 100, 0)
    assert "transparent parts: they are shown on black" in notes_of(probe(tmp_path / "a.mov"))


def test_transparent_parts_are_black_in_a_webm(tmp_path):
    frames = [
        av.VideoFrame.from_ndarray(see_through(), format="rgba").reformat(format="yuva420p", width=WIDTH)
        for _ in range(3)
    ]
    write(tmp_path / "a.webm", frames, "libvpx-vp9", {"auto-alt-ref": "0", "crf": "5", "b": "1M"}, "yuva420p")
    shown = read_frames(tmp_path / "a.webm", [2])[0][:, 10, 0].astype(int)
    assert np.abs(shown[[10, 30, 58]] - [200, 100, 0]).max() <= 6
    assert "transparent parts" in notes_of(probe(tmp_path / "a.webm"))


def test_an_opaque_gif_has_no_note(tmp_path):
    frames = [Image.fromarray(drawn()), Image.fromarray(255 - drawn())]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    assert probe(tmp_path / "a.gif").notes == ()


# Fields


def moving_bar(number: int) -> np.ndarray:
    """Two moments in one picture, grey [H, W]: a bar at one place in the even lines, further on in the odd ones."""
    picture = np.full((HEIGHT, WIDTH), 60, np.uint8)
    picture[0::2, 6 * number : 6 * number + 12] = 200
    picture[1::2, 6 * number + 3 : 6 * number + 15] = 200
    return picture


def expect_no_combs(frame: np.ndarray, number: int, tolerance: int) -> None:
    """Every line shows the moment of the even lines, at the levels of grey 60 and 200 in limited range."""
    line = np.full(WIDTH, round((60 - 16) * 255 / 219))
    line[6 * number : 6 * number + 12] = round((200 - 16) * 255 / 219)
    assert np.abs(frame[..., 1].astype(int) - line).max() <= tolerance


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_interlaced_pictures_lose_their_combs_and_it_is_said(order, tmp_path):
    path = tmp_path / "i.mp4"
    frames = []
    for number in range(6):
        planes = np.concatenate([moving_bar(number), np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
        frames.append(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
    write(path, frames, options={"crf": "1", "x264-params": f"{order}=1"}, pixels="yuv420p")
    for number, frame in enumerate(read_frames(path, range(6))):
        expect_no_combs(frame, number, tolerance=12)
    assert "The video is interlaced" in notes_of(probe(path))


# FFmpeg 8.1.2 makes one picture of two packets, and `stream.frames` of an MP4 counts the packets.
@pytest.mark.parametrize("ending", ["ts", "mp4", "mkv"])
def test_two_packets_that_are_the_fields_of_one_picture_are_one_frame(ending, tmp_path):
    path = tmp_path / f"fields.{ending}"
    write_fields(path, [moving_bar(number) for number in range(10)])
    info = probe(path)
    assert (info.num_frames, info.missing_frames) == (10, 0)
    assert info.fps == pytest.approx(25)
    assert "The video is interlaced" in notes_of(info)
    for number, frame in zip([0, 3, 4, 9], read_frames(path, [0, 3, 4, 9]), strict=True):
        expect_no_combs(frame, number, tolerance=1)


# decord


def test_decord_refuses_a_file_that_it_shows_otherwise(tmp_path):
    pytest.importorskip("decord")
    write(tmp_path / "mirrored.mp4", rgb_frames(drawn(), drawn()), prepare=matrix_setter(-1, 0, 0, 1))
    with pytest.raises(UnreadableVideo, match="decord shows other pictures than a player"):
        read_frames(tmp_path / "mirrored.mp4", [0, 1], decoder="decord")


# Our own files


def test_colours_survive_our_own_files(tmp_path):
    picture = stripes(720, 1280)
    write_mp4(tmp_path / "own.mp4", [picture], crf=1)
    middles = read_frames(tmp_path / "own.mp4", [0])[0][360, 90 : 1280 - 90 : 183]
    assert np.abs(middles.astype(int) - picture[360, 90 : 1280 - 90 : 183]).max() <= 4
