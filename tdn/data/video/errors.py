"""What can be wrong with a video; each message is one sentence for the person who sent the file."""


class VideoError(ValueError):
    """A video that cannot be used."""


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
