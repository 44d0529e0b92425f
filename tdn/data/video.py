"""Files to frames and back: facts about a video, frames by number, small H.264 files.

A frame number counts from 0 in the order of showing, and means that frame or an error, never a neighbour. The
number leads to a presentation time, the time to the nearest keyframe before it, and decoding runs from there: the
cost grows with the distance between keyframes, not with the length of the video.

The one importer of av (PyAV) and decord; both are imported inside the functions, so that training on machines
without them can import this file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import av

MIN_SIDE = 16
MAX_PIXELS = 4096 * 2304

# Demuxers we open. FFmpeg chooses by content, so a playlist (HLS, concat) renamed to .mp4 would make it read other
# files and addresses of the server; text and single pictures would pass as videos.
DEMUXERS = "mov,matroska,avi,gif,mpegts,mpeg,flv,asf,ogg,h264,hevc,m4v,ivf"

# Demuxers whose packets say when they are shown. AVI stores no such times (FFmpeg fills in the order of decoding,
# which B-frames change) and MPEG program streams store them for some frames only.
TIMED_DEMUXERS = {"mov", "matroska", "gif", "mpegts", "flv", "asf", "ogg", "ivf"}


class VideoError(ValueError):
    """A video that cannot be used; the message is one sentence for the person who sent the file."""


class UnreadableVideo(VideoError):
    """Not a video file, an empty one, or one without its index."""


class NoVideoStream(VideoError):
    """The file opens but holds no moving picture, for example sound only."""


class UnsuitablePicture(VideoError):
    """The picture is too small or too large."""


class TooManyFrames(VideoError):
    """The file holds more frames than were allowed."""


class UndecodableFrame(VideoError):
    """A frame that was asked for cannot be decoded."""


class Keyframe(NamedTuple):
    """A place where decoding can start: when it is shown, and the time to seek to in order to get there."""

    time: int
    seek_to: int


@dataclass(frozen=True)
class Timeline:
    """When each frame is shown, and where decoding can start.

    `times` are in units of `time_base` seconds, one a frame, increasing. `keyframes` are in the same units and order;
    some may lie before the first frame, and none means that decoding starts at the beginning of the file.
    `timed` is False where decoded frames do not carry these times and have to be counted from the first.
    """

    times: tuple[int, ...]
    keyframes: tuple[Keyframe, ...]
    time_base: Fraction
    timed: bool


@dataclass(frozen=True)
class VideoInfo:
    """What a video holds: `num_frames` that can be decoded, width and height as shown (after rotation).

    `fps` is the mean rate over the whole video. `missing_frames` counts those that the file promises and a break in
    it has lost; they all come after the last one that can be decoded. `rotation` is the file's tag in degrees.
    """

    name: str
    num_frames: int
    fps: float
    width: int
    height: int
    rotation: int = 0
    codec: str = ""
    missing_frames: int = 0
    timeline: Timeline | None = field(default=None, repr=False)

    @property
    def duration_sec(self) -> float:
        return self.num_frames / self.fps

    @property
    def times_sec(self) -> np.ndarray:
        """When each frame is shown, in seconds after the first: float64 [num_frames]."""
        if self.timeline is None:
            return np.arange(self.num_frames) / self.fps
        times = np.array(self.timeline.times, dtype=np.int64)
        return (times - times[0]) * float(self.timeline.time_base)


def probe(path: str | Path, max_pixels: int = MAX_PIXELS, max_frames: int | None = None) -> VideoInfo:
    """Count the frames of a video and read its facts; decodes the first frame only, unless the file is damaged.

    Raises FileNotFoundError, or VideoError for a file that is not a usable video: UnreadableVideo, NoVideoStream,
    UnsuitablePicture (a side below 16 px, more than `max_pixels` in a frame), TooManyFrames (None allows any number),
    UndecodableFrame (not even the first). MemoryError, here and below, where the process may not take what it needs.
    """
    path = _existing_file(path)
    with _open_video(path, max_pixels) as (container, stream):
        packets, first, damaged = _scan(path, container, stream, max_frames)
        timed = container.format.name.split(",")[0] in TIMED_DEMUXERS
        rate = stream.average_rate or stream.guessed_rate or Fraction(1)
        time_base, codec, promised = stream.time_base, stream.codec_context.name, stream.frames
    if first is None:
        raise UndecodableFrame(f"{path.name}: no frame can be decoded; export or record the video again")
    width, height = _as_shown(first, first.width, first.height)
    _expect_picture_size(path, width, height, max_pixels)

    times = [packet.time for packet in packets if packet.is_shown]
    promised = max(promised, len(times))
    if damaged or None in times or len(set(times)) < len(times):
        times, has_times = _times_by_decoding(path, step=max(1, round(1 / (rate * time_base))), max_pixels=max_pixels)
        timeline = Timeline(tuple(times), (), time_base, timed and has_times)
    else:
        keyframes = sorted(packet.keyframe for packet in packets if packet.keyframe)
        timeline = Timeline(tuple(sorted(times)), tuple(keyframes), time_base, timed)
    return VideoInfo(
        name=path.name,
        num_frames=len(times),
        fps=_mean_rate(timeline) or float(rate),
        width=width,
        height=height,
        rotation=first.rotation,
        codec=codec,
        missing_frames=max(0, promised - len(times)) if damaged else 0,
        timeline=timeline,
    )


def decode_frames(
    path: str | Path, indices: Iterable[int], info: VideoInfo | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (number, frame uint8 [H, W, 3] RGB) once for each different number, one frame in memory at a time.

    The order is that of showing; frames that need a second attempt come last. `info`, from `probe`, saves reading
    the file's index again. Raises as `probe` does, UndecodableFrame when a wanted frame is damaged, ValueError for
    a number outside the video.
    """
    path = _existing_file(path)
    info = info or probe(path)
    wanted = _wanted_numbers(info.name, indices, info.num_frames)
    decode = _decode_by_time if info.timeline.timed else _decode_by_counting
    for index, frame in decode(path, info, wanted):
        yield index, _picture(frame, info)


