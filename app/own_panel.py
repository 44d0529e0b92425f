"""The part of the settings where a visitor brings a checkpoint, and what happens then."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app import own_text, text
from app.networks import comparable, public_name
from app.own_weights import FILES_EACH, OwnWeights
from app.server.errors import one_sentence
from app.server.settings import Settings
from app.server.uploads import LocalFile
from app.server.visitors import RateLimit, visitor
from tdn.model import system_name
from tdn.weights import Card


@dataclass
class OwnPanel:
    """Inputs for a checkpoint of one's own: an upload, and what the operator allows besides."""

    own: OwnWeights
    settings: Settings
    offered: dict[str, Card]

    def __post_init__(self):
        self.rate = RateLimit(self.settings.rate, self.settings.address_rate)

    def draw(self) -> None:
        """Make the components where they are to stand."""
        allow_hub, allow_pth = self.settings.allow_hub, self.settings.allow_pth
        with gr.Accordion(own_text.CHECKPOINT, open=False, elem_id="own-checkpoint"):
            self.file = LocalFile(
                label=own_text.FILE_OR_PTH if allow_pth else own_text.FILE,
                file_types=[".safetensors", *([".pth", ".tar"] if allow_pth else [])],
                height=120,
                elem_id="own-file",
            )
            self.segments = gr.Radio(
                [8, 16], value=8, label=own_text.SEGMENTS, info=own_text.SEGMENTS_INFO, visible=allow_pth
            )
            self.hub_id = gr.Textbox(
                label=own_text.HUB, placeholder=own_text.HUB_HINT, max_length=300, visible=allow_hub, elem_id="own-hub"
            )
            self.fetch = gr.Button(own_text.FETCH, size="sm", visible=allow_hub, elem_id="own-fetch")
            self.said = gr.Markdown(
                own_text.limits(self.settings.max_mb, self.settings.keep_minutes, FILES_EACH),
                elem_id="own-said",
                elem_classes="small",
            )

    def wire(self, first: gr.Dropdown, second: gr.Dropdown) -> list[Any]:
        """Offer what was brought in the choices of both networks; returns the events, for what follows on them."""
        options = {
            "outputs": [first, second, self.said, self.file],
            "concurrency_id": "own",
            "concurrency_limit": 1,
            "api_visibility": "private",
            "show_progress_on": [self.said],
        }
        events = [self.file.upload(self.bring_file, [self.file, self.segments, second], **options)]
        if self.settings.allow_hub:
            events += [
                asked(self.bring_from_hub, [self.hub_id, second], **options)
                for asked in (self.fetch.click, self.hub_id.submit)
            ]
        return events

    def bring_file(
        self,
        file: str | None,
        num_segments: int | None,
        second: str | None,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> list[Any]:
        segments = int(num_segments or 8) if self.settings.allow_pth else None
        try:
            return self._bring(
                lambda: self.own.bring_file(visitor(request), Path(file or ""), segments), second, request, progress
            )
        finally:
            # Our copy is what counts. Nothing but uploads is ever deleted here, whatever path a caller named.
            if file and Path(file).resolve().is_relative_to(Path(self.file.GRADIO_CACHE).resolve()):
                Path(file).unlink(missing_ok=True)

    def bring_from_hub(
        self,
        hub_id: str | None,
        second: str | None,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (as above)
    ) -> list[Any]:
        return self._bring(lambda: self.own.bring_from_hub(visitor(request), hub_id or ""), second, request, progress)

    def _bring(
        self, bring: Callable[[], str], second: str | None, request: gr.Request | None, progress: gr.Progress
    ) -> list[Any]:
        """The choices of both networks with the new one taken as the first, what was taken, and an empty input."""
        with one_sentence():
            self.rate.expect_room(request)
            progress(0.3, own_text.CHECKING)
            name = bring()
        cards = self.cards(visitor(request))
        files = [(text.checkpoint_choice(file), file) for file in (*cards, *map(public_name, self.settings.networks))]
        none = (text.NO_SECOND_NETWORK, text.NO_SECOND_NETWORK)
        fits = second in cards and comparable(cards[name], cards[second])
        card = cards[name]
        return [
            gr.Dropdown(files, value=name),
            gr.Dropdown([*files, none], value=second if fits else text.NO_SECOND_NETWORK),
            own_text.taken(
                text.plain(Path(name).name),
                system_name(card.architecture),
                len(card.labels),
                card.architecture.num_segments,
            ),
            None,
        ]

    def cards(self, session: str | None) -> dict[str, Card]:
        """What a visitor can choose from."""
        return {**self.offered, **self.own.of(session)}
