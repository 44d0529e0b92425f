"""Which frames a clip is made of: arithmetic on integers, no decoder. TDN Sec. 3.1 and the released rules.

A video is cut into T equal segments and each gives a window of L consecutive frames; `starts` [T] are the first
frames of the windows, 0-based. A video of `num_frames` has `num_frames - window + 1` places to start from. T is 8 or
16 in the paper and 40 in one row of Table 1; `window` is 5, or 1 for networks that see one frame a segment.
"""

import numpy as np


def train_window_starts(num_frames: int, num_segments: int, rng: np.random.Generator, window: int = 5) -> np.ndarray:
    """First frame of a window at a random place in each segment (training sampling).

    Returns int64 [T], ascending. The last places, fewer than T, that no segment covers are never a start. With fewer
    places than segments, T places are drawn with replacement and sorted; a video of at most T frames, or shorter than
    a window, starts every window at frame 0.
    Source: TDN ops/dataset.py:78-95 `_sample_indices`, minus its 1-based offset.
    """
    _expect_counts(num_frames, num_segments, window)
    places = num_frames - window + 1
    travel = places // num_segments
    if travel > 0:
        return np.arange(num_segments) * travel + rng.integers(travel, size=num_segments)
    if num_frames > num_segments and places > 0:
        return np.sort(rng.integers(places, size=num_segments))
    return np.zeros(num_segments, dtype=np.int64)


def centre_window_starts(num_frames: int, num_segments: int = 8, window: int = 5) -> np.ndarray:
    """First frame of the window at the middle of each segment (evaluation sampling).

    Returns int64 [T], 0-based. With no more places than segments (12 frames at T=8, 20 at T=16) every window starts
    at frame 0: released behaviour, kept because published numbers were measured with it; `even_window_starts` is the
    rule without it.
    Source: TDN ops/dataset.py:119-147 `_get_val_indices`, minus its 1-based offset.
    """
    _expect_counts(num_frames, num_segments, window)
    places = num_frames - window + 1
    if places <= num_segments:
        return np.zeros(num_segments, dtype=np.int64)
    return spread(places, num_segments)


def even_window_starts(num_frames: int, num_segments: int, window: int = 5) -> np.ndarray:
    """First frame of windows spread evenly over the whole video, however short (our rule).

    Returns int64 [T], 0-based. Agrees with `centre_window_starts` wherever that does not collapse; a shorter video
    repeats windows, and one shorter than a window starts them all at frame 0.
    """
    _expect_counts(num_frames, num_segments, window)
    return spread(max(1, num_frames - window + 1), num_segments)


def dense_frames(num_frames: int, count: int, stride: int = 1) -> np.ndarray:
    """`count` frames, `stride` apart, from the middle of a video: int64 [count], 0-based, ascending.

    A video too short for that is spread over them evenly, and one of fewer than `count` frames shows some twice: whole
    at a lower or higher speed rather than its end standing still (our choice; libraries differ here).
    """
    _expect_counts(num_frames, count, stride)
    span = (count - 1) * stride + 1
    if num_frames < span:
        return spread(num_frames, count)
    return (num_frames - span) // 2 + stride * np.arange(count, dtype=np.int64)


def clip_window_starts(
    num_frames: int,
    num_segments: int,
    window: int,
    clips: int,
    clip_sampling: str,
    one_clip: str,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """First frames [T] of the windows of each of the `clips` that a video is tested on.

    One clip is taken by the rule `one_clip`, "released" or "even", as `Preprocess.sampling` names it. Several are drawn
    as in training with `clip_sampling` "released", which is how the released code tests on Kinetics (TDN
    ops/dataset.py:176-177); or evenly spaced with "even": every segment is cut into as many parts as there are clips,
    and each clip takes one part of every segment.
    """
    if clips == 1:
        starts = even_window_starts if one_clip == "even" else centre_window_starts
        return [starts(num_frames, num_segments, window)]
    if clip_sampling == "released":
        return [train_window_starts(num_frames, num_segments, rng, window) for _ in range(clips)]
    parts = even_window_starts(num_frames, num_segments * clips, window)
    return list(parts.reshape(num_segments, clips).T)


def clip_frames(
    num_frames: int,
    num_segments: int,
    window: int,
    clips: int,
    clip_sampling: str,
    one_clip: str,
    rng: np.random.Generator,
    stride: int = 1,
) -> np.ndarray:
    """Frames of each of the `clips` that a video is tested on, int64 [clips, T, L]; rules of `clip_window_starts`.

    With `one_clip` "dense" they are frames `stride` apart (L is 1): one clip from the middle, several from the first
    to the last that fits, evenly, whatever `clip_sampling`. Source of the latter: TSM ops/dataset.py
    `_get_test_indices`.
    """
    if one_clip == "dense":
        first = dense_frames(num_frames, num_segments, stride)
        span = (num_segments - 1) * stride + 1
        if clips == 1 or num_frames <= span:
            return np.repeat(first[None, :, None], clips, 0)
        starts = np.linspace(0, num_frames - span, clips).astype(np.int64)
        return (starts[:, None] + first - first[0])[..., None]
    found = clip_window_starts(num_frames, num_segments, window, clips, clip_sampling, one_clip, rng)
    return np.stack([windows(starts, num_frames, window) for starts in found])


def windows(starts: np.ndarray, num_frames: int, window: int = 5) -> np.ndarray:
    """Frames of each window: int64 [T, L]. Past the end of the video the last frame is repeated.

    Source: TDN ops/dataset.py:184-199 `get`.
    """
    return np.minimum(np.asarray(starts)[:, None] + np.arange(window), num_frames - 1)  # [T, L]


def thin(
    num_frames: int,
    fps: float,
    target_fps: float | None = None,
    max_frames: int | None = None,
    min_frames: int | None = None,
) -> np.ndarray:
    """Frames of the source that make up the thinned video, int64, ascending without repeats.

    A video faster than `target_fps` is brought down to it, but not below `min_frames`, and one that is still longer
    than `max_frames` to that many, in one step: the frames kept are spread evenly over the source. A slower or shorter
    video stays as it is. Differences between neighbours grow as frames are left out, so a network should see the rate
    it was trained at.
    """
    _expect_counts(num_frames, 1, 1)
    for name, count in (("max_frames", max_frames), ("min_frames", min_frames)):
        if count is not None and count < 1:
            raise ValueError(f"{name}: expected at least 1, got {count}")
    kept = num_frames
    if target_fps is not None:
        if not fps > 0 or not target_fps > 0:
            raise ValueError(f"fps and target_fps: expected above 0, got {fps} and {target_fps}")
        kept = min(kept, max(round(num_frames * target_fps / fps), min_frames or 1))
    if max_frames is not None:
        kept = min(kept, max_frames)
    return spread(num_frames, max(1, kept))


def spread(length: int, count: int) -> np.ndarray:
    """The middles of `count` equal parts of 0 ... `length` - 1, rounded down: int64 [count]."""
    return length * (2 * np.arange(count, dtype=np.int64) + 1) // (2 * count)


def _expect_counts(num_frames: int, num_segments: int, window: int) -> None:
    for name, count in (("num_frames", num_frames), ("num_segments", num_segments), ("window", window)):
        if count < 1:
            raise ValueError(f"{name}: expected at least 1, got {count}")
