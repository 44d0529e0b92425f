"""Frames by number, over containers and codecs, and over everything that is wrong with a file.

Written videos carry their frame number as eight black or white blocks, so that a frame proves which one it is.
"""

import gc
import os
import struct
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tdn.data.video import (
    NoVideoStream,
    UndecodableFrame,
    UnreadableVideo,
    UnsuitablePicture,
    VideoError,
    decode_frames,
    probe,
    read_frames,
    write_mp4,
)

HEIGHT, WIDTH = 48, 128
LENGTH = 100


def numbered(number: int) -> np.ndarray:
    """A frame showing `number` modulo 256 as 16-pixel blocks, lowest bit first, over a stripe that moves."""
    frame = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    for bit in range(8):
        frame[:24, 16 * bit : 16 * bit + 16] = 235 if number >> bit & 1 else 20
    frame[28:44, 3 * number % 110 :][:, :18] = (200, 100, 50)
    return frame


def number_of(frame: np.ndarray) -> int:
    return sum((frame[6:18, 16 * bit + 4 : 16 * bit + 12].mean() > 128) << bit for bit in range(8))


def numbers_of(frames: np.ndarray) -> list[int]:
    return [number_of(frame) for frame in frames]


def write_video(path: Path, codec: str, options=(), pts=None, rate=25, pixels="yuv420p", b_frames=None, seekable=True):
    """Encode LENGTH numbered frames as PyAV allows and `write_mp4` does not."""
    target, name_format = (str(path), None) if seekable else (Pipe(path), path.suffix[1:])
    with av.open(target, "w", format=name_format) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        stream.options = dict(options)
        if b_frames is not None:
            stream.codec_context.max_b_frames = b_frames
        for number in range(LENGTH):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24").reformat(format=pixels)
            if pts is not None:
                frame.pts, frame.time_base = pts(number), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


class Pipe:
    """A file that cannot seek, as a browser's recorder writes to: no duration, no index."""

    def __init__(self, path: Path):
        self.path = path

    def write(self, data: bytes) -> int:
        with self.path.open("ab") as file:
            return file.write(data)


X264 = {"g": "30", "bf": "3"}
X265 = "log-level=none:keyint=30:bframes=4:open-gop=1"
VARIANTS = {
    "b_frames.mp4": ("libx264", {"options": X264}),
    "b_frames.mkv": ("libx264", {"options": X264}),
    "b_frames.avi": ("libx264", {"options": X264}),
    "b_frames.ts": ("libx264", {"options": X264}),
    "b_frames.flv": ("libx264", {"options": X264}),
    "b_frames.h264": ("libx264", {"options": X264}),
    "open_gop.mp4": ("libx264", {"options": {"x264-params": "open-gop=1:keyint=30:bframes=3"}}),
    "intra_refresh.mp4": ("libx264", {"options": {"x264-params": "intra-refresh=1:keyint=30:bframes=2"}}),
    "every_frame_a_key.mp4": ("libx264", {"options": {"g": "1"}}),
    "variable_rate.mp4": ("libx264", {"options": X264, "rate": 100, "pts": lambda n: 4 * n + n * n % 3}),
    "h265.mp4": ("libx265", {"options": {"x265-params": X265}}),
    "h265.mkv": ("libx265", {"options": {"x265-params": X265}}),
    "vp8_alternate_references.webm": ("libvpx", {"options": {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "1M"}}),
    "vp9.webm": ("libvpx-vp9", {"options": {"auto-alt-ref": "1", "lag-in-frames": "16", "g": "40"}}),
    "no_duration.webm": ("libvpx", {"options": {"g": "40", "b": "1M"}, "seekable": False}),
    "mpeg4.avi": ("mpeg4", {"options": {"g": "12"}, "b_frames": 2}),
    "mpeg4.mp4": ("mpeg4", {"options": {"g": "12"}, "b_frames": 2}),
    "mpeg2.mpg": ("mpeg2video", {"options": {"g": "12"}, "b_frames": 2}),
    "mpeg1.mpg": ("mpeg1video", {"options": {"g": "12"}, "b_frames": 2}),
    "mjpeg.avi": ("mjpeg", {"pixels": "yuvj420p"}),
    "wmv2.wmv": ("wmv2", {}),
    "animation.gif": ("gif", {"pixels": "rgb8"}),
}


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    """Path of a variant by name, written once."""
    folder = tmp_path_factory.mktemp("variants")

    def written(name: str) -> Path:
        if not (folder / name).exists():
            codec, settings = VARIANTS[name]
            write_video(folder / name, codec, **settings)
        return folder / name

    return written


