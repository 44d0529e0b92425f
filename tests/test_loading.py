"""Clips from lists of videos: the right frames, one draw a clip, and bad files that stall or end nothing."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from tdn.data.clip import load_clip
from tdn.data.datasets import DataSet, Item, open_dataset
from tdn.data.loading import ErrorBudget, TestViews, TooManyUnreadable, TrainClips, within
from tdn.data.source import decode_frames, frame_files
from tdn.data.transforms import Preprocess, normalise_tensor
from tdn.data.video import VideoError, write_mp4

NETWORK = SimpleNamespace(
    num_segments=8, window=5, preprocess=Preprocess("centre_crop", short_side=72, input_size=64, sampling="released")
)


def frame_folder(folder: Path, num_frames: int, first: int = 1) -> Path:
    """Frames whose brightness is their number, from 0; the left half of each is black."""
    folder.mkdir(parents=True)
    for number in range(num_frames):
        picture = np.zeros((72, 96, 3), np.uint8)
        picture[:, 48:] = number
        Image.fromarray(picture).save(folder / f"{first + number:05d}.png")
    return folder


def dataset(*paths: Path, **changes) -> DataSet:
    items = tuple(Item(path.name, path, number % 2) for number, path in enumerate(paths))
    return replace(DataSet("mine", ("turn left", "turn right"), items, (1, 0)), **changes)


def clips(data: DataSet, **changes) -> TrainClips:
    return TrainClips(data, **{"num_segments": 8, "window": 5, "input_size": 48, "crop": "whole", **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return frame_folder(tmp_path_factory.mktemp("frames") / "one", 100)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("film") / "noise.mp4"
    write_mp4(path, np.random.default_rng(0).integers(0, 255, (30, 80, 120, 3), np.uint8))
    return path


def numbers(clip: torch.Tensor) -> torch.Tensor:
    """The frame numbers of a clip [T, L, 3, H, W] of `frame_folder`, from either half of its pictures."""
    return clip[:, :, 0].flatten(2).amax(-1)


def test_training_takes_five_neighbouring_frames_in_each_segment(folder):
    clip, label, name = clips(dataset(folder), flip=False)[0]
    frames = numbers(clip).int()
    assert clip.shape == (8, 5, 3, 48, 48) and clip.dtype == torch.uint8 and (label, name) == (0, "one")
    assert (frames - frames[:, :1] == torch.arange(5)).all()
    # 96 places, 12 a segment.
    assert (frames[:, 0] // 12 == torch.arange(8)).all()


def test_a_draw_depends_on_seed_epoch_and_place_alone(folder):
    def drawn(seed: int, epoch: int, first: bool = False) -> torch.Tensor:
        source = clips(dataset(folder, folder), flip=True, seed=seed, crop="multi_scale")
        source.set_epoch(epoch)
        if first:
            source[0]
        return source[1][0]

    assert torch.equal(drawn(0, 3), drawn(0, 3, first=True))
    assert not torch.equal(drawn(0, 3), drawn(0, 4)) and not torch.equal(drawn(0, 3), drawn(1, 3))


def test_a_mirrored_clip_is_mirrored_throughout_and_so_is_its_label(folder):
    source, seen = clips(dataset(folder)), set()
    for epoch in range(8):
        source.set_epoch(epoch)
        clip, label, _ = source[0]
        left_is_black = clip[..., :20].amax(dim=(2, 3, 4)) == 0  # [T, L]
        assert left_is_black.all() or not left_is_black[numbers(clip) > 0].any()
        assert label == (0 if left_is_black.all() else 1)
        seen.add(label)
    assert seen == {0, 1}


def test_mirroring_is_refused_where_the_data_set_refuses_it(folder):
    with pytest.raises(ValueError, match="no class is the mirror image"):
        clips(dataset(folder, flip=None, flip_reason="no class is the mirror image of 'x'"))


def test_long_videos_are_thinned_before_sampling(folder):
    clip, _, _ = clips(dataset(folder), flip=False, preprocess=replace(NETWORK.preprocess, max_frames=20))[0]
    assert (numbers(clip).int().diff(dim=1) == 5).all()


def test_one_view_is_the_clip_that_the_network_is_shown_everywhere(film):
    views, label, _ = TestViews(dataset(film), NETWORK)[0]
    assert views.shape == (1, 8, 5, 3, 64, 64) and label == 0
    assert torch.equal(normalise_tensor(views), load_clip(film, NETWORK).tensor)


def test_views_come_clip_by_clip(film):
    views, _, _ = TestViews(dataset(film), NETWORK, clips=2, crops=3, clip_sampling="even")[0]
    assert views.shape == (6, 8, 5, 3, 72, 72)
    one_crop, _, _ = TestViews(dataset(film), NETWORK, clips=2, crops=1, clip_sampling="even")[0]
    # Views 2 and 5 are the centre crops of the two clips, 72 pixels of which the network's own view is the middle 64.
    assert torch.equal(views[[2, 5]][..., 4:68, 4:68], one_crop)


def test_a_video_and_its_extracted_frames_give_the_same_clip(film, tmp_path):
    for number, picture in decode_frames(film, range(30)):
        Image.fromarray(picture).save(tmp_path / f"img_{number:05d}.png")
    one, other = (TestViews(dataset(path), NETWORK)[0][0] for path in (film, tmp_path))
    assert torch.equal(one, other)


def test_frames_are_ordered_by_number_and_none_takes_the_place_of_another(tmp_path):
    folder = frame_folder(tmp_path / "f", 12, first=0)
    (folder / ".00003.png").write_bytes(b"")  # a file manager's
    assert [path.name for path in frame_files(folder)] == [f"{number:05d}.png" for number in range(12)]
    (folder / "00007.png").unlink()
    with pytest.raises(ValueError, match="frame 7 is missing"):
        frame_files(folder)


def test_a_frame_that_is_no_picture_is_named(tmp_path):
    folder = frame_folder(tmp_path / "f", 12)
    (folder / "00004.png").write_bytes(b"nothing")
    views = TestViews(dataset(folder, folder), NETWORK)
    assert views[0][1] == -1
    assert "f/00004.png" in views.budget.failed["f"]


def test_instead_of_an_unreadable_clip_the_next_one_is_taken(folder, tmp_path, caplog):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    source = clips(dataset(broken, folder), flip=False)
    clip, label, name = source[0]
    assert (label, name) == (1, "one") and torch.equal(clip, source[1][0])
    assert caplog.text.count("broken.mp4") == 1


def test_an_unreadable_test_clip_is_zeros_without_a_label(tmp_path, film):
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    views, label, name = TestViews(dataset(tmp_path / "broken.mp4", film), NETWORK, crops=3)[0]
    assert (label, name) == (-1, "broken.mp4") and views.shape == (3, 8, 5, 3, 72, 72) and not views.any()


def test_past_the_error_budget_the_run_stops_and_says_what_to_do():
    budget = ErrorBudget(count=200)
    items = [Item(f"{number}.mp4", Path(f"{number}.mp4"), 0) for number in range(5)]
    for item in [*items[:4], *items[:4]]:
        budget.spend(item, ValueError("broken"))
    with pytest.raises(TooManyUnreadable, match=r"5 of 200 videos .* 0\.mp4.* data check"):
        budget.spend(items[4], ValueError("broken"))


def test_a_decoder_that_hangs_costs_one_sentence(film):
    began = time.monotonic()
    with pytest.raises(VideoError, match=r"noise\.mp4: not read within 0\.05 seconds"):
        within(0.05, Item("film", film, 0), lambda: time.sleep(20))
    assert time.monotonic() - began < 10


def test_loading_processes_give_what_one_process_gives(folder, film):
    source = clips(dataset(folder, film), flip=False)
    alone, together = (
        [clip for clip, *_ in torch.utils.data.DataLoader(source, batch_size=1, num_workers=count)] for count in (0, 2)
    )
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_real_clips_are_read(real_clips):
    data = open_dataset(real_clips)
    view, label, _ = TestViews(data, NETWORK)[0]
    assert view.any() and label >= 0


@pytest.fixture
def real_clips(shared_clips, tmp_path) -> Path:
    for path in sorted((shared_clips / "motion").glob("*.mp4"))[:2]:
        (tmp_path / path.stem.split("_")[0]).mkdir(exist_ok=True)
        (tmp_path / path.stem.split("_")[0] / path.name).symlink_to(path)
    return tmp_path
