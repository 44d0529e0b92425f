"""A frame without its neighbours says nothing: not of the class, not that anything is there at all."""

import numpy as np
import pytest

from studies.motion.appearance_free import SIDE, STEPS, cells, moved, told
from tdn.motion import LABELS, REVERSE_TIME, labels, noise


@pytest.fixture(scope="module")
def right() -> dict[str, dict[str, float]]:
    return told()


# 96 held-out clips of twelve classes: chance is 8.3%, and one classifier in five thousand exceeds 20% by luck.
@pytest.mark.parametrize("kind", ("ridge", "nearest centroid"))
@pytest.mark.parametrize(
    "given", ("a frame", "the mean of all frames", "the mean of each window", "windows, their frames shuffled")
)
def test_without_the_order_of_frames_simple_classifiers_stay_at_chance(right, given, kind):
    assert right[given][kind] < 20


@pytest.mark.parametrize("kind", ("ridge", "nearest centroid"))
def test_with_the_order_of_frames_they_are_far_above_chance(right, kind):
    assert right["windows"][kind] > 35


def test_each_frame_is_independent_noise():
    made = noise.NoiseClip(labels.TURN_CLOCKWISE, [1], SIDE)
    for index in (4, 5):
        frame = made.image(index)[::2, ::2, 0]
        counts = np.bincount(frame.ravel() // 16, minlength=16)
        assert ((counts - frame.size / 16) ** 2 / (frame.size / 16)).sum() < 45  # chi-square, 15 degrees of freedom
        values = frame - 127.5
        for x, y in STEPS:
            alike = (moved(values, 0, 0) * moved(values, x, y)).mean() / values.var()
            assert abs(alike) < 4 / np.sqrt(50 * 50)


@pytest.mark.parametrize("label", noise.CLASSES)
def test_two_frames_are_alike_in_their_order_only(label):
    """Where a thing goes from a to b, a-then-b is as much alike as b-then-a is the inverse."""
    onwards, back = [], []
    for number in range(6):
        made = noise.NoiseClip(label, [2, number], SIDE)
        for index in range(0, made.num_frames, 2):
            first, second = cells(made, index).ravel(), cells(made, index + 1).ravel()
            for figure in made.figures(index):
                start, end = noise.steps(figure, made.frame_of_pass(index))
                onwards.append(first[start] * second[end] * 12)
                back.append(first[end] * second[start] * 12)
    onwards, back = np.concatenate(onwards), np.concatenate(back)
    error = 1 / np.sqrt(len(onwards))
    assert onwards.mean() > 0.2 and back.mean() < -0.2
    assert abs(onwards.mean() + back.mean()) < 6 * error


def test_nothing_goes_on_from_one_pair_to_the_next():
    made = noise.NoiseClip(labels.RIGHT, [3], SIDE)
    for index in range(1, 13, 2):
        first, second = cells(made, index), cells(made, index + 1)
        for step in STEPS:
            assert abs((moved(first, 0, 0) * moved(second, *step)).mean() * 12) < 4.5 / 50


def test_opposite_classes_are_the_same_passes_run_backwards():
    assert {REVERSE_TIME[label] for label in noise.CLASSES} == set(noise.CLASSES)
    for label in noise.CLASSES:
        one, other = (noise.NoiseClip(each, [4], SIDE) for each in (label, REVERSE_TIME[label]))
        masks, backwards = ([each.mask(index) for index in range(10)] for each in (one, other))
        assert np.array_equal(masks, backwards[::-1]), LABELS[label]


def test_the_mask_holds_every_cell_that_lends_or_borrows():
    made = noise.NoiseClip(labels.CLOSER, [5], SIDE)
    for index in range(0, made.num_frames, 2):
        here, there = (made.mask(i)[::2, ::2].ravel() for i in (index, index + 1))
        for figure in made.figures(index):
            start, end = noise.steps(figure, made.frame_of_pass(index))
            assert here[start].all() and there[end].all()


def test_noise_is_drawn_by_cells_at_any_size():
    small, large = (noise.NoiseClip(labels.UP, [6], size) for size in (56, 224))
    assert np.array_equal(large.image(3)[::4, ::4], small.image(3)) and np.array_equal(
        large.mask(3)[::4, ::4], small.mask(3)
    )
