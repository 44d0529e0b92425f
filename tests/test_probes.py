"""Each probe set shows what its name says, and nothing else."""

import csv

import numpy as np
import pytest

from tdn.data.video import probe as probe_file
from tdn.motion import LABELS, PROBES, labels, make_probe
from tdn.motion.files import write_clips
from tdn.motion.pool import windowed_clip

WAYS = {labels.RIGHT: (1, 0), labels.LEFT: (-1, 0), labels.DOWN: (0, 1), labels.UP: (0, -1)}


def centre(mask: np.ndarray) -> np.ndarray:
    """x, y of a mask's middle."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def whole(mask: np.ndarray) -> bool:
    """Whether a mask touches no side of the picture."""
    return mask.any() and not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


@pytest.mark.parametrize("name", PROBES)
def test_the_same_seed_gives_the_same_clip(name):
    one, other = make_probe(name, 7), make_probe(name, 7)
    assert np.array_equal(one.image(9), other.image(9)) and one.label_index == other.label_index
    assert not np.array_equal(one.image(9), make_probe(name, 8).image(9))


def test_the_twin_looks_like_the_moving_thing_and_stays():
    for seed in range(8):
        scene = make_probe("twin", seed)
        moving = next(mask for mask in map(scene.mask, range(64)) if mask.any())
        still = scene.still_mask(0)
        if whole(moving) and whole(still):
            assert 0.6 < moving.sum() / still.sum() < 1.7
        frames = np.stack([scene.image(i) for i in range(0, 64, 7)]).astype(int)
        covered = np.any([scene.mask(i) for i in range(64)], axis=0)
        apart = scene.still_mask(0) & ~covered
        assert np.abs(np.diff(frames, axis=0))[:, apart].mean() < 4


@pytest.mark.parametrize("name", ["pan", "flicker"])
def test_nothing_moves_by_itself(name):
    for seed in range(4):
        scene = make_probe(name, seed)
        assert LABELS[scene.label_index] == "Holding something still"
        assert not any(scene.mask(i).any() for i in range(64))


def test_a_pan_goes_further_than_in_training():
    for seed in range(6):
        camera = make_probe("pan", seed).camera
        assert 30 <= abs(camera.shift[-1] - camera.shift[0]) <= 52


def test_flicker_changes_the_light_and_moves_nothing():
    for seed in range(4):
        scene = make_probe("flicker", seed)
        light = [scene.image(i).mean() for i in range(0, 64, 3)]
        assert np.std(light) > 4 and scene.camera.steady


def test_two_things_pass_and_the_main_one_goes_right():
    for seed in range(5):
        scene = make_probe("opposite", seed)
        active = [i for i in range(64) if scene.mask(i).any()]
        first, last = active[1], active[-2]
        others = [scene.mask(i) & ~scene.main_mask(i) for i in (first, last)]
        assert centre(scene.main_mask(last))[0] > centre(scene.main_mask(first))[0] + 20
        assert centre(others[1])[0] < centre(others[0])[0] - 20


@pytest.mark.parametrize("speed", [0.5, 2, 8])
def test_things_go_as_fast_as_said(speed):
    for seed in range(4):
        scene = make_probe(f"speed {speed:g}", seed)
        steps = [
            centre(scene.main_mask(i + 1)) - centre(scene.main_mask(i))
            for i in range(63)
            if scene.mask(i).any() and scene.mask(i + 1).any() and whole(scene.main_mask(i))
        ]
        found = np.median(steps, axis=0)
        assert found == pytest.approx(speed * np.array(WAYS[scene.label_index]), abs=0.35)


def test_a_lower_rate_leaves_frames_out():
    scene = make_probe("rate 5", 3)
    assert scene.num_frames == scene.scene.num_frames // 3
    assert np.array_equal(scene.image(4), scene.scene.image(12))
    assert np.array_equal(scene.mask(4), scene.scene.mask(12))


def test_seeds_share_no_clip():
    one, _ = windowed_clip("twin", 0, 1, 112, 8, 5)
    other, _ = windowed_clip("twin", 1, 0, 112, 8, 5)
    assert not np.array_equal(one.image(0), other.image(0))


def test_probes_can_be_written_as_files(tmp_path):
    assert len(list(write_clips(tmp_path, 2, seed=0, split="rate 5"))) == 2
    rows = list(csv.DictReader((tmp_path / "labels.csv").open()))
    info = probe_file(tmp_path / rows[0]["file"])
    masks = np.load(tmp_path / rows[0]["file"].replace(".mp4", "_mask.npz"))
    assert info.fps == pytest.approx(5) and info.num_frames == len(masks["mask"]) == len(masks["still"])
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_an_unknown_probe_is_refused_by_name():
    with pytest.raises(ValueError, match="expected one of twin, pan"):
        make_probe("triplet", 0)
