"""Which frames a file has, and when: recordings that begin in the middle, joined ones, pauses, several tracks."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, features

from tdn.data.clip import load_clip
from tdn.data.source import probe as probe_source
from tdn.data.transforms import Preprocess
from tdn.data.video import UndecodableFrame, decode_frames, probe, read_frames, write_mp4
from tdn.data.video.frames import _decode_to_damage
from tdn.data.video.opening import packets_of
from tests.test_clip import Taker
from tests.test_video import HEIGHT, WIDTH, number_of, numbered, numbers_of, remux, write_video

X264 = {"g": "12", "bf": "2", "sc_threshold": "0"}


def begun_at(source: Path, target: Path, first: int) -> int:
    """Copy a file without its first packets; gives how many frames are left."""
    with av.open(str(source)) as container, av.open(str(target), "w") as copy:
        stream = copy.add_stream_from_template(container.streams.video[0])
        packets = [packet for packet in container.demux(video=0) if packet.size][first:]
        for packet in packets:
            packet.stream = stream
            copy.mux(packet)
    return len(packets)


# Recordings that begin inside a group of pictures


@pytest.mark.parametrize(
    ("codec", "options", "endings"),
    [
        ("libx264", X264, ("ts", "mp4", "mkv", "avi", "flv")),
        ("libx265", {"x265-params": "log-level=none:keyint=12:min-keyint=12:bframes=2"}, ("ts", "mp4", "mkv")),
        ("mpeg4", {"g": "12"}, ("mp4", "avi")),
        ("mpeg2video", {"g": "12"}, ("ts", "mkv")),
        ("libvpx", {"g": "12", "b": "1M", "deadline": "realtime", "cpu-used": "8"}, ("mkv",)),
    ],
)
def test_frames_that_nothing_can_decode_are_left_out_at_the_beginning(codec, options, endings, tmp_path):
    for ending in endings:
        whole, begun = tmp_path / f"whole.{ending}", tmp_path / f"begun.{ending}"
        write_video(whole, codec, options)
        left = begun_at(whole, begun, 5)
        info = probe(begun)
        shown = numbers_of(read_frames(begun, range(info.num_frames), info=info))
        assert shown == list(range(shown[0], 100)), ending
        assert 0 < shown[0] - (100 - left) <= 12, ending
        assert numbers_of(read_frames(begun, [40, 3], info=info)) == [shown[40], shown[3]], ending
        # An MP4 file begins with frame 0 of the showing, which may be the second that was stored.
        said = f"its first {left - len(shown) - (codec == 'libx265' and ending == 'mp4')} frames cannot be decoded"
        assert info.missing_frames == 0 and said in info.notes[0], ending


def test_a_recording_without_a_keyframe_is_refused(tmp_path):
    write_video(tmp_path / "whole.mp4", "libx264", {"g": "1000"})
    begun_at(tmp_path / "whole.mp4", tmp_path / "begun.mp4", 5)
    with pytest.raises(UndecodableFrame, match="no frame can be decoded"):
        probe(tmp_path / "begun.mp4")


@pytest.mark.parametrize("seconds_later", [0, 20])
def test_a_recording_joined_to_one_that_begins_inside_a_group_of_pictures(seconds_later, tmp_path):
    def later(packet):
        shift = round(seconds_later / packet.time_base)
        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift

    write_video(tmp_path / "whole.ts", "libx264", X264)
    begun_at(tmp_path / "whole.ts", tmp_path / "cut.ts", 5)
    remux(tmp_path / "cut.ts", tmp_path / "begun.ts", later)
    path = tmp_path / "joined.ts"
    path.write_bytes((tmp_path / "whole.ts").read_bytes() + (tmp_path / "begun.ts").read_bytes())
    info = probe(path)
    shown = numbers_of(read_frames(path, range(info.num_frames), info=info))
    assert shown == [*range(100), *range(12, 100)]
    assert numbers_of(read_frames(path, [99, 100, 150], info=info)) == [99, 12, 62]
    assert "frames after a break in the file cannot be decoded and are left out" in info.notes[0]


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", X264),
        ("libx264", {"x264-params": "open-gop=1:keyint=12:bframes=3"}),
        ("libx265", {"x265-params": "log-level=none:keyint=12:min-keyint=12:bframes=2"}),
        ("mpeg2video", {"g": "12", "b": "3M"}),
    ],
)
def test_a_lost_part_of_a_stream_costs_the_frames_up_to_a_whole_keyframe(codec, options, tmp_path):
    whole, lost = tmp_path / "whole.ts", tmp_path / "lost.ts"
    write_video(whole, codec, options)
    truth = read_frames(whole, range(100))
    data = whole.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    for place, count in ((0.2, 1), (0.35, 2), (0.5, 6), (0.7, 3)):
        begin = int(place * len(packets))
        lost.write_bytes(b"".join(packets[:begin] + packets[begin + count :]))
        info = probe(lost)
        shown = dict(decode_frames(lost, range(info.num_frames), info))
        numbers = [number_of(shown[index]) for index in range(info.num_frames)]
        gone = sorted(set(range(100)) - set(numbers))
        assert numbers == sorted(set(numbers)) and info.num_frames + len(gone) == 100
        assert not gone or gone[-1] - gone[0] < 27
        assert all((shown[index] == truth[number]).all() for index, number in enumerate(numbers))
        if gone and gone[-1] < 99:
            assert "after a break in the file cannot be decoded and are left out" in " ".join(info.notes)
        assert info.timeline.keyframes  # found without decoding, and read by seeking


class Interrupted:
    """A container as PyAV 18.1.0 reads it, where a packet belongs to a stream that began after the file was opened."""

    def __init__(self):
        self.packets = iter([1, 2, IndexError, 3])

    def demux(self, stream):
        for packet in self.packets:
            if packet is IndexError:
                raise IndexError("list index out of range")
            yield packet


class Spent:
    """A decoder that fails at its last packet and then has no more to give, as FFmpeg's do."""

    name = "mpeg2video"

    def decode(self, packet):
        raise av.error.EOFError(0, "End of file") if packet is None else av.error.InvalidDataError(0, "Invalid data")


