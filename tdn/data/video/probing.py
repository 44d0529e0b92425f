"""What a video file holds: its frames are counted by reading packets, without decoding more than the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tdn.data.video.errors import TooManyFrames, UndecodableFrame
from tdn.data.video.fields import second_field_finder
from tdn.data.video.info import Keyframe, Timeline, VideoInfo, timing_notes, usual_rate
from tdn.data.video.losses import Losses
from tdn.data.video.opening import (
    MAX_PIXELS,
    TIMED_DEMUXERS,
    existing_file,
    expect_picture_size,
    open_video,
    packets_of,
)
from tdn.data.video.picture import picture_notes, shown_size
from tdn.data.video.sound import Jumps, sound_frames

if TYPE_CHECKING:
    import av


def probe(path: str | Path, max_pixels: int = MAX_PIXELS, max_frames: int | None = None) -> VideoInfo:
    """Count the frames of a video and read its facts; decodes the first frame only, unless the file is damaged.

    Raises FileNotFoundError, or VideoError for a file that is not a usable video: UnreadableVideo, NoVideoStream,
    UnsuitablePicture (a side below 16 px, more than `max_pixels` in a frame), TooManyFrames (None allows any number),
    UndecodableFrame (not even the first). MemoryError, here and below, where the process may not take what it needs.
    """
    path = existing_file(path)
    with open_video(path, max_pixels) as (container, stream, decoder):
        scan = _scan(path, container, stream, decoder, max_frames)
        timed = container.format.name.split(",")[0] in TIMED_DEMUXERS
        rate = stream.average_rate or stream.guessed_rate or Fraction(1)
        time_base, codec, promised = stream.time_base, stream.codec_context.name, stream.frames
        aspect = stream.sample_aspect_ratio
        notes = [*_track_notes(container, stream)]
        if scan.first is not None:
            notes += picture_notes(stream, scan.first, aspect)
    if scan.first is None:
        raise _nothing_decodes(path)
    expect_picture_size(path, scan.first.width, scan.first.height, max_pixels)
    width, height = shown_size(scan.first, aspect)
    expect_picture_size(path, width, height, max_pixels)

    times = scan.told()
    promised = len(times) if scan.has_fields else max(promised, len(times))
    lost, missing = _Lost(), 0
    if (
        scan.damaged
        or scan.has_seam
        or None in times
        or len(set(times)) < len(times)
        or not (timed or scan.starts_with_keyframe)
        or all(scan.lost)
    ):
        step = max(1, round(1 / (rate * time_base)))
        timeline, lost = _timeline_by_decoding(path, scan, time_base, step, max_pixels)
        if scan.damaged or scan.has_seam:
            missing = max(0, promised - len(timeline.times) - lost.before - lost.within)
    else:
        timeline, lost, missing = _timeline_of_packets(scan, time_base, timed)
    seconds = timeline.seconds()
    fps = usual_rate(seconds) or float(rate)
    return VideoInfo(
        name=path.name,
        num_frames=len(timeline.times),
        fps=fps,
        width=width,
        height=height,
        codec=codec,
        missing_frames=missing,
        span_sec=float(seconds[-1]) + 1 / fps,
        notes=(*notes, *lost.notes(), *timing_notes(seconds)),
        timeline=timeline,
    )


def _nothing_decodes(path: Path) -> UndecodableFrame:
    return UndecodableFrame(f"{path.name}: no frame can be decoded; export or record the video again")


@dataclass
class _Scan:
    """All packets in the order of the file, but for second fields, the first whole frame, and whether damage showed.

    A list of plain values for each fact, not an object a packet: Python's collector would go through all of them, and
    through all else in memory, again and again.
    """

    times: list[int | None] = field(default_factory=list)
    shown: list[bool] = field(default_factory=list)
    keyframes: dict[int, Keyframe] = field(default_factory=dict)
    lost: list[bool] = field(default_factory=list)
    first: av.VideoFrame | None = None
    damaged: bool = False
    has_fields: bool = False
    has_seam: bool = False
    starts_with_keyframe: bool = True

    def told(self) -> list[int | None]:
        """The times of the frames that are shown."""
        return [time for time, is_shown in zip(self.times, self.shown, strict=True) if is_shown]


@dataclass
class _Lost:
    """Frames that cannot be decoded, and frames after them that can."""

    before: int = 0
    within: int = 0

    def notes(self) -> list[str]:
        notes = []
        if self.before:
            frames, are = _frames(self.before)
            notes.append(
                f"The recording begins inside a group of pictures: its first {frames} cannot be decoded and {are} "
                "left out."
            )
        if self.within:
            frames, are = _frames(self.within)
            notes.append(
                f"{frames[0].upper()}{frames[1:]} after a break in the file cannot be decoded and {are} left out."
            )
        return notes


def _frames(count: int) -> tuple[str, str]:
    return ("frame", "is") if count == 1 else (f"{count} frames", "are")


def _scan(
    path: Path,
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    decoder: av.VideoCodecContext,
    max_frames: int | None,
) -> _Scan:
    """Read every packet without decoding it, but for the first frame."""
    import av

    scan, losses, jumps = _Scan(), Losses(), Jumps(container, stream)
    is_stream = seeks_by_decoding_time = container.format.name == "mpegts"
    is_second_field = second_field_finder(stream)
    try:
        for packet in packets_of(container, stream):
            jump = jumps.at(packet)
            scan.has_seam |= jump < 0
            if packet.size and is_second_field is not None and is_second_field(packet):
                scan.has_fields = True
            elif packet.size:  # the last packet is empty and tells a decoder to finish
                if not scan.times:
                    scan.starts_with_keyframe = packet.is_keyframe
                seek_to = packet.dts if seeks_by_decoding_time else packet.pts
                if packet.is_keyframe and packet.pts is not None and seek_to is not None:
                    scan.keyframes[len(scan.times)] = Keyframe(packet.pts, seek_to)
                scan.times.append(packet.pts)
                # Packets before the start of an edit list are decoded but not shown.
                scan.shown.append(not packet.is_discard)
                if is_stream:
                    losses.add(packet, jump > 0)
            if packet.is_corrupt and is_stream:
                losses.mark()
            elif packet.is_corrupt:
                scan.damaged = True
            if max_frames is not None and len(scan.times) > max_frames:
                raise TooManyFrames(f"{path.name}: holds more than {max_frames} frames, the limit; cut the clip")
            if scan.first is None:
                scan.first = _first_whole(decoder, packet, scan.starts_with_keyframe)
    except MemoryError:
        raise
    except av.FFmpegError:
        scan.damaged = True
    scan.lost = losses.lost or [False] * len(scan.times)
    return scan


def _first_whole(decoder: av.VideoCodecContext, packet: av.Packet, starts_with_keyframe: bool) -> av.VideoFrame | None:
    """The first frame of a packet that is what was filmed: a file may begin with frames that nothing can decode."""
    import av

    trusted = starts_with_keyframe or decoder.name == "h264"  # this decoder gives only whole pictures at the start
    try:
        frames = decoder.decode(packet if packet.size else None)
    except MemoryError:
        raise
    except av.FFmpegError:
        return None
    return next((frame for frame in frames if not frame.is_corrupt and (trusted or frame.key_frame)), None)


def _track_notes(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> list[str]:
    import av

    tracks = [
        other
        for other in container.streams.video
        if other is stream or (other.frames != 1 and not other.disposition & av.stream.Disposition.attached_pic)
    ]
    if len(tracks) == 1:
        return []
    return [f"The file holds {len(tracks)} videos; number {tracks.index(stream) + 1}, which players choose, was read."]


def _timeline_of_packets(scan: _Scan, time_base: Fraction, timed: bool) -> tuple[Timeline, _Lost, int]:
    """The frames that packets promise, those that were lost before or between them, and how many after the last."""
    kept, gone = [], []
    for time, is_shown, is_lost in zip(scan.times, scan.shown, scan.lost, strict=True):
        if is_shown:
            (gone if is_lost else kept).append(time)
    times = sorted(kept)
    keyframes = sorted(keyframe for place, keyframe in scan.keyframes.items() if not scan.lost[place])
    first = scan.first.pts
    if timed and first in set(times):
        gone += [time for time in times if time < first]
        times = [time for time in times if time >= first]
    after = sum(time > times[-1] for time in gone)
    before = sum(time < times[0] for time in gone)
    timeline = Timeline(tuple(times), tuple(keyframes), time_base, timed, has_fields=scan.has_fields)
    return timeline, _Lost(before, len(gone) - before - after), after


def _timeline_by_decoding(
    path: Path, scan: _Scan, time_base: Fraction, step: int, max_pixels: int
) -> tuple[Timeline, _Lost]:
    """The frames that decode, at their times; `step` apart where they have none, or not in ascending order."""
    with open_video(path, max_pixels) as opened:
        frames = [None if frame is None else (frame.pts,) for frame in sound_frames(*opened)]
    places = [place for place, frame in enumerate(frames) if frame is not None]
    if not places:
        raise _nothing_decodes(path)
    times = [frames[place][0] for place in places]
    told = scan.told()
    lost = _Lost(places[0], places[-1] + 1 - places[0] - len(places))
    silently = max(0, len(told) - len(frames))  # lost by a decoder that does not even say so
    has_times = None not in times and all(a < b for a, b in pairwise(times))
    if has_times and None not in told:
        lost.before = sum(time < times[0] for time in told)
        lost.within = max(0, sum(times[0] <= time <= times[-1] for time in told) - len(times))
    elif not scan.starts_with_keyframe:
        lost.before += silently
    elif scan.has_seam:
        lost.within += silently
    if not has_times:
        times = [step * index for index in range(len(times))]
    return Timeline(tuple(times), (), time_base, has_times, sound_only=True), lost
