"""The S-TDM lab, the page's lesson: layout and wiring. `handlers` answers, `lessons` computes, `views` draws."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from app import text as page_text
from app.explainer import Explainer
from app.lab import lessons, numbers, text, views
from app.lab.board import LabBoard
from app.lab.film import FilmButton
from app.lab.handlers import LabHandlers
from app.lab.steps import STEPS, Step
from app.links.places import PLACES, address_box
from app.server.settings import Settings
from app.server.uploads import AnyChoice, LocalVideo
from app.server.visitors import RateLimit
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
# In the browser alone; whoever walks by keyboard goes on at the step's tab.
GO_TO = """() => {
  setTimeout(() => {
    const tab = document.querySelector('#lab-steps [role=tab][aria-selected=true]');
    tab.focus();
    tab.scrollIntoView({ block: 'nearest' });
  }, 60);
  return { __type__: 'update', selected: '%s' };
}"""
# A clip of slow motion, on which L-TDM's gates do something.
LONG_RANGE = "Moving something closer to the camera"


class Lab:
    """The lesson inside `tab`; `video` is the clip of the Analyse tab, which most steps take as well.

    `steps` are the tabs of the lesson, None where this server can't teach. On ZeroGPU `on_cpu` stands in for visitors
    who have used up their time.
    """

    def __init__(
        self,
        tab: gr.Tab,
        explainer: Explainer,
        video: LocalVideo,
        settings: Settings,
        on_cpu: Explainer | None = None,
    ):
        clips = lessons.lab_clips(lessons.CLIPS, settings.samples)
        cards = explainer.networks.cards()
        self.steps: gr.Tabs | None = None
        if not lessons.can_teach(cards) or not clips:
            gr.Markdown(text.NO_LAB)
            return
        self.tab, self.video, self.cards = tab, video, cards
        self.handlers = LabHandlers(explainer, clips, RateLimit(settings.rate, settings.address_rate), on_cpu)
        draw = {
            "frame": self.frame,
            "belt": self.belt,
            "differences": self.differences,
            "noise": self.noise,
            "fusion": self.fusion,
            "reverse": self.reverse,
            "gates": self.gates,
            "drop": self.drop,
            "film": self.film,
            "numbers": self.numbers,
        }
        with gr.Tabs(selected=STEPS[0].slug, overflow_behavior="wrap", elem_id="lab-steps") as self.steps:
            for number, step in enumerate(STEPS):
                with self.step(number, step) as here:
                    draw[step.slug](here)
        pair = {file: cards[file] for file in (TDN_FILE, BASELINE_FILE)}
        gr.Markdown(page_text.weights_warning(pair), elem_classes="small")

    @contextmanager
    def step(self, number: int, step: Step) -> Iterator[gr.Tab]:
        """One step: what it is about, what the caller puts inside, what may mislead, and the way on. On a phone the
        picture comes first (lab.css).
        """
        with gr.Tab(f"{number + 1} {step.name}", id=step.slug, elem_id=f"lab-{step.slug}") as tab:
            with gr.Column(elem_classes="lab-step"):
                gr.Markdown(f"### {step.title}", elem_classes="lab-title")
                lead = f"{text.LEAD}\n\n{step.lead}" if number == 0 else step.lead
                gr.Markdown(lead, elem_classes="lab-lead")
                yield tab
                gr.Markdown(step.beware, elem_classes=["small", "lab-beware"])
                with gr.Row(elem_classes="lab-ways"):
                    for there, words in ((number - 1, text.BACK), (number + 1, text.NEXT)):
                        if 0 <= there < len(STEPS):
                            kind = "primary" if there > number else "secondary"
                            way = gr.Button(words, size="sm", variant=kind, min_width=120)
                            way.click(None, None, self.steps, js=GO_TO % STEPS[there].slug, **PRIVATE)
                place = next(place for place in PLACES if place.step == step.slug)
                gr.HTML(address_box(place), elem_classes="lab-address")

    def frame(self, here: gr.Tab) -> None:
        handlers = self.handlers
        names = list(text.STILL_NAMES[: len(handlers.stills)])
        with gr.Row(elem_classes="lab-ask"):
            which = AnyChoice(names, value=names[0], label=text.STILLS, elem_id="lab-still", min_width=220)
            answers = lessons.guesses(handlers.stills[0].label)
            guess = AnyChoice(answers, label=text.GUESS, elem_id="lab-guess", scale=3, min_width=300)
        board = lab_board("frame")
        drawn([self.tab.select], handlers.first_still, [which, board], [guess, board], board)
        drawn([which.input], handlers.still, which, [guess, board], board)
        drawn([guess.input], handlers.guess, [guess, which], board, board)

    def belt(self, here: gr.Tab) -> None:
        handlers = self.handlers
        with gr.Row(elem_classes="lab-ask"):
            times = AnyChoice(
                list(text.BELT_TIMES),
                value=next(iter(text.BELT_TIMES)),
                label=text.BELT_SHOWN,
                elem_id="lab-times",
                scale=2,
                min_width=300,
            )
            answers = lessons.guesses(handlers.film.label) if handlers.film else []
            guess = AnyChoice(answers, label=text.BELT_GUESS, elem_id="lab-belt-guess", scale=3, min_width=300)
        board = lab_board("belt")
        drawn([here.select, times.input], handlers.belt, times, [guess, board], board)
        drawn([guess.input], handlers.belt_guess, [guess, times], board, board)

    def differences(self, here: gr.Tab) -> None:
        clip, board = self.clip_choice("differences"), lab_board("differences")
        drawn([here.select, clip.change], self.handlers.differences, [clip, self.video], board, board)

    def noise(self, here: gr.Tab) -> None:
        names = list(text.STILL_NAMES)
        with gr.Row(elem_classes="lab-ask"):
            which = AnyChoice(names, value=names[0], label=text.NOISE_FILMS, elem_id="lab-noise-clip", min_width=220)
            guess = AnyChoice(
                list(text.NOISE_ANSWERS), label=text.NOISE_GUESS, elem_id="lab-noise-guess", scale=3, min_width=300
            )
        board = lab_board("noise")
        drawn([here.select, which.input], self.handlers.noise, which, [guess, board], board)
        drawn([guess.input], self.handlers.noise_guess, [guess, which], board, board)

    def fusion(self, here: gr.Tab) -> None:
        clip, board = self.clip_choice("fusion"), lab_board("fusion")
        drawn([here.select, clip.change], self.handlers.fusion, [clip, self.video], board, board)

    def reverse(self, here: gr.Tab) -> None:
        with gr.Row(elem_classes="lab-ask"):
            clip = self.clip_choice("reverse")
            change = change_choice("lab-change")
        board = lab_board("reverse")
        drawn([here.select, clip.change, change.input], self.handlers.change, [change, clip, self.video], board, board)

    def gates(self, here: gr.Tab) -> None:
        clip, board = self.clip_choice("gates", LONG_RANGE), lab_board("gates")
        drawn([here.select, clip.change], self.handlers.gates, [clip, self.video], board, board)

    def drop(self, here: gr.Tab) -> None:
        with gr.Row(elem_classes="lab-ask"):
            clip = self.clip_choice("drop")
            places = [str(number + 1) for number in range(text.SEGMENTS)]
            gone = gr.CheckboxGroup(places, value=[], label=text.DROP, elem_id="lab-gone", scale=2, min_width=300)
        board = lab_board("drop")
        drawn([here.select, clip.change, gone.input], self.handlers.drop, [gone, clip, self.video], board, board)

    def film(self, here: gr.Tab) -> None:
        film = gr.State("")
        button = FilmButton(label=text.FILM, elem_id="lab-film")
        change = change_choice("lab-film-change")
        board = lab_board("film")
        taken = button.filmed(button.film_of, None, film, queue=False, **PRIVATE)
        taken.success(self.handlers.filmed, [change, film], board, **drawing(board))
        drawn([change.input], self.handlers.filmed, [change, film], board, board)

    def numbers(self, here: gr.Tab) -> None:
        gr.HTML(numbers.plots(self.cards), elem_id="lab-dots")
        with gr.Accordion(text.DETAILS, open=False):
            gr.Markdown(numbers.tables(self.cards), elem_id="lab-tables")

    def clip_choice(self, slug: str, label: str | None = None) -> gr.Dropdown:
        """A list of the clips; the first one chosen shows `label`, where there is one."""
        clips = self.handlers.clips
        first = next((place for place, clip in enumerate(clips) if clip.label == label), 0)
        return gr.Dropdown(
            views.clip_choices(clips),
            value=str(first),
            label=text.CLIP,
            filterable=False,
            elem_id=f"lab-clip-{slug}",
            elem_classes="lab-ask",
            min_width=220,
        )


def change_choice(elem_id: str) -> AnyChoice:
    changes = [(words.capitalize(), name) for name, words in text.CHANGES.items()]
    return AnyChoice(changes, value=changes[0][1], label=text.CHANGE, elem_id=elem_id, scale=2, min_width=300)


def lab_board(slug: str) -> LabBoard:
    return LabBoard(label=text.BOARD, elem_id=f"lab-board-{slug}", elem_classes="lab-picture")


def drawn(triggers: list[Any], handler: Callable, inputs: Any, outputs: Any, board: LabBoard) -> None:
    """Any of the triggers makes the board anew."""
    gr.on(triggers, handler, inputs, outputs, **drawing(board))


def drawing(board: LabBoard) -> dict[str, Any]:
    """How an event that makes a board waits for its turn."""
    return {
        "concurrency_id": "model",
        "concurrency_limit": 1,
        "show_progress_on": [board],
        "trigger_mode": "always_last",
        "api_visibility": "private",
    }
