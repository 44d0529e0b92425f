"""Long videos to read, made once."""

from pathlib import Path

import numpy as np

VIDEOS = Path("runs/benchmark")
VIDEO_SIZE, VIDEO_FPS, GROUP = (1920, 1080), 30, 250


def long_video(duration_sec: int, length: int | None = None) -> Path:
    """A 1080p H.264 file with B-frames and a keyframe each `length` frames, 250: one such group again and again."""
    import av

    name, length = "" if length is None else f"_{length}", length or GROUP
    path, group = VIDEOS / f"moving_{duration_sec}s{name}.mp4", VIDEOS / f"group{name}.mp4"
    if path.exists():
        return path
    VIDEOS.mkdir(parents=True, exist_ok=True)
    _write_group(group, length)
    unfinished = path.with_suffix(".partial.mp4")
    with av.open(str(unfinished), "w", format="mp4") as container:
        stream = None
        for repeat in range(duration_sec * VIDEO_FPS // length):
            with av.open(str(group)) as source:
                template = source.streams.video[0]
                stream = stream or container.add_stream_from_template(template)
                shift = round(repeat * length / VIDEO_FPS / template.time_base)
                for packet in source.demux(template):
                    if packet.dts is not None:  # the last one only ends the stream
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                        container.mux(packet)
    unfinished.rename(path)
    return path


def _write_group(path: Path, length: int) -> None:
    """One group of pictures: a keyframe and frames that move."""
    import av

    ground = np.kron(np.random.default_rng(0).integers(0, 255, (27, 48, 3), np.uint8), np.ones((40, 40, 1), np.uint8))
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=VIDEO_FPS)
        stream.width, stream.height, stream.pix_fmt = *VIDEO_SIZE, "yuv420p"
        stream.options = {"preset": "superfast", "bf": "2", "g": str(length), "sc_threshold": "0"}
        for number in range(length):
            frame = av.VideoFrame.from_ndarray(np.roll(ground, 4 * number, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
