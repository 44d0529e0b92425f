"""Names from outside are literal text in every picture, in a font that has their characters, or written as numbers."""

import io
import re
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from tdn import letters
from tdn.explain.scale import scale_per_clip
from tdn.letters import legible, save_figure, set_literally, strip, without_font, wrapped
from tdn.show.figures import MapRow, grid_video, side_by_side
from tdn.show.map_rows import titles
from tdn.train.logs import draw_confusion, write_confusion

NAMES = ["cost US$5 to US$10.mp4", "run_$1_$2.mp4", "$$", "$\\", "_^{", "$\\frac{1}", "100% <b>*x*</b> `y`", "a\\nb"]


def drawn(text: str) -> np.ndarray:
    return strip((text,), 240)


def captioned(name: str, label: str) -> tuple[Figure, np.ndarray]:
    frames = np.zeros((8, 48, 64, 3), np.uint8)
    row = MapRow("TDN · Res2", label, "scale per clip,\nmax 1", scale_per_clip(np.ones((8, 7, 7))))
    figure = side_by_side(frames, np.arange(8) / 2, [row], (0, 0, 64, 48), f"{name}: Grad-CAM for “{label}”")
    return figure, grid_video(frames, [row], (0, 0, 64, 48), columns=1)


@pytest.mark.parametrize("name", NAMES)
def test_signs_of_mathematics_stay_as_they_are_in_figures(name, tmp_path):
    figure, _ = captioned(name, name)
    save_figure(figure, tmp_path / "figure.png", dpi=30)
    texts = figure.findobj(Text)
    assert not any(text.get_parse_math() for text in texts)
    assert any(name in text.get_text().replace("\n", " ") for text in texts)


def test_the_confusion_of_classes_named_with_dollars_is_drawn(tmp_path):
    labels = ("$\\", "run_$1_$2", "向左移动")
    write_confusion(tmp_path / "confusion.csv", torch.eye(3), labels)
    assert draw_confusion(tmp_path / "confusion.csv").stat().st_size > 0


def test_long_names_of_classes_leave_room_for_the_confusion_itself(tmp_path):
    sizes = []
    for name, labels in (("short", ("up", "down")), ("long", ("up" * 40, "down"))):
        write_confusion(tmp_path / f"{name}.csv", torch.eye(2), labels)
        with Image.open(draw_confusion(tmp_path / f"{name}.csv")) as picture:
            sizes.append(picture.width)
    assert sizes[1] > sizes[0] + 300


def test_names_at_an_axis_that_no_font_has_are_numbers_there_too():
    figure = Figure()
    figure.subplots().set_yticks([0], ["左 \U00012000"])  # cuneiform, and Chinese that has a font
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_figure(figure, io.BytesIO())
    assert figure.axes[0].get_yticklabels()[0].get_text() == "左 [U+12000]"


def test_a_dollar_is_drawn_as_a_dollar():
    assert not np.array_equal(drawn("cost US$5 to US$10"), drawn("cost US5 to US10"))
    assert np.abs(drawn("a$b$").astype(int) - drawn("a$b")).any()


def ink(text: str) -> np.ndarray:
    """What is drawn of a text, without the ground."""
    picture = drawn(text)[..., 0] > 80
    rows, columns = picture.any(1).nonzero()[0], picture.any(0).nonzero()[0]
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize(
    "text", ["向左移动", "みぎ", "한국어", "Überraschung ñ ß", "Движение", "κίνηση", "שלום", "عربي"]
)
def test_scripts_are_drawn_letter_by_letter_and_not_as_boxes(text):
    assert legible(text) == text and without_font(text) == []
    letters_of_it = [ink(letter) for letter in dict.fromkeys(text) if letter.strip()]
    assert len({(one.shape, one.tobytes()) for one in letters_of_it}) == len(letters_of_it)


def test_two_classes_in_one_script_have_two_captions():
    pictures = [captioned("clip.mp4", label)[1][0] for label in ("向左移动", "向右移动", "??????")]
    assert not np.array_equal(pictures[0], pictures[1]) and not np.array_equal(pictures[0], pictures[2])


def test_what_no_font_has_is_written_as_its_number(monkeypatch):
    letters._font_of.cache_clear()
    monkeypatch.setattr(letters, "_other_fonts", lambda: ())
    try:
        assert legible("向左 up हि\n") == "[U+5411 U+5DE6] up [U+0939 U+093F]\n"
        assert without_font("向左左") == ["U+5411", "U+5DE6"]
        (text,) = set_literally(_one_text("向左 up")).findobj(Text, include_self=False)
        assert text.get_text() == "[U+5411 U+5DE6] up"
    finally:
        letters._font_of.cache_clear()


def _one_text(words: str) -> Figure:
    figure = Figure()
    figure.text(0, 0, words, weight="bold")
    return figure


@pytest.mark.parametrize("character", ["\u202e", "\udcff", "\x1b", "\t", "\ue000", "\u2066"])
def test_what_is_invisible_or_turns_the_order_is_written_as_its_number(character):
    assert legible(f"a{character}b") == f"a[U+{ord(character):04X}]b"


def test_figures_keep_their_text_as_truetype_and_settings_as_they_were(tmp_path):
    before = dict(matplotlib.rcParams)
    save_figure(_one_text("cost US$5 向左"), tmp_path / "figure.pdf")
    content = (tmp_path / "figure.pdf").read_bytes()
    assert b"/Type3" not in content and len(re.findall(rb"/CIDFontType2", content)) == 2  # DejaVu and the other
    assert dict(matplotlib.rcParams) == before


def test_a_long_caption_is_whole_and_smaller():
    picture = drawn("Moving something closer to the camera, and then away from it again, very slowly")
    columns = (picture > 80).any((0, 2)).nonzero()[0]
    assert columns[0] >= 5 and columns[-1] <= 240 - 5


def test_lines_are_broken_between_words_and_between_wide_letters():
    assert wrapped("a quick brown fox", 10) == "a quick\nbrown fox"
    assert wrapped("向左移动向左移动", 8) == "向左移动\n向左移动"
    assert wrapped("one\ntwo", 10) == "one\ntwo"
    assert wrapped("abcdefghijkl", 5) == "abcde\nfghij\nkl"


def test_two_files_of_one_name_and_kind_are_told_apart():
    files = {"tdn": "best.safetensors", "baseline": "best.safetensors"}
    assert len(set(titles(dict.fromkeys(files, "TDN"), files).values())) == 2
