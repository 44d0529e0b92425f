"""Training crops and the three crops of a test, against answers worked out by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdn.data.crops import cut, cut_views, draw_crop
from tdn.data.transforms import Preprocess

OFFICIAL = Preprocess.official()


def boxes(crop: str, width: int, height: int, size: int = 224, count: int = 3000) -> list[tuple]:
    rng = np.random.default_rng(0)
    return [draw_crop(crop, width, height, size, rng) for _ in range(count)]


def test_multi_scale_takes_ten_shapes_at_thirteen_places():
    drawn = boxes("multi_scale", 320, 240)
    # Sides of 240, 210, 180 and 158 pixels, width and height at most one step apart.
    shapes = {(x1 - x0, y1 - y0) for x0, y0, x1, y1 in drawn}
    assert shapes == {
        (w, h)
        for i, w in enumerate((240, 210, 180, 158))
        for j, h in enumerate((240, 210, 180, 158))
        if abs(i - j) <= 1
    }
    places = Counter((x0, y0) for x0, y0, x1, y1 in drawn if (x1 - x0, y1 - y0) == (180, 180))
    # A quarter of the room is 35 pixels across and 15 down.
    corners_and_edges = {(0, 0), (4, 0), (0, 4), (4, 4), (2, 2), (0, 2), (4, 2), (2, 4), (2, 0)}
    half_way = {(1, 1), (3, 1), (1, 3), (3, 3)}
    assert set(places) == {(35 * across, 15 * down) for across, down in corners_and_edges | half_way}


def test_a_crop_within_two_pixels_of_the_input_is_not_resized():
    shapes = {(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes("multi_scale", 340, 256)}
    # 256 * 0.875 is 224 as it is; with 258 pixels it is 225, within two of it.
    assert (224, 224) in shapes
    assert {(225, 225)} & {(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes("multi_scale", 340, 258)} == set()


def test_jitter_cuts_squares_that_are_224_of_256_to_320():
    sides = [x1 - x0 for x0, y0, x1, y1 in boxes("jitter", 320, 240)]
    assert min(sides) == pytest.approx(240 * 224 / 320) and max(sides) == pytest.approx(240 * 224 / 256)


@given(st.sampled_from(["multi_scale", "jitter", "whole"]), st.integers(16, 400), st.integers(16, 400))
def test_a_crop_stays_inside_the_picture(crop, width, height):
    for x0, y0, x1, y1 in boxes(crop, width, height, count=20):
        assert 0 <= x0 < x1 <= width + 1e-9 and 0 <= y0 < y1 <= height + 1e-9


def test_an_unknown_crop_is_refused():
    with pytest.raises(ValueError, match="multi_scale, jitter or whole"):
        draw_crop("centre", 64, 64, 64, np.random.default_rng(0))


def test_cutting_without_resizing_copies_pixels():
    picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    assert (cut(picture, (10.0, 5.0, 26.0, 21.0), 16) == picture[5:21, 10:26]).all()


def test_three_crops_are_left_right_and_centre():
    # Short side 256 already; brightness is the column.
    picture = np.broadcast_to(np.arange(340, dtype=np.float32)[None, :, None] * 0.75, (256, 340, 3)).astype(np.uint8)
    left, right, centre = cut_views(picture, OFFICIAL, 3)
    assert left.shape == (256, 256, 3)
    # A quarter of the room of 84 is 21.
    assert (left == picture[:, :256]).all() and (right == picture[:, 84:340]).all()
    assert (centre == picture[:, 42:298]).all()


def test_three_crops_can_leave_up_to_three_columns_at_the_right():
    picture = np.zeros((256, 343, 3), np.uint8)
    picture[:, 340:] = 255
    assert not cut_views(picture, OFFICIAL, 3)[1].any()


def test_three_crops_of_a_portrait_are_one():
    picture = np.random.default_rng(0).integers(0, 255, (400, 256, 3), np.uint8)
    left, right, centre = cut_views(picture, OFFICIAL, 3)
    assert (left == right).all() and (left == centre).all()
    assert (left == picture[72:328]).all()
