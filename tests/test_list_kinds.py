"""Data sets as people really have them: odd names, other lists, folders of systems. Read right, or named in a sentence.

Nothing is decoded here, so that files hold a few bytes that tell them apart.
"""

import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from tdn.data.datasets import DataSet, open_dataset
from tdn.data.label_files import read_labels
from tdn.data.names import difference, in_class_order, one_form
from tdn.data.skip_list import read_skip_list, write_skip_list
from tests.standins import frame_folder


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    return root


def labelled(dataset: DataSet) -> dict[str, str]:
    return {item.id: dataset.labels[item.label] for item in dataset.items}


def said(dataset: DataSet) -> str:
    return "\n".join(dataset.notes)


# --- names in one form


def test_composed_and_decomposed_names_are_one_class_in_folders_and_tables(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "Öffnen à côté") for form in ("NFC", "NFD"))
    files(tmp_path / "parts", f"train/{composed}/1.mp4", f"val/{decomposed}/2.mp4", "train/b/3.mp4")
    train, val = (open_dataset(tmp_path / "parts", part) for part in ("train", "val"))
    assert train.labels == val.labels == ("b", composed) and "decomposed" in said(val)
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "all.csv").write_text(f"file,label\n1.mp4,{composed}\n2.mp4,{decomposed}\n", encoding="utf-8")
    assert open_dataset(tmp_path / "all.csv").labels == (composed,)


@pytest.mark.parametrize("hidden", ["\u200b", "\ufeff", "\u00ad", "\u200e", "\u2060"])
def test_an_invisible_character_is_named_by_its_code(tmp_path, hidden):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "all.csv").write_text(f"file,label\n1.mp4,up\n2.mp4,u{hidden}p\n", encoding="utf-8")
    dataset = open_dataset(tmp_path / "all.csv")
    assert dataset.labels == ("up",) and f"U+{ord(hidden):04X}" in said(dataset)


def test_names_that_differ_in_a_joiner_only_are_refused_with_its_code(tmp_path):
    files(tmp_path, "نمی\u200cخواهم/1.mp4", "نمیخواهم/2.mp4")
    with pytest.raises(ValueError, match=r"U\+200C ZERO WIDTH NON-JOINER"):
        open_dataset(tmp_path)


def test_white_space_in_names_is_one_space():
    assert one_form(" a\u00a0 \tb\n") == "a b" and difference("a b", "a\u00a0b") == "white space"


def test_numbers_are_in_the_order_of_their_values_and_other_names_by_alphabet():
    assert in_class_order(["10", "9", "2"]) == ["2", "9", "10"] and in_class_order(["a10", "a9"]) == ["a10", "a9"]


