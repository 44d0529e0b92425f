"""The picture as the network sees it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from tdn.data.transforms import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Preprocess,
    _exact_span,
    normalise,
    seen_box,
    shrink,
    to_view,
)

OFFICIAL = Preprocess.official()
WHOLE = Preprocess(view="whole", short_side=112, input_size=112, sampling="even", fps=12, max_frames=64)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)


# Sizes that torchvision's Resize(256) gives and corners that its CenterCrop(224) takes, worked out by hand: the long
# side is rounded down, half a pixel goes to the even number (455 - 224 = 231, half of it 115.5, so 116).
OFFICIAL_CROPS = [
    # height, width, resized to (width, height), left, top
    (240, 320, (341, 256), 58, 16),
    (320, 240, (256, 341), 16, 58),
    (67, 101, (385, 256), 80, 16),
    (333, 333, (256, 256), 16, 16),
    (1080, 1920, (455, 256), 116, 16),
    (256, 340, (340, 256), 58, 16),
]


@pytest.mark.parametrize(("height", "width", "resized", "left", "top"), OFFICIAL_CROPS)
def test_the_official_view_is_a_bilinear_resize_and_the_middle_square(height, width, resized, left, top):
    frame = noise(height, width)
    expected = Image.fromarray(frame).resize(resized, Image.Resampling.BILINEAR)
    expected = expected.crop((left, top, left + 224, top + 224))
    assert (to_view(frame, OFFICIAL) == np.asarray(expected)).all()


# Heights and widths of common videos, and some where only the whole side can be resized.
SIZES = [(360, 640), (720, 1280), (1280, 720), (1080, 1920), (2160, 3840), (480, 854), (576, 720), (271, 997)]


@pytest.mark.parametrize("resample", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_resizing_a_part_gives_the_pixels_of_resizing_all(height, width, resample):
    frame, size = noise(height, width), 224
    short = (256, 256 * height // width) if width < height else (256 * width // height, 256)
    kernel = Image.Resampling.BILINEAR if resample == "bilinear" else Image.Resampling.BICUBIC
    left, top = round((short[0] - size) / 2), round((short[1] - size) / 2)
    whole = np.asarray(Image.fromarray(frame).resize(short, kernel))
    seen = to_view(frame, replace(OFFICIAL, resample=resample))
    assert (seen == whole[top : top + size, left : left + size]).all()


def test_a_part_of_a_wide_picture_is_resized_alone():
    # 1920/455 = 384/91, so a part may begin at each 91st column, and at each fourth row, since 4 x 1080/256 = 16.875.
    assert _exact_span(1920, 455, 116, 340) == (91, 364)
    assert _exact_span(1080, 256, 16, 240) == (16, 240)
    assert _exact_span(997, 941, 358, 582) == (0, 941)


def test_the_whole_view_keeps_all_four_corners():
    frame = np.zeros((90, 160, 3), np.uint8)
    frame[:30, :50, 0] = frame[:30, -50:, 1] = frame[-30:, :50, 2] = frame[-30:, -50:] = 255
    view = to_view(frame, WHOLE)
    assert view.shape == (112, 112, 3)
    assert view[0, 0].tolist() == [255, 0, 0]
    assert view[0, -1].tolist() == [0, 255, 0]
    assert view[-1, 0].tolist() == [0, 0, 255]
    assert view[-1, -1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("preprocess", [OFFICIAL, WHOLE])
@pytest.mark.parametrize(("height", "width"), [(240, 320), (320, 240), (1080, 1920), (64, 300)])
def test_the_seen_box_is_where_the_view_comes_from(preprocess, height, width):
    y, x = np.mgrid[:height, :width]
    across = np.uint8(255 * x / (width - 1))
    down = np.uint8(255 * y / (height - 1))
    view = to_view(np.stack([across, down, down], axis=-1), preprocess).astype(float)
    x0, y0, x1, y1 = seen_box(width, height, preprocess)
    size = preprocess.input_size
    # The middle of the first and last pixel of the view, in pixels of the picture.
    half_x, half_y = (x1 - x0) / size / 2, (y1 - y0) / size / 2
    expected_x = np.array([x0 + half_x, x1 - half_x]) - 0.5
    expected_y = np.array([y0 + half_y, y1 - half_y]) - 0.5
    assert view[size // 2, [0, -1], 0] == pytest.approx(expected_x * 255 / (width - 1), abs=2.5)
    assert view[[0, -1], size // 2, 1] == pytest.approx(expected_y * 255 / (height - 1), abs=2.5)


def test_the_official_box_of_a_wide_picture_by_hand():
    # 320x240 -> 341x256; the middle 224 begin at round(58.5) = 58 and 16.
    x_scale, y_scale = 320 / 341, 240 / 256
    expected = (58 * x_scale, 16 * y_scale, 282 * x_scale, 240 * y_scale)
    assert seen_box(320, 240, OFFICIAL) == pytest.approx(expected)


def test_normalise_gives_zero_at_the_mean_and_one_a_deviation_above():
    levels = 255 * (np.array(IMAGENET_MEAN) + np.array(IMAGENET_STD) * np.array([[0], [1]]))  # [2, 3]
    frames = np.round(levels).astype(np.uint8)[:, None, None, :]  # [2, 1, 1, 3]
    normal = normalise(frames)
    assert normal.shape == (2, 3, 1, 1)
    assert normal[0].flatten().tolist() == pytest.approx([0, 0, 0], abs=0.01)
    assert normal[1].flatten().tolist() == pytest.approx([1, 1, 1], abs=0.01)


def test_normalise_moves_channels_and_keeps_all_leading_dimensions():
    normal = normalise(np.zeros((2, 8, 5, 6, 7, 3), np.uint8))
    assert normal.shape == (2, 8, 5, 3, 6, 7)
    assert normal.dtype == torch.float32
    assert normal.is_contiguous()


def test_normalise_leaves_its_input_alone():
    frames = noise(4, 4)
    before = frames.copy()
    normalise(frames)
    assert (frames == before).all()


def test_shrink_brings_the_short_side_down_and_never_up():
    assert shrink(noise(1080, 1920), 360).shape == (360, 640, 3)
    assert shrink(noise(640, 480), 360).shape == (480, 360, 3)
    small = noise(67, 101)
    assert shrink(small, 360) is small


@pytest.mark.parametrize("preprocess", [OFFICIAL, WHOLE])
def test_a_preprocess_survives_its_dict(preprocess):
    assert Preprocess.from_dict(preprocess.to_dict()) == preprocess


def test_rate_and_length_may_be_missing_from_the_dict():
    values = {"view": "whole", "short_side": 112, "input_size": 112, "sampling": "even"}
    assert Preprocess.from_dict(values).max_frames is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"view": "left_half"}, "view: expected whole or centre_crop, got 'left_half'"),
        ({"sampling": "sparse"}, "sampling: expected released or even or dense, got 'sparse'"),
        ({"input_size": "224"}, "input_size: expected a number above 0, got '224'"),
        ({"input_size": 0}, "input_size: expected a number above 0, got 0"),
        ({"short_side": True}, "short_side: expected a number above 0, got True"),
        ({"fps": float("nan")}, "fps: expected a number above 0, got nan"),
        ({"max_frames": 6.5}, "max_frames: expected a number above 0, got 6.5"),
        ({"view": "centre_crop", "short_side": 64}, "short_side: expected at least input_size 112, got 64"),
        ({"crop_ratio": 0.9}, "unknown crop_ratio; expected view, short_side"),
    ],
)
def test_a_dict_with_a_wrong_value_is_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        Preprocess.from_dict({**WHOLE.to_dict(), **changes})


def test_a_dict_without_a_needed_value_is_refused_by_name():
    with pytest.raises(ValueError, match="sampling missing"):
        Preprocess.from_dict({"view": "whole", "short_side": 112, "input_size": 112})


@pytest.mark.parametrize(
    ("height", "width", "shown"), [(20, 4000, (7, 1440)), (4000, 20, (1440, 7)), (5, 90_000, (1, 1440))]
)
def test_a_picture_to_show_is_small_however_long_it_is(height: int, width: int, shown: tuple[int, int]):
    assert shrink(np.zeros((height, width, 3), np.uint8), 360).shape[:2] == shown


def test_an_odd_pixel_goes_to_the_even_side_or_up_and_left():
    usual = Preprocess(view="centre_crop", short_side=32, input_size=32, sampling="even")
    left = {
        (width, odd): seen_box(width, 32, replace(usual, odd_pixel=odd))[0]
        for width in (49, 51)
        for odd in ("to even", "up and left")
    }
    # 8.5 and 9.5 pixels are left over on either side.
    assert list(left.values()) == [8, 8, 10, 9]
