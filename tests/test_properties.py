"""What has to hold for any input: windows of frames, lists of videos, arguments of the command line, recipes, cards."""

import contextlib
import io
import math
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdn.cli import app, main
from tdn.data import sampling
from tdn.data.datasets import open_dataset
from tdn.data.video import write_mp4
from tdn.train.recipe import NOT_BELOW_ZERO, Recipe, override
from tdn.train.recipes import RECIPES, SMOKE
from tdn.weights import Card

any_text = st.text(max_size=40)
lengths, segments, sizes = st.integers(1, 2000), st.integers(1, 64), st.integers(1, 16)


def one_sentence(error: Exception, *said_before: str) -> None:
    """Its only line breaks are those of words that it repeats."""
    sentence = str(error)
    for words in said_before:
        sentence = sentence.replace(words, "")
    assert sentence.strip() and "\n" not in sentence and len(sentence) < 1500


# -- sampling


@settings(max_examples=200)
@given(
    lengths, segments, sizes, st.sampled_from(["train", "centre", "even", "clips"]), st.integers(0, 2**32), st.data()
)
def test_windows_are_ascending_frames_of_the_video_whatever_its_length(frames, count, window, rule, seed, data):
    rng = np.random.default_rng(seed)
    if rule == "train":
        starts = [sampling.train_window_starts(frames, count, rng, window)]
    elif rule == "centre":
        starts = [sampling.centre_window_starts(frames, count, window)]
    elif rule == "even":
        starts = [sampling.even_window_starts(frames, count, window)]
    else:
        clips = data.draw(st.integers(1, 10))
        how = data.draw(st.sampled_from(["released", "even"])), data.draw(st.sampled_from(["released", "even"]))
        starts = sampling.clip_window_starts(frames, count, window, clips, *how, rng)
        assert len(starts) == clips
    for one in starts:
        chosen = sampling.windows(one, frames, window)  # [T, L]
        assert one.shape == (count,) and chosen.shape == (count, window)
        assert 0 <= chosen.min() and chosen.max() < frames
        assert (np.diff(one) >= 0).all() and (np.diff(chosen, axis=1) >= 0).all()
        if frames >= window:
            assert (chosen[:, -1] - chosen[:, 0] == window - 1).all()  # no window reaches past the end
        if rule != "clips" and frames >= count + window - 1 + (rule == "centre"):
            assert (np.diff(one) > 0).all()  # long enough: no window comes twice


@given(st.integers(17, 2000), st.integers(1, 16))
def test_centre_windows_lie_in_the_middle_of_their_segments(frames, count):
    places = frames - 5 + 1
    starts = sampling.centre_window_starts(frames, count)
    if places > count:
        middles = (np.arange(count) + 0.5) * places / count
        assert np.abs(starts - middles).max() <= 1


# -- lists

LINES = st.lists(
    st.one_of(
        any_text,
        st.lists(st.sampled_from(["a.mp4", "b c", "7", "-1", "999999999", "²", "9" * 30, "x" * 300, "", "\x00"])).map(
            " ".join
        ),
        st.lists(st.sampled_from(["a.mp4", "up", "train", "", '"', "\ufeff", "label", "nan", "1e400", "5"])).map(
            ",".join
        ),
    ),
    max_size=8,
).map("\n".join)
CONTENTS = LINES.map(str.encode) | st.binary(max_size=200)
HEADS = {
    "list.txt": b"",
    "train_list.txt": b"",
    "clips.csv": b"file,label\n",
    "parts.csv": b"file,label,split\n",
    "semicolons.csv": b"file;label\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with one video, for lists that name it."""
    folder = tmp_path_factory.mktemp("lists")
    write_mp4(folder / "a.mp4", np.zeros((6, 64, 64, 3), np.uint8))
    return folder


def listed_or_refused(data: str, **options) -> None:
    """Reading gives rows that make sense, or one sentence."""
    try:
        dataset = open_dataset(data, **options)
    except (ValueError, FileNotFoundError) as error:
        one_sentence(error, data)
    else:
        assert dataset.items and all(0 <= item.label < len(dataset.labels) for item in dataset.items)


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(HEADS)), content=CONTENTS, split=st.sampled_from(["train", "val", "test"]))
@example(name="list.txt", content=b"a.mp4 999999999", split="val")
@example(name="parts.csv", content=b"a.mp4", split="train")
@example(name="clips.csv", content=b"a.mp4," + b"x" * 200_000, split="val")
@example(name="clips.csv", content=b"\xff\xfe", split="val")
def test_any_list_gives_rows_or_one_sentence(place, name, content, split):
    (place / name).write_bytes(HEADS[name] + content)
    listed_or_refused(str(place / name), split=split)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.txt", "a.mp4 0\na.mp4 zero", r"list\.txt: line 2 reads 'a\.mp4 zero'"),
        ("list.txt", "a.mp4 0\n\nb.mp4 999999999", r"list\.txt: line 3 has class 999999999, expected less than"),
        ("clips.csv", "file,label\na.mp4,up\nb.mp4\n", r"clips\.csv: line 3 lacks a file or a label"),
        ("parts.csv", "file,label,split\na.mp4,up,train\nb.mp4,,val\n", r"parts\.csv: line 3 lacks a file or a label"),
        ("clips.csv", "file,label\na.mp4,up\nb.mp4," + "x" * 200_000, r"clips\.csv: line 3 is no line of a table"),
    ],
)
def test_a_mistake_in_a_list_is_named_with_its_line(place, name, content, said):
    (place / name).write_text(content)
    with pytest.raises(ValueError, match=said):
        open_dataset(str(place / name), split="val")


