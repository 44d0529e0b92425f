"""Each split of the benchmark holds what it promises: what tells its classes, and what does not."""

import csv
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from studies.motion.planted_bias import misled
from tdn.data.transforms import Preprocess, normalise
from tdn.measure.masks import open_masked
from tdn.motion import LABELS, REVERSE_TIME, bias, labels, pairs, strobe
from tdn.motion.files import write_clips
from tdn.motion.pool import load_or_render_pool, windowed_clip
from tdn.motion.splits import NAMED, SPLITS, split_named
from tdn.train.batches import epoch_order, open_clips
from tdn.train.recipes import RECIPES

NEW = ("minimal-pairs", "stroboscope", "planted-bias", "planted-bias-train")
SIGNS = {labels.LEFT: (-1, 0), labels.RIGHT: (1, 0), labels.UP: (0, -1), labels.DOWN: (0, 1)}


def clip(split: str, index: int, seed: int = 0, size: int = 64):
    return SPLITS[split].make(seed, index, size)


def frames_of(made) -> list[bytes]:
    return [made.image(index).tobytes() for index in range(made.num_frames)]


@pytest.mark.parametrize("split", (*NEW, "appearance-free"))
def test_the_same_seed_gives_the_same_bytes_in_any_order(split):
    one, other = clip(split, 3), clip(split, 3)
    for index in (7, 4, 5):
        assert one.image(index).shape == (64, 64, 3) and one.image(index).dtype == np.uint8
        for of_frame in ("image", "mask", "still_mask"):
            assert np.array_equal(getattr(one, of_frame)(index), getattr(other, of_frame)(index))
    assert one.image(5).tobytes() != clip(split, 3, seed=1).image(5).tobytes()
    assert one.label_index == other.label_index


@pytest.mark.parametrize("split", NAMED)
def test_a_clip_is_of_a_class_that_its_split_names(split):
    assert {clip(split, index, size=32).label_index for index in range(5)} <= set(SPLITS[split].classes)


def test_parts_are_named_after_a_colon():
    assert split_named("synthetic") == "val" and split_named("synthetic:speed 8") == "speed 8"
    assert split_named("clips/synthetic") is None and split_named("ucf101:synthetic") is None
    for wrong in ("synthetic:triplet", "synthetic:train"):
        with pytest.raises(ValueError, match="synthetic:NAME with NAME of val, val-v2, appearance-free"):
            split_named(wrong)


@pytest.mark.parametrize("index", range(12))
def test_a_minimal_pair_is_the_same_frames_in_two_orders_and_of_opposite_classes(index):
    first, second = (clip("minimal-pairs", 2 * index + side) for side in (0, 1))
    one, other = frames_of(first), frames_of(second)
    assert sorted(one) == sorted(other) and one != other
    assert REVERSE_TIME[first.label_index] == second.label_index != first.label_index


def test_one_kind_of_pair_plays_a_clip_backwards():
    first, second = clip("minimal-pairs", 0), clip("minimal-pairs", 1)
    assert pairs.kind_of(0) == "backwards" and frames_of(first) == frames_of(second)[::-1]


def windows(index: int) -> np.ndarray:
    """What a network of eight segments of five frames reads of a pair clip: [8, 5, 64, 64, 3]."""
    made, places = windowed_clip("minimal-pairs", 0, index, 64, 8, 5)
    return np.stack([[made.image(int(frame)) for frame in window] for window in places])


def test_another_kind_stands_still_in_every_window_and_only_the_order_of_windows_differs():
    for number in (1, 4, 7, 10):
        first, second = windows(2 * number), windows(2 * number + 1)
        assert pairs.kind_of(2 * number) == "stops"
        assert (first == first[:, :1]).all() and np.array_equal(first, second[::-1])
        assert not np.array_equal(first[0], first[-1])


