"""Videos in, clips out: decoders and arithmetic. Nothing here knows models."""

from typing import Any

from tdn.data.clip import read_clip

__all__ = ["read_clip", "synthetic_clip"]


def __getattr__(name: str) -> Any:
    """`tdn.data.synthetic_clip` is the first name people look for; the room that draws it stands above this one.

    Loaded only when asked for: drawing needs OpenCV, which the decoding worker and `tdn.weights` do without.
    """
    if name == "synthetic_clip":
        from tdn.motion import synthetic_clip

        return synthetic_clip
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
