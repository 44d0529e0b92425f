"""Motion focus: each number on a map equal to the mask, its complement, noise, and a box off the diagonal."""

import numpy as np
import pytest

from tdn.measure.focus import focus_of_clip, mean_over_clips, paired_interval, weighted_auc

HEIGHT, WIDTH, SEGMENTS = 40, 64, 8
# Neither square nor on the diagonal, of a picture that is not square: rows and columns can't be mixed up unseen.
ROWS, COLUMNS = slice(4, 12), slice(36, 60)


def box() -> np.ndarray:
    mask = np.zeros((SEGMENTS, HEIGHT, WIDTH), bool)
    mask[:, ROWS, COLUMNS] = True
    return mask


def travelling() -> np.ndarray:
    """A box that is somewhere else in every segment."""
    mask = np.zeros((SEGMENTS, HEIGHT, WIDTH), bool)
    for segment in range(SEGMENTS):
        mask[segment, 10:20, 7 * segment : 7 * segment + 7] = True
    return mask


def test_a_map_that_is_the_mask_gets_the_best_of_every_number():
    found = focus_of_clip(box().astype(np.float32), box())
    area = 8 * 24 / (HEIGHT * WIDTH)
    assert found["mask_area"] == pytest.approx(area)
    assert found["energy_share"] == 1 and found["lift"] == pytest.approx(1 / area)
    assert found["lift_of_ceiling"] == pytest.approx(1)
    assert found["pointing"] == found["rank_accuracy"] == found["pixel_auc"] == 1
    assert found["nss"] == pytest.approx(np.sqrt((1 - area) / area))


def test_its_complement_gets_the_worst():
    found = focus_of_clip((~box()).astype(np.float32), box())
    assert found["energy_share"] == found["lift"] == found["rank_accuracy"] == found["pixel_auc"] == 0
    assert found["lift_of_ceiling"] < 0 and found["nss"] < 0
    # The nearest bright pixels lie within 4% of the short side of the box.
    assert found["pointing"] < found["pointing_chance"]


def test_noise_gets_chance(rng):
    noise = rng.random((SEGMENTS, HEIGHT, WIDTH))
    found = [focus_of_clip(np.roll(noise, 7 * i, axis=2), travelling()) for i in range(20)]
    mean = mean_over_clips(found)
    area = travelling().mean()
    assert mean["lift"] == pytest.approx(1, abs=0.05)
    assert mean["energy_share"] == pytest.approx(area, abs=0.01)
    assert mean["rank_accuracy"] == pytest.approx(area, abs=0.03)
    assert mean["pixel_auc"] == pytest.approx(0.5, abs=0.03)
    assert mean["nss"] == pytest.approx(0, abs=0.1)
    assert mean["lift_of_ceiling"] == pytest.approx(0, abs=0.02)
    assert mean["pointing"] == pytest.approx(mean["pointing_chance"], abs=0.12)


def test_a_uniform_map_gets_exactly_chance():
    found = focus_of_clip(np.ones((SEGMENTS, 7, 7), np.float32), box())
    assert found["lift"] == pytest.approx(1) and found["pixel_auc"] == 0.5 and found["nss"] == 0
    assert found["pointing"] == pytest.approx(found["pointing_chance"])
    assert found["lift_of_ceiling"] == pytest.approx(0)


def test_rows_are_rows_and_columns_columns():
    swapped = np.zeros((SEGMENTS, HEIGHT, WIDTH), np.float32)
    swapped[:, COLUMNS, ROWS] = 1  # what a mix-up of x and y would paint; rows beyond the picture are cut
    found = focus_of_clip(swapped, box())
    assert found["energy_share"] == 0 and found["pointing"] == 0


def test_a_coarse_map_is_measured_against_what_its_grid_can_show():
    coarse = np.zeros((SEGMENTS, 5, 8), np.float32)
    coarse[:, 0, 5:7] = 1
    coarse[:, 1, 5:7] = 0.5
    found = focus_of_clip(coarse, box())
    assert found["energy_share"] < 0.8
    assert 0.7 < found["lift_of_ceiling"] <= 1.3


def test_the_maximum_may_miss_by_four_percent_of_the_short_side():
    for distance, hit in ((1, 1), (2, 0)):  # 4% of 40 pixels: 1.6
        near = np.zeros((SEGMENTS, HEIGHT, WIDTH), np.float32)
        near[:, ROWS.stop - 1 + distance, 40] = 1
        assert focus_of_clip(near, box())["pointing"] == hit


def test_segments_without_motion_are_no_part_of_the_pointing_game():
    mask = box()
    mask[3:] = False
    maps = box().astype(np.float32)
    maps[3:] = np.roll(maps[3:], 20, axis=1)
    assert focus_of_clip(maps, mask)["pointing"] == 1
    assert focus_of_clip(maps, mask)["temporal_energy"] == pytest.approx(3 / 8)


def test_following_differs_from_sitting_on_the_way():
    following = focus_of_clip(travelling().astype(np.float32), travelling())
    way = np.broadcast_to(travelling().any(0), travelling().shape).astype(np.float32)
    sitting = focus_of_clip(way, travelling())
    assert following["time_shift_gap"] == 1 and sitting["time_shift_gap"] == pytest.approx(0)


def test_a_map_of_where_things_move_at_all_gains_nothing_by_the_shuffled_auc():
    elsewhere = np.zeros((HEIGHT, WIDTH), np.float32)
    elsewhere[ROWS, COLUMNS] = 1
    found = focus_of_clip(box().astype(np.float32), box(), elsewhere=elsewhere)
    assert found["pixel_auc"] == 1 and found["shuffled_auc"] == pytest.approx(0.5, abs=0.01)
    assert np.isnan(focus_of_clip(box().astype(np.float32), box())["shuffled_auc"])


def test_selectivity_compares_moving_with_still_things():
    still = np.roll(box(), 20, axis=1)
    maps = 3.0 * box() + 1.0 * still
    assert focus_of_clip(maps, box(), still)["selectivity"] == pytest.approx(0.5)
    assert np.isnan(focus_of_clip(maps, box())["selectivity"])


def test_an_empty_map_has_no_focus():
    found = focus_of_clip(np.zeros((SEGMENTS, 7, 7), np.float32), box())
    assert found["energy_share"] == found["lift"] == found["pointing"] == found["rank_accuracy"] == 0
    assert found["pixel_auc"] == 0.5


def test_a_clip_in_which_nothing_moves_is_refused():
    with pytest.raises(ValueError, match="nothing moves"):
        focus_of_clip(np.ones((SEGMENTS, 7, 7)), np.zeros((SEGMENTS, HEIGHT, WIDTH), bool))


def test_the_auc_equals_counting_every_pair(rng):
    values = rng.integers(0, 5, 60).astype(float)
    positive = rng.random(60) < 0.4
    pairs = np.subtract.outer(values[positive], values[~positive])
    assert weighted_auc(values, positive, ~positive) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_numbers_that_a_clip_lacks_are_left_out_of_the_mean():
    assert mean_over_clips([{"a": 1.0, "b": float("nan")}, {"a": 3.0, "b": 4.0}]) == {"a": 2.0, "b": 4.0}
    assert mean_over_clips([{"b": float("nan")}]) == {"b": None}


def test_the_interval_is_of_paired_differences(rng):
    of_clip = rng.normal(0, 10, 200)
    low, high = paired_interval(of_clip + 1 + rng.normal(0, 0.1, 200), of_clip)
    assert 0.95 < low < 1 < high < 1.05