# --- files of class names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('\ufeffA, x\r\n"B"\r\n\r\n  C \n', ["A, x", "B", "C"]),
        ("0 up\n10 k\n2 c\n1 b\n3 d\n4 e\n5 f\n6 g\n7 h\n8 i\n9 j\n", ["up", *"bcdefghijk"]),
        ("1 up\n2 down\n", ["up", "down"]),
        ('0,"a, b"\n1,down\n', ["a, b", "down"]),
        ("0\tup\n1\tdown\n", ["up", "down"]),
        ("1: up\n0: down\n", ["down", "up"]),
        ("up,1\ndown,0\n", ["down", "up"]),
        ("index,name\n0,up\n1,down\n", ["up", "down"]),
        ("names:\n  0: up\n  1: down\n", ["up", "down"]),
        ("# made by me\nup\n// more\ndown\n", ["up", "down"]),
        ("gesture 1\ngesture 2\n", ["gesture 1", "gesture 2"]),
        ("2 hands\nclap\n", ["2 hands", "clap"]),
    ],
)
def test_label_files_of_many_forms_give_the_names_alone(tmp_path, text, names):
    (tmp_path / "labels.txt").write_bytes(text.encode("utf-8"))
    assert read_labels(tmp_path / "labels.txt").names == names


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_label_file_in_another_unicode_is_read_by_its_mark(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith("le") else ""
    (tmp_path / "labels.txt").write_bytes(f"{mark}höher\nup\n".encode(encoding))
    assert read_labels(tmp_path / "labels.txt").names == ["höher", "up"]


def test_json_label_files_hold_a_list_or_numbers(tmp_path):
    for text in ('["up", "down"]', '{"down": 1, "up": 0}', '{"1": "down", "0": "up"}'):
        (tmp_path / "labels.json").write_text(text)
        assert read_labels(tmp_path / "labels.json").names == ["up", "down"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("up\ndown\nup\n", "'up' stands on lines 1 and 3"),
        ("up\ndown\nu\u200bp\n", "lines 1 and 3"),
        ("0 up\n1 down\n3 still\n", "none has 2"),
        ("0 up\n1 down\nstill\n2 left\n", "line 3 reads 'still'"),
        ("{\nup\n", "line 1 reads"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "git lfs pull"),
    ],
)
def test_label_files_that_can_be_read_in_two_ways_are_refused(tmp_path, text, message):
    (tmp_path / "labels.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_labels(tmp_path / "labels.txt")


def test_a_heading_is_a_class_only_where_the_count_says_so(tmp_path):
    (tmp_path / "labels.txt").write_text("class name\nup\ndown\n")
    told = read_labels(tmp_path / "labels.txt")
    assert told.names == ["up", "down"] and "line 1, 'class name'" in told.notes[0]
    assert read_labels(tmp_path / "labels.txt", wanted=3).names == ["class name", "up", "down"]


# --- released lists and their class names


def released(root: Path, labels: str | None, train: str, val: str | None = None) -> Path:
    files(root, "a/1.mp4", "b/2.mp4", "c/3.mp4")
    (root / "train.txt").write_text(train)
    if val is not None:
        (root / "val.txt").write_text(val)
    if labels is not None:
        (root / "labels.txt").write_text(labels)
    return root


def test_a_heading_of_the_label_file_does_not_shift_the_classes(tmp_path):
    released(tmp_path, "class name\nup\ndown\nstill\n", "a/1.mp4 0\nb/2.mp4 1\nc/3.mp4 2\n")
    dataset = open_dataset(tmp_path / "train.txt", "train")
    assert list(labelled(dataset).values()) == ["up", "down", "still"] and "heading" in said(dataset)


def test_a_heading_in_any_language_is_refused_by_count(tmp_path):
    released(tmp_path, "Klassenname\nup\ndown\nstill\n", "a/1.mp4 0\nb/2.mp4 1\nc/3.mp4 2\n")
    with pytest.raises(ValueError, match="4 names for labels 0 to 2"):
        open_dataset(tmp_path / "train.txt", "train")
    (tmp_path / "labels.txt").write_text("0 up\n1 down\n2 still\n3 never seen\n")
    assert open_dataset(tmp_path / "train.txt", "train").labels[3] == "never seen"


def test_a_list_counts_from_one_where_its_label_file_does(tmp_path):
    released(tmp_path, "2 down\n3 still\n1 up\n", "a/1.mp4 1\nb/2.mp4 2\nc/3.mp4 3\n")
    assert list(labelled(open_dataset(tmp_path / "train.txt", "train")).values()) == ["up", "down", "still"]
    (tmp_path / "train.txt").write_text("a/1.mp4 1\nb/2.mp4 2\n")
    with pytest.raises(ValueError, match="neither 0 nor 3"):
        open_dataset(tmp_path / "train.txt", "train")


def test_numbers_in_the_order_of_text_are_put_right(tmp_path):
    order = sorted(range(12), key=str)
    released(tmp_path, "".join(f"{number} class{number}x\n" for number in order), "a/1.mp4 2\nb/2.mp4 10\nc/3.mp4 11\n")
    dataset = open_dataset(tmp_path / "train.txt", "train")
    assert list(labelled(dataset).values()) == ["class2x", "class10x", "class11x"]


@pytest.mark.parametrize(
    ("labels", "lines", "names"),
    [
        (["1", "10", "2"], "a/1.mp4 1\nb/2.mp4 10\nc/3.mp4 2\n", ["1", "10", "2"]),
        (["0", "1", "10", *"23456789"], "a/1.mp4 10\nb/2.mp4 2\n", ["10", "2"]),
        (["5", "6", "7"], "a/1.mp4 0\nb/2.mp4 2\n", ["5", "7"]),
    ],
)
def test_numbers_of_a_list_are_a_checkpoints_names_where_that_is_certain(tmp_path, labels, lines, names):
    released(tmp_path, None, lines)
    assert list(labelled(open_dataset(tmp_path / "train.txt", "train", labels)).values()) == names


@pytest.mark.parametrize(
    ("labels", "lines"), [(["1", "10", "2"], "a/1.mp4 0\nb/2.mp4 2\n"), (["1", "2", "3"], "a/1.mp4 1\nb/2.mp4 2\n")]
)
def test_numbers_that_may_be_names_or_count_them_are_refused(tmp_path, labels, lines):
    released(tmp_path, None, lines)
    with pytest.raises(ValueError, match=r"put a labels\.txt"):
        open_dataset(tmp_path / "train.txt", "train", labels)


@pytest.mark.parametrize(
    "lines",
    [
        "a\\1.mp4 0\nb\\2.mp4 1\n",
        '"a/1.mp4" 0\n"b/2.mp4" 1\n',
        "a/1.mp4,0\nb/2.mp4,1\n",
        "path label\na/1.mp4 0\nb/2.mp4 1\n",
        "# my list\na/1.mp4 0\nb/2.mp4 1\n",
        "A/1.MP4 0\nb/2.mp4 1\n",
        "a/1.mp4;14;0\nb/2.mp4;14;1\n",
    ],
)
def test_lists_of_other_forms_are_read_where_no_doubt_is_possible(tmp_path, lines):
    released(tmp_path, None, lines)
    assert [(item.path.name, item.label) for item in open_dataset(tmp_path / "train.txt", "train").items] == [
        ("1.mp4", 0),
        ("2.mp4", 1),
    ]


def test_the_list_of_another_part_is_taken_with_a_word_and_a_test_part_never_guessed(tmp_path):
    released(tmp_path, None, "a/1.mp4 0\n", "b/2.mp4 1\n")
    assert "val.txt beside it is read" in said(open_dataset(tmp_path / "train.txt", "val"))
    with pytest.raises(ValueError, match="no list for split test"):
        open_dataset(tmp_path / "val.txt", "test")


# --- tables


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("path,label\n1.mp4,b\n2.mp4,a\n", ["b", "a"]),
        ("video_path;class_name\n1.mp4;b\n2.mp4;a\n", ["b", "a"]),
        ("1.mp4,b\n2.mp4,a\n", ["b", "a"]),
        ('sep=,\n"file","label"\n"1.mp4","b, c"\n2.mp4,a\n', ["b, c", "a"]),
        ("FILE\tLABEL\n.\\1.mp4\tb\n.\\2.mp4\ta\n", ["b", "a"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_tables_of_other_forms_are_read_where_no_doubt_is_possible(tmp_path, content, labels, encoding):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "mine.csv").write_bytes(content.encode(encoding))
    assert list(labelled(open_dataset(tmp_path / "mine.csv")).values()) == labels


def test_a_table_with_two_columns_for_one_thing_is_refused(tmp_path):
    files(tmp_path, "1.mp4")
    (tmp_path / "mine.csv").write_text("path,video,label\n1.mp4,1.mp4,a\n")
    with pytest.raises(ValueError, match="path and video may be the file"):
        open_dataset(tmp_path / "mine.csv")


def table_of_parts(root: Path, words: list[str]) -> Path:
    files(root, *(f"{number}.mp4" for number in range(len(words))))
    lines = [f"{number}.mp4,{'ab'[number % 2]},{word}" for number, word in enumerate(words)]
    (root / "mine.csv").write_text("\n".join(["file,label,split", *lines, ""]))
    return root / "mine.csv"


def test_the_validation_part_of_a_table_has_no_test_clips(tmp_path):
    table = table_of_parts(tmp_path, ["Train", "train", "VAL", "validation", "test"])
    assert [len(open_dataset(table, part).items) for part in ("train", "val", "test")] == [2, 2, 1]


def test_test_clips_stand_for_a_validation_part_only_with_a_word(tmp_path):
    table = table_of_parts(tmp_path, ["train", "test"])
    dataset = open_dataset(table, "val")
    assert len(dataset.items) == 1 and "test part stands for one" in said(dataset)


@pytest.mark.parametrize("word", ["trian", ""])
def test_a_row_of_no_part_is_named_by_its_line_and_word(tmp_path, word):
    table = table_of_parts(tmp_path, ["train", "val", word, word])
    with pytest.raises(ValueError, match=f"2 of 4 lines are of no part: line 4 says '{word}'"):
        open_dataset(table, "train")


def test_rows_that_say_so_are_left_out_with_a_word(tmp_path):
    table = table_of_parts(tmp_path, ["train", "unused"])
    assert "1 lines are marked as of no part" in said(open_dataset(table, "train"))


def test_a_column_that_only_happens_to_be_called_part_splits_nothing(tmp_path):
    files(tmp_path, "1.mp4", "2.mp4")
    for column, words in (("part", ("arm", "leg")), ("split", ("", ""))):
        (tmp_path / "mine.csv").write_text(f"file,label,{column}\n1.mp4,a,{words[0]}\n2.mp4,b,{words[1]}\n")
        dataset = open_dataset(tmp_path / "mine.csv")
        assert len(dataset.items) == 2 and f"column {column} names no part" in said(dataset)


@pytest.mark.parametrize("column", ["set", "phase", "Usage", "data_split", "my own word"])
def test_a_part_is_told_by_its_words_whatever_the_column_is_called(tmp_path, column):
    table = table_of_parts(tmp_path, ["train", "train", "val", "test"])
    table.write_text(table.read_text().replace("split", column, 1))
    dataset = open_dataset(table, "val")
    assert [item.id for item in dataset.items] == ["2.mp4"] and f"{column.lower()} for split" in said(dataset)


def test_a_misspelt_part_is_refused_under_any_name_of_the_column(tmp_path):
    table = table_of_parts(tmp_path, ["train", "trian", "val", "test"])
    table.write_text(table.read_text().replace("split", "my own word", 1))
    with pytest.raises(ValueError, match="line 3 says 'trian'"):
        open_dataset(table, "val")


def test_a_column_that_is_called_as_a_kind_of_train_splits_nothing(tmp_path):
    table = table_of_parts(tmp_path, ["train", "bus", "tram"])
    table.write_text(table.read_text().replace("split", "vehicle", 1))
    assert len(open_dataset(table, "val").items) == 3
    table.write_text("file,label\n0.mp4,train\n1.mp4,bus\n2.mp4,train\n")
    assert len(open_dataset(table, "val").items) == 3


def test_a_column_of_yes_and_no_for_a_part_is_refused(tmp_path):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "mine.csv").write_text("file,label,is_train\n1.mp4,a,1\n2.mp4,b,0\n")
    with pytest.raises(ValueError, match="is_train says yes or no to a part; expected a column split"):
        open_dataset(tmp_path / "mine.csv")


def test_a_label_with_a_comma_needs_quotes(tmp_path):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "mine.csv").write_text("file,label\n1.mp4,up\n2.mp4,up, fast\n")
    with pytest.raises(ValueError, match="line 3 has 3 cells for 2 columns; put quotes"):
        open_dataset(tmp_path / "mine.csv")


