"""Data sets in every original format, made tiny: what is listed, in which order of classes, and what is said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdn.data.datasets import open_dataset, skip_list_of
from tdn.data.flips import mirrored_classes
from tdn.motion.labels import FLIP_HORIZONTAL, LABELS
from tests import standins
from tests.standins import frame_folder, video


@pytest.fixture
def something_v1(tmp_path) -> Path:
    return standins.something_v1(tmp_path)


@pytest.fixture
def something_v2(tmp_path) -> Path:
    return standins.something_v2(tmp_path)


@pytest.fixture
def kinetics(tmp_path) -> Path:
    return standins.kinetics(tmp_path)


@pytest.fixture
def ucf101(tmp_path) -> Path:
    return standins.ucf101(tmp_path)


@pytest.fixture
def hmdb51(tmp_path) -> Path:
    return standins.hmdb51(tmp_path)


def rows(data: str | Path, split: str = "val") -> list[tuple[str, str]]:
    """(id, class) of each item."""
    dataset = open_dataset(data, split)
    return [(item.id, dataset.labels[item.label]) for item in dataset.items]


def test_something_v1_counts_its_classes_in_sorted_order(something_v1):
    dataset = open_dataset(f"something-v1:{something_v1}", "val")
    assert list(dataset.labels) == sorted(dataset.labels)
    assert rows(f"something-v1:{something_v1}") == [("3", "Pushing something from left to right")]
    assert dataset.missing == ("4",) and dataset.items[0].path.is_dir()


def test_something_v2_counts_its_classes_as_its_labels_file(something_v2):
    dataset = open_dataset(f"something-v2:{something_v2}", "train")
    assert dataset.labels == ("Approaching something with your camera", "Putting something behind something")
    assert rows(f"something-v2:{something_v2}", "train") == [("7", "Putting something behind something")]


def test_kinetics_videos_are_found_by_id_and_times_and_the_lost_ones_are_named(kinetics):
    dataset = open_dataset(f"kinetics400:{kinetics}", "val")
    assert dataset.labels == ("abseiling", "arm wrestling", "zumba")
    assert [item.path.name for item in dataset.items] == ["ccc-_cccccc_000003_000013.mp4"]
    assert dataset.missing == ("arm wrestling/gone1234567_000003_000013",)


def test_ucf101_keeps_the_order_of_its_class_file_and_has_three_splits(ucf101):
    assert open_dataset(f"ucf101:{ucf101}", "val").labels == ("HandstandWalking", "HandstandPushups")
    assert rows(f"ucf101:{ucf101}", "train2") == [
        ("HandstandWalking/v_HandstandWalking_g02_c01.avi", "HandstandWalking")
    ]
    assert rows(f"ucf101:{ucf101}", "val3")[0][1] == "HandstandPushups"


def test_hmdb51_reads_names_with_any_signs_and_leaves_out_unused_files(hmdb51):
    assert rows(f"hmdb51:{hmdb51}", "train1") == [
        ("brush_hair/c d.avi", "brush_hair"),
        ("wave/a&b#1!(x).avi", "wave"),
    ]
    assert rows(f"hmdb51:{hmdb51}", "val2") == [("brush_hair/c d.avi", "brush_hair"), ("wave/a&b#1!(x).avi", "wave")]
    # In split 3 they are of no use.
    assert rows(f"hmdb51:{hmdb51}", "val3") == [
        ("brush_hair/other_c d.avi", "brush_hair"),
        ("wave/other_a&b#1!(x).avi", "wave"),
    ]


@pytest.mark.parametrize("split", ["val4", "all", "train1"])
def test_a_split_that_does_not_exist_is_named(something_v1, split):
    with pytest.raises(ValueError, match=f"split '{split}'"):
        open_dataset(f"something-v1:{something_v1}", split)


@pytest.mark.parametrize("name", ["something-v1", "something-v2", "ucf101", "hmdb51", "kinetics400"])
def test_a_published_set_without_its_label_files_says_which_one(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="no "):
        open_dataset(f"{name}:{tmp_path}")


def test_lists_whose_videos_are_all_missing_say_what_was_expected(something_v1):
    for folder in (something_v1 / "20bn-something-something-v1").iterdir():
        folder.rename(folder.with_name(f"moved{folder.name}"))
    with pytest.raises(FileNotFoundError, match=r"00001\.jpg"):
        open_dataset(f"something-v1:{something_v1}", "val")


def test_an_unknown_name_before_a_colon_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown data set 'ssv1'"):
        open_dataset(f"ssv1:{tmp_path}")


def test_a_folder_of_folders_is_a_data_set(tmp_path):
    video(tmp_path / "b" / "2.mp4")
    video(tmp_path / "a" / "1.mov")
    frame_folder(tmp_path / "b" / "frames")
    (tmp_path / "a" / "notes.txt").write_text("not a video")
    assert rows(tmp_path) == rows(tmp_path, "train") == [("a/1.mov", "a"), ("b/2.mp4", "b"), ("b/frames", "b")]


def test_parts_above_the_classes_are_used(tmp_path):
    video(tmp_path / "train" / "a" / "1.mp4")
    video(tmp_path / "validation" / "a" / "2.mp4")
    assert rows(tmp_path, "train") == [("a/1.mp4", "a")] and rows(tmp_path, "val") == [("a/2.mp4", "a")]
    with pytest.raises(ValueError, match="nothing for split test"):
        open_dataset(tmp_path, "test")


def test_a_class_may_be_called_train(tmp_path):
    video(tmp_path / "train" / "1.mp4")
    video(tmp_path / "plane" / "2.mp4")
    assert open_dataset(tmp_path).labels == ("plane", "train")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_names_files_beside_it(tmp_path, delimiter):
    video(tmp_path / "clips" / "1, two.mp4")
    lines = [["File", "label"], ['"clips/1, two.mp4"', "waving"], ["clips/gone.mp4", "nodding"]]
    (tmp_path / "mine.csv").write_text("\ufeff" + "\n".join(delimiter.join(line) for line in lines))
    dataset = open_dataset(tmp_path / "mine.csv")
    assert dataset.labels == ("nodding", "waving") and dataset.missing == ("clips/gone.mp4",)
    assert rows(tmp_path / "mine.csv") == [("clips/1, two.mp4", "waving")]


def test_a_csv_may_say_which_part_a_file_is_of(tmp_path):
    for number in (1, 2):
        video(tmp_path / f"{number}.mp4")
    (tmp_path / "mine.csv").write_text("file,label,split\n1.mp4,b,train\n2.mp4,a,val\n")
    assert rows(tmp_path / "mine.csv", "train") == [("1.mp4", "b")]
    assert open_dataset(tmp_path / "mine.csv", "train").labels == ("a", "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.mp4,b\n", "columns file and label"),
        ("file,label\n", "no videos listed"),
        ("file,label\n1.mp4,\n", "line 2 lacks"),
        ("file,label\n1.mp4,a\n1.mp4,a\n", "stands in it twice"),
    ],
)
def test_a_csv_that_is_amiss_is_told_in_one_sentence(tmp_path, text, said):
    video(tmp_path / "1.mp4")
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        open_dataset(tmp_path / "mine.csv")


def test_released_lists_of_frames_and_of_videos_are_read(tmp_path):
    frame_folder(tmp_path / "frames" / "with a space")
    video(tmp_path / "video 7.mp4")
    (tmp_path / "labels.txt").write_text("first\nsecond\n")
    (tmp_path / "frames.txt").write_text("frames/with a space  14\t1\n")
    (tmp_path / "videos.txt").write_text("video 7.mp4 0\n")
    (tmp_path / "bare.txt").write_text("video 7 0\n")
    frames = open_dataset(tmp_path / "frames.txt")
    assert frames.items[0].num_frames == 14 and rows(tmp_path / "frames.txt") == [("frames/with a space", "second")]
    assert rows(tmp_path / "videos.txt") == [("video 7.mp4", "first")]
    # The released code adds .mp4 to whatever a list names; a number in the name is no count of frames.
    assert rows(tmp_path / "bare.txt") == [("video 7", "first")]


def test_the_list_of_the_other_part_stands_beside_it(tmp_path):
    for part in ("train", "val"):
        video(tmp_path / f"{part}.mp4")
        (tmp_path / f"{part}_videofolder.txt").write_text(f"{part}.mp4 0\n")
    assert rows(tmp_path / "train_videofolder.txt", "val") == [("val.mp4", "class 0")]
    assert rows(tmp_path / "val_videofolder.txt", "train") == [("train.mp4", "class 0")]


def test_a_list_may_have_its_videos_elsewhere(tmp_path):
    video(tmp_path / "disk" / "1.mp4")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "all.txt").write_text("1.mp4 0\n")
    assert rows(f"{tmp_path}/lists/all.txt:{tmp_path}/disk") == [("1.mp4", "class 0")]


def test_names_for_a_list_of_numbers_may_come_from_a_checkpoint(tmp_path):
    video(tmp_path / "1.mp4")
    (tmp_path / "all.txt").write_text("1.mp4 1\n")
    assert open_dataset(tmp_path / "all.txt", labels=["a", "b"]).labels == ("a", "b")


def test_numbers_that_count_from_one_are_not_taken_for_names(tmp_path):
    video(tmp_path / "1.mp4")
    (tmp_path / "labels.txt").write_text("a\nb\n")
    (tmp_path / "all.txt").write_text("1.mp4 2\n")
    with pytest.raises(ValueError, match="count from 1"):
        open_dataset(tmp_path / "all.txt")


@pytest.mark.parametrize("line", ["1.mp4", "1.mp4 one", "1.mp4 -1"])
def test_a_line_that_is_no_list_is_shown(tmp_path, line):
    (tmp_path / "all.txt").write_text(f"{line}\n")
    with pytest.raises(ValueError, match="line 1 reads"):
        open_dataset(tmp_path / "all.txt")


def test_a_skip_list_leaves_items_out(tmp_path):
    for number in (1, 2):
        video(tmp_path / "a" / f"{number}.mp4")
    skip_list_of(tmp_path).write_text("# why\na/1.mp4\tbroken\n")
    dataset = open_dataset(tmp_path)
    assert [item.id for item in dataset.items] == ["a/2.mp4"] and dataset.skipped == 1


def test_mirroring_swaps_the_classes_that_say_so():
    labels = ["Pulling it from left to right", "Holding it upright", "Pulling it from right to left"]
    assert mirrored_classes(labels) == ((2, 1, 0), "")


@pytest.mark.parametrize(
    "pair",
    [
        ("turn_left", "turn_right"),
        ("TurnLeft", "TurnRight"),
        ("Spinning clockwise", "Spinning counterclockwise"),
        ("Spinning clockwise", "Spinning counter-clockwise"),
        ("Spinning clockwise", "Spinning anticlockwise"),
    ],
)
def test_a_pair_is_found_however_it_is_spelt(pair):
    assert mirrored_classes(pair) == ((1, 0), "")


def test_classes_without_directions_may_be_mirrored():
    assert mirrored_classes(["upright", "bright", "leftovers"]) == ((0, 1, 2), "")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "向左移动",
            "к югу",
            "izquierda",
            "links",
            "nach links",
            "moveleft",
            "lefthand",
            "turn L",
            "mv right",
            "←",
            "wärts",
        ),
        *(
            "serve",
            "port",
            "starboard",
            "steer",
            "bear left",
            "left-handed serve",
            "unscrewing",
            "golf swing",
            "forward",
            "to one side",
            "moving to the other side",
        ),
        *(
            "twist open",
            "turn lid to close",
            "walking outside",
            "next page",
            "exit",
            "driving",
            "north",
            "swipe 1",
            "gesture B",
            "letter d",
            "on",
            "a",
            "left+right",
            "U-turn",
        ),
    ],
)
def test_a_name_that_is_not_understood_means_no_mirroring_and_is_told_with_the_setting(name):
    flip, said = mirrored_classes(["clapping", name])
    assert flip is None and repr(name) in said and "--set flip_unknown=true" in said
    if not {"left", "right"} & set(name.replace("+", " ").replace("-", " ").split()):
        assert mirrored_classes(["clapping", name], trusted=True) == ((0, 1), "")


def test_whoever_says_that_names_have_no_side_still_swaps_left_and_right():
    assert mirrored_classes(["bear left", "bear right", "stay"], trusted=True) == ((1, 0, 2), "")
    assert mirrored_classes(["bear left", "stay"], trusted=True)[0] is None


def test_the_names_of_our_own_classes_and_of_published_lists_are_understood():
    assert mirrored_classes(LABELS) == (FLIP_HORIZONTAL, "")
    something = [
        "Plugging something into something but pulling it right out as you remove your hand",
        "Laying something on the table on its side, not upright",
        "Letting something roll up a slanted surface, so it rolls back down",
        "Putting something that can't roll onto a slanted surface, so it stays where it is",
        "Moving something and something so they pass each other",
        "Twisting (wringing) something wet until water comes out",
        "Turning the camera left while filming something",
        "Turning the camera right while filming something",
    ]
    assert mirrored_classes(something) == ((0, 1, 2, 3, 4, 5, 7, 6), "")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [(["turn left", "stop"], "'turn left'"), (["class 0", "class 1"], "numbers"), (["0", "1"], "numbers")],
)
def test_mirroring_is_refused_with_the_reason(labels, reason):
    flip, said = mirrored_classes(labels)
    assert flip is None and reason in said


@given(st.lists(st.sampled_from(["left", "right", "up", "it"]), min_size=1, max_size=4))
def test_a_class_and_its_mirror_image_change_places(words):
    other = [{"left": "right", "right": "left"}.get(word, word) for word in words]
    labels = list(dict.fromkeys([" ".join(words), " ".join(other)]))
    assert mirrored_classes(labels) == (tuple(range(len(labels)))[::-1], "")
