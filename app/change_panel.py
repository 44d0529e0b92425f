"""Below the maps: the stroboscope's curve, one change of the clip or the network, and before beside after."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from app import text
from app.handlers import Handlers, has_clip_to_change
from app.server.errors import one_sentence
from app.server.uploads import AnyChoice
from app.studio.text import ADD_BOTH
from app.viewer import CurveView, FrameViewer, ScoreBars

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


class ChangePanel:
    """Makes its components where it is made; `change` is the one chosen, `linked` the one that a link asks for."""

    def __init__(self):
        with gr.Column(elem_id="strobe"):
            gr.Markdown(f"{text.STROBE}\n{text.STROBE_LEAD}")
            self.curve = CurveView(label=text.CURVE, elem_id="curve")
        with gr.Column(elem_id="compare"):
            with gr.Row(equal_height=True):
                self.change = AnyChoice(
                    text.change_choices(),
                    label=text.COMPARE,
                    info=text.COMPARE_INFO,
                    elem_id="change",
                    scale=4,
                    min_width=320,
                )
                with gr.Column(scale=1, min_width=250, elem_id="amounts"):
                    self.times = gr.Slider(1, 16, 7, step=1, label=text.REPEAT_LABEL, buttons=[], elem_id="times")
                    self.percent = gr.Slider(1, 99, 33, step=1, label=text.FIRST_LABEL, buttons=[], elem_id="percent")
            with gr.Row(equal_height=False, visible=False, elem_id="looked-again") as self.looked_again:
                with gr.Column(scale=26, min_width=250):
                    self.scores = ScoreBars(label=text.PREDICTIONS, elem_id="scores-after")
                with gr.Column(scale=96, min_width=320):
                    self.viewer = FrameViewer(label=text.MAPS, elem_id="viewer-after")
                    self.note = gr.Markdown(label=text.NOTE, elem_id="note-after")
                    self.add_both = gr.Button(ADD_BOTH, size="sm", elem_id="add-both")
        self.compared = gr.JSON(label=text.ANSWER, visible=False)
        self.linked = gr.State("")
        self.name = gr.State("")

    def wire(self, handlers: Handlers, inputs: Sequence[Any]) -> None:
        """Look again when a change is chosen; `inputs` are clip, class, and both networks."""
        amounts = {"outputs": [self.change], "queue": False, **PRIVATE}
        chosen = [
            self.times.release(lambda times: choose(f"repeat {times:g}"), self.times, **amounts),
            self.percent.release(lambda percent: choose(f"first {percent:g}%"), self.percent, **amounts),
            self.curve.pick(self.pick, None, [self.change, self.looked_again], queue=False, **PRIVATE),
        ]
        comparison = {
            "fn": handlers.compare,
            "inputs": [self.change, *inputs],
            "outputs": [self.compared, self.scores, self.viewer, self.note, self.name],
            "concurrency_id": "model",
            "concurrency_limit": 1,
            "show_progress_on": [self.change],
            "validator": has_clip_to_change,
        }
        asked = [self.change.input, self.linked.change]
        again = [gr.on(asked, **comparison, api_name="compare", api_description=text.API_COMPARE)]
        again += [event.success(**comparison, api_visibility="private") for event in chosen]
        for one in again:
            one.success(lambda: gr.Row(visible=True), None, self.looked_again, queue=False, **PRIVATE)

    def wire_curve(self, handlers: Handlers, video: gr.Video, answer: gr.JSON, moved_on: Sequence[Callable]) -> None:
        """Draw the curve when it is asked for, and give it up on the events of `moved_on`, whose results bring what is
        there of their own.
        """
        inputs = [video, answer]
        drawing = self.curve.want(
            handlers.draw_curve, inputs, self.curve, concurrency_id="curve", concurrency_limit=1, **PRIVATE
        )
        drawing.failure(handlers.known_curve, inputs, self.curve, queue=False, **PRIVATE)
        for trigger in (self.curve.halt, *moved_on):
            trigger(None, cancels=[drawing], queue=False, **PRIVATE)

    def forget(self, triggers: Sequence[Callable]) -> None:
        """What was compared belongs to the analysis before."""
        for trigger in triggers:
            trigger(
                lambda: [None, gr.Row(visible=False)], None, [self.change, self.looked_again], queue=False, **PRIVATE
            )

    def pick(self, event: gr.EventData) -> list[Any]:
        """The step of the curve that was clicked as the change; as filmed ends the comparison."""
        change = event._data.get("change") if isinstance(event._data, dict) else None
        return [choose(change), gr.skip() if change else gr.Row(visible=False)]


def choose(change: object) -> Any:
    """The list of changes with this one chosen, its number in it."""
    with one_sentence():
        return gr.Radio(choices=text.change_choices(change), value=change or None)