def read_frames(
    path: str | Path,
    indices: Sequence[int] | np.ndarray,
    convert: Callable[[np.ndarray], np.ndarray] | None = None,
    decoder: Literal["pyav", "decord"] = "pyav",
    info: VideoInfo | None = None,
) -> np.ndarray:
    """Read frames in the order of `indices` (any order, repeats allowed): uint8 [F, H, W, 3], RGB.

    `convert` is applied to each different frame as it is decoded, so that only converted frames are kept; the
    result then is [F, ...] of what it returns. `decoder="decord"` is for clean H.264 data sets: decord 0.6.0
    returns wrong frames of some H.265 and MPEG-4 files without a word, and opens no GIF. Raises as `decode_frames`.
    """
    if decoder == "pyav":
        pictures = decode_frames(path, indices, info)
    elif decoder == "decord":
        pictures = _decode_with_decord(_existing_file(path), indices)
    else:
        raise ValueError(f"decoder: expected 'pyav' or 'decord', got {decoder!r}")
    indices = np.asarray(indices)
    frames = None
    for index, picture in pictures:
        converted = picture if convert is None else convert(picture)
        if frames is None:
            frames = np.empty((len(indices), *converted.shape), converted.dtype)
        frames[indices == index] = converted
    return frames


def write_mp4(path: str | Path, frames: Iterable[np.ndarray], fps: float = 8, crf: int = 20) -> None:
    """Write frames uint8 [H, W, 3], RGB, as H.264 4:2:0 that plays in every browser.

    4:2:0 needs even sides: an odd picture gets its last row or column twice. Raises ValueError for no frames, or a
    frame of another shape or type than the first.
    """
    import av

    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"{Path(path).name}: no frames to write; pass at least one")
    # The index goes to the front of the file, so that playing starts before the download ends.
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.height, stream.width = (side + side % 2 for side in first.shape[:2])
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        stream.codec_context.thread_count = 1  # the same bytes whatever the number of cores
        _tag_colours(stream.codec_context)
        for frame in chain([first], frames):
            if frame.dtype != np.uint8 or frame.shape != first.shape or frame.shape[2:] != (3,):
                raise ValueError(
                    f"{Path(path).name}: frames must be uint8 [H, W, 3] of one size, got {frame.dtype} "
                    f"{list(frame.shape)} after {list(first.shape)}"
                )
            even = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")))
        container.mux(stream.encode(None))


