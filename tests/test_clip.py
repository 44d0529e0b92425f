"""From a file to the clip of a network: the right frames, in the right place, with what is shown beside them."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from tdn.data.clip import clip_from_frames, clip_of, load_clip, read_clip, read_pictures
from tdn.data.film import Showing
from tdn.data.sampling import centre_window_starts, windows
from tdn.data.transforms import Preprocess, normalise, to_view
from tdn.data.video import VideoError, decode_frames, read_frames, write_mp4
from tests.conftest import network, tiny

SMALL_CROP = Preprocess(view="centre_crop", short_side=40, input_size=32, sampling="released")
WHOLE = Preprocess(view="whole", short_side=32, input_size=32, sampling="even")


@dataclass
class Taker:
    """The part of a network that says which clips it takes."""

    preprocess: Preprocess = WHOLE
    num_segments: int = 8
    window: int = 5


def grey(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A frame whose brightness is its number."""
    return np.full((height, width, 3), number, np.uint8)


def brightness(clip: torch.Tensor) -> np.ndarray:
    """Mean grey level of each picture of a clip: [1, T, L, 3, H, W] -> [T, L]."""
    green = clip[0, :, :, 1].mean((2, 3))
    return (255 * (green * 0.224 + 0.456)).numpy()


@pytest.fixture
def video(tmp_path):
    """Write grey frames 4, 6, 8, ... and return the path: frame n has brightness 4 + 2 n."""

    def written(num_frames: int, fps: float = 12, height: int = 48, width: int = 64):
        path = tmp_path / f"{num_frames}.mp4"
        write_mp4(path, (grey(4 + 2 * n, height, width) for n in range(num_frames)), fps=fps, crf=1)
        return path

    return written


@pytest.mark.parametrize(("num_segments", "window"), [(8, 5), (16, 5), (40, 1)])
@pytest.mark.parametrize("preprocess", [SMALL_CROP, WHOLE])
def test_a_clip_holds_the_frames_it_names(preprocess, num_segments, window, video):
    clip = load_clip(video(100), Taker(preprocess, num_segments, window))
    assert clip.tensor.shape == (1, num_segments, window, 3, 32, 32)
    assert clip.tensor.dtype == torch.float32
    assert clip.frames.shape == (num_segments, window)
    assert brightness(clip.tensor) == pytest.approx(4 + 2 * clip.frames, abs=1.5)


@pytest.mark.parametrize("num_frames", [1, 2, 3, 4, 5, 12, 13, 21])
@pytest.mark.parametrize("preprocess", [SMALL_CROP, WHOLE])
def test_a_short_video_makes_a_clip_of_the_frames_it_has(num_frames, preprocess, video):
    clip = load_clip(video(num_frames), Taker(preprocess))
    assert brightness(clip.tensor) == pytest.approx(4 + 2 * clip.frames, abs=1.5)
    assert clip.frames.max() <= num_frames - 1


def test_released_sampling_takes_the_windows_of_the_released_code(video):
    clip = load_clip(video(100), Taker(SMALL_CROP))
    assert (clip.frames == windows(centre_window_starts(100), 100)).all()


def test_even_sampling_reaches_the_end_of_a_short_video(video):
    assert load_clip(video(9), Taker(WHOLE)).frames.max() == 8


def test_a_faster_video_gives_the_frames_of_the_wanted_rate(video):
    slow = Preprocess(view="whole", short_side=32, input_size=32, sampling="even", fps=12)
    clip = load_clip(video(96, fps=24), Taker(slow))
    assert (np.diff(clip.frames, axis=1) == 2).all()
    assert brightness(clip.tensor) == pytest.approx(4 + 2 * clip.frames, abs=1.5)


def test_a_longer_video_is_thinned_to_the_frames_allowed(video):
    thinned = Preprocess(view="whole", short_side=32, input_size=32, sampling="even", max_frames=20)
    clip = load_clip(video(120), Taker(thinned))
    assert (np.diff(clip.frames, axis=1) == 6).all()


@pytest.mark.parametrize(("speed", "step"), [(1, 1), (2, 2), (3, 3)])
def test_a_higher_speed_leaves_frames_out(speed, step, video):
    clip = load_clip(video(100), Taker(), speed=speed)
    assert (np.diff(clip.frames, axis=1) == step).all()
    assert clip.frames.max() > 90


def test_a_lower_speed_shows_frames_twice(video):
    clip = load_clip(video(60), Taker(), speed=0.5)
    assert sorted(set(np.diff(clip.frames, axis=1).ravel().tolist())) == [0, 1]
    with pytest.raises(ValueError, match="above 0"):
        load_clip(video(60), Taker(), speed=0)


