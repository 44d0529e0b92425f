"""The buttons for files below the maps, and the tab in which a figure of several results is put together."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr

from app.studio import text
from app.studio.exports import KINDS, Exports
from tdn.show.collected import LAYER_NAMES

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
# Files are made one after the other, whoever asks.
ONE_BY_ONE = {"concurrency_id": "files", "concurrency_limit": 1, **PRIVATE}
# `viewerLook` of page.js says how the maps look now.
LOOK = "(look, ...others) => [window.viewerLook(), ...others]"
SAVE = "(file) => window.saveFile(file)"


class Downloads:
    """Makes its buttons where it is made: files of the result shown, and one that puts it aside."""

    def __init__(self):
        with gr.Row(elem_id="downloads"):
            self.buttons = {
                kind: gr.Button(text.DOWNLOADS[kind], size="sm", min_width=70, interactive=False) for kind in KINDS
            }
            self.add = gr.Button(text.ADD, size="sm", min_width=120, interactive=False, elem_id="add-to-figure")
        self.made = gr.State(None)
        self.file = gr.File(visible=False)
        self.look = gr.JSON(visible=False)

    @property
    def all(self) -> list[gr.Button]:
        return [*self.buttons.values(), self.add]

    def wire(self, exports: Exports, token: gr.State) -> None:
        """Make a file on a click, and hand it out if its result `token` is still the one that is shown."""
        for kind, button in self.buttons.items():
            made = button.click(
                partial(exports.make, kind),
                [self.look, token],
                self.made,
                js=LOOK,
                show_progress_on=[button],
                api_name=f"make_{kind}",
                **ONE_BY_ONE,
            )
            checked = made.success(exports.hand_out, [self.made, token], self.file, **PRIVATE)
            checked.success(None, self.file, None, js=SAVE, queue=False, **PRIVATE)
        token.change(self._usable, token, self.all, queue=False, **PRIVATE)

    def _usable(self, token: str) -> list[gr.Button]:
        return [gr.Button(interactive=bool(token))] * len(self.all)


class FigureTab:
    """Makes its components where it is made, in a tab."""

    def __init__(self):
        gr.Markdown(text.LEAD)
        with gr.Row(equal_height=False, elem_id="figure"):
            with gr.Column(scale=1, min_width=290):
                self.results = gr.CheckboxGroup([], label=text.RESULTS, elem_id="figure-results")
                self.kind = gr.Radio(text.KINDS, value="moments", label=text.KIND, elem_id="figure-kind")
                self.width = gr.Radio(text.WIDTHS, value="two", label=text.WIDTH, elem_id="figure-width")
                self.layers = gr.CheckboxGroup(
                    [(LAYER_NAMES[layer], layer) for layer in ("res2", "final")],
                    value=["res2", "final"],
                    label=text.LAYERS,
                    elem_id="figure-layers",
                )
                self.networks = gr.CheckboxGroup([], label=text.NETWORKS, elem_id="figure-networks")
                self.segments = gr.Textbox(
                    label=text.SEGMENTS, placeholder=text.SEGMENTS_HINT, max_lines=1, elem_id="figure-segments"
                )
                self.scores = gr.Checkbox(True, label=text.SCORES)
                self.title = gr.Textbox(label=text.TITLE, placeholder=text.TITLE_HINT, max_lines=1)
                self.forget = gr.Button(text.FORGET, size="sm")
            with gr.Column(scale=2, min_width=320):
                self.picture = gr.Image(
                    label=text.PREVIEW,
                    show_label=False,
                    type="filepath",
                    interactive=False,
                    buttons=[],
                    elem_id="figure-preview",
                )
                self.size = gr.Markdown(text.EMPTY, elem_id="figure-size")
                with gr.Row(elem_id="figure-files"):
                    self.buttons = {
                        kind: gr.Button(
                            text.DOWNLOADS[kind], min_width=90, variant="primary" if kind == "pdf" else "secondary"
                        )
                        for kind in KINDS[:3]
                    }
                self.caption = gr.Textbox(
                    label=text.CAPTION,
                    lines=4,
                    max_lines=12,
                    interactive=False,
                    buttons=["copy"],
                    elem_id="figure-caption",
                )
                self.bibtex = gr.Textbox(
                    label=text.BIBTEX,
                    lines=4,
                    max_lines=12,
                    interactive=False,
                    buttons=["copy"],
                    elem_id="figure-bibtex",
                )
        self.paths = gr.State([])
        self.look = gr.JSON(visible=False)
        self.file = gr.File(visible=False)

    def wire(
        self,
        exports: Exports,
        downloads: Downloads,
        token: gr.State,
        add_both: gr.Button,
        compared: gr.State,
        opened: Callable,
    ) -> None:
        """Put aside the result `token` and both of a comparison `compared`; draw when the tab is `opened`."""
        lists = [self.paths, self.results, self.networks, downloads.add]
        # In the queue, though they wait for nobody: outside of it nothing is said to the visitor.
        put = {"outputs": lists, "js": LOOK, "concurrency_limit": None, **PRIVATE}
        downloads.add.click(exports.collect, [self.look, token, self.paths], **put)
        add_both.click(exports.collect_both, [self.look, compared, self.paths], **put)
        shown = [self.picture, self.size, self.caption, self.bibtex]
        self.forget.click(exports.forget, None, [*lists, *shown], queue=False, **PRIVATE)
        options: Sequence[Any] = [
            *(self.results, self.kind, self.width, self.layers, self.networks, self.segments, self.scores, self.title)
        ]
        asked = [self.look, self.paths, *options]
        changed = [one.input for one in options if not isinstance(one, gr.Textbox)]
        changed += [event for box in (self.segments, self.title) for event in (box.submit, box.blur)]
        gr.on(
            [opened, *changed],
            exports.preview,
            asked,
            shown,
            js=LOOK,
            trigger_mode="always_last",
            **(ONE_BY_ONE | {"show_progress": "minimal", "show_progress_on": [self.picture]}),
        )
        for kind, button in self.buttons.items():
            made = button.click(
                partial(exports.figure_file, kind), asked, self.file, js=LOOK, show_progress_on=[button], **ONE_BY_ONE
            )
            made.success(None, self.file, None, js=SAVE, queue=False, **PRIVATE)
