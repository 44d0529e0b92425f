"""Which frames a clip is made of: the released rules by their verified table, ours by their properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdn.data.sampling import (
    centre_window_starts,
    clip_frames,
    clip_window_starts,
    even_window_starts,
    spread,
    thin,
    train_window_starts,
    windows,
)

lengths = st.integers(1, 3000)
segments = st.sampled_from([1, 3, 8, 16, 40])
window_sizes = st.sampled_from([1, 5])

# (frames, T, 1-based starts) of the official functions.
OFFICIAL_CENTRE_STARTS = [
    (1, 8, [1] * 8),
    (5, 8, [1] * 8),
    (12, 8, [1] * 8),
    (13, 8, [1, 2, 3, 4, 6, 7, 8, 9]),
    (20, 8, [2, 4, 6, 8, 10, 12, 14, 16]),
    (21, 8, [2, 4, 6, 8, 10, 12, 14, 16]),
    (100, 8, [7, 19, 31, 43, 55, 67, 79, 91]),
    (20, 16, [1] * 16),
    (21, 16, [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17]),
    (100, 16, list(range(4, 95, 6))),
]


@pytest.mark.parametrize(("num_frames", "num_segments", "one_based"), OFFICIAL_CENTRE_STARTS)
def test_centre_starts_are_those_of_the_released_code(num_frames, num_segments, one_based):
    assert (centre_window_starts(num_frames, num_segments) + 1).tolist() == one_based


@given(lengths, segments, window_sizes)
def test_even_starts_are_the_centre_starts_wherever_those_do_not_collapse(num_frames, num_segments, window):
    even = even_window_starts(num_frames, num_segments, window)
    centre = centre_window_starts(num_frames, num_segments, window)
    assert (even == centre).all() or not centre.any()


@given(lengths, segments, window_sizes)
def test_even_starts_use_as_many_places_as_there_are(num_frames, num_segments, window):
    places = max(1, num_frames - window + 1)
    starts = even_window_starts(num_frames, num_segments, window)
    assert len(set(starts.tolist())) == min(places, num_segments)
    assert starts.min() >= 0
    assert starts.max() < places


@given(lengths, segments, window_sizes)
def test_even_starts_leave_as_much_of_the_video_before_them_as_after(num_frames, num_segments, window):
    places = max(1, num_frames - window + 1)
    starts = even_window_starts(num_frames, num_segments, window)
    mirrored = (places - 1 - starts)[::-1]
    assert np.abs(starts - mirrored).max() <= 1  # halves are rounded down


@given(lengths, segments, window_sizes, st.integers(0, 10))
def test_training_starts_lie_one_in_each_segment(num_frames, num_segments, window, seed):
    starts = train_window_starts(num_frames, num_segments, np.random.default_rng(seed), window)
    places = num_frames - window + 1
    assert len(starts) == num_segments
    assert (np.diff(starts) >= 0).all()
    if places >= num_segments:
        travel = places // num_segments
        assert (starts // travel == np.arange(num_segments)).all()
    else:
        assert 0 <= starts.min() <= starts.max() < max(1, places)


def test_training_starts_of_twelve_frames_are_the_eight_places():
    for seed in range(5):
        assert train_window_starts(12, 8, np.random.default_rng(seed)).tolist() == list(range(8))


def test_training_starts_of_nine_frames_are_drawn_from_its_five_places():
    drawn = np.stack([train_window_starts(9, 8, np.random.default_rng(seed)) for seed in range(50)])
    assert set(drawn.flat) == {0, 1, 2, 3, 4}


def test_training_starts_of_no_more_frames_than_segments_are_all_zero():
    assert not train_window_starts(8, 8, np.random.default_rng(0)).any()


def test_training_starts_reach_both_ends_of_each_segment():
    drawn = np.stack([train_window_starts(28, 8, np.random.default_rng(seed)) for seed in range(100)])  # 3 a segment
    assert drawn.min(0).tolist() == [0, 3, 6, 9, 12, 15, 18, 21]
    assert drawn.max(0).tolist() == [2, 5, 8, 11, 14, 17, 20, 23]


def test_windows_are_consecutive_and_repeat_the_last_frame():
    assert windows(np.array([0, 3]), num_frames=6).tolist() == [[0, 1, 2, 3, 4], [3, 4, 5, 5, 5]]


@given(lengths, segments, window_sizes)
def test_windows_stay_inside_the_video(num_frames, num_segments, window):
    frames = windows(even_window_starts(num_frames, num_segments, window), num_frames, window)
    assert frames.shape == (num_segments, window)
    assert 0 <= frames.min() <= frames.max() < num_frames


def test_a_video_at_or_below_the_wanted_rate_is_not_thinned():
    assert thin(10, fps=12, target_fps=12).tolist() == list(range(10))
    assert thin(10, fps=8, target_fps=12, max_frames=10).tolist() == list(range(10))


def test_halving_the_rate_takes_every_second_frame():
    assert thin(8, fps=24, target_fps=12).tolist() == [1, 3, 5, 7]


def test_thirty_frames_a_second_become_twelve_by_steps_of_two_and_three():
    kept = thin(300, fps=30, target_fps=12)
    assert len(kept) == 120
    assert set(np.diff(kept)) == {2, 3}


def test_a_long_video_is_spread_evenly_over_the_frames_allowed():
    kept = thin(18000, fps=30, target_fps=12, max_frames=64)
    assert len(kept) == 64
    assert set(np.diff(kept)) <= {281, 282}  # 18000 / 64 = 281.25


@settings(max_examples=200)
@given(
    lengths,
    st.floats(0.1, 240),
    st.none() | st.floats(0.1, 240),
    st.none() | st.integers(1, 500),
)
def test_thinning_keeps_between_one_frame_and_what_was_asked(num_frames, fps, target_fps, max_frames):
    kept = thin(num_frames, fps, target_fps, max_frames)
    assert 1 <= len(kept) <= min(num_frames, max_frames or num_frames)
    assert 0 <= kept[0] <= kept[-1] < num_frames
    assert (np.diff(kept) >= 1).all()
    if target_fps is not None and target_fps < fps and max_frames is None:
        assert abs(len(kept) - max(1, num_frames * target_fps / fps)) <= 0.5


def test_spread_gives_the_middles_of_equal_parts():
    assert spread(8, 2).tolist() == [2, 6]
    assert spread(5, 5).tolist() == [0, 1, 2, 3, 4]
    assert spread(1, 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: centre_window_starts(0), "num_frames"),
        (lambda: even_window_starts(10, 0), "num_segments"),
        (lambda: even_window_starts(10, 8, 0), "window"),
        (lambda: thin(10, fps=0, target_fps=12), "fps"),
        (lambda: thin(10, fps=30, max_frames=0), "max_frames"),
    ],
)
def test_counts_below_one_are_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_evenly_spaced_clips_share_out_every_segment():
    # Twelve frames have 8 places for a window of 5: two segments of 4, each with two clips.
    starts = clip_window_starts(12, 2, 5, 2, "even", "released", np.random.default_rng(0))
    assert [one.tolist() for one in starts] == [[1, 5], [3, 7]]


def test_several_clips_as_released_are_drawn_as_in_training():
    drawn = clip_window_starts(100, 8, 5, 3, "released", "released", np.random.default_rng(0))
    rng = np.random.default_rng(0)
    assert all((starts == train_window_starts(100, 8, rng)).all() for starts in drawn) and len(drawn) == 3


@pytest.mark.parametrize(("rule", "expected"), [("released", [0, 0, 0, 0]), ("even", [0, 1, 2, 3])])
def test_a_single_clip_is_the_one_that_the_network_is_shown_everywhere(rule, expected):
    (starts,) = clip_window_starts(8, 4, 5, 1, "even", rule, np.random.default_rng(0))
    assert starts.tolist() == expected


def test_a_short_video_keeps_enough_frames_however_fast_it_is():
    # Three seconds of a webcam come down to 45 frames at 15 a second, but 48 are kept; 20 frames stay 20.
    assert len(thin(90, fps=30, target_fps=15, min_frames=48)) == 48
    assert len(thin(300, fps=30, target_fps=15, min_frames=48)) == 150
    assert len(thin(20, fps=30, target_fps=15, min_frames=48)) == 20


def test_several_dense_clips_go_evenly_from_the_first_to_the_last_that_fits():
    frames = clip_frames(100, 4, 1, 3, "released", "dense", np.random.default_rng(0), stride=10)
    assert frames.shape == (3, 4, 1)
    assert frames[..., 0].tolist() == [[0, 10, 20, 30], [34, 44, 54, 64], [69, 79, 89, 99]]
    (one,) = clip_frames(100, 4, 1, 1, "even", "dense", np.random.default_rng(0), stride=10)
    assert one[:, 0].tolist() == [34, 44, 54, 64]
    short = clip_frames(8, 4, 1, 3, "even", "dense", np.random.default_rng(0), stride=10)
    assert short[..., 0].tolist() == [[1, 3, 5, 7]] * 3