@pytest.mark.parametrize(
    "preprocess",
    [
        SMALL_CROP,
        Preprocess("whole", 32, 32, "even", fps=12),
        Preprocess("whole", 32, 32, "even", max_frames=50),
        Preprocess("whole", 32, 32, "even", fps=15, min_frames=48),
    ],
)
@pytest.mark.parametrize(("repeat", "part"), [(1, 0.5), (3, 1), (7, 1), (8, 1), (16, 1), (5, 0.4)])
def test_a_repeated_video_is_the_file_that_was_written_repeated(repeat, part, preprocess, tmp_path, rng):
    frames = rng.integers(0, 255, (23, 48, 64, 3), np.uint8)
    used = round(part * 23)
    # Lossless, so that a frame has the same pixels wherever in a file it stands.
    write_mp4(tmp_path / "once.mp4", frames, fps=24, crf=0)
    write_mp4(tmp_path / "written.mp4", np.concatenate([frames[:used]] * repeat), fps=24, crf=0)
    model = network(tiny())
    model.preprocess = replace(preprocess, input_size=64, short_side=64)
    shown = load_clip(tmp_path / "once.mp4", model, repeat=repeat, part=part)
    written = load_clip(tmp_path / "written.mp4", model)
    assert (shown.frames == written.frames % used).all()
    assert torch.equal(shown.tensor, written.tensor) and (shown.centre_frames == written.centre_frames).all()
    with torch.inference_mode():
        assert torch.allclose(model(shown.tensor), model(written.tensor), atol=1e-4)
    rounds = written.frames // used
    assert shown.seam_windows == (rounds.min(1) < rounds.max(1)).sum()


def test_frames_in_memory_are_repeated_as_those_of_a_file(video):
    path = video(20)
    from_file = load_clip(path, Taker(), repeat=7, part=0.5, speed=2)
    from_memory = clip_from_frames(read_frames(path, range(20)), Taker(), showing=Showing(2, 7, 0.5))
    assert torch.equal(from_file.tensor, from_memory.tensor) and (from_file.frames == from_memory.frames).all()


def test_each_frame_of_a_repeated_video_is_decoded_once(video, monkeypatch):
    asked = []

    def counting(path, indices, info=None):
        asked.append(list(indices))
        return decode_frames(path, indices, info)

    monkeypatch.setattr("tdn.data.clip.decode_frames", counting)
    pictures = read_pictures(video(30), Taker(), [Showing(repeat=k) for k in range(1, 17)])
    assert len(asked) == 1 and len(asked[0]) == len(set(asked[0])) <= 30
    assert len(pictures.views) == len(asked[0]) and pictures.windows.shape == (16, 8, 5)
    for place in (0, 6, 15):
        alone = load_clip(video(30), Taker(), repeat=place + 1)
        together = clip_of(pictures, WHOLE, place)
        assert torch.equal(alone.tensor, together.tensor) and alone.note == together.note
        assert (alone.centre_frames == together.centre_frames).all()


def test_a_part_of_a_video_has_at_least_one_frame(video):
    assert load_clip(video(4), Taker(), part=0.01).frames.max() == 0


@pytest.mark.parametrize("wrong", [{"repeat": 0}, {"repeat": 17}, {"repeat": 2.5}, {"part": 0}, {"part": 1.1}])
def test_a_showing_that_cannot_be_is_refused(wrong, video):
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected .*, got {next(iter(wrong.values()))}"):
        load_clip(video(9), Taker(), **wrong)


def test_the_times_are_those_of_the_centre_frames(video):
    clip = load_clip(video(100, fps=20), Taker())
    assert clip.times_sec == pytest.approx(clip.frames[:, 2] / 20)


def test_the_pictures_to_show_are_the_centre_frames(video):
    clip = load_clip(video(100), Taker())
    assert clip.centre_frames.shape == (8, 48, 64, 3)
    assert clip.centre_frames.mean((1, 2, 3)) == pytest.approx(4 + 2 * clip.frames[:, 2], abs=1.5)


def test_large_pictures_are_shrunk_for_showing_with_their_box(video):
    path = video(9, height=100, width=200)
    full = load_clip(path, Taker(SMALL_CROP))
    small = load_clip(path, Taker(SMALL_CROP), display_short_side=50)
    assert small.centre_frames.shape == (8, 50, 100, 3)
    assert small.seen_box == pytest.approx([side / 2 for side in full.seen_box])


def test_the_seen_box_cuts_the_view_out_of_the_picture():
    y, x = np.mgrid[:90, :160]
    frame = np.stack([x, y, y], axis=-1).astype(np.uint8)
    clip = clip_from_frames(np.stack([frame] * 6), Taker(SMALL_CROP))
    x0, y0, x1, y1 = (round(side) for side in clip.seen_box)
    cut = clip.centre_frames[0, y0:y1, x0:x1]
    whole = to_view(cut, Preprocess(view="whole", short_side=32, input_size=32, sampling="even"))
    assert np.abs(whole.astype(int) - to_view(frame, SMALL_CROP)).max() <= 2


