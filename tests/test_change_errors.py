"""A change that can't be looked at: why stands in the page until something else is asked for, beside nothing old."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from app import text
from app.analysis import Request, RequestError
from app.asking import OVERTAKEN
from app.curve import Curves
from app.explainer import Explainer
from app.handlers import Handlers
from app.server.visitors import RateLimit
from app.showcase import Showcase
from app.shown import Shown
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.weights import Card, save_checkpoint
from tests.conftest import network, tiny

PAIR = ("tdn.safetensors", "base.safetensors")
SOMEBODY = SimpleNamespace(session_hash="anna", client=SimpleNamespace(host="203.0.113.1"))
HIDDEN, OLD = {"visible": False}, {"elem_classes": ["old"]}


@pytest.fixture
def handlers(tmp_path: Path) -> Handlers:
    for file, row in zip(PAIR, ("tdn_resnet50_8f", "tconv_baseline_resnet50_8f"), strict=True):
        architecture = tiny(row, 2)
        card = Card(architecture, Preprocess("whole", 64, 64, "even", max_frames=64), ["Up", "Down"])
        save_checkpoint(tmp_path / file, network(architecture), card)
    explainer = Explainer(tmp_path, "cpu")
    showcase = Showcase(explainer, explainer, [], *PAIR)
    return Handlers(explainer, [], PAIR, showcase, Curves(explainer, PAIR[0]), RateLimit(1), tmp_path)


@pytest.fixture
def video(tmp_path: Path) -> str:
    write_mp4(tmp_path / "clip.mp4", np.zeros((12, 48, 64, 3), np.uint8), fps=10)
    return str(tmp_path / "clip.mp4")


def ask(handlers: Handlers, change: str, video: str | None) -> Shown:
    handlers.asking.ask(video, text.TOP_CLASS, *PAIR, request=SOMEBODY)
    return handlers.asking.ask_change(change, SOMEBODY)


def look(handlers: Handlers, change: str, video: str | None) -> list[Shown]:
    return list(handlers.compare(change, video, text.TOP_CLASS, *PAIR, SOMEBODY, lambda *done: None))


def failed(handlers: Handlers, change: str, video: str | None, error: str) -> Shown:
    """What the page shows of a change that fails with this `error`."""
    looking = handlers.compare(change, video, text.TOP_CLASS, *PAIR, SOMEBODY, lambda *done: None)
    shown = next(looking)
    with pytest.raises(gr.Error, match=error):
        next(looking)
    return shown


def row(shown: Shown) -> dict:
    """What changes of the row with before and after."""
    return {name: value for name, value in shown.looked_again.constructor_args.items() if name != "self"}


@pytest.mark.parametrize(
    ("change", "spoil", "says"),
    [
        ("reverse", Path.unlink, "Not looked at “Reverse time”. clip.mp4: no such file"),
        (
            "repeat 7",
            lambda clip: clip.write_text("no film"),
            "Not looked at “Repeat 7 times”. clip.mp4: not a readable",
        ),
        ("melt", lambda clip: None, "Change 'melt': expected one of freeze windows"),
    ],
)
def test_why_it_failed_stands_in_the_page_and_the_change_may_be_chosen_again(
    handlers: Handlers, video: str, change: str, spoil: Callable, says: str
):
    ask(handlers, change, video)
    spoil(Path(video))
    shown = failed(handlers, change, video, says.rpartition(". ")[2])
    assert shown.change_trouble.replace("\\", "").startswith(says)
    assert shown.change is None and row(shown) == HIDDEN


def test_a_file_s_name_can_not_draw_in_the_page(handlers: Handlers, tmp_path: Path):
    path = tmp_path / "<b>![](x).mp4"
    path.write_text("no film")
    ask(handlers, "reverse", str(path))
    assert "\\<b\\>\\!\\[\\]\\(x\\).mp4" in failed(handlers, "reverse", str(path), "not a readable").change_trouble


def test_without_a_clip_and_past_the_limit_it_is_told_in_the_page_too(handlers: Handlers, video: str):
    ask(handlers, "reverse", None)
    assert text.NO_CLIP in failed(handlers, "reverse", None, "Add a clip").change_trouble
    ask(handlers, "reverse", video)
    assert look(handlers, "reverse", video)[-1].change_trouble == ""
    assert "More than 1 analyses" in failed(handlers, "reverse", video, "More than 1").change_trouble


def test_the_sentence_goes_with_the_next_change_result_or_clip(handlers: Handlers, video: str):
    asking = handlers.asking
    for shown in (
        ask(handlers, "reverse", video),
        asking.ask_change(None, SOMEBODY),
        asking.ask(video, "Up", *PAIR, request=SOMEBODY),
        asking.new_clip(None, *PAIR, SOMEBODY),
        asking.new_clip(video, *PAIR, SOMEBODY),
    ):
        assert shown.change_trouble == "" and shown != OVERTAKEN


def test_what_another_change_showed_is_marked_as_old_until_the_next_is_there(handlers: Handlers, video: str):
    assert row(ask(handlers, "reverse", video)) == OLD
    [shown] = look(handlers, "reverse", video)
    assert row(shown) == {"visible": True, "elem_classes": []}
    assert row(handlers.asking.ask_change(None, SOMEBODY)) == HIDDEN


@pytest.mark.parametrize("later", ["reverse", None])
def test_an_error_that_comes_late_is_nobody_s(
    handlers: Handlers, video: str, later: str | None, monkeypatch: pytest.MonkeyPatch
):
    def too_late(asked: Request) -> None:
        handlers.asking.ask_change(later, SOMEBODY)
        raise RequestError("clip.mp4: this error comes too late.")

    ask(handlers, "freeze clip", video)
    monkeypatch.setattr(handlers.explainer, "prepare", too_late)
    assert look(handlers, "freeze clip", video) == [Shown()]


def test_no_clip_is_no_error_any_more_once_there_is_one(handlers: Handlers, video: str):
    ask(handlers, "reverse", None)
    ask(handlers, "reverse", video)
    assert look(handlers, "reverse", None) == [Shown()]
