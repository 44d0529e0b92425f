"""Below the maps: the stroboscope's curve, one change of the clip or the network, and before beside after."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from app import change_text, text
from app.handlers import Handlers
from app.server.uploads import AnyChoice
from app.shown import COMPARED, Parts, Shown
from app.studio.text import ADD_BOTH
from app.viewer import CurveView, FrameViewer, ScoreBars

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
# In the queue, though it waits for nobody: outside of it a state that changes goes unnoticed, as does an error.
AT_ONCE = {"concurrency_limit": None, **PRIVATE}

# Curve and address name no change that is not shown.
NOTHING_CHANGED = "() => window.pageLink.unchanged()"


class ChangePanel:
    """Makes its components where it is made; `change` is the one chosen, and then `asked` has another value."""

    def __init__(self):
        with gr.Column(elem_id="strobe"):
            gr.Markdown(f"{change_text.STROBE}\n{change_text.STROBE_LEAD}")
            self.curve = CurveView(label=change_text.CURVE, elem_id="curve")
        with gr.Column(elem_id="compare"):
            with gr.Row(equal_height=True):
                self.change = AnyChoice(
                    change_text.change_choices(),
                    label=change_text.COMPARE,
                    info=change_text.COMPARE_INFO,
                    elem_id="change",
                    scale=4,
                    min_width=320,
                )
                with gr.Column(scale=1, min_width=250, elem_id="amounts"):
                    self.times = gr.Slider(
                        1, 16, 7, step=1, label=change_text.REPEAT_LABEL, buttons=[], elem_id="times"
                    )
                    self.percent = gr.Slider(
                        1, 99, 33, step=1, label=change_text.FIRST_LABEL, buttons=[], elem_id="percent"
                    )
            self.trouble = gr.Markdown(label=text.TROUBLE, elem_id="change-trouble")
            self.refused = gr.HTML(change_text.USUALLY_REFUSED, elem_id="refused", elem_classes="small")
            with gr.Row(equal_height=False, visible=False, elem_id="looked-again") as self.looked_again:
                with gr.Column(scale=26, min_width=250):
                    self.scores = ScoreBars(label=text.PREDICTIONS, elem_id="scores-after")
                with gr.Column(scale=96, min_width=320):
                    self.viewer = FrameViewer(label=text.MAPS, elem_id="viewer-after")
                    self.note = gr.Markdown(label=text.NOTE, elem_id="note-after")
                    self.add_both = gr.Button(ADD_BOTH, size="sm", elem_id="add-both")
        self.compared = gr.JSON(label=text.ANSWER, visible=False)
        self.name = gr.State("")
        self.asked = gr.State("")

    def wire(self, parts: Parts, handlers: Handlers, question: Sequence[Any]) -> None:
        """Look again when a change is chosen; `question` are clip, class, and both networks."""
        asking = handlers.asking

        def repeated(times: float, request: gr.Request) -> Shown:
            return asking.ask_change(f"repeat {times:g}", request)

        def first(percent: float, request: gr.Request) -> Shown:
            return asking.ask_change(f"first {percent:g}%", request)

        def step(event: gr.EventData, request: gr.Request) -> Shown:
            change = event._data.get("change") if isinstance(event._data, dict) else None
            return asking.ask_change(change, request)

        outputs = parts.of("change", "looked_again", "asked_change", "change_trouble")
        for trigger, ask, inputs in (
            (self.change.input, asking.ask_change, [self.change]),
            (self.times.release, repeated, [self.times]),
            (self.percent.release, first, [self.percent]),
            (self.curve.pick, step, None),
        ):
            trigger(parts.by(ask), inputs, outputs, **AT_ONCE)
        looked = self.asked.change(
            parts.by(handlers.compare),
            [self.change, *question],
            parts.of(*COMPARED),
            concurrency_id="model",
            concurrency_limit=1,
            show_progress_on=[self.change],
            trigger_mode="multiple",
            api_name="compare",
            api_description=change_text.API_COMPARE,
        )
        looked.failure(None, js=NOTHING_CHANGED, queue=False, **PRIVATE)

    def wire_curve(
        self, handlers: Handlers, video: gr.Video, answer: gr.JSON, token: gr.State, moved_on: Sequence[Callable]
    ) -> None:
        """Draw the curve when it is asked for, and give it up on the events of `moved_on`, whose results bring what is
        there of their own.
        """
        drawing = self.curve.want(
            handlers.draw_curve,
            [video, answer, token],
            self.curve,
            concurrency_id="curve",
            concurrency_limit=1,
            **PRIVATE,
        )
        drawing.failure(handlers.known_curve, [video, answer], self.curve, queue=False, **PRIVATE)
        for trigger in (self.curve.halt, *moved_on):
            trigger(None, cancels=[drawing], queue=False, **PRIVATE)