@pytest.fixture(scope="module")
def long_video(tmp_path_factory) -> Path:
    """600 frames from `write_mp4`, with B-frames and a keyframe where the highest block turns: 128, 256, ..."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    write_mp4(path, map(numbered, range(600)), fps=30)
    return path


def place_of(path: Path, number: int) -> int:
    """Where in the file a keyframe begins, by its frame number (of a file with closed groups of pictures)."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert packets[number].is_keyframe
    return packets[number].pos


def damage(source: Path, target: Path, begin: int, end: int) -> None:
    data = bytearray(source.read_bytes())
    data[begin:end] = bytes(end - begin)
    target.write_bytes(data)


# Frames by number


@pytest.mark.parametrize("name", VARIANTS)
def test_probe_counts_the_frames_of(name, variant):
    assert probe(variant(name)).num_frames == LENGTH


@pytest.mark.parametrize("name", VARIANTS)
def test_every_frame_has_the_number_it_was_written_with_in(name, variant):
    assert numbers_of(read_frames(variant(name), range(LENGTH))) == list(range(LENGTH))


@pytest.mark.parametrize("name", VARIANTS)
def test_single_frames_anywhere_are_the_right_ones_in(name, variant, rng):
    path, info = variant(name), probe(variant(name))
    for number in [LENGTH - 1, *rng.integers(LENGTH, size=6).tolist()]:
        assert numbers_of(read_frames(path, [number], info=info)) == [number]


@pytest.mark.parametrize("name", VARIANTS)
def test_scattered_frames_have_the_pixels_of_reading_all_of(name, variant):
    scattered = [2, 3, 29, 30, 31, 58, 61, 90, 99]
    assert (read_frames(variant(name), scattered) == read_frames(variant(name), range(LENGTH))[scattered]).all()


def test_frames_come_in_the_order_asked_for_with_repeats(long_video):
    assert numbers_of(read_frames(long_video, [255, 3, 3, 254, 0, 255])) == [255, 3, 3, 254, 0, 255]


def test_each_different_frame_is_decoded_once_and_in_ascending_order(long_video):
    assert [number for number, _ in decode_frames(long_video, [520, 3, 3, 251, 3])] == [3, 251, 520]


def remux(source: Path, target: Path, change, options=()) -> None:
    """Copy packets as they are, but for what `change` does to each."""
    with av.open(str(source)) as container, av.open(str(target), "w", options=dict(options)) as copy:
        stream = copy.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.size:
                change(packet)
                packet.stream = stream
                copy.mux(packet)


def test_frames_before_the_start_of_an_edit_list_do_not_count(variant, tmp_path):
    def ten_frames_earlier(packet):
        shift = round(10 / (25 * packet.time_base))
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift

    # What cutting without re-encoding leaves: ten frames that are decoded but not shown.
    path = tmp_path / "cut.mp4"
    remux(variant("b_frames.mp4"), path, ten_frames_earlier, {"avoid_negative_ts": "disabled"})
    assert probe(path).num_frames == LENGTH - 10
    assert numbers_of(read_frames(path, [0, 40, 89])) == [10, 50, 99]


