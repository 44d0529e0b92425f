"""Opposites and directions, told from the texts of a label list."""

import pytest

from tdn.data.opposites import direction, opposite, other_way, same_way
from tdn.motion import LABELS, REVERSE_TIME

SOMETHING = (
    *("Pushing something from left to right", "Pushing something from right to left"),
    *("Pulling something from left to right", "Pulling something from right to left"),
    *("Moving something up", "Moving something down", "Moving something towards the camera"),
    *("Moving something away from the camera", "Opening something", "Closing something"),
    *("Approaching something with your camera", "Moving away from something with your camera"),
    *("Turning the camera left while filming something", "Turning the camera right while filming something"),
    *("Moving something closer to something", "Moving something away from something"),
    *("Lifting something up completely without letting it drop down", "Turning something upside down"),
    *("Letting something roll down a slanted surface", "Moving something across a surface without it falling down"),
    "Letting something roll up a slanted surface, so it rolls back down",
)


def test_the_opposites_of_the_drawn_classes_are_those_of_time_run_backwards():
    for number, label in enumerate(LABELS):
        backwards = REVERSE_TIME[number]
        partner = None if backwards in (None, number) else LABELS[backwards]
        assert opposite(label, LABELS) == partner, label


@pytest.mark.parametrize(("first", "second"), list(zip(SOMETHING[:16:2], SOMETHING[1:16:2], strict=True)))
def test_labels_of_something_something_that_differ_in_the_direction_alone_are_opposites(first, second):
    assert opposite(first, SOMETHING) == second and opposite(second, SOMETHING) == first


@pytest.mark.parametrize("label", SOMETHING[16:])
def test_a_label_without_such_a_partner_has_none(label):
    assert opposite(label, SOMETHING) is None


def test_an_opposite_must_be_in_the_list_and_be_the_only_one():
    assert opposite("Moving something up", ["Moving something up", "Holding something"]) is None
    two = ["Turning clockwise", "Turning counter-clockwise", "Turning anticlockwise"]
    assert opposite(two[0], two) is None and opposite(two[1], two) == opposite(two[2], two) == two[0]
    reworded = ["Moving closer to the camera", "Moving towards the camera", "Moving away from the camera"]
    assert opposite(reworded[0], reworded) == opposite(reworded[1], reworded) == reworded[2]


@pytest.mark.parametrize(
    ("label", "way"),
    [
        ("Moving something from right to left", "left"),
        ("A pattern streaming left inside something", "left"),
        ("Swiping_Left", "left"),
        ("Something coming from the left", "right"),
        ("Waving the left hand", None),
        ("Moving something up", "up"),
        ("Shaking something up and down", None),
        ("Turning something upside down", None),
        ("Tilting something so it doesn't fall down", None),
        ("Spinning something fast counter-clockwise", "counterclockwise"),
        ("Moving two things closer to each other", "closer to each other"),
        ("Moving something towards the camera", "closer to the camera"),
        ("Turning the camera left while filming something", None),
        ("Holding something still", None),
        ("class 7", None),
    ],
)
def test_a_label_names_its_direction_or_none(label, way):
    assert direction(label) == way


def test_every_wording_of_a_direction_counts():
    left = [
        LABELS.index(f) for f in ("Moving something from right to left", "A pattern streaming left inside something")
    ]
    right = [
        LABELS.index(f) for f in ("Moving something from left to right", "A pattern streaming right inside something")
    ]
    assert same_way(LABELS[left[0]], LABELS) == left and other_way(LABELS[left[0]], LABELS) == right
    assert same_way(LABELS[left[1]], LABELS) == left[::-1] and other_way(LABELS[left[1]], LABELS) == right[::-1]
    still = LABELS.index("Holding something still")
    assert same_way(LABELS[still], LABELS) == [still] and other_way(LABELS[still], LABELS) == []
    pushing = same_way("Pushing something from left to right", SOMETHING)
    assert [SOMETHING[n] for n in pushing] == [
        "Pushing something from left to right",
        "Pulling something from left to right",
    ]