def test_frames_in_memory_make_the_clip_of_the_same_file(video):
    path = video(60, fps=24)
    model = Taker(Preprocess(view="centre_crop", short_side=40, input_size=32, sampling="even", fps=12, max_frames=20))
    from_file = load_clip(path, model)
    from_memory = clip_from_frames(read_frames(path, range(60)), model, fps=24)
    assert torch.equal(from_file.tensor, from_memory.tensor)
    assert (from_file.frames == from_memory.frames).all()
    assert (from_file.centre_frames == from_memory.centre_frames).all()
    assert from_file.times_sec == pytest.approx(from_memory.times_sec)


def test_a_clip_is_the_slow_way_of_reading_everything(video):
    path = video(50)
    clip = load_clip(path, Taker(SMALL_CROP))
    everything = read_frames(path, range(50))
    views = np.stack([[to_view(everything[index], SMALL_CROP) for index in window] for window in clip.frames])
    assert torch.equal(clip.tensor[0], normalise(views))


def test_read_clip_is_the_tensor_of_load_clip(video):
    path = video(30)
    assert torch.equal(read_clip(path, Taker()), load_clip(path, Taker()).tensor)


def test_half_windows_are_what_s_tdm_reads(video):
    clip = load_clip(video(60), Taker())
    half = clip.half_windows()
    assert half.shape == (8, 5, 16, 16, 3) and half.dtype == np.uint8
    assert half[..., 1].mean((2, 3)) == pytest.approx(4 + 2 * clip.frames, abs=2)


def test_a_video_long_enough_needs_no_note(video):
    clip = load_clip(video(60), Taker())
    assert clip.distinct_segments == 8
    assert not clip.is_collapsed
    assert clip.note == ""


def test_a_collapsed_clip_says_so(video):
    clip = load_clip(video(12), Taker(SMALL_CROP))
    assert clip.is_collapsed
    assert clip.note == "The video is short (12 frames): all 8 segments show the same frames."


def test_a_clip_with_repeated_segments_says_how_many_differ(video):
    clip = load_clip(video(7), Taker(WHOLE))
    assert not clip.is_collapsed
    assert clip.note == "The video is short (7 frames): 8 segments show 3 different windows."


def test_a_repeated_video_says_so_and_counts_windows_across_the_seam(video):
    path = video(30)
    assert load_clip(path, Taker(), repeat=2).note == (
        "The video is shown 2 times over; of 8 windows, no window crosses a seam, where it begins again."
    )
    clip = load_clip(path, Taker(), repeat=7, part=0.5)
    rounds_change = (np.diff(clip.frames, axis=1) < 0).any(1)
    assert clip.seam_windows == rounds_change.sum() == 2
    assert clip.note == (
        "Only the first 15 of 30 frames are shown. "
        "The video is shown 7 times over; of 8 windows, 2 windows cross a seam, where it begins again."
    )
    one = load_clip(video(1), Taker(), repeat=3)
    assert one.note.endswith("begins again. All 8 segments show the same frames.")


@pytest.mark.parametrize(
    "wrong", [np.zeros((6, 48, 64, 3)), np.zeros((48, 64, 3), np.uint8), np.zeros((0, 48, 64, 3), np.uint8)]
)
def test_something_else_than_frames_is_refused(wrong):
    with pytest.raises(ValueError, match=r"frames: expected uint8 \[F, H, W, 3\]"):
        clip_from_frames(wrong, Taker())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("one_frame.mp4", (240, 320)),
        ("video_90.mov", (568, 320)),
        ("rot90_tag_right_swipe.mp4", (320, 240)),
        ("odd_101x67_444.mp4", (67, 101)),
        ("gif_swipe.gif", (120, 160)),
        ("no_duration.webm", (360, 640)),
        ("h265_video.mp4", (128, 128)),
        ("av1_video.mkv", (360, 640)),
    ],
)
def test_the_real_clip_makes_a_clip(name, shown, shared_clips):
    clip = load_clip(shared_clips / "awkward" / name, Taker(Preprocess.official()))
    assert clip.tensor.shape == (1, 8, 5, 3, 224, 224)
    assert clip.centre_frames.shape == (8, *shown, 3)


def test_a_file_that_breaks_off_says_so(shared_clips):
    clip = load_clip(shared_clips / "awkward" / "truncated_faststart_half.mp4", Taker())
    assert clip.note == "The file breaks off: only the first 21 of 56 frames were used."


@pytest.mark.parametrize("name", ["zero_bytes.mp4", "text_named.mp4", "bitmap.mp4", "corrupted.mp4"])
def test_an_unusable_real_clip_is_one_sentence_with_its_name(name, shared_clips):
    with pytest.raises(VideoError, match=f"^{name}: "):
        read_clip(shared_clips / "awkward" / name, Taker())