def test_a_decoder_that_fails_at_the_end_gives_no_more_frames(tmp_path):
    write_mp4(tmp_path / "any.mp4", [numbered(0)])
    with av.open(str(tmp_path / "any.mp4")) as container:
        assert list(_decode_to_damage(container, container.streams.video[0], Spent(), None)) == []


def test_a_stream_that_begins_midway_does_not_end_the_reading():
    assert list(packets_of(Interrupted(), None)) == [1, 2, 3]


# Pauses and uneven times

PAUSED = {"rate": 1000, "pts": lambda n: 17 * n + (60_000 if n >= 70 else 0)}


@pytest.fixture(scope="module")
def paused(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("paused") / "paused.mp4"
    write_video(path, "libx264", X264, **PAUSED)
    return path


def test_a_pause_leaves_the_rate_as_it_is_and_is_said(paused):
    info = probe(paused)
    assert info.fps == pytest.approx(1000 / 17)
    assert info.duration_sec == pytest.approx(61.7)
    assert "pauses once, for up to 60 seconds after frame 69" in " ".join(info.notes)


def test_a_pause_leaves_the_clip_as_it_is(paused, tmp_path):
    write_video(tmp_path / "even.mp4", "libx264", X264, rate=1000, pts=lambda n: 17 * n)
    taker = Taker(Preprocess("whole", 32, 32, "even", fps=15))
    with_pause, without = load_clip(paused, taker), load_clip(tmp_path / "even.mp4", taker)
    assert (with_pause.frames == without.frames).all()
    assert (with_pause.tensor - without.tensor).abs().mean() < 0.05
    assert with_pause.times_sec[-1] > 60 > without.times_sec[-1]


@pytest.mark.parametrize("milliseconds", [33, 17])
def test_times_rounded_to_milliseconds_give_the_rate_they_were_rounded_from(milliseconds, tmp_path):
    rate = round(1000 / milliseconds / 30) * 30
    write_video(tmp_path / "rounded.mkv", "libx264", X264, rate=1000, pts=lambda n: round(1000 * n / rate))
    info = probe(tmp_path / "rounded.mkv")
    assert info.fps == pytest.approx(rate, rel=0.002)
    assert info.notes == ()


def test_two_intervals_far_apart_still_make_a_rate(tmp_path):
    write_mp4(tmp_path / "three.mp4", map(numbered, range(3)), times_sec=[0, 0.1, 5])
    assert probe(tmp_path / "three.mp4").fps in (pytest.approx(10), pytest.approx(1 / 4.9))


def test_a_rate_that_varies_is_said(tmp_path):
    write_video(tmp_path / "varies.mp4", "libx264", X264, rate=100, pts=lambda n: 2 * n + 6 * max(0, n - 60))
    info = probe(tmp_path / "varies.mp4")
    assert info.fps == pytest.approx(50)
    assert "rate varies, mostly from 12.5 to 50 a second; it is read as 50" in " ".join(info.notes)


def test_a_written_video_keeps_the_times_it_is_given(tmp_path):
    times = np.array([0, 0.04, 0.08, 2.0, 2.04, 62.04])
    write_mp4(tmp_path / "kept.mp4", map(numbered, range(6)), fps=25, times_sec=times)
    info = probe(tmp_path / "kept.mp4")
    assert info.times_sec == pytest.approx(times)
    assert info.fps == pytest.approx(25)
    assert numbers_of(read_frames(tmp_path / "kept.mp4", range(6))) == list(range(6))
    with av.open(str(tmp_path / "kept.mp4")) as container:
        assert container.duration / 1e6 == pytest.approx(62.08, abs=0.01)


# What other libraries read otherwise (PyAV 18.1.0 with FFmpeg 8.1.2, decord 0.6.0, Pillow 12.3.0)


# The demuxer says 0 frames and could go round for ever.
def test_an_animated_png_has_the_frames_of_one_round(tmp_path):
    pictures = [Image.fromarray(numbered(number)) for number in range(6)]
    pictures[0].save(tmp_path / "a.png", save_all=True, append_images=pictures[1:], duration=100, loop=0)
    info = probe(tmp_path / "a.png")
    assert (info.num_frames, info.width, info.height) == (6, WIDTH, HEIGHT)
    assert info.fps == pytest.approx(10)
    assert numbers_of(read_frames(tmp_path / "a.png", [5, 0, 3, 1])) == [5, 0, 3, 1]


# FFmpeg's muxer fills gaps with empty chunks; its header counts them, its demuxer leaves them out.
def test_empty_chunks_of_an_avi_are_no_frames(tmp_path):
    write_video(tmp_path / "gaps.avi", "mpeg4", {"g": "12"}, pts=lambda n: n + 10 * (n >= 50))
    with av.open(str(tmp_path / "gaps.avi")) as container:
        assert container.streams.video[0].frames > 100
    info = probe(tmp_path / "gaps.avi")
    assert (info.num_frames, info.missing_frames) == (100, 0)
    assert numbers_of(read_frames(tmp_path / "gaps.avi", [0, 49, 50, 99])) == [0, 49, 50, 99]


# decord takes the track with the highest bit rate; FFmpeg, as players, the one marked as default.
def test_of_two_videos_in_a_file_the_default_one_is_read_and_it_is_said(tmp_path):
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as container:
        streams = []
        for crf in ("40", "1"):
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.options = {"crf": crf}
            streams.append(stream)
        streams[0].disposition = av.stream.Disposition.default
        for number in range(10):
            for stream, shown in zip(streams, (number, 100 + number), strict=True):
                frame = av.VideoFrame.from_ndarray(numbered(shown), format="rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    assert numbers_of(read_frames(path, [0, 9])) == [0, 9]
    assert probe(path).notes == ("The file holds 2 videos; number 1, which players choose, was read.",)


# Stream 0 of an AVIF sequence is a still picture, stream 1 the animation.
@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
def test_an_avif_sequence_is_its_animation(tmp_path):
    pictures = [Image.fromarray(numbered(number)) for number in range(5)]
    pictures[0].save(tmp_path / "a.avif", save_all=True, append_images=pictures[1:], duration=100, quality=90)
    info = probe(tmp_path / "a.avif")
    assert (info.num_frames, info.notes) == (5, ())
    assert numbers_of(read_frames(tmp_path / "a.avif", [4, 0, 2])) == [4, 0, 2]


def test_a_late_first_picture_is_frame_0(tmp_path):
    write_video(tmp_path / "late.mkv", "libx264", X264, pts=lambda n: n + 75)
    info = probe(tmp_path / "late.mkv")
    assert info.times_sec[0] == 0 and info.num_frames == 100
    assert numbers_of(read_frames(tmp_path / "late.mkv", [0, 99])) == [0, 99]


# decord 0.6.0 counts 50 frames of such a file and repeats one at the end.
def test_frames_cut_off_by_an_edit_list_do_not_count(tmp_path):
    def twelve_earlier(packet):
        shift = round(12 / (25 * packet.time_base))
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift

    write_video(tmp_path / "whole.mp4", "libx264", X264)
    remux(tmp_path / "whole.mp4", tmp_path / "cut.mp4", twelve_earlier, {"avoid_negative_ts": "disabled"})
    info = probe(tmp_path / "cut.mp4")
    assert (info.num_frames, info.notes) == (88, ())
    assert [number_of(frame) for _, frame in decode_frames(tmp_path / "cut.mp4", [0, 87], info)] == [12, 99]


def test_grain_that_a_decoder_adds_is_the_same_from_any_keyframe(tmp_path):
    if "libsvtav1" not in av.codecs_available:
        pytest.skip("this PyAV writes no AV1 with grain")
    path, plain = tmp_path / "grain.mkv", tmp_path / "plain.mkv"
    for target, grain in ((path, 40), (plain, 0)):
        write_video(target, "libsvtav1", {"g": "20", "preset": "12", "svtav1-params": f"film-grain={grain}:lp=1"})
    assert (read_frames(path, [99, 50]) == read_frames(path, range(100))[[99, 50]]).all()
    assert (read_frames(path, [50]) != read_frames(plain, [50])).mean() > 0.1


def test_a_source_that_is_a_file_is_probed_as_one(paused):
    assert probe_source(paused) == probe(paused)
