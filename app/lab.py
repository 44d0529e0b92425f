"""The S-TDM lab, the page's lesson: layout, wiring, and what its events do. `lessons` computes, `lab_views` draws."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.server.zero import gpu  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip
import numpy as np

from app import lab_views, lessons, text
from app.analysis import RequestError
from app.explainer import Explainer
from app.handlers import GPU_SECONDS
from app.lessons import LabClip, Lessons
from app.server.errors import one_sentence
from app.server.settings import Settings
from app.server.uploads import AnyChoice, LocalVideo
from app.server.visitors import RateLimit, address
from app.viewer.board import Board, LabBoard
from tdn.data.film import Showing
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE

# Boards kept, a quarter of a megabyte each: all of the project's clips, and some of the visitors'.
BOARDS_KEPT = 96
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
# In the browser alone; whoever walks by keyboard goes on at the step's tab.
GO_TO = """() => {
  setTimeout(() => {
    const tab = document.querySelector('#lab-steps [role=tab][aria-selected=true]');
    tab.focus();
    tab.scrollIntoView({ block: 'nearest' });
  }, 60);
  return { __type__: 'update', selected: %d };
}"""
# A clip of slow motion, on which L-TDM's gates do something.
LONG_RANGE = "Moving something closer to the camera"


class LabHandlers:
    """The functions behind the lab's events. A board made once is kept: a class of students asks for the same ones."""

    def __init__(self, explainer: Explainer, clips: list[LabClip], rate: int):
        self.lessons = Lessons(explainer)
        self.clips = clips
        self.film = lessons.belt()
        self.rate = RateLimit(rate)
        self._boards: OrderedDict[tuple, Board] = OrderedDict()
        self._keeping = threading.Lock()
        # One clip of each pair, and one whose motion is slow.
        pairs = {clip.pair: clip for clip in reversed(clips) if clip.pair}
        self.stills = [*reversed(pairs.values()), *[clip for clip in clips if clip.pair is None][:1]]

        @gpu(duration=GPU_SECONDS)
        def on_device(name: str, *given: Any) -> Any:
            return getattr(self.lessons, name)(*given)

        self.on_device = on_device

    def first_still(self, which: str | None, board: Board | None) -> Any:
        """Step 1 when the lab is opened: as `still`, but what is there already stays."""
        return gr.skip() if board is not None else self.still(which)

    def still(self, which: str | None) -> list[Any]:
        """Step 1: another frame to guess from, its answers, and no answer yet."""
        with one_sentence():
            chosen = self._still(which)
            board = self._kept(("still", chosen.path), None, lambda: self._still_board(chosen))
        return [gr.Radio(lessons.guesses(chosen.label), value=None), board]

    def guess(self, guess: str | None, which: str | None) -> Board:
        """Step 1: what the clip shows, and what the networks say."""
        with one_sentence():
            chosen = self._still(which)
            if guess not in lessons.guesses(chosen.label):
                raise RequestError(text.LAB_NO_GUESS)

            def make() -> Board:
                clip = self.lessons.read(chosen.path)
                opinions = self.on_device("opinions", clip)
                return lab_views.revealed(clip, len(clip.frames) // 2, opinions, guess, chosen.label)

            return self._kept(("guess", chosen.path, guess), None, make)

    def belt(self, times: str | None) -> list[Any]:
        """Step 2: the belt shown so many times, and no answer yet."""
        with one_sentence():
            showing = self._belt_showing(times)
            board = self._kept(
                ("belt", times), None, lambda: lab_views.belt(self.lessons.read(self.film.path, showing))
            )
        return [None, board]

    def belt_guess(self, guess: str | None, times: str | None) -> Board:
        """Step 2: what the baseline says, and TDN."""
        with one_sentence():
            showing = self._belt_showing(times)
            if guess not in lessons.guesses(self.film.label):
                raise RequestError(text.LAB_NO_GUESS)

            def make() -> Board:
                clip = self.lessons.read(self.film.path, showing)
                opinions = self.on_device("opinions", clip)
                tops = {one.network: one.top for one in opinions.values()}
                said = text.lab_belt(guess, tops, opinions["baseline"].network, showing, *np.shape(clip.frames))
                return lab_views.belt(clip, said, opinions, self.film.label)

            return self._kept(("belt", times, guess), None, make)

    def _belt_showing(self, times: str | None) -> Showing:
        if times not in text.LAB_BELT_TIMES or self.film is None:
            raise RequestError(text.LAB_NO_CHANGE)
        return Showing(part=self.film.opening.part / 100, repeat=text.LAB_BELT_TIMES[times])

    def differences(self, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        """Step 3."""
        with one_sentence():
            path, _ = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                return lab_views.differences(clip, self.on_device("differences", clip))

            return self._kept(("differences", path), request, make)

    def fusion(self, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        """Step 4."""
        with one_sentence():
            path, label = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                return lab_views.fusion(clip, self.on_device("sweep", clip), label)

            return self._kept(("fusion", path), request, make)

    def change(self, change: str | None, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        """Step 5."""
        with one_sentence():
            if change not in text.LAB_CHANGES:
                raise RequestError(text.LAB_NO_CHANGE)
            path, label = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                before, after = (self.on_device("opinions", clip, name) for name in (None, change))
                return lab_views.compared(clip, change, before, after, label)

            return self._kept(("change", path, change), request, make)

    def gates(self, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        """Step 6."""
        with one_sentence():
            path, label = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                return lab_views.gates(clip, self.on_device("gates", clip), label)

            return self._kept(("gates", path), request, make)

    def _still_board(self, chosen: LabClip) -> Board:
        clip = self.lessons.read(chosen.path)
        return lab_views.still(clip, len(clip.frames) // 2)

    def _still(self, which: str | None) -> LabClip:
        if which not in text.LAB_STILL_NAMES[: len(self.stills)]:
            raise RequestError(text.LAB_NO_CLIP)
        return self.stills[text.LAB_STILL_NAMES.index(which)]

    def _clip(self, which: str | None, video: str | None) -> tuple[Path, str | None]:
        """The path of the clip chosen, and what it shows where that is known."""
        if which == text.LAB_OWN:
            if not video:
                raise RequestError(text.LAB_NO_OWN)
            return Path(video), None
        if which not in [str(number) for number in range(len(self.clips))]:
            raise RequestError(text.LAB_NO_CLIP)
        clip = self.clips[int(which)]
        return clip.path, clip.label

    def _kept(self, key: tuple, request: gr.Request | None, make: Callable[[], Board]) -> Board:
        """The board of this key, made where it is not there yet; only what has to be made counts for the rate."""
        with self._keeping:
            if key in self._boards:
                self._boards.move_to_end(key)
                return self._boards[key]
        if not self.rate.allows(address(request)):
            raise RequestError(text.too_many(self.rate.rate))
        board = make()
        with self._keeping:
            self._boards[key] = board
            while len(self._boards) > BOARDS_KEPT:
                self._boards.popitem(last=False)
        return board


def lab_tab(tab: gr.Tab, explainer: Explainer, video: LocalVideo, settings: Settings) -> None:
    """The lesson inside `tab`; `video` is the clip of the Analyse tab, which most steps take as well."""
    clips = lessons.lab_clips(lessons.CLIPS, settings.samples)
    cards = explainer.cards()
    if not lessons.can_teach(cards) or not clips:
        gr.Markdown(text.NO_LAB)
        return
    handlers = LabHandlers(explainer, clips, settings.rate)
    gr.Markdown(text.LAB_LEAD)
    with gr.Tabs(selected=0, overflow_behavior="wrap", elem_id="lab-steps") as steps:
        with step(0, steps):
            names = list(text.LAB_STILL_NAMES[: len(handlers.stills)])
            with gr.Row():
                which = AnyChoice(names, value=names[0], label=text.LAB_STILLS, elem_id="lab-still", min_width=220)
                answers = lessons.guesses(handlers.stills[0].label)
                guess = AnyChoice(answers, label=text.LAB_GUESS, elem_id="lab-guess", scale=3, min_width=300)
            board = lab_board(0)
            drawn([tab.select], handlers.first_still, [which, board], [guess, board], board)
            drawn([which.input], handlers.still, which, [guess, board], board)
            drawn([guess.input], handlers.guess, [guess, which], board, board)
        with step(1, steps) as here:
            with gr.Row():
                times = AnyChoice(
                    list(text.LAB_BELT_TIMES),
                    value=next(iter(text.LAB_BELT_TIMES)),
                    label=text.LAB_BELT_SHOWN,
                    elem_id="lab-times",
                    scale=2,
                    min_width=300,
                )
                answers = lessons.guesses(handlers.film.label) if handlers.film else []
                guess = AnyChoice(answers, label=text.LAB_BELT_GUESS, elem_id="lab-belt-guess", scale=3, min_width=300)
            board = lab_board(1)
            drawn([here.select, times.input], handlers.belt, times, [guess, board], board)
            drawn([guess.input], handlers.belt_guess, [guess, times], board, board)
        with step(2, steps) as here:
            clip, board = clip_choice(handlers, 2), lab_board(2)
            drawn([here.select, clip.change], handlers.differences, [clip, video], board, board)
        with step(3, steps) as here:
            clip, board = clip_choice(handlers, 3), lab_board(3)
            drawn([here.select, clip.change], handlers.fusion, [clip, video], board, board)
        with step(4, steps) as here:
            with gr.Row():
                clip = clip_choice(handlers, 4)
                changes = [(words.capitalize(), name) for name, words in text.LAB_CHANGES.items()]
                change = AnyChoice(
                    changes, value=changes[0][1], label=text.LAB_CHANGE, elem_id="lab-change", scale=2, min_width=300
                )
            board = lab_board(4)
            drawn([here.select, clip.change, change.input], handlers.change, [change, clip, video], board, board)
        with step(5, steps) as here:
            clip, board = clip_choice(handlers, 5, LONG_RANGE), lab_board(5)
            drawn([here.select, clip.change], handlers.gates, [clip, video], board, board)
        with step(6, steps):
            gr.Markdown(lab_views.numbers(lessons.benchmark()), elem_id="lab-numbers")
    gr.Markdown(text.weights_warning({file: cards[file] for file in (TDN_FILE, BASELINE_FILE)}), elem_classes="small")


@contextmanager
def step(number: int, steps: gr.Tabs) -> Iterator[gr.Tab]:
    """One step of the lesson: what it is about, what the caller puts inside, what may mislead, and the way on."""
    title, lead, beware = text.LAB_TEXTS[number]
    with gr.Tab(text.LAB_STEPS[number], id=number, elem_id=f"lab-{number + 1}") as tab:
        gr.Markdown(f"### {title}\n\n{lead}")
        yield tab
        gr.Markdown(beware, elem_classes="small")
        with gr.Row(elem_classes="lab-ways"):
            for there, words in ((number - 1, text.LAB_BACK), (number + 1, text.LAB_NEXT)):
                if 0 <= there < len(text.LAB_TEXTS):
                    way = gr.Button(
                        words, size="sm", variant="primary" if there > number else "secondary", min_width=120
                    )
                    way.click(None, None, steps, js=GO_TO % there, **PRIVATE)


def clip_choice(handlers: LabHandlers, number: int, label: str | None = None) -> gr.Dropdown:
    """A list of the clips; the first one chosen shows `label`, where there is one."""
    first = next((place for place, clip in enumerate(handlers.clips) if clip.label == label), 0)
    return gr.Dropdown(
        lab_views.clip_choices(handlers.clips),
        value=str(first),
        label=text.LAB_CLIP,
        filterable=False,
        elem_id=f"lab-clip-{number + 1}",
        min_width=220,
    )


def lab_board(number: int) -> LabBoard:
    return LabBoard(label=text.LAB_BOARD, elem_id=f"lab-board-{number + 1}")


def drawn(triggers: list[Any], handler: Callable, inputs: Any, outputs: Any, board: LabBoard) -> None:
    """Any of the triggers makes the board anew."""
    gr.on(
        triggers,
        handler,
        inputs,
        outputs,
        concurrency_id="model",
        concurrency_limit=1,
        show_progress_on=[board],
        trigger_mode="always_last",
        api_visibility="private",
    )
