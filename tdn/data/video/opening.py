"""Opening a video file: which ones are let in, and the stream that is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tdn.data.video.errors import NoVideoStream, UnreadableVideo, UnsuitablePicture
from tdn.lfs import expect_no_pointer

if TYPE_CHECKING:
    import av

MIN_SIDE = 16
MAX_PIXELS = 4096 * 2304

# Demuxers we open. FFmpeg chooses by content, so a playlist (HLS, concat) renamed to .mp4 would make it read other
# files and addresses of the server; text and single pictures would pass as videos.
DEMUXERS = "mov,matroska,avi,gif,apng,mpegts,mpeg,flv,asf,ogg,h264,hevc,m4v,ivf"

# Demuxers whose packets say when they are shown. AVI stores no such times (FFmpeg fills in the order of decoding,
# which B-frames change) and MPEG program streams store them for some frames only.
TIMED_DEMUXERS = {"mov", "matroska", "gif", "apng", "mpegts", "flv", "asf", "ogg", "ivf"}

# FFmpeg's own decoders of these leave transparency out, which Matroska files store beside the picture.
ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def existing_file(path: str | Path) -> Path:
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no such file")
    if path.is_dir():
        raise UnreadableVideo(f"{path.name}: expected a video file, got a folder; name a file in it")
    if path.stat().st_size == 0:
        raise UnreadableVideo(f"{path.name}: the file is empty (0 bytes); export or upload the video again")
    expect_no_pointer(path, UnreadableVideo)
    return path


def expect_picture_size(path: Path, width: int, height: int, max_pixels: int) -> None:
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


@contextmanager
def open_video(
    path: Path, max_pixels: int
) -> Iterator[tuple[av.container.InputContainer, av.video.stream.VideoStream, av.VideoCodecContext]]:
    """The open file, its best video stream and the decoder of that; closed at the end of the block."""
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
            "GIF, MPEG, FLV, WMV, or an animated PNG or WebP; export or upload it again"
        ) from error
    with container:
        stream = container.streams.best("video")
        if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
            raise NoVideoStream(f"{path.name}: holds no video, only {_other_streams(container)}; choose another file")
        if stream.codec_context is None:
            raise UnreadableVideo(f"{path.name}: the video codec is unknown; export it as H.264 in an MP4 file")
        expect_picture_size(path, stream.width, stream.height, max_pixels)
        decoder = _decoder(stream, max_pixels)
        decoder.thread_count = 1  # measured: two threads gain 15% of the time for 40 frames at 1080p
        yield container, stream, decoder


def packets_of(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Iterator[av.Packet]:
    """The packets of a stream from the present position on, as `container.demux` gives them."""
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            pass  # PyAV 18.1.0 on a packet of another stream, one that began after the file was opened


def _decoder(stream: av.video.stream.VideoStream, max_pixels: int) -> av.VideoCodecContext:
    """The stream's own decoder, or one that gives transparency where the stream has it."""
    import av

    name = ALPHA_DECODERS.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return stream.codec_context
    try:
        decoder = av.CodecContext.create(name, "r")
    except (ValueError, av.FFmpegError):
        return stream.codec_context
    decoder.extradata, decoder.options = stream.codec_context.extradata, {"max_pixels": str(2 * max_pixels)}
    return decoder


def _other_streams(container: av.container.InputContainer) -> str:
    kinds = {stream.type for stream in container.streams} - {"video"}
    return " and ".join(sorted(kinds)) or "no stream at all"
