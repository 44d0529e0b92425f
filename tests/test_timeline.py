"""One slider for networks that look at different moments and parts of a picture."""

import numpy as np

from app.timeline import Moments, moved, timeline

BOX = (0.0, 0.0, 8.0, 4.0)


def moments(numbers: list[int], box=BOX) -> Moments:
    pictures = np.stack([np.full((4, 8, 3), number, np.uint8) for number in numbers])
    return Moments(np.array(numbers)[:, None], np.array(numbers) / 10, pictures, box)


def test_networks_that_look_at_the_same_share_its_moments_as_they_are():
    one = moments([3, 3, 9])  # a short clip shows some moments twice
    line = timeline([one, one])
    assert line.numbers.tolist() == [3, 3, 9] and line.moments(one) == [0, 1, 2]


def test_each_frame_of_either_network_is_one_place_in_order():
    line = timeline([moments([2, 10, 18]), moments([8, 10, 12])])
    assert line.numbers.tolist() == [2, 8, 10, 12, 18]
    assert line.pictures[:, 0, 0, 0].tolist() == [2, 8, 10, 12, 18]
    np.testing.assert_allclose(line.times_sec, [0.2, 0.8, 1.0, 1.2, 1.8])


def test_a_map_stands_no_farther_from_its_moment_than_half_way_to_the_next():
    sparse, dense = moments([2, 10, 18]), moments([8, 10, 12])
    line = timeline([sparse, dense])
    assert line.moments(dense) == [None, 0, 1, 2, None]
    assert line.moments(sparse) == [0, 1, 1, 1, 2]
    maps = np.array([5.0, 7.0]).reshape(2, 1, 1)
    assert line.placed(maps, dense, [0, 0, 1]).ravel().tolist() == [0, 5, 5, 7, 0]


def test_a_map_of_the_middle_square_stays_where_it_was_in_the_whole_picture():
    lit = np.zeros((1, 2, 2), np.float32)
    lit[0, 0, 1] = 1  # the upper right quarter of the middle square: x 4 to 6, y 0 to 2
    found = moved(lit, (2.0, 0.0, 6.0, 4.0), BOX)[0]
    rows, columns = found.shape
    assert columns == 2 * rows
    y, x = np.unravel_index(found.argmax(), found.shape)
    assert 5 <= 8 * (x + 0.5) / columns <= 6 and 4 * (y + 0.5) / rows <= 1
    outside = 8 * (np.arange(columns) + 0.5) / columns
    assert not found[:, (outside < 2) | (outside > 6)].any()