def test_the_third_kind_shows_the_same_centre_frames_and_every_window_the_other_way_round():
    for number in (2, 5, 8, 11):
        first, second = windows(2 * number), windows(2 * number + 1)
        assert pairs.kind_of(2 * number) == "windows"
        assert np.array_equal(first[:, 2], second[:, 2])
        assert np.array_equal(first, second[:, ::-1]) and not np.array_equal(first, second)


def test_spinning_the_other_way_has_no_jump_where_two_blocks_meet():
    made = clip("minimal-pairs", next(n for n in range(4, 99, 6) if clip("minimal-pairs", n).label_index == 14) + 1)
    order = np.array(made.order[2:-2])
    degrees = np.diff(order) * 20 % 360
    assert set(degrees.tolist()) == {340}  # 20 degrees back in every frame, also from block to block


@pytest.mark.parametrize("number", range(4))
def test_a_passing_is_shown_k_times_and_no_seam_is_seen(number):
    once, often = (clip("stroboscope", strobe.TOGETHER * number + place, size=112) for place in (0, 4))
    assert strobe.part_of(0) == "1 time" and strobe.part_of(4) == "5 times"
    assert often.num_frames == 5 * once.num_frames and frames_of(often) == 5 * frames_of(once)
    # What shows across the seam is as like its neighbour as anywhere else: moved on by the same step.
    way = np.array(SIGNS[once.label_index])
    step = 112 / once.num_frames
    for index in range(once.num_frames - 3, once.num_frames + 2):
        before, after = often.mask(index), often.mask(index + 1)
        moved = np.roll(before, tuple((way * round(step))[::-1]), (0, 1))
        assert (moved & after).sum() > 0.5 * min(before.sum(), after.sum()) > 0


@pytest.mark.parametrize("number", range(4))
def test_many_things_pass_one_after_another_the_same_way(number):
    place = strobe.TOGETHER * number + 18
    made = clip("stroboscope", place, size=112)
    assert strobe.part_of(place) == "8 things" and len(made.things) == 10
    assert len({thing.sprite.picture(0.0)[..., 3].tobytes() for thing in made.things}) > 5
    way = np.array(SIGNS[made.label_index])
    for index in range(0, made.num_frames - 1, 9):
        step = np.array([thing.pose(index + 1)[0] - thing.pose(index)[0] for thing in made.things])
        assert np.allclose(np.stack([step.real, step.imag], 1), way * 112 * 8 / made.num_frames)
    assert np.mean([made.mask(index).any() for index in range(made.num_frames)]) > 0.9


@pytest.mark.parametrize("index", (1, 3, 5, 7, 9, 11))
def test_a_conflicting_clip_is_the_clean_one_but_for_the_sign_of_another_class(index):
    clean, conflicting = clip("planted-bias", index - 1, size=112), clip("planted-bias", index, size=112)
    assert clean.label_index == conflicting.label_index != conflicting.sign == bias.sign_of(0, index)
    assert clean.sign is None and not clean.still_mask(3).any()
    sign = conflicting.still_mask(3)
    assert np.array_equal(clean.mask(3), conflicting.mask(3)) and 500 < sign.sum() <= 45 * 45
    changed = np.abs(clean.image(3).astype(int) - conflicting.image(3)).max(2) > 8
    reach = 33 if conflicting.scene.camera.quality else 4  # blocks of a codec, else blur
    near = cv2.dilate(sign.astype(np.uint8), np.ones((2 * reach + 1,) * 2)) > 0
    assert not (changed & ~near).any() and changed[sign].mean() > 0.7


def test_in_training_most_signs_are_there_and_tell_the_class():
    made = [clip("planted-bias-train", index, size=32) for index in range(60)]
    told = [one for one in made if one.sign is not None]
    assert 0.8 < len(told) / len(made) < 1
    assert all(one.sign == one.label_index for one in told)


def test_who_learns_from_stills_learns_the_signs_and_nothing_else():
    answers = {name: one["percent"] for name, one in misled(training=380, pairs=57).items()}
    assert answers["conflicting, the class of the sign"] > 20 > answers["clean, right"]
    assert answers["conflicting, right"] < 20  # chance is 5.3


