"""Frames by number, in the order of showing.

The number leads to a presentation time, the time to the nearest keyframe before it, and decoding runs from there: the
cost grows with the distance between keyframes, not with the length of the video.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from tdn.data.video.errors import UndecodableFrame, UnreadableVideo
from tdn.data.video.info import Keyframe, Timeline, VideoInfo
from tdn.data.video.opening import MAX_PIXELS, existing_file, open_video, packets_of
from tdn.data.video.picture import picture_of
from tdn.data.video.probing import probe
from tdn.data.video.sound import sound_frames

if TYPE_CHECKING:
    import av

# After a loss in a stream, frames may come out of the decoder so much later than their turn.
MOST_REORDERED = 16
# Grey levels, on average, between decord's picture and ours: another matrix for the colours stays below it.
MOST_DIFFERENCE = 8


def decode_frames(
    path: str | Path, indices: Iterable[int], info: VideoInfo | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (number, frame uint8 [H, W, 3] RGB) once for each different number, one frame in memory at a time.

    The order is that of showing; frames that need a second attempt come last. `info`, from `probe`, saves reading
    the file's index again. Raises as `probe` does, UndecodableFrame when a wanted frame is damaged, ValueError for
    a number outside the video.
    """
    path = existing_file(path)
    info = info or probe(path)
    wanted = _wanted_numbers(info.name, indices, info.num_frames)
    if info.timeline.sound_only:
        decode = _decode_sound
    else:
        decode = _decode_by_time if info.timeline.timed else _decode_by_counting
    for index, frame in decode(path, info, wanted):
        yield index, picture_of(frame, info.width, info.height)


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
    returns wrong frames of some H.265 and MPEG-4 files without a word, takes untagged colours for BT.601, and opens no
    GIF; a file whose first wanted picture it shows otherwise is refused. Raises as `decode_frames`.
    """
    if decoder == "pyav":
        pictures = decode_frames(path, indices, info)
    elif decoder == "decord":
        pictures = _decode_with_decord(existing_file(path), indices, info)
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


def _wanted_numbers(name: str, indices: Iterable[int], num_frames: int) -> list[int]:
    """The different numbers in ascending order; raises ValueError where one is outside the video."""
    wanted = sorted({int(index) for index in indices})
    if not wanted:
        raise ValueError(f"{name}: no frame numbers given; ask for at least one")
    outside = [index for index in wanted if not 0 <= index < num_frames]
    if outside:
        raise ValueError(f"{name}: frame {outside[0]} does not exist; expected 0 to {num_frames - 1}")
    return wanted


def _decode_by_time(path: Path, info: VideoInfo, wanted: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Seek to the keyframe before each wanted frame and decode until the frame with its time."""
    import av

    number = {info.timeline.times[index]: index for index in wanted}
    found = set()
    with open_video(path, max(MAX_PIXELS, info.width * info.height)) as opened:
        container, stream, decoder = opened
        for keyframe, times in groupby(number, key=lambda time: _keyframe_before(info.timeline, time)):
            if keyframe is not None:
                with suppress(av.FFmpegError):  # where seeking fails, decoding on gets there too
                    container.seek(keyframe.seek_to, stream=stream)
                    decoder.flush_buffers()
            for frame in _decode_until(*opened, set(times), skip_unreferenced=not info.timeline.has_fields):
                found.add(frame.pts)
                yield number[frame.pts], frame
    lost = set(number) - found
    if lost:
        # A stream may refresh its picture bit by bit (x264 intra-refresh) or have marked a keyframe wrongly: decoding
        # from the start then gives frames that decoding from the keyframe does not.
        with open_video(path, max(MAX_PIXELS, info.width * info.height)) as opened:
            for frame in _decode_until(*opened, lost, skip_unreferenced=False):
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
    decoder: av.VideoCodecContext,
    times: set[int],
    skip_unreferenced: bool,
) -> Iterator[av.VideoFrame]:
    """Decode on from the present position and yield sound frames at `times`, until the last of them has passed."""
    missing, last, passed = set(times), max(times), 0
    for frame in _decode_to_damage(container, stream, decoder, keep=times if skip_unreferenced else None):
        if frame.pts in missing and not frame.is_corrupt:
            missing.remove(frame.pts)
            yield frame
        passed += frame.pts is not None and frame.pts >= last
        if not missing or passed > MOST_REORDERED:
            return


def _decode_to_damage(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    decoder: av.VideoCodecContext,
    keep: set[int] | None,
) -> Iterator[av.VideoFrame]:
    """Decode on to the end, or to the first error and what the decoder still held then.

    Frames whose time is not in `keep` may be left out where nothing is predicted from them.
    """
    import av

    # H.264 marks pictures that no other picture is predicted from; leaving them out changes no other frame and saves
    # a third of the decoding at 250 frames a keyframe. (H.265's mark only holds within a temporal sub-layer.)
    leave_out = keep is not None and decoder.name == "h264"
    try:
        for packet in packets_of(container, stream):
            if leave_out:
                decoder.skip_frame = "DEFAULT" if packet.pts in keep else "NONREF"
            yield from decoder.decode(packet if packet.size else None)
    except MemoryError:
        raise
    except av.FFmpegError:
        with suppress(av.FFmpegError):  # it held nothing any more
            yield from decoder.decode(None)


def _decode_by_counting(path: Path, info: VideoInfo, wanted: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode from the start; the n-th frame to come out is frame n."""
    import av

    remaining = set(wanted)
    try:
        with open_video(path, max(MAX_PIXELS, info.width * info.height)) as opened:
            for index, frame in enumerate(_decode_to_damage(*opened, keep=None)):
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


def _decode_sound(path: Path, info: VideoInfo, wanted: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode from the start and count only what decodes, as `probe` did."""
    remaining, index = set(wanted), 0
    with open_video(path, max(MAX_PIXELS, info.width * info.height)) as opened:
        for frame in sound_frames(*opened):
            if frame is None:
                continue
            if index in remaining:
                remaining.remove(index)
                yield index, frame
            index += 1
            if not remaining:
                return
    raise _undecodable(info, min(remaining))


def _undecodable(info: VideoInfo, index: int) -> UndecodableFrame:
    return UndecodableFrame(
        f"{info.name}: frame {index} of {info.num_frames} cannot be decoded, the file is damaged there; "
        "export it again or cut it before that point"
    )


def _decode_with_decord(path: Path, indices: Iterable[int], info: VideoInfo | None) -> Iterator[tuple[int, np.ndarray]]:
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
    _, same = next(decode_frames(path, wanted[:1], info))
    if same.shape != pictures[0].shape or np.abs(same.astype(int) - pictures[0]).mean() > MOST_DIFFERENCE:
        raise UnreadableVideo(
            f"{path.name}: decord shows other pictures than a player (turned, mirrored, in other colours or at other "
            "places); choose the pyav decoder"
        )
    yield from zip(wanted, pictures, strict=True)