def _tag_colours(codec: av.VideoCodecContext) -> None:
    """Say what the conversion from RGB does (BT.601, limited range): players guess for a file that does not tell."""
    codec.color_range, codec.colorspace, codec.color_primaries, codec.color_trc = 1, 6, 6, 6


def load_decoder() -> None:
    """Load FFmpeg now, not at the first video."""
    import av  # noqa: F401


def _existing_file(path: str | Path) -> Path:
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no such file")
    if path.is_dir():
        raise UnreadableVideo(f"{path.name}: expected a video file, got a folder; name a file in it")
    if path.stat().st_size == 0:
        raise UnreadableVideo(f"{path.name}: the file is empty (0 bytes); export or upload the video again")
    return path


def _expect_picture_size(path: Path, width: int, height: int, max_pixels: int) -> None:
    # FFmpeg reports 0x0 where a picture far exceeds the `max_pixels` it was given.
    if width * height > max_pixels or 0 in (width, height):
        size = f"of {width}x{height} pixels" if width else "of unknown size"
        raise UnsuitablePicture(
            f"{path.name}: pictures {size} are more than this program reads (at most {max_pixels} pixels a frame); "
            "export the video smaller"
        )
    if min(width, height) < MIN_SIDE:
        raise UnsuitablePicture(
            f"{path.name}: the picture is {width}x{height} pixels, expected at least {MIN_SIDE} on each side; "
            "export the video larger"
        )


def _wanted_numbers(name: str, indices: Iterable[int], num_frames: int) -> list[int]:
    """The different numbers in ascending order; raises ValueError where one is outside the video."""
    wanted = sorted({int(index) for index in indices})
    if not wanted:
        raise ValueError(f"{name}: no frame numbers given; ask for at least one")
    outside = [index for index in wanted if not 0 <= index < num_frames]
    if outside:
        raise ValueError(f"{name}: frame {outside[0]} does not exist; expected 0 to {num_frames - 1}")
    return wanted


@contextmanager
def _open_video(
    path: Path, max_pixels: int
) -> Iterator[tuple[av.container.InputContainer, av.video.stream.VideoStream]]:
    """The open file and its best video stream, closed at the end of the block."""
    import av

    try:
        container = av.open(
            str(path.absolute()),  # absolute: FFmpeg reads "concat:a" or "http://a" in a relative name as a protocol
            container_options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file"},
            options={"max_pixels": str(2 * max_pixels)},  # codecs store up to a block more than they show
            metadata_errors="replace",
        )
    except MemoryError:  # FFmpeg's own is an FFmpegError too, and no damage to the file
        raise
    except av.FFmpegError as error:
        raise UnreadableVideo(
            f"{path.name}: not a readable video, or broken off before its index; expected MP4, MOV, WebM, MKV, AVI, "
            "GIF, MPEG, FLV or WMV; export or upload it again"
        ) from error
    with container:
        stream = container.streams.best("video")
        if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
            raise NoVideoStream(f"{path.name}: holds no video, only {_other_streams(container)}; choose another file")
        if stream.codec_context is None:
            raise UnreadableVideo(f"{path.name}: the video codec is unknown; export it as H.264 in an MP4 file")
        _expect_picture_size(path, stream.width, stream.height, max_pixels)
        stream.codec_context.thread_count = 1  # measured: two threads gain 15% of the time for 40 frames at 1080p
        yield container, stream


def _other_streams(container: av.container.InputContainer) -> str:
    kinds = {stream.type for stream in container.streams} - {"video"}
    return " and ".join(sorted(kinds)) or "no stream at all"


class _Packet(NamedTuple):
    time: int | None
    keyframe: Keyframe | None
    is_shown: bool