def test_beginnings_and_ends_in_a_table_are_said_to_be_unread(tmp_path):
    files(tmp_path, "1.mp4")
    (tmp_path / "mine.csv").write_text("file,start_sec,end_sec,label\n1.mp4,0,2,up\n")
    assert "start_sec, end_sec are not read, so every row stands for its whole file" in said(
        open_dataset(tmp_path / "mine.csv")
    )


def test_two_columns_of_one_name_are_refused_and_a_second_kind_of_label_is_named(tmp_path):
    files(tmp_path, "1.mp4")
    (tmp_path / "mine.csv").write_text("file,label,label\n1.mp4,a,b\n")
    with pytest.raises(ValueError, match="two columns are called label"):
        open_dataset(tmp_path / "mine.csv")
    (tmp_path / "mine.csv").write_text("file,label,class_name\n1.mp4,0,up\n")
    assert "label is read as the label, class_name is not" in said(open_dataset(tmp_path / "mine.csv"))


def test_numbers_of_a_table_are_named_by_the_file_beside_it(tmp_path):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "labels.txt").write_text("up\ndown\n")
    (tmp_path / "mine.csv").write_text("file,label\n1.mp4,1\n2.mp4,0\n")
    assert labelled(open_dataset(tmp_path / "mine.csv")) == {"1.mp4": "down", "2.mp4": "up"}


