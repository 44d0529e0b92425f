"""The button that shares a result, and the question before it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from app.analysis import RequestError
from app.server.errors import one_sentence
from app.server.visitors import address, is_loopback
from app.sharing import text
from app.sharing.links import LinkList, SharedLink, SharedLinks
from app.sharing.store import FILM, MAPS, Said, Shares
from app.studio import collect
from app.studio.exports import FILM_FRAMES, FILM_SIDE, Exports, looked_at
from app.studio.panel import LOOK, ONE_BY_ONE
from app.studio.text import NOT_YET
from tdn.show.caption import caption
from tdn.show.collected import Collected
from tdn.show.film import write_film
from tdn.show.formats import write_figure
from tdn.show.plate import Plan, draw

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
ANSWERS, LINKS_SHOWN = 5, 8


class SharePanel:
    """Makes its components where it is made."""

    def __init__(self, shares: Shares):
        self.shares = shares
        self.ask = gr.Button(text.SHARE, size="sm", interactive=False, elem_id="share")
        with gr.Group(visible=False, elem_id="share-question") as self.question:
            gr.Markdown(text.question(shares.hours), padding=True)
            with gr.Row():
                self.yes = gr.Button(text.YES, variant="primary", min_width=120)
                self.no = gr.Button(text.NO, min_width=120)
        self.links = LinkList(label=text.LINKS, elem_id="share-links")
        self.look = gr.JSON(visible=False)
        self.asked = gr.State("")  # the result that the question is about

    def wire(self, exports: Exports, token: gr.State) -> None:
        """Share the result `token`, but only after the question; another result takes the question away."""
        self.explainer = exports.explainer
        opened = {"outputs": [self.question, self.asked], "concurrency_limit": None, **PRIVATE}
        self.ask.click(lambda token: [gr.Group(visible=True), token], token, **opened)
        self.no.click(lambda: [gr.Group(visible=False), ""], None, **opened)
        token.change(self._of_result, token, [self.ask, self.question], queue=False, **PRIVATE)
        self.yes.click(
            self.share,
            [self.look, token, self.asked, self.links],
            [self.links, self.question],
            js=LOOK,
            api_name="share",
            show_progress_on=[self.yes],
            **ONE_BY_ONE,
        )

    def _of_result(self, token: str) -> list[Any]:
        return [gr.Button(interactive=bool(token)), gr.Group(visible=False)]

    def share(
        self, settings: Any, token: str, asked: str, links: SharedLinks | None, request: gr.Request = None
    ) -> list[Any]:
        """Store the result `token` as the page shows it, if it is the one that was `asked` about; the visitor's own
        shared results, and the question taken away.
        """
        with one_sentence():
            if not token:
                raise RequestError(NOT_YET)
            if asked != token:
                raise RequestError(text.OTHER_RESULT)
            kept = self.explainer.results.recall(token)
            look, layers, _ = looked_at(settings)
            result = self._without_names(collect.of_analysis(kept.analysis))
            shown, plan = result.at(layers or result.layers), Plan("segments", layers=layers)

            def write(folder: Path) -> None:
                with tempfile.TemporaryDirectory() as room:
                    write_figure(draw([result], plan, look), Path(room) / "maps.png")
                    with Image.open(Path(room) / "maps.png") as picture:
                        picture.convert("RGB").save(folder / MAPS, "JPEG", quality=85)
                if kept.info.num_frames <= FILM_FRAMES:
                    frames = self.explainer.decoder.read_every_frame(kept.video, kept.info, FILM_SIDE)
                    write_film(folder / FILM, frames, kept.info, collect.shrunk(shown, FILM_SIDE), look)

            who = address(request)
            name, key, shared = self.shares.add(
                kept.analysis.target,
                [Said(one.explained.title, one.top[:ANSWERS]) for one in kept.analysis.answers.values()],
                caption([result], plan, look),
                text.classes(max(len(one.explained.probabilities) for one in kept.analysis.answers.values())),
                write,
                None if who is None or is_loopback(who) else who,
            )
            new = SharedLink(name=name, key=key, label=shared.label, until=shared.until)
            return [SharedLinks(links=[new, *(links.links if links else [])][:LINKS_SHOWN]), gr.Group(visible=False)]

    def _without_names(self, result: Collected) -> Collected:
        """Without the name of the visitor's file, and of checkpoints that a visitor brought."""
        offered = self.explainer.networks.cards()
        maps = tuple(one if one.file in offered else replace(one, file="") for one in result.maps)
        return replace(result, name=text.A_VISITOR_S_CLIP, maps=maps)