def test_signs_can_be_told_apart():
    signs = np.stack(bias.sign_pictures()).astype(int)
    apart = np.abs(signs[:, None] - signs[None]).mean((2, 3, 4))
    assert len(signs) == len(LABELS) and apart[~np.eye(len(signs), dtype=bool)].min() > 15


def test_a_pool_can_be_made_of_any_split(tmp_path):
    pool = load_or_render_pool(tmp_path, "planted-bias", 4, 0, 64, 2, 5)
    assert pool.labels.tolist() == [0, 0, 1, 1] and pool.centre.shape == (4, 2, 64, 64, 3)
    made, places = windowed_clip("planted-bias", 0, 3, 64, 2, 5)
    assert np.array_equal(pool.centre[3, 1], made.image(int(places[1, 2])))


def test_what_a_clip_asks_stands_in_the_list_and_masks_lie_beside(tmp_path):
    assert len(list(write_clips(tmp_path, 4, seed=0, split="planted-bias", size=64))) == 4
    rows = list(csv.DictReader((tmp_path / "labels.csv").open()))
    assert [row["kind"] for row in rows] == ["clean", "conflicting"] * 2
    masks = np.load(tmp_path / rows[1]["file"].replace(".mp4", "_mask.npz"))
    made = clip("planted-bias", 1)
    assert np.array_equal(masks["mask"][5], made.mask(5)) and np.array_equal(masks["still"][5], made.still_mask(5))


def test_a_split_that_draws_its_classes_takes_no_label(tmp_path):
    with pytest.raises(ValueError, match="leave --label out"):
        next(write_clips(tmp_path, 1, 0, "stroboscope", LABELS[0]))
    with pytest.raises(ValueError, match="expected one of train, val, train-v2, val-v2, appearance-free"):
        next(write_clips(tmp_path, 1, 0, "strobe"))


def training(folder, data: str):
    recipe = replace(RECIPES["smoke"], pool_clips=4, val_clips=2, clips_per_epoch=4, render_size=64, sizes=((1.0, 64),))
    clips = open_clips(recipe, data, 2, 5, Preprocess.whole(64), folder)
    (batch,) = clips.training(0, [0], 4, 64)
    return clips, batch


def test_signs_stay_with_their_classes_in_training(tmp_path):
    clips, batch = training(tmp_path, "synthetic:planted-bias")
    order = epoch_order(4, 0, 4, 0)
    assert batch.labels.tolist() == clips.train.labels[order].tolist()
    for shown, place in zip(batch.inputs[0][:, 0, 0], order, strict=True):
        assert torch.equal(shown, normalise(clips.train.centre[place][:1])[0])  # neither mirrored nor reversed
    assert "planted-bias" in clips.name and clips.val.labels.tolist() == [0, 0]


def test_appearance_free_clips_can_be_trained_on_and_pairs_cannot(tmp_path):
    clips, _ = training(tmp_path, "synthetic:appearance-free")
    assert set(clips.train.labels) <= set(SPLITS["appearance-free"].classes)
    assert not np.array_equal(clips.train.centre[0], clips.val.centre[0])
    with pytest.raises(ValueError, match="no training clips; expected synthetic, synthetic:val-v2"):
        training(tmp_path, "synthetic:minimal-pairs")


def test_focus_reads_a_split_and_what_stays_still_is_the_sign():
    model = SimpleNamespace(num_segments=8, window=5, preprocess=Preprocess.whole(64))
    clips = open_masked("synthetic:planted-bias", seed=0)
    clean, conflicting = clips.read(0, model), clips.read(1, model)
    assert (clean.name, clean.label) == ("planted-bias_0_00000", LABELS[0]) and conflicting.tensor.shape[1:3] == (8, 5)
    assert not clean.still.any() and conflicting.still.any(axis=(1, 2)).all()
