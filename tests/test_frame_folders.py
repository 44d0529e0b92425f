"""Folders of pictures, single pictures with more to them than pixels, and animated WebP."""

import re
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from tdn.data.check import read_items, report_on
from tdn.data.clip import load_clip
from tdn.data.datasets import open_dataset
from tdn.data.frame_folders import expect_one_size, frame_files
from tdn.data.source import decode_frames, probe
from tdn.data.video import TooManyFrames, UndecodableFrame, UnreadableVideo, UnsuitablePicture, write_mp4
from tests.test_clip import Taker
from tests.test_shown import drawn
from tests.test_video import HEIGHT, WIDTH, number_of, numbered

TWELVE = tuple(range(12))


def write_frames(folder: Path, name: str, numbers: Iterable[int] = TWELVE, shift: int = 0):
    """Pictures that show their number plus `shift`, in files called as `name` says."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        Image.fromarray(numbered(number + shift)).save(folder / name.format(number))


def shown(path: Path) -> list[int]:
    info = probe(path)
    return [number_of(frame) for _, frame in decode_frames(path, range(info.num_frames), info)]


# Which pictures are the frames


@pytest.mark.parametrize(
    "name",
    [
        *("{:05d}.png", "img_{:05d}.png", "frame{:d}_30fps.png", "v_Run_g01_c02_{:04d}.png", "cam2-{:03d}.bmp"),
        *("frame_{0:03d}_t{0:d}5.png", "{:d}.webp"),
    ],
)
def test_the_number_that_counts_orders_the_frames(name, tmp_path):
    write_frames(tmp_path / "f", name)
    assert shown(tmp_path / "f") == list(range(12))
    assert probe(tmp_path / "f").notes == ()


@pytest.mark.parametrize(
    ("rgb", "other"),
    [
        *(("img_{:05d}.png", "flow_x_{:05d}.png"), ("image_{:05d}.png", "mask_{:05d}.png")),
        *(("{:05d}.png", "thumb_{:05d}.png"), ("frame_{:010d}.png", "frame_{:010d}_depth.png")),
        *(("IMG_{:04d}.png", "u_{:d}.png"), ("rgb-{:d}.png", "x{:d}.png"), ("color{:d}.png", "depth{:d}.png")),
    ],
)
def test_of_several_sequences_the_one_with_a_usual_name_is_read_and_the_others_are_named(rgb, other, tmp_path):
    write_frames(tmp_path / "f", rgb)
    write_frames(tmp_path / "f", other, range(14), shift=100)
    assert shown(tmp_path / "f") == list(range(12))
    left_out = other.replace("{:05d}", "#").replace("{:010d}", "#").replace("{:d}", "#")
    assert f"{left_out} (14)" in probe(tmp_path / "f").notes[0]


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ("left{:03d}.png", "right{:03d}.png", r"left#\.png \(12\), right#\.png \(12\)"),
        ("img_{:03d}.png", "{:03d}.png", r"#\.png \(12\), img_#\.png \(12\)"),
        ("cam1_{:03d}.png", "cam2_{:03d}.png", r"cam1_#\.png \(12\), cam2_#\.png \(12\)"),
        ("{:03d}.jpg", "{:03d}.png", r"#\.jpg \(12\), #\.png \(12\)"),
    ],
)
def test_several_sequences_alike_are_refused_with_their_names(one, other, named, tmp_path):
    write_frames(tmp_path / "f", one)
    write_frames(tmp_path / "f", other)
    with pytest.raises(UnreadableVideo, match=f"^f: holds several sequences of pictures, {named}; expected one"):
        probe(tmp_path / "f")


def test_a_single_picture_beside_a_sequence_is_left_out_and_named(tmp_path):
    write_frames(tmp_path / "f", "shot{:02d}.png")
    write_frames(tmp_path / "f", "poster{:d}.png", [7])
    Image.fromarray(numbered(0)).save(tmp_path / "f" / "cover.png")
    assert shown(tmp_path / "f") == list(range(12))
    assert probe(tmp_path / "f").notes[0].endswith("beside them: poster7.png (1), cover.png.")


def test_files_of_two_kinds_may_make_one_sequence(tmp_path):
    write_frames(tmp_path / "f", "{:03d}.png", range(6))
    write_frames(tmp_path / "f", "{:03d}.BMP", range(6, 12))
    assert shown(tmp_path / "f") == list(range(12))


def test_two_numbers_that_count_in_two_orders_are_refused(tmp_path):
    for number in range(4):
        Image.new("RGB", (64, 48)).save(tmp_path / f"{number}_{9 - number}.jpg")
    with pytest.raises(UnreadableVideo, match=r"in two orders: 0_9.jpg or 3_6.jpg is the first"):
        probe(tmp_path)


def test_two_pictures_with_one_number_are_refused(tmp_path):
    write_frames(tmp_path / "f", "img_{:05d}.png")
    write_frames(tmp_path / "f", "img_{:d}.png", [4])
    with pytest.raises(UnreadableVideo, match=r"^f: img_00004\.png and img_4\.png are both frame 4; remove one"):
        frame_files(tmp_path / "f")


def test_pictures_of_two_sizes_are_refused(tmp_path):
    write_frames(tmp_path / "f", "{:03d}.png")
    Image.new("RGB", (64, 32)).save(tmp_path / "f" / "005.png")
    said = rf"^f: 005\.png is 64x32 pixels and 000\.png {WIDTH}x{HEIGHT}; expected pictures of one size"
    with pytest.raises(UnreadableVideo, match=said):
        shown(tmp_path / "f")
    with pytest.raises(UnreadableVideo, match=said):
        expect_one_size(tmp_path / "f")
    with pytest.raises(UnreadableVideo, match=said):
        load_clip(tmp_path / "f", Taker())


def test_a_check_of_a_data_set_tells_of_its_folders(tmp_path):
    write_frames(tmp_path / "run", "unused{:d}.png", [])
    for clip in ("sound", "mixed", "doubled", "gap", "flow"):
        write_frames(tmp_path / "run" / clip, "img_{:03d}.png", range(40))
    Image.new("RGB", (64, 32)).save(tmp_path / "run" / "mixed" / "img_003.png")
    write_frames(tmp_path / "run" / "doubled", "img_{:d}.png", [3])
    (tmp_path / "run" / "gap" / "img_020.png").unlink()
    write_frames(tmp_path / "run" / "flow", "flow_x_{:03d}.png", range(40))
    dataset = open_dataset(str(tmp_path), "train")
    report = report_on(dataset, read_items(dataset.items))
    said = {Path(name).name: why for name, why in report.unreadable.items()}
    assert set(said) == {"mixed", "doubled", "gap"}
    assert "img_003.png is 64x32" in said["mixed"] and "both frame 3" in said["doubled"]
    assert "frame 20 is missing" in said["gap"]
    assert any("flow: The frames are img_#.png (40); left out" in warning for warning in report.warnings)


def test_a_check_of_a_data_set_tells_of_files_that_break_off(tmp_path):
    (tmp_path / "run").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), np.uint8)
    write_mp4(tmp_path / "run" / "half.mp4", noise)
    data = (tmp_path / "run" / "half.mp4").read_bytes()
    (tmp_path / "run" / "half.mp4").write_bytes(data[: 2 * len(data) // 3])
    dataset = open_dataset(str(tmp_path), "train")
    warnings = " ".join(report_on(dataset, read_items(dataset.items)).warnings)
    assert re.search(r"1 of 1 clips, such as run/half.mp4: The file breaks off: only the first \d\d of 40", warnings)


# What a picture's header says


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_pictures_are_laid_as_their_exif_says(orientation, ending, tmp_path):
    exif = Image.Exif()
    exif[274] = orientation
    picture = Image.fromarray(drawn())
    for number in range(3):
        picture.save(tmp_path / f"{number}.{ending}", exif=exif, quality=100, subsampling=0, lossless=True)
    info = probe(tmp_path)
    with Image.open(tmp_path / f"0.{ending}") as saved:
        truth = np.asarray(ImageOps.exif_transpose(saved).convert("RGB"))
    assert (info.height, info.width) == truth.shape[:2]
    for _, frame in decode_frames(tmp_path, range(3), info):
        assert (frame == truth).all()
    expect_one_size(tmp_path)


def deep_png(path: Path, samples: np.ndarray) -> None:
    """A PNG of 16 bits, grey [H, W] or [H, W, C] in colour, which Pillow does not write."""
    channels = samples.shape[2] if samples.ndim == 3 else 1
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = samples.astype(">u2").reshape(len(samples), -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">2I5B", samples.shape[1], samples.shape[0], 16, colour_type, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("colour", [False, True])
def test_pictures_of_16_bits_are_those_of_8(bits, colour, tmp_path):
    dim = drawn() // (16 if bits == 16 else 1)  # all 16 bits are in use where one frame is bright
    truth = [dim, dim, drawn()]
    for number, picture in enumerate(truth):
        samples = picture.astype(np.uint16) << bits - 8
        deep_png(tmp_path / f"{number}.png", samples if colour else samples[..., 1])
    info = probe(tmp_path)
    for index, frame in decode_frames(tmp_path, range(3), info):
        expected = truth[index] if colour else truth[index][..., 1:2].repeat(3, 2)
        assert (frame == expected).all()
    assert [f"use {bits} of them" in note for note in info.notes] == [True] * (bits < 16)


def test_pictures_of_16_bits_in_a_tif_are_those_of_8(tmp_path):
    Image.fromarray(drawn()[..., 0].astype(np.uint16) << 8).save(tmp_path / "1.tif")
    assert (dict(decode_frames(tmp_path, [0]))[0] == drawn()[..., :1]).all()


def test_transparent_parts_of_16_bits_are_black(tmp_path):
    samples = np.full((32, 32, 4), 40_000, np.uint16)
    samples[:16, :, 3], samples[16:, :, 3] = 65_535, 0
    deep_png(tmp_path / "1.png", samples)
    picture = dict(decode_frames(tmp_path, [0]))[0]
    assert (picture[:16] == 40_000 >> 8).all() and not picture[16:].any()


def test_a_broken_picture_of_16_bits_is_named(tmp_path):
    deep_png(tmp_path / "1.png", np.full((32, 32, 3), 40_000, np.uint16))
    data = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(data[:60])
    with pytest.raises(UndecodableFrame, match=r"1\.png"):
        probe(tmp_path)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_of_pictures_are_black_and_it_is_said(mode, tmp_path):
    alpha = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    alpha[:24], alpha[24:, :, :3] = 200, 90
    picture = Image.fromarray(alpha)
    (picture.quantize(8) if mode == "P" else picture.convert(mode)).save(tmp_path / "1.png")
    shown_picture = dict(decode_frames(tmp_path, [0]))[0]
    assert not shown_picture[24:].any() and shown_picture[:20].min() > 100
    assert "transparent parts: they are shown on black" in probe(tmp_path).notes[0]


def test_a_colour_profile_that_is_not_applied_is_said(tmp_path):
    for name, kind in (("lab", "LAB"), ("srgb", "sRGB")):
        (tmp_path / name).mkdir()
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()
        Image.fromarray(drawn()).save(tmp_path / name / "1.png", icc_profile=profile)
    assert "colour profile, Lab identity built-in, which is not applied" in probe(tmp_path / "lab").notes[0]
    assert probe(tmp_path / "srgb").notes == ()


# Animated WebP (FFmpeg 8.1.2 opens none: InvalidDataError, as decord and OpenCV do)


@pytest.fixture
def webp(tmp_path) -> Path:
    pictures = [Image.fromarray(numbered(number)) for number in range(6)]
    path = tmp_path / "a.webp"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100, 100, 100, 2000, 100, 0])
    return path


def test_an_animated_webp_is_a_video(webp):
    info = probe(webp)
    assert (info.num_frames, info.width, info.height) == (6, WIDTH, HEIGHT)
    assert info.fps == pytest.approx(10)
    assert info.times_sec == pytest.approx([0, 0.1, 0.2, 0.3, 2.3, 2.4])
    assert "pauses once, for up to 2 seconds after frame 3" in info.notes[0]
    assert [(n, number_of(frame)) for n, frame in decode_frames(webp, [4, 0, 5])] == [(0, 0), (4, 4), (5, 5)]
    assert load_clip(webp, Taker()).tensor.shape == (1, 8, 5, 3, 32, 32)


def test_limits_hold_for_an_animated_webp(webp):
    with pytest.raises(TooManyFrames, match="more than 5 frames"):
        probe(webp, 10**6, 5)
    with pytest.raises(UnsuitablePicture, match="at most 100 pixels"):
        probe(webp, 100)
    with pytest.raises(ValueError, match="frame 6 does not exist; expected 0 to 5"):
        list(decode_frames(webp, [6]))


def test_a_broken_animated_webp_is_one_sentence(webp):
    data = webp.read_bytes()
    webp.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableVideo, match=r"^a\.webp: an animated WebP that is broken"):
        probe(webp)


def test_a_still_webp_is_refused_with_what_is_read(tmp_path):
    Image.fromarray(drawn()).save(tmp_path / "still.webp")
    with pytest.raises(UnreadableVideo, match="or an animated PNG or WebP"):
        probe(tmp_path / "still.webp")