def _scan(
    path: Path, container: av.container.InputContainer, stream: av.video.stream.VideoStream, max_frames: int | None
) -> tuple[list[_Packet], av.VideoFrame | None, bool]:
    """Read every packet without decoding it; give them, the first frame, and whether damage showed."""
    import av

    packets, first, damaged = [], None, False
    seeks_by_decoding_time = container.format.name == "mpegts"
    try:
        for packet in container.demux(stream):
            if packet.size:  # the last packet is empty and tells a decoder to finish
                seek_to = packet.dts if seeks_by_decoding_time else packet.pts
                can_start = packet.is_keyframe and packet.pts is not None and seek_to is not None
                keyframe = Keyframe(packet.pts, seek_to) if can_start else None
                # Packets before the start of an edit list are decoded but not shown.
                packets.append(_Packet(packet.pts, keyframe, not packet.is_discard))
            if max_frames is not None and len(packets) > max_frames:
                raise TooManyFrames(f"{path.name}: holds more than {max_frames} frames, the limit; cut the clip")
            damaged |= packet.is_corrupt
            if first is None:
                first = next(iter(packet.decode()), None)
    except MemoryError:
        raise
    except av.FFmpegError:
        damaged = True
    return packets, first, damaged


def _times_by_decoding(path: Path, step: int, max_pixels: int) -> tuple[list[int], bool]:
    """Times of the frames that decode before the first error, and whether the frames carry them.

    Where they do not, or not in ascending order, frames are `step` apart.
    """
    import av

    times = []
    with _open_video(path, max_pixels) as (container, stream):
        try:
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    break
                times.append(frame.pts)
        except MemoryError:
            raise
        except av.FFmpegError:
            pass  # the damage that is being measured
    if not times:
        raise UndecodableFrame(f"{path.name}: no frame can be decoded; export or record the video again")
    has_times = None not in times and all(a < b for a, b in pairwise(times))
    return (times, True) if has_times else ([step * index for index in range(len(times))], False)


def _mean_rate(timeline: Timeline) -> float | None:
    """Frames a second from first to last; None for a single frame."""
    span = timeline.times[-1] - timeline.times[0]
    return float((len(timeline.times) - 1) / (span * timeline.time_base)) if span else None