def test_one_file_under_two_names_is_one_clip(tmp_path):
    files(tmp_path, "a.mp4")
    (tmp_path / "mine.csv").write_text("file,label\na.mp4,up\n./a.mp4,down\n")
    with pytest.raises(ValueError, match="one file"):
        open_dataset(tmp_path / "mine.csv")


def test_a_table_beside_class_folders_is_the_data_or_named(tmp_path):
    files(tmp_path, "up/1.mp4", "up/2.mp4", "down/3.mp4")
    (tmp_path / "labels.csv").write_text("file,label\nup/1.mp4,up\n")
    dataset = open_dataset(tmp_path)
    assert len(dataset.items) == 1 and "2 clips beside it are in none of its lines" in said(dataset)
    (tmp_path / "labels.csv").write_text("subject,age\nann,30\n")
    dataset = open_dataset(tmp_path)
    assert len(dataset.items) == 3 and "no columns file and label" in said(dataset)


# --- folders of classes


def test_clips_in_folders_of_any_depth_and_of_any_ending_are_read(tmp_path):
    files(tmp_path, "up/1.mp4", "up/ann/2.MOV", "up/ann/day 1/3.m2ts", "down/4.ASF", "down/ben/5.MTS", "down/notes.xyz")
    frame_folder(tmp_path / "down" / "ben" / "6", 2)
    files(tmp_path, "up/ann/thumb.jpg")
    dataset = open_dataset(tmp_path)
    assert [item.id for item in dataset.items] == [
        *("down/4.ASF", "down/ben/5.MTS", "down/ben/6", "up/1.mp4", "up/ann/2.MOV", "up/ann/day 1/3.m2ts")
    ]
    assert "2 files left out as no videos: 1 .jpg, 1 .xyz" in said(dataset)


