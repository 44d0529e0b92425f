"""Parts of a data set are what their names say: recordings stay whole, and what one part has none of is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from tdn.data.datasets import DataSet, Item, open_dataset
from tdn.data.recordings import held_out_places, recordings, shared_between
from tdn.data.transforms import Preprocess
from tdn.train.batches import VideoClips
from tdn.train.card import accuracy
from tdn.train.parts import open_parts, write_list
from tdn.train.recipes import RECIPES
from tdn.train.same_clips import CLIPS, digest, expect_same_clips, trained_on, write_clips
from tests.test_list_kinds import files

OWN = RECIPES["finetune"]


def parts_of(root: Path, **settings) -> tuple[DataSet, DataSet, list[str]]:
    train, val, _, notes = open_parts(str(root), replace(OWN, **settings))
    return train, val, notes


def named(*names: str, label: int = 0) -> list[Item]:
    return [Item(name, Path("nowhere") / name, label) for name in names]


def groups(*names: str) -> list[list[str]]:
    items = named(*names)
    found = recordings(items).of
    return [
        [item.id for item, own in zip(items, found, strict=True) if own == number] for number in dict.fromkeys(found)
    ]


@pytest.mark.parametrize(
    "names",
    [
        [["v_Typing_g01_c01.mp4", "v_Typing_g01_c02.mp4"], ["v_Typing_g02_c01.mp4"]],
        [["abcdefghij-_000010_000020.mp4", "abcdefghij-_000030_000040.mp4"], ["abcdefghijk_000010_000020.mp4"]],
        [["walk.mp4", "walk (1).mp4", "walk - Copy.mp4", "walk_copy2.mp4", "Copy of walk.mp4"], ["run.mp4"]],
        [["film_wave_f_cm_np1_ba_med_0.avi", "film_wave_u_nm_np2_fr_goo_3.avi"], ["other_wave_f_cm_np1_ba_med_0.avi"]],
        [["lab_part1.mp4", "lab_part2.mp4"], ["hall-Scene-001.mp4", "hall-Scene-002.mp4"]],
        [["lab_0_10.mp4", "lab_10_20.mp4"], ["hall_5.5_7.mp4"]],
    ],
)
def test_names_tell_which_clips_are_of_one_recording(names):
    assert groups(*(name for group in names for name in group)) == names


@pytest.mark.parametrize(
    "names",
    [
        ["v0.mp4", "v1.mp4", "v10.mp4"],
        ["clip (1).mp4", "clip (2).mp4", "clip (3).mp4"],  # all files of a folder renamed at once
        ["up_clip_01.mp4", "up_clip_02.mp4", "up_clip_03.mp4"],  # the class and a number
        ["VID_20240102_101500.mp4", "VID_20240102_103000.mp4"],
        ["IMG_0001.MOV", "IMG_0002.MOV"],
    ],
)
def test_names_that_only_count_are_no_recordings(names):
    assert groups(*names) == [[name] for name in names]


def test_one_name_with_two_endings_is_one_recording():
    assert len(set(recordings(named("up/a.mp4", "up/a.avi", "up/b.mp4")).of)) == 2
    assert len(set(recordings(named("ann/a.mp4", "ben/a.avi")).of)) == 2


def test_one_recording_of_two_classes_is_one_for_youtube_ids_only():
    clips = [*named("abcdefghijk_000001_000011.mp4"), *named("abcdefghijk_000021_000031.mp4", label=1)]
    assert len(set(recordings(clips).of)) == 1
    clips = [*named("g01_c01.mp4"), *named("g01_c02.mp4", label=1)]
    assert len(set(recordings(clips).of)) == 2


def test_equal_bytes_are_one_recording_and_equal_sizes_are_not(tmp_path):
    files(tmp_path, "a/1.mp4", "a/2.mp4", "a/3.mp4")
    (tmp_path / "a" / "3.mp4").write_bytes((tmp_path / "a" / "1.mp4").read_bytes())
    found = recordings(open_dataset(tmp_path).items)
    assert found.of == (0, 1, 0) and found.equal == ((0, 2),) and "equal bytes: 2 clips" in str(found)


def test_a_recording_stays_on_one_side_and_a_fifth_goes(tmp_path):
    files(tmp_path, *(f"{label}/v_{label}_g0{g}_c0{c}.mp4" for label in "ab" for g in range(1, 6) for c in range(1, 6)))
    train, val, notes = parts_of(tmp_path)
    sides = [{item.id[:-8] for item in part.items} for part in (train, val)]
    assert not sides[0] & sides[1] and len(val.items) == 10 and "50 clips of 10 recordings" in "\n".join(notes)


def test_the_largest_recording_is_trained_on_and_no_class_loses_all():
    clips = [*named(*(f"x_g01_c{c:02d}.mp4" for c in range(3)), *(f"x_g02_c{c:02d}.mp4" for c in range(9)))]
    clips += named(*(f"abcdefghijk_{c:06d}_{c + 10:06d}.mp4" for c in range(4)), label=1)
    clips += named(*(f"abcdefghijk_{c:06d}_{c + 10:06d}.mp4" for c in range(20, 24)), *"12345", label=2)
    dataset = DataSet("own", ("a", "b", "c"), tuple(clips))
    places = held_out_places(dataset, 0.2, recordings(clips))
    assert {clips[place].id[:5] for place in places if clips[place].label == 0} == {"x_g01"}
    assert not any(clips[place].label == 1 for place in places)
    assert any(clips[place].label == 2 for place in places)


def test_without_recordings_every_fifth_clip_goes_as_before():
    clips = named(*(f"{number}.mp4" for number in range(12)))
    assert held_out_places(DataSet("own", ("a",), tuple(clips)), 0.2, recordings(clips)) == {1, 6, 11}


def test_what_two_parts_share_is_named(tmp_path):
    files(tmp_path, "train/a/x_g01_c01.mp4", "train/a/2.mp4", "val/a/x_g01_c02.mp4", "val/a/3.mp4", "val/a/4.mp4")
    (tmp_path / "val" / "a" / "3.mp4").write_bytes((tmp_path / "train" / "a" / "2.mp4").read_bytes())
    said = shared_between([open_dataset(tmp_path, part) for part in ("train", "val")])
    assert "1 of 3 clips are equal byte for byte to clips of another part, such as a/3.mp4 (a/2.mp4 of" in said[0]
    assert "1 of 3 clips are of a recording that another part has clips of, such as a/x_g01_c02.mp4" in said[1]


def test_a_class_without_validation_clips_is_named_and_one_without_training_clips_refused(tmp_path):
    files(
        tmp_path / "one", *(f"train/{label}/{n}.mp4" for label in "ABC" for n in range(3)), "val/A/8.mp4", "val/C/9.mp4"
    )
    _, _, notes = parts_of(tmp_path / "one")
    assert "1 of 3 classes have no validation clips: 'B'" in "\n".join(notes)
    files(tmp_path / "other", "train/A/1.mp4", "train/B/2.mp4", "val/A/3.mp4", "val/b/4.mp4")
    with pytest.raises(ValueError, match="1 of 3 classes have no training clips: 'b'"):
        parts_of(tmp_path / "other")


def test_one_class_alone_and_one_clip_a_class_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one class only, 'a'"):
        parts_of(files(tmp_path / "one", "a/1.mp4", "a/2.mp4"))
    with pytest.raises(ValueError, match="no class has two recordings"):
        parts_of(files(tmp_path / "two", "a/1.mp4", "b/2.mp4"))


def test_copies_of_one_clip_a_class_train_with_a_word_that_nothing_is_measured(tmp_path):
    files(tmp_path, *(f"{label}/{number}.mp4" for label in "ab" for number in range(3)))
    for clip in tmp_path.rglob("*.mp4"):
        clip.write_bytes(clip.parent.name.encode())
    _, val, notes = parts_of(tmp_path)
    assert len(val.items) == 2 and "their numbers say nothing" in "\n".join(notes)


def test_lists_without_names_count_the_classes_of_all_parts(tmp_path):
    files(tmp_path, "1.mp4", "2.mp4", "3.mp4")
    (tmp_path / "train.txt").write_text("1.mp4 0\n2.mp4 1\n")
    (tmp_path / "val.txt").write_text("3.mp4 0\n")
    train, val, _ = parts_of(tmp_path / "train.txt")
    assert train.labels == val.labels == ("class 0", "class 1")


def test_the_list_that_training_writes_is_read_again_whatever_the_names(tmp_path):
    names = ["1", "10", "2", "a, b", 'he said "x"', "Ö", "  blank  ", "#7", "x;y"]
    files(tmp_path, *(f"data/{name}/{name} clip.mp4" for name in names))
    dataset = open_dataset(tmp_path / "data")
    (tmp_path / "run").mkdir()
    write_list(tmp_path / "run" / "val.csv", dataset)
    again = open_dataset(tmp_path / "run" / "val.csv")
    assert again.labels == dataset.labels
    assert [item.label for item in again.items] == [item.label for item in dataset.items]


def test_the_list_of_a_run_behind_a_link_leads_to_the_clips(tmp_path):
    files(tmp_path, "data/a/1.mp4", "data/b/2.mp4")
    (tmp_path / "far" / "away" / "runs").mkdir(parents=True)
    (tmp_path / "runs").symlink_to(tmp_path / "far" / "away" / "runs")
    write_list(tmp_path / "runs" / "val.csv", open_dataset(tmp_path / "data"))
    assert len(open_dataset(tmp_path / "runs" / "val.csv").items) == 2


def test_clips_of_names_that_are_not_understood_are_mirrored_only_on_request(tmp_path):
    root = files(tmp_path, *(f"{label}/{n}.mp4" for label in ("向左", "向右") for n in range(3)))
    view = Preprocess.whole(64)
    clips = VideoClips(OWN, 8, 5, str(root), view)
    assert not clips.mirrors and "not understood ('向右', '向左')" in clips.flips and "flip_unknown=true" in clips.flips
    assert VideoClips(replace(OWN, flip_unknown=True), 8, 5, str(root), view).mirrors
    assert not VideoClips(replace(OWN, flip_unknown=True, flip=False), 8, 5, str(root), view).mirrors


def test_a_run_does_not_go_on_with_other_clips(tmp_path):
    before = [("train", "a/1.mp4", "a"), ("train", "a/2.mp4", "a"), ("val", "a/#3,x.mp4", "a")]
    write_clips(tmp_path / CLIPS, before)
    expect_same_clips(tmp_path, digest(before), before[::-1])
    renamed = [("train", "a/1.mp4", "a"), ("train", "a/two.mp4", "a"), ("train", "a/#3,x.mp4", "a")]
    with pytest.raises(ValueError) as refused:
        expect_same_clips(tmp_path, digest(before), renamed)
    for said in ("1 gone (a/2.mp4)", "1 new (a/two.mp4)", "1 of another part or class (a/#3,x.mp4)"):
        assert said in str(refused.value)


def test_a_class_without_validation_clips_has_no_number():
    import torch

    from tdn.train.validation import Validation

    confusion = torch.tensor([[1, 1, 0], [0, 0, 0], [0, 0, 2]])
    found = accuracy(Validation(confusion, torch.zeros(2, 100, dtype=torch.int64), 1.0, 100.0, 0), ("a", "b", "c"))
    assert found["per_class"] == {"a": 50.0, "b": None, "c": 100.0}


def test_clips_that_a_network_was_trained_on_are_counted_when_it_is_tested(tmp_path):
    assert trained_on(tmp_path, ["a/1.mp4"]) == ""
    write_clips(tmp_path / CLIPS, [("train", "a/1.mp4", "a"), ("val", "a/2.mp4", "a")])
    assert trained_on(tmp_path, ["a/2.mp4", "a/3.mp4"]) == ""
    assert "1 of 2 clips have the names of clips" in trained_on(tmp_path, ["a/1.mp4", "a/2.mp4"])