def test_two_frames_with_the_same_time_stay_two_frames(variant, tmp_path):
    def fifty_at_the_time_of_forty_nine(packet):
        frame = round(1 / (25 * packet.time_base))
        if packet.pts == 50 * frame:
            packet.pts = 49 * frame

    path = tmp_path / "same_time.mp4"
    remux(variant("b_frames.mp4"), path, fifty_at_the_time_of_forty_nine)
    assert numbers_of(read_frames(path, range(LENGTH))) == list(range(LENGTH))
    assert numbers_of(read_frames(path, [49, 50, 51])) == [49, 50, 51]


def test_frames_of_variable_rate_have_their_own_times(variant):
    info = probe(variant("variable_rate.mp4"))
    expected = np.array([4 * n + n * n % 3 for n in range(LENGTH)]) / 100
    assert info.times_sec == pytest.approx(expected)
    assert info.fps == pytest.approx((LENGTH - 1) / expected[-1])


def test_a_picture_that_changes_size_is_shown_at_its_first_size(tmp_path):
    parts = [tmp_path / "small.ts", tmp_path / "large.ts"]
    for part, scale in zip(parts, (1, 2), strict=True):
        frames = [np.kron(numbered(n), np.ones((scale, scale, 1), np.uint8)) for n in range(10)]
        with av.open(str(part), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.height, stream.width = frames[0].shape[:2]
            for frame in frames:
                container.mux(
                    stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p"))
                )
            container.mux(stream.encode(None))
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert numbers_of(read_frames(path, range(20))) == [*range(10), *range(10)]


def test_a_rotation_tag_turns_the_picture(tmp_path):
    path = tmp_path / "portrait.mp4"
    write_mp4(path, [numbered(n) for n in range(3)])
    upright = read_frames(path, [1])[0]
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    # A quarter turn clockwise, as a telephone held upright writes it.
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    info = probe(path)
    assert (info.width, info.height) == (HEIGHT, WIDTH)
    assert (read_frames(path, [1])[0] == np.rot90(upright, k=-1)).all()


@pytest.mark.parametrize("index", [-1, 100])
def test_a_number_outside_the_video_is_refused(index, variant):
    with pytest.raises(ValueError, match=rf"b_frames.mp4: frame {index} does not exist; expected 0 to 99"):
        read_frames(variant("b_frames.mp4"), [0, index])


def test_asking_for_no_frame_is_refused(variant):
    with pytest.raises(ValueError, match="no frame numbers given"):
        read_frames(variant("b_frames.mp4"), [])


# Cost


def test_parts_between_the_wanted_frames_are_not_decoded(long_video, tmp_path):
    damage(long_video, tmp_path / "hole.mp4", place_of(long_video, 128), place_of(long_video, 512))
    wanted = [0, 100, 127, 512, 513, 514, 515, 516, 560]
    assert numbers_of(read_frames(tmp_path / "hole.mp4", wanted)) == [number % 256 for number in wanted]
    with pytest.raises(UndecodableFrame):
        read_frames(tmp_path / "hole.mp4", [100, 300, 560])


def test_counting_frames_keeps_no_object_a_packet(long_video):
    """Each one kept brings the next pass of the collector through all of memory nearer."""
    probe(long_video)  # imports
    passes, before = [], gc.get_threshold()
    gc.collect()
    gc.callbacks.append(note := lambda phase, info: passes.append(phase))
    gc.set_threshold(500)
    try:
        assert probe(long_video).num_frames == 600
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(note)
    assert not passes


def test_converted_frames_leave_at_most_two_full_ones_in_memory(tmp_path):
    path = tmp_path / "large.mp4"
    write_mp4(path, (np.full((480, 640, 3), 4 * n, np.uint8) for n in range(40)))
    info = probe(path)
    read_frames(path, [0], info=info)
    tracemalloc.start()
    small = read_frames(path, range(40), convert=lambda frame: frame[::80, ::80], info=info)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert small.shape == (40, 6, 8, 3)
    assert peak < 3 * 480 * 640 * 3


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
def test_no_file_stays_open(long_video, tmp_path):
    (tmp_path / "text.mp4").write_text("not a video")
    before = len(os.listdir("/proc/self/fd"))
    read_frames(long_video, [0, 300])
    abandoned = decode_frames(long_video, range(600))
    next(abandoned)
    abandoned.close()
    with pytest.raises(VideoError):
        probe(tmp_path / "text.mp4")
    assert len(os.listdir("/proc/self/fd")) == before


def test_importing_needs_neither_decoder():
    code = "import sys, tdn.data.video; sys.exit(bool({'av', 'decord'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0


# Damage


def test_a_frame_in_a_damaged_part_is_an_error_and_not_its_neighbour(long_video, tmp_path):
    begin, end = place_of(long_video, 256), place_of(long_video, 384)
    damage(long_video, tmp_path / "hole.mp4", begin + (end - begin) // 2, end)
    with pytest.raises(UndecodableFrame, match=r"hole.mp4: frame 3\d\d of 600 cannot be decoded"):
        read_frames(tmp_path / "hole.mp4", range(256, 384))


@pytest.mark.parametrize("share", [0.35, 0.5, 0.8])
def test_a_file_that_breaks_off_has_the_frames_before_the_break(share, long_video, tmp_path):
    path = tmp_path / "half.mp4"
    data = long_video.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    info = probe(path)
    assert 50 < info.num_frames < 600
    assert info.num_frames + info.missing_frames == 600
    assert numbers_of(read_frames(path, range(info.num_frames))) == [n % 256 for n in range(info.num_frames)]
    assert number_of(read_frames(path, [info.num_frames - 1])[0]) == (info.num_frames - 1) % 256


def test_a_sound_file_has_no_missing_frames(long_video):
    assert probe(long_video).missing_frames == 0


# What is not a usable video


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_picture(path: Path) -> None:
    Image.fromarray(numbered(1)).save(path, "JPEG")


def write_half_without_index(path: Path) -> None:
    write_video(path, "libx264")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


UNUSABLE = {
    "text": (lambda path: path.write_text("hello\n" * 100), UnreadableVideo, "not a readable video"),
    "empty": (lambda path: path.write_bytes(b""), UnreadableVideo, "the file is empty"),
    "folder": (lambda path: path.mkdir(), UnreadableVideo, "got a folder"),
    "broken off before its index": (write_half_without_index, UnreadableVideo, "broken off before its index"),
    "sound only": (write_sound, NoVideoStream, "only audio"),
    "picture": (write_picture, UnreadableVideo, "not a readable video"),
    "8 pixels high": (
        lambda path: write_mp4(path, [np.zeros((8, 64, 3), np.uint8)]),
        UnsuitablePicture,
        "the picture is 64x8 pixels, expected at least 16",
    ),
    "playlist": (
        lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/private.ts\n#EXT-X-ENDLIST\n"),
        UnreadableVideo,
        "not a readable video",
    ),
    "list of files": (
        lambda path: path.write_text("ffconcat version 1.0\nfile other.mp4\n"),
        UnreadableVideo,
        "not a readable video",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_one_sentence_says_what_is_wrong_with(name, tmp_path):
    write, error, message = UNUSABLE[name]
    path = tmp_path / "upload.mp4"
    write(path)
    with pytest.raises(error, match=f"^upload.mp4: .*{message}") as caught:
        read_frames(path, [0])
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^gone.mp4: no such file"):
        probe(tmp_path / "gone.mp4")


def test_a_picture_beyond_the_limit_is_refused(variant):
    with pytest.raises(UnsuitablePicture, match=r"128x48 pixels are more .*at most 6000 pixels"):
        probe(variant("b_frames.mp4"), max_pixels=6000)


@pytest.mark.parametrize("name", ["animation.gif", "vp9.webm"])
@pytest.mark.parametrize("max_pixels", [6000, 600])
def test_the_limit_holds_for_formats_that_tell_their_size_late(name, max_pixels, variant):
    with pytest.raises(UnsuitablePicture, match=f"at most {max_pixels} pixels"):
        probe(variant(name), max_pixels)


def test_a_picture_just_within_the_limit_is_read_though_its_codec_stores_more(tmp_path):
    write_mp4(tmp_path / "narrow.mp4", [np.zeros((130, 130, 3), np.uint8)])  # stored in 16-pixel blocks: 144x144
    assert probe(tmp_path / "narrow.mp4", max_pixels=130 * 130).num_frames == 1


# decord


@pytest.mark.parametrize("name", ["b_frames.mp4", "b_frames.mkv", "every_frame_a_key.mp4"])
def test_decord_reads_the_same_frames_of_h264(name, variant):
    pytest.importorskip("decord")
    indices = [70, 3, 3, 99]
    assert (read_frames(variant(name), indices, decoder="decord") == read_frames(variant(name), indices)).all()


def test_what_decord_cannot_open_is_a_video_error(variant):
    pytest.importorskip("decord")
    with pytest.raises(UnreadableVideo, match=r"animation.gif: decord cannot decode it; choose the pyav decoder"):
        read_frames(variant("animation.gif"), [0], decoder="decord")


def test_an_unknown_decoder_is_refused(variant):
    with pytest.raises(ValueError, match="expected 'pyav' or 'decord', got 'opencv'"):
        read_frames(variant("b_frames.mp4"), [0], decoder="opencv")


# Writing


@pytest.mark.parametrize(("height", "width"), [(48, 128), (49, 127), (17, 16)])
def test_a_written_video_keeps_every_row_and_column(height, width, tmp_path):
    y, x = np.mgrid[:height, :width]
    frames = [np.stack([(2 * y + n) % 256, x, x], axis=-1).astype(np.uint8) for n in range(3)]
    write_mp4(tmp_path / "out.mp4", frames, fps=12.5, crf=1)
    back = read_frames(tmp_path / "out.mp4", range(3))
    assert back.shape == (3, height + height % 2, width + width % 2, 3)
    assert np.abs(back[:, :height, :width].astype(int) - np.stack(frames)).max() < 16
    assert probe(tmp_path / "out.mp4").fps == pytest.approx(12.5)


def test_a_written_video_plays_in_browsers_from_its_first_byte(long_video):
    with av.open(str(long_video)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    data = long_video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_written_video_says_how_its_colours_were_made(long_video):
    with av.open(str(long_video)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.color_range, codec.colorspace, codec.color_primaries, codec.color_trc) == (1, 6, 6, 6)  # BT.601


def test_the_same_frames_are_written_as_the_same_bytes(tmp_path, rng):
    """x264's macroblock tree breaks this: findings/x264-same-frames-other-bytes.sh."""
    wall = rng.integers(0, 255, (20, 20, 3), np.uint8).repeat(12, 0).repeat(12, 1)
    shaken = (np.cumsum(rng.integers(-3, 4, (60, 2)), 0) + 60).clip(0, 120)
    frames = np.stack([wall[y : y + 112, x : x + 112] for y, x in shaken])
    frames = (frames + rng.normal(0, 4, frames.shape)).clip(0, 255).astype(np.uint8)
    for index, frame in enumerate(frames):
        frame[30:60, 20 + index : 50 + index] = 250, 30, 40
    files = set()
    for _ in range(16):
        write_mp4(tmp_path / "out.mp4", frames, fps=30)
        files.add((tmp_path / "out.mp4").read_bytes())
    assert len(files) == 1


def test_writing_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"out.mp4: no frames to write"):
        write_mp4(tmp_path / "out.mp4", [])


@pytest.mark.parametrize(
    "wrong", [np.zeros((48, 128), np.uint8), np.zeros((48, 130, 3), np.uint8), np.zeros((48, 128, 3))]
)
def test_writing_something_else_than_frames_of_one_size_is_refused(wrong, tmp_path):
    with pytest.raises(ValueError, match=r"out.mp4: frames must be uint8 \[H, W, 3\] of one size"):
        write_mp4(tmp_path / "out.mp4", [numbered(0), wrong])


# The real clips

REAL = {
    "awkward/one_frame.mp4": (1, 16, 320, 240),
    "awkward/two_frames.mp4": (2, 16, 320, 240),
    "awkward/video_0.mov": (3, 30, 568, 320),
    "awkward/video_90.mov": (3, 30, 320, 568),
    "awkward/rot90_tag_right_swipe.mp4": (17, 16, 240, 320),
    "awkward/no_duration.webm": (74, 14.98, 1280, 720),
    "awkward/truncated_faststart_half.mp4": (21, 12.5, 320, 180),
    "awkward/odd_101x67_444.mp4": (17, 16, 101, 67),
    "awkward/av1_video.mkv": (125, 25, 640, 360),
    "awkward/h265_video.mp4": (10, 10, 128, 128),
    "awkward/var_fps_video.mp4": (300, 30, 128, 128),
    "awkward/gif_swipe.gif": (17, 16, 160, 120),
    "actions/preview_car-detection.gif": (62, 12.01, 480, 270),
    "actions/v_BaseballPitch_g01_c01.avi": (107, 29.97, 320, 240),
    "motion/up_car_intel.mp4": (56, 12.5, 320, 180),
}


@pytest.mark.parametrize("name", REAL)
def test_facts_of_the_real_clip(name, shared_clips):
    info = probe(shared_clips / name)
    assert (info.num_frames, round(info.fps, 2), info.width, info.height) == REAL[name]


@pytest.mark.parametrize("name", REAL)
def test_scattered_frames_are_those_of_decoding_everything_in_the_real_clip(name, shared_clips):
    info = probe(shared_clips / name)
    scattered = sorted({info.num_frames * k // 7 for k in range(7)} | {info.num_frames - 1})
    plain = {}
    with av.open(str(shared_clips / name)) as container:
        for number, frame in zip(range(info.num_frames), container.decode(video=0), strict=False):
            if number in scattered:
                plain[number] = np.rot90(frame.to_ndarray(format="rgb24"), k=frame.rotation // 90 % 4)
    frames = read_frames(shared_clips / name, scattered, info=info)
    assert (frames == np.stack([plain[number] for number in scattered])).all()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("zero_bytes.mp4", UnreadableVideo),
        ("text_named.mp4", UnreadableVideo),
        ("truncated_no_moov.mp4", UnreadableVideo),
        ("bitmap.mp4", UnsuitablePicture),
        ("hist_first_vid_2k.mp4", NoVideoStream),
    ],
)
def test_the_unusable_real_clip_is_refused(name, error, shared_clips):
    with pytest.raises(error, match=f"^{name}: "):
        probe(shared_clips / "awkward" / name)


def test_the_corrupted_real_clip_gives_its_sound_frames_and_refuses_the_others(shared_clips):
    path = shared_clips / "awkward" / "corrupted.mp4"
    assert read_frames(path, range(28)).shape == (28, 720, 1280, 3)
    with pytest.raises(UndecodableFrame, match=r"corrupted.mp4: frame \d\d of 50"):
        read_frames(path, range(50))


@pytest.mark.parametrize("name", ["rot90_tag_right_swipe.mp4", "video_90.mov", "var_fps_video.mp4"])
def test_decord_reads_the_same_frames_of_the_real_clip(name, shared_clips):
    pytest.importorskip("decord")
    path = shared_clips / "awkward" / name
    assert (read_frames(path, [0, 2, 1], decoder="decord") == read_frames(path, [0, 2, 1])).all()
