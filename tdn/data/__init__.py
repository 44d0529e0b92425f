"""Videos in, clips out: decoders and arithmetic. Nothing here knows models."""

from tdn.data.clip import read_clip
from tdn.data.synthetic import synthetic_clip

__all__ = ["read_clip", "synthetic_clip"]