def test_moving_pictures_are_clips_and_still_ones_are_frames(tmp_path):
    pictures = [Image.new("RGB", (32, 32), (60 * number, 0, 0)) for number in range(3)]
    for name in ("up/1.webp", "down/ann/2.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=40)
    frame_folder(tmp_path / "down" / "frames", 2, "{:05d}.png")
    assert [item.id for item in open_dataset(tmp_path).items] == ["down/ann/2.png", "down/frames", "up/1.webp"]


def test_two_trees_of_one_data_set_are_not_two_classes_in_silence(tmp_path):
    files(tmp_path, *(f"{tree}/{name}.mp4" for tree in ("films", "films_small") for name in ("up/1", "down/2")))
    assert "films, films_small hold the same names" in said(open_dataset(tmp_path))


def test_folders_of_one_class_in_several_trees_are_told(tmp_path):
    files(tmp_path, "ann/up/1.mp4", "ann/down/2.mp4", "ben/up/3.mp4", "ben/down/4.mp4")
    assert "ann, ben hold the same names, down, up, and are taken for classes" in said(open_dataset(tmp_path))


@pytest.mark.parametrize(
    ("train", "val"), [("training_set", "test_set"), ("train_videos", "val_videos"), ("Trainset", "Testset")]
)
def test_a_word_in_a_folders_name_makes_it_a_part(tmp_path, train, val):
    files(tmp_path, *(f"{part}/{name}/1.mp4" for part in (train, val) for name in ("up", "down")))
    dataset = open_dataset(tmp_path, "train")
    assert dataset.labels == ("down", "up") and len(dataset.items) == 2 and f"{train} (train)" in said(dataset)


def test_classes_with_train_in_their_names_are_no_parts(tmp_path):
    files(tmp_path, "train arrives/1.mp4", "test drive/2.mp4")
    assert open_dataset(tmp_path, "train").labels == ("test drive", "train arrives")
    files(tmp_path / "deep", "train arrives/ann/1.mp4", "train leaves/ann/2.mp4")
    assert open_dataset(tmp_path / "deep", "train").labels == ("train arrives", "train leaves")


def test_folders_of_flow_beside_those_of_frames_are_left_out_with_a_word(tmp_path):
    for clip in ("up/1", "down/2"):
        frame_folder(tmp_path / clip / "rgb", 2)
        frame_folder(tmp_path / clip / "flow", 2)
    dataset = open_dataset(tmp_path)
    assert [item.id for item in dataset.items] == ["down/2/rgb", "up/1/rgb"] and "flow (2 times)" in said(dataset)


@pytest.mark.parametrize("name", ["Labels.TXT", "class_names.txt", "label_map.txt", "labels.json"])
def test_names_beside_a_list_are_found_under_their_usual_names(tmp_path, name):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / name).write_text('["up", "down"]' if name.endswith("json") else "up\ndown\n")
    (tmp_path / "train.txt").write_text("1.mp4 1\n2.mp4 0\n")
    assert labelled(open_dataset(tmp_path / "train.txt", "train")) == {"1.mp4": "down", "2.mp4": "up"}


