"""Decoding from the first packet on, past what cannot be decoded: only whole, true pictures count."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tdn.data.video.opening import packets_of

if TYPE_CHECKING:
    import av

# How many packets before the seam of two recordings FFmpeg may mark as corrupt though they are whole.
MARKED_BEFORE_SEAM = 4
# Times of decoding waver in some files, and a stream of one recording goes on within so many seconds.
WAVER, LONGEST = 0.2, 1.0


def sound_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, decoder: av.VideoCodecContext
) -> Iterator[av.VideoFrame | None]:
    """Every frame that decodes, in the order of showing, and None for each one that came out wrong.

    After damage, a packet lost or a jump back in time, nothing counts until the next keyframe: what is decoded between
    is predicted from pictures that are not there. Ends where the container itself cannot be read on.
    """
    waits, broken = False, set()
    for number, marked in enumerate(_marked(container, stream)):
        packet = marked.packet
        if number == 0 and not packet.is_keyframe and decoder.name != "h264":
            waits = True  # H.264's decoder itself waits for a point where its pictures are whole
        if marked.is_seam:
            frames, _ = _whole(_decoded(decoder, None), broken, waits)
            yield from frames
            decoder.flush_buffers()
            waits = True
        if marked.is_broken:
            broken.add(packet.pts)
        frames, waits = _whole(_decoded(decoder, packet), broken, waits)
        yield from frames
    frames, _ = _whole(_decoded(decoder, None), broken, waits)
    yield from frames


@dataclass
class _Marked:
    packet: av.Packet
    is_broken: bool
    is_seam: bool


def _marked(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Iterator[_Marked]:
    """The packets to the end, or to where the container is broken; a seam is where another recording begins."""
    import av

    held: deque[_Marked] = deque()
    jumps = Jumps(container, stream)
    try:
        for packet in packets_of(container, stream):
            if not packet.size:
                continue
            jump = jumps.at(packet)
            is_seam = jump < 0 or (jump > 0 and not packet.is_keyframe)
            if jump:
                for before in held:
                    before.is_broken = False
            held.append(_Marked(packet, packet.is_corrupt, is_seam))
            if len(held) > MARKED_BEFORE_SEAM:
                yield held.popleft()
    except MemoryError:
        raise
    except av.FFmpegError:
        pass  # the damage that is being measured
    yield from held


class Jumps:
    """Packet by packet: whether another recording begins, to be decoded long before the last packet or long after it.

    The latter only in a stream that can be cut anywhere.
    """

    def __init__(self, container: av.container.InputContainer, stream: av.video.stream.VideoStream):
        # In units of the stream, because fractions cost as much as all the rest of reading a packet.
        self._back = -int(WAVER / stream.time_base)
        self._ahead = int(LONGEST / stream.time_base) if container.format.name in ("mpegts", "mpeg") else None
        self._last: int | None = None

    def at(self, packet: av.Packet) -> Literal[-1, 0, 1]:
        """-1 for a jump back, 1 for a jump ahead."""
        dts, last = packet.dts, self._last
        if dts is None:
            return 0
        self._last = dts
        if last is None:
            return 0
        if dts - last < self._back:
            return -1
        return 1 if self._ahead is not None and dts - last > self._ahead else 0


def _decoded(decoder: av.VideoCodecContext, packet: av.Packet | None) -> list[av.VideoFrame | None]:
    import av

    try:
        return decoder.decode(packet)
    except MemoryError:
        raise
    except av.FFmpegError:
        return [None]


def _whole(
    frames: list[av.VideoFrame | None], broken: set[int | None], waits: bool
) -> tuple[list[av.VideoFrame | None], bool]:
    """The same with None for frames that do not count, and whether the next ones have to wait for a keyframe."""
    whole: list[av.VideoFrame | None] = []
    for frame in frames:
        if frame is None or frame.is_corrupt:
            waits = True
        elif frame.key_frame:
            waits = False
        whole.append(None if waits else frame)
        waits = waits or frame.pts in broken  # itself it decoded, but what comes after it is not what it was
    return whole, waits