def _decode_by_time(path: Path, info: VideoInfo, wanted: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Seek to the keyframe before each wanted frame and decode until the frame with its time."""
    import av

    number = {info.timeline.times[index]: index for index in wanted}
    found = set()
    with _open_video(path, max(MAX_PIXELS, info.width * info.height)) as (container, stream):
        for keyframe, times in groupby(number, key=lambda time: _keyframe_before(info.timeline, time)):
            if keyframe is not None:
                with suppress(av.FFmpegError):  # where seeking fails, decoding on gets there too
                    container.seek(keyframe.seek_to, stream=stream)
            for frame in _decode_until(container, stream, set(times)):
                found.add(frame.pts)
                yield number[frame.pts], frame
    lost = set(number) - found
    if lost:
        # A stream may refresh its picture bit by bit (x264 intra-refresh) or have marked a keyframe wrongly: decoding
        # from the start then gives frames that decoding from the keyframe does not.
        with _open_video(path, max(MAX_PIXELS, info.width * info.height)) as (container, stream):
            for frame in _decode_until(container, stream, lost, skip_unreferenced=False):
                found.add(frame.pts)
                yield number[frame.pts], frame
    if len(found) < len(number):
        raise _undecodable(info, min(number[time] for time in set(number) - found))


def _keyframe_before(timeline: Timeline, time: int) -> Keyframe | None:
    position = bisect_right(timeline.keyframes, time, key=lambda keyframe: keyframe.time)
    return timeline.keyframes[position - 1] if position else None


def _decode_until(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    times: set[int],
    skip_unreferenced: bool = True,
) -> Iterator[av.VideoFrame]:
    """Decode on from the present position and yield sound frames at `times`, until the last of them has passed."""
    last = max(times)
    for frame in _decode_to_damage(container, stream, keep=times if skip_unreferenced else None):
        if frame.pts in times and not frame.is_corrupt:
            yield frame
        if frame.pts is not None and frame.pts >= last:
            return


def _decode_to_damage(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, keep: set[int] | None
) -> Iterator[av.VideoFrame]:
    """Decode on to the end, or to the first error and what the decoder still held then.

    Frames whose time is not in `keep` may be left out where nothing is predicted from them.
    """
    import av

    # H.264 marks pictures that no other picture is predicted from; leaving them out changes no other frame and saves
    # a third of the decoding at 250 frames a keyframe. (H.265's mark only holds within a temporal sub-layer.)
    leave_out = keep is not None and stream.codec_context.name == "h264"
    try:
        for packet in container.demux(stream):
            if leave_out:
                stream.codec_context.skip_frame = "DEFAULT" if packet.pts in keep else "NONREF"
            yield from packet.decode()
    except MemoryError:
        raise
    except av.FFmpegError:
        yield from stream.codec_context.decode(None)


def _decode_by_counting(path: Path, info: VideoInfo, wanted: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode from the start; the n-th frame to come out is frame n."""
    import av

    remaining = set(wanted)
    try:
        with _open_video(path, max(MAX_PIXELS, info.width * info.height)) as (container, stream):
            for index, frame in enumerate(container.decode(stream)):
                if index in remaining and not frame.is_corrupt:
                    remaining.remove(index)
                    yield index, frame
                if index >= wanted[-1]:
                    break
    except MemoryError:
        raise
    except av.FFmpegError as error:
        raise _undecodable(info, min(remaining)) from error
    if remaining:
        raise _undecodable(info, min(remaining))


def _undecodable(info: VideoInfo, index: int) -> UndecodableFrame:
    return UndecodableFrame(
        f"{info.name}: frame {index} of {info.num_frames} cannot be decoded, the file is damaged there; "
        "export it again or cut it before that point"
    )


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Quarter turns anticlockwise from the stored picture to the one shown."""
    return round(frame.rotation / 90) % 4


# What phones, browsers, cameras and screen recorders write.
USUAL_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "gif")


def missing_codecs() -> list[str]:
    """Which usual codecs this build of PyAV can't decode; "libx264 (writing)" where it can't write H.264."""
    import av

    missing = []
    for name, mode in (*((name, "r") for name in USUAL_CODECS), ("libx264", "w")):
        try:
            av.codec.Codec(name, mode)
        except (ValueError, av.FFmpegError):
            missing.append(name if mode == "r" else f"{name} (writing)")
    return missing


def _as_shown(frame: av.VideoFrame, width: int, height: int) -> tuple[int, int]:
    """Width and height, changed over where the frame is turned on its side."""
    return (height, width) if _quarter_turns(frame) % 2 else (width, height)


def _picture(frame: av.VideoFrame, info: VideoInfo) -> np.ndarray:
    """uint8 [H, W, 3], turned as the file says and in the size of the first frame, as players show it."""
    width, height = _as_shown(frame, info.width, info.height)
    # One thread, as for decoding: more only get in the way of other analyses, and each takes memory of its own.
    stored = frame.to_ndarray(format="rgb24", width=width, height=height, threads=1)
    return np.ascontiguousarray(np.rot90(stored, k=_quarter_turns(frame)))


def _decode_with_decord(path: Path, indices: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
    """As `decode_frames`, but all wanted frames at once: decord is reliable for one ascending batch only."""
    import torch  # noqa: F401  decord before torch ends in a segmentation fault on some CUDA machines (decord#293)

    import decord  # isort: skip

    try:
        reader = decord.VideoReader(str(path), num_threads=1)
        wanted = _wanted_numbers(path.name, indices, len(reader))
        pictures = reader.get_batch(wanted).asnumpy()
        reader.seek(0)  # stops the thread that decodes on into memory (decord#197)
    except (RuntimeError, decord.DECORDError, IndexError) as error:
        raise UnreadableVideo(
            f"{path.name}: decord cannot decode it; choose the pyav decoder, or convert it to H.264 in an MP4 file"
        ) from error
    yield from zip(wanted, pictures, strict=True)
