"""Files to frames and back: facts about a video, frames by number, small H.264 files.

A frame number counts from 0 in the order of showing, and means that frame or an error, never a neighbour. Frames are
as a player shows them: `picture.py` says what that takes.

The one importer of av (PyAV) and decord; both are imported inside the functions, so that training on machines
without them can import this room.
"""

from tdn.data.video.codecs import USUAL_CODECS, load_decoder, missing_codecs
from tdn.data.video.errors import (
    NoVideoStream,
    TooManyFrames,
    UndecodableFrame,
    UnreadableVideo,
    UnsuitablePicture,
    VideoError,
)
from tdn.data.video.frames import decode_frames, read_frames
from tdn.data.video.info import Timeline, VideoInfo
from tdn.data.video.opening import MAX_PIXELS, MIN_SIDE
from tdn.data.video.probing import probe
from tdn.data.video.write import write_mp4

__all__ = [
    "MAX_PIXELS",
    "MIN_SIDE",
    "USUAL_CODECS",
    "NoVideoStream",
    "Timeline",
    "TooManyFrames",
    "UndecodableFrame",
    "UnreadableVideo",
    "UnsuitablePicture",
    "VideoError",
    "VideoInfo",
    "decode_frames",
    "load_decoder",
    "missing_codecs",
    "probe",
    "read_frames",
    "write_mp4",
]