def test_two_files_of_names_that_differ_are_refused(tmp_path):
    files(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "train.txt").write_text("1.mp4 1\n2.mp4 0\n")
    (tmp_path / "labels.txt").write_text("up\ndown\n")
    (tmp_path / "classes.txt").write_text("up\ndown\n")
    assert open_dataset(tmp_path / "train.txt", "train").labels == ("up", "down")
    (tmp_path / "classes.txt").write_text("down\nup\n")
    with pytest.raises(ValueError, match=r"labels.txt and classes.txt beside it name the classes in two ways"):
        open_dataset(tmp_path / "train.txt", "train")


JUNK = ["__MACOSX", "@eaDir", "lost+found", ".ipynb_checkpoints", "$RECYCLE.BIN"]


def test_folders_that_systems_make_are_no_classes_and_are_named(tmp_path):
    files(tmp_path, "up/1.mp4", "down/2.mp4", *(f"{name}/3.mp4" for name in JUNK), "up/@eaDir/4.mp4", "up/._1.mp4")
    dataset = open_dataset(tmp_path)
    assert dataset.labels == ("down", "up") and len(dataset.items) == 2
    assert "hidden or made by a system" in said(dataset) and "@eaDir (2 times)" in said(dataset)
    for name in JUNK[:1]:
        assert open_dataset(files(tmp_path / "parts", "train/up/1.mp4", f"train/{name}/2.mp4"), "train").labels == (
            "up",
        )


def test_every_part_counts_the_classes_of_all_parts(tmp_path):
    files(tmp_path, *(f"Train/{name}/1.mp4" for name in "ABC"), "Val/A/2.mp4", "Val/C/3.mp4", "Val/D/4.mp4")
    (tmp_path / "Train" / "empty").mkdir()
    train, val = (open_dataset(tmp_path, part) for part in ("train", "val"))
    assert train.labels == val.labels == ("A", "B", "C", "D") and "empty" in said(train)


def test_folders_of_no_part_loose_videos_and_tables_are_named(tmp_path):
    files(tmp_path, "train/a/1.mp4", "val/a/2.mp4", "extra/a/3.mp4", "4.mp4", "people.xlsx")
    told = said(open_dataset(tmp_path, "train"))
    assert "folders of no part, left out: extra (1 clips)" in told
    assert "1 videos lie beside the folders of the classes: 4.mp4" in told and "not read: people.xlsx" in told


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["val/a/1.mp4", "valid/a/2.mp4"], "val and valid are both there"),
        (["set/train/a/1.mp4", "set/val/a/2.mp4"], "one folder deeper"),
        (["a/train/1.mp4", "a/val/2.mp4", "b/train/3.mp4"], "put those above"),
        (["clips/up/1.mp4", "clips/down/2.mp4"], "if those are the classes, give"),
        (["1.mp4", "2.mp4"], "but 2 clips without a class"),
        (["train/1.mp4", "test/2.mp4"], "no folders of classes"),
    ],
)
def test_folders_that_say_two_things_are_refused(tmp_path, names, message):
    with pytest.raises(ValueError, match=message):
        open_dataset(files(tmp_path, *names), "val")


