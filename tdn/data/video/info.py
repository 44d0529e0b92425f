"""The facts of a video: how many frames, when they are shown, how large, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np

# An interval this many times the median, and at least a second long, is a pause of the recording.
PAUSE = 10
# Further from the median, in either direction, an interval says nothing of the rate: a pause or a lost frame.
USUAL_INTERVALS = (0.5, 1.5)


class Keyframe(NamedTuple):
    """A place where decoding can start: when it is shown, and the time to seek to in order to get there."""

    time: int
    seek_to: int


@dataclass(frozen=True)
class Timeline:
    """When each frame is shown, and where decoding can start.

    `times` are in units of `time_base` seconds, one a frame, increasing. `keyframes` are in the same units and order;
    some may lie before the first frame, and none means that decoding starts at the beginning of the file.
    `timed` is False where decoded frames do not carry these times and have to be counted from the first.
    `sound_only` says that the frames were counted by decoding, those that cannot be decoded left out; reading has to
    count in the same way. `has_fields` says that a picture may be stored as two packets, one a field.
    """

    times: tuple[int, ...]
    keyframes: tuple[Keyframe, ...]
    time_base: Fraction
    timed: bool
    sound_only: bool = False
    has_fields: bool = False

    def seconds(self) -> np.ndarray:
        """When each frame is shown, after the first: float64 [num_frames]."""
        times = np.array(self.times, dtype=np.int64)
        return (times - times[0]) * float(self.time_base)


@dataclass(frozen=True)
class VideoInfo:
    """What a video holds: `num_frames` that can be decoded, width and height as shown.

    As shown is after the display matrix and with square pixels. `fps` is the rate by the usual interval between frames,
    so that a pause does not change it. `missing_frames` counts those that the file promises and a break in it has
    lost; they all come after the last one that can be decoded. `span_sec` is the length with all pauses, None where
    frames are evenly spaced. `notes` are sentences on what was done to the pictures, or left out, that a reader of a
    result should know. `bits` is how many bits of 16 the pictures of a folder use, 0 for ordinary ones of 8.
    """

    name: str
    num_frames: int
    fps: float
    width: int
    height: int
    codec: str = ""
    missing_frames: int = 0
    span_sec: float | None = None
    notes: Sequence[str] = ()
    bits: int = 0
    timeline: Timeline | None = field(default=None, repr=False)

    @property
    def said(self) -> list[str]:
        """The notes, and one on frames that a break at the end has lost."""
        if not self.missing_frames:
            return list(self.notes)
        promised = self.num_frames + self.missing_frames
        return [*self.notes, f"The file breaks off: only the first {self.num_frames} of {promised} frames were used."]

    @property
    def duration_sec(self) -> float:
        return self.num_frames / self.fps if self.span_sec is None else self.span_sec

    @property
    def times_sec(self) -> np.ndarray:
        """When each frame is shown, in seconds after the first: float64 [num_frames]."""
        if self.timeline is None:
            return np.arange(self.num_frames) / self.fps
        return self.timeline.seconds()


def usual_rate(times_sec: Sequence[float] | np.ndarray) -> float | None:
    """Frames a second by the median interval; None for a single frame.

    Many files round their times to a millisecond, so it is the mean of all intervals near the median.
    """
    intervals = np.diff(times_sec)
    if not len(intervals):
        return None
    median = np.sort(intervals)[len(intervals) // 2]  # one that there is, not the mean of two
    low, high = USUAL_INTERVALS
    return float(1 / intervals[(intervals >= low * median) & (intervals <= high * median)].mean())


def timing_notes(times_sec: np.ndarray) -> list[str]:
    """Sentences on pauses, and on a rate that varies; none for frames that are evenly spaced."""
    intervals = np.diff(times_sec)
    if not len(intervals):
        return []
    median = np.median(intervals)
    pauses = np.flatnonzero(intervals > max(1.0, PAUSE * median))
    notes = []
    if len(pauses):
        longest = pauses[intervals[pauses].argmax()]
        count = "once" if len(pauses) == 1 else f"{len(pauses)} times"
        notes.append(
            f"The video pauses {count}, for up to {intervals[longest]:.3g} seconds after frame {longest}: frames on "
            "both sides of a pause are taken as neighbours."
        )
    slow, fast = 1 / np.quantile(intervals, 0.9), 1 / np.quantile(intervals, 0.1)
    if fast > 1.5 * slow:
        notes.append(
            f"The frame rate varies, mostly from {slow:.3g} to {fast:.3g} a second; it is read as "
            f"{usual_rate(times_sec):.3g} throughout."
        )
    return notes
