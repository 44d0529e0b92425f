"""What this build of FFmpeg can do."""

from __future__ import annotations


def load_decoder() -> None:
    """Load FFmpeg now, not at the first video."""
    import av  # noqa: F401


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