def test_a_stray_video_makes_no_class_of_a_part(tmp_path):
    files(tmp_path, "train/a/1.mp4", "train/b/2.mp4", "train/stray.mp4", "val/a/3.mp4", "val/stray.mp4")
    dataset = open_dataset(tmp_path, "train")
    assert dataset.labels == ("a", "b") and "lie beside the folders of the classes: stray.mp4" in said(dataset)


def test_folders_of_numbers_count_by_value(tmp_path):
    assert open_dataset(files(tmp_path, "1/a.mp4", "2/b.mp4", "10/c.mp4")).labels == ("1", "2", "10")


@pytest.mark.parametrize(("name", "begins"), [("a.json", '{"x": 1}'), ("a.pkl", ""), ("a.mp4", ""), ("a.xlsx", "")])
def test_lists_of_other_kinds_are_refused_with_what_was_expected_and_a_line(tmp_path, name, begins):
    (tmp_path / name).write_bytes(begins.encode() or b"\x80\x04\xff\x00")
    with pytest.raises(ValueError, match=r"a released list \(\.txt\)") as refused:
        open_dataset(tmp_path / name)
    assert begins in str(refused.value)


# --- the skip list


def test_names_of_any_sign_stay_in_the_skip_list(tmp_path):
    names = [
        "#29 broken.mp4",
        'he said "x".mp4',
        '"quoted".mp4',
        " blank .mp4 ",
        "tab\there.mp4",
        "line\nend.mp4",
        "ö.mp4",
    ]
    write_skip_list(tmp_path / "skip.txt", {name: f"why\n{name}" for name in names})
    assert set(read_skip_list(tmp_path / "skip.txt")) == set(names)
    files(tmp_path / "data", "a/#29 broken.mp4", "a/" + unicodedata.normalize("NFD", "ö.mp4"), "a/good.mp4")
    write_skip_list(tmp_path / "data" / "tdn-skip.txt", {"a/#29 broken.mp4": "why", "a/ö.mp4": "why"})
    dataset = open_dataset(tmp_path / "data")
    assert [item.id for item in dataset.items] == ["a/good.mp4"] and dataset.skipped == 2


# --- published data sets


def ucf(root: Path, *trees: str) -> Path:
    clips = ["ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", "ApplyLipstick/v_ApplyLipstick_g01_c01.avi"]
    files(root, *(f"{tree}/{clip}" for tree in trees for clip in clips))
    (root / "classInd.txt").write_text("2 ApplyLipstick\n1 ApplyEyeMakeup\n")
    (root / "trainlist01.txt").write_text(f"{clips[0]} 1\n{clips[1]} 2\n")
    return root


def test_frame_folders_of_ucf101_may_be_called_avi(tmp_path):
    root = ucf(tmp_path)
    for name in ("ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", "ApplyLipstick/v_ApplyLipstick_g01_c01.avi"):
        frame_folder(root / "jpg" / name, 2)
    dataset = open_dataset(f"ucf101:{root}", "train")
    assert dataset.labels == ("ApplyEyeMakeup", "ApplyLipstick") and [item.label for item in dataset.items] == [0, 1]


def test_a_second_tree_of_the_same_films_is_counted_and_named(tmp_path):
    root = ucf(tmp_path, "small", "UCF-101")
    (root / "small" / "ApplyLipstick" / "v_ApplyLipstick_g01_c01.avi").unlink()
    files(root, "@eaDir/ApplyLipstick/v_ApplyLipstick_g01_c01.avi")
    dataset = open_dataset(f"ucf101:{root}", "train")
    assert {item.path.parent.parent.name for item in dataset.items} == {"UCF-101"}
    assert "1 clips are there twice: those in UCF-101 are read, those in small are not" in said(dataset)
    assert "@eaDir" in said(dataset)


def test_a_number_of_a_ucf101_list_that_its_class_file_denies_is_refused(tmp_path):
    root = ucf(tmp_path, "UCF-101")
    (root / "trainlist01.txt").write_text("ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 2\n")
    with pytest.raises(ValueError, match=r"line 1 gives ApplyEyeMakeup the number 2, classInd\.txt 1"):
        open_dataset(f"ucf101:{root}", "train")