PUBLISHED_FILES = {
    "something-v1": ("something-something-v1-labels.csv", "something-something-v1-validation.csv"),
    "something-v2": ("something-something-v2-labels.json", "something-something-v2-validation.json"),
    "kinetics400": ("val.csv",),
    "ucf101": ("classInd.txt", "testlist01.txt"),
    "hmdb51": ("clap_test_split1.txt",),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["0", "1", "up", "[a]", "id"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "template", "up", "down"]), inner, max_size=3),
    max_leaves=8,
).map(lambda value: repr(value).replace("'", '"').replace("None", "null").replace("True", "true").encode())
TABLE = st.lists(
    st.lists(st.sampled_from(["up", "abc", "0", "1.5", "-3", "nan", "1e400", "", "val"]), max_size=6).map(",".join)
).map(lambda rows: "\n".join(["label,youtube_id,time_start,time_end,split", *rows]).encode())


@settings(max_examples=200)
@given(name=st.sampled_from(sorted(PUBLISHED_FILES)), contents=st.tuples(*[CONTENTS | JSON | TABLE] * 2))
@example(name="ucf101", contents=(b"1", b"x/v_a.avi"))
@example(name="kinetics400", contents=(b"label,youtube_id,time_start,time_end\nup,a,inf,2", b""))
@example(name="something-v2", contents=(b'{"up": [1]}', b'{"a": 1}'))
@example(name="something-v2", contents=(b'{"up": "0"}', b"[" * 100_000))
@example(name="hmdb51", contents=(b"1", b""))
def test_any_published_list_gives_rows_or_one_sentence(tmp_path_factory, name, contents):
    root = tmp_path_factory.mktemp(name)
    for file, content in zip(PUBLISHED_FILES[name], contents, strict=False):
        (root / file).write_bytes(content)
    listed_or_refused(f"{name}:{root}", split="val")


@settings(max_examples=100)
@given(any_text)
def test_any_name_of_data_is_opened_or_refused_in_one_sentence(place, text):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        listed_or_refused(text)


# -- recipes and cards


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([field.name for field in fields(Recipe)]) | any_text,
            st.sampled_from(
                ["0", "1", "-1", "nan", "inf", "-inf", "1e400", "none", "true", "0.5:64,1:80", "1:1", "a:b"]
            )
            | st.integers().map(str)
            | st.floats().map(str)
            | any_text,
        ).map("=".join)
        | any_text,
        max_size=3,
    )
)
@example(["epochs=" + "9" * 5000])
@example(["sizes=nan:64,1:80"])
def test_any_setting_gives_a_recipe_that_makes_sense_or_one_sentence(given_settings):
    try:
        changed = override(SMOKE, given_settings)
    except ValueError as error:
        one_sentence(error, *given_settings)
        return
    numbers = [value for value in vars(changed).values() if isinstance(value, (int, float))]
    assert all(math.isfinite(number) for number in numbers)
    assert changed.epochs > 0 and changed.rate > 0 and changed.input_size >= 32
    assert all(getattr(changed, key) >= 0 for key in NOT_BELOW_ZERO)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_keeps_its_own_rules(name):
    assert override(RECIPES[name], []) == RECIPES[name]


@settings(max_examples=200)
@given(any_text | JSON.map(bytes.decode))
def test_any_text_in_place_of_a_card_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError) as error:
        Card.from_json(text)
    one_sentence(error.value)


# -- the command line

WORDS = ["", "0", "-1", "1", "8", "nan", "inf", "1e999", "9" * 30, "..", "/", "/dev/null", "~", "a.mp4", "hub:x"]
WORDS += ["hub:a/b", "ucf101:", "csv:", "x.csv:y", "synthetic:x", "C:\\x", "--help", "--", "-", "x" * 5000, "\udcff"]
WORDS += ["\x1b[2J", "é\n"]
VALUES = st.sampled_from(WORDS) | st.text(max_size=12).filter(lambda text: "\x00" not in text)
COMMANDS = typer.main.get_command(app).commands
# Without an argument these compute for minutes; they get one that can't be.
NEVER = {"synth": ["--label", "no such class"], "train": ["no such recipe"], "focus": ["no such data"]}
NEVER |= {"evaluate": ["no such data"], "convert": ["absent.pth"], "figures": ["absent.mp4"], "explain": ["absent.mp4"]}
NEVER |= {"classify": ["absent.mp4"], "card": ["absent.safetensors"], "data": ["check", "no such data"]}


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("empty")


@settings(max_examples=60)
@given(verb=st.sampled_from(sorted(NEVER)), data=st.data())
def test_any_arguments_end_in_success_or_one_error_line(empty, verb, data):
    command = COMMANDS[verb]
    if verb == "data":
        command = command.commands["check"]
    options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
    given_options = data.draw(st.lists(st.tuples(st.sampled_from(options), VALUES), max_size=3))
    extra = data.draw(st.lists(VALUES, max_size=2))
    ended_in_a_sentence(empty, [verb, *NEVER[verb], *[part for pair in given_options for part in pair], *extra])


@settings(max_examples=60)
@given(st.lists(VALUES, max_size=3))
def test_any_verb_ends_in_success_or_one_error_line(empty, words):
    ended_in_a_sentence(empty, words)


def ended_in_a_sentence(folder: Path, arguments: list[str]) -> None:
    """Run the command line in an empty folder: exit code 0, or 2 with an error line last, and no traceback."""
    out, err = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["tdn", *arguments])
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
        patch.chdir(folder)
        with pytest.raises(SystemExit) as ended:
            main()
    err.seek(0)
    lines = err.read().strip().splitlines()
    assert ended.value.code in (0, 2) and not any("Traceback" in line for line in lines)
    if ended.value.code == 2:
        assert lines[-1].startswith("error: ") and len(lines[-1]) > len("error: ")
