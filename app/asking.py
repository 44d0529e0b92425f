"""What the page wants when something is clicked: values in, what changes on the page at once out (`Shown`).

A click says what the page asks for from now on, clears what belongs to another clip or to other networks, and gives
`asked_for` another value where a result has to be made. That makes the page call `Handlers.analyse`, whose answer is
dropped if the page asks for something else by then.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr

from app import change_text, focus_text, pictures, text, views
from app.analysis import Analysis, Request, RequestError
from app.curve import Curves
from app.explainer import Explainer
from app.gallery import SampleClip
from app.results import Pages
from app.server.errors import one_sentence, sentence
from app.server.visitors import arrived, visitor
from app.showcase import Finished, Showcase
from app.shown import STAYS, Shown
from tdn.explain import parse_change

# A click that a later one overtook changes nothing.
OVERTAKEN = Shown()


@dataclass
class Asking:
    """The samples `clips`, by name, are shown with the pair `networks`, which is also taken where none is named."""

    explainer: Explainer
    clips: dict[str, SampleClip]
    networks: tuple[str | None, str | None]
    showcase: Showcase
    curves: Curves
    cache: Path
    pages: Pages = field(default_factory=Pages)

    def open_page(self, request: gr.Request) -> Shown:
        """What a link asks for, else the first sample: clip, class, networks, change, and the result if it is there."""
        if not self.clips or not self.networks[0]:
            return Shown()
        given, unknown = dict(request.query_params) if request else {}, []

        def known(name: str, choices: Iterable[str], default: str | None) -> str | None:
            if given.get(name, default) in choices:
                return given.get(name, default)
            if name in given:
                unknown.append(name)
            return default

        networks = self.explainer.networks
        cards = networks.cards()
        names = [*cards, *networks.others]
        video = str(self.clips[known("sample", self.clips, next(iter(self.clips)))].path)
        tdn = known("tdn", names, self.networks[0])
        baseline = known("baseline", [*names, text.NO_SECOND_NETWORK], self.networks[1] or text.NO_SECOND_NETWORK)
        with one_sentence():
            labels = networks.get(tdn).labels if tdn in networks.others else cards[tdn].labels
        target = known("class", labels, text.TOP_CLASS)
        versus, method = known("versus", labels, text.NO_VERSUS), known("method", text.METHODS, text.METHOD)
        change = given.get("change")
        if change is not None and not is_change(change):
            unknown.append("change")
            change = None
        if unknown:
            gr.Info(text.LINK_UNKNOWN.format(names=", ".join(unknown)))
        shown = self.ask(video, target, tdn, baseline, versus, method, request)
        if change is not None:
            self.pages.ask_change(visitor(request), change)
            shown = replace(shown, asked_change=another())
        return replace(
            shown,
            video=video,
            target=gr.Dropdown([text.TOP_CLASS, *labels], value=target),
            tdn=tdn,
            baseline=baseline,
            versus=gr.Dropdown([text.NO_VERSUS, *labels], value=versus),
            method=method,
            change=gr.Radio(choices=change_text.change_choices(change), value=change),
        )

    def ask(
        self,
        video: str | None,
        target: str | None,
        tdn: str | None,
        baseline: str | None,
        versus: str | None = text.NO_VERSUS,
        method: str = text.METHOD,
        request: gr.Request = None,
    ) -> Shown:
        """What is there of the result at once, and that it is asked for where it is not; without a clip nothing is.

        What was changed belongs to the result before.
        """
        nothing_changed = {"change": None, "looked_again": gr.Row(visible=False), "change_trouble": ""}
        if not video or not (tdn or self.networks[0]):
            was_asked = self.pages.ask(visitor(request), None, arrived(request))
            return Shown(trouble="", **nothing_changed) if was_asked else OVERTAKEN
        asked = as_request(video, target, tdn or self.networks[0], baseline, versus, method, request)
        if not self.pages.ask(visitor(request), asked, arrived(request)):
            return OVERTAKEN
        if finished := self.finished(asked):
            return replace(self.shown_at_once(finished, asked), **nothing_changed)
        return Shown(trouble="", asked_for=another(), **nothing_changed)

    def ask_anew(self, *question: Any, request: gr.Request | None = None) -> Shown:
        """As `ask`, for another clip or other networks: nothing that was shown belongs to them."""
        shown = self.ask(*question, request=request)
        if shown == OVERTAKEN:
            return shown
        shown = replace(shown, versus=text.NO_VERSUS, method=text.METHOD)
        return shown if shown.answer is not STAYS else cleared(shown)

    def new_clip(self, video: str | None, tdn: str | None, baseline: str | None, request: gr.Request) -> Shown:
        """A clip of the visitor's, or none; a class chosen for the clip before says little about it."""
        shown = self.ask_anew(video, text.TOP_CLASS, tdn, baseline, request=request)
        return shown if shown == OVERTAKEN else replace(shown, target=text.TOP_CLASS)

    def pick_sample(self, tdn: str | None, baseline: str | None, event: gr.EventData, request: gr.Request) -> Shown:
        """The sample that was clicked, for its top class."""
        index = event._data.get("index") if isinstance(event._data, dict) else None
        if not isinstance(index, int) or not 0 <= index < len(self.clips):
            raise sentence(text.NO_SUCH_SAMPLE)
        video = str(list(self.clips.values())[index].path)
        return replace(self.new_clip(video, tdn, baseline, request), video=video)

    def open_path(self, path: str, tdn: str | None, baseline: str | None, request: gr.Request) -> Shown:
        """A file of this machine as the clip (only with TDN_LOCAL_PATHS): a copy where the browser may get it."""
        with one_sentence():
            given = Path(path.strip().strip("\"'")).expanduser()
            if not given.is_file():
                raise RequestError(text.no_such_file(path))
            if given.stat().st_size > self.explainer.max_mb * 2**20:
                raise RequestError(text.too_large(given.name, self.explainer.max_mb))
            video = str(pictures.copied(self.cache, given))
        return replace(self.new_clip(video, tdn, baseline, request), video=video)

    def pick_class(
        self,
        video: str | None,
        tdn: str | None,
        baseline: str | None,
        versus: str | None,
        method: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Shown:
        """The class whose bar was clicked. What is there stays until its maps are: they say which class they are of."""
        label = event._data.get("label") if isinstance(event._data, dict) else None
        if not isinstance(label, str):
            raise sentence(text.UNEXPECTED)
        return replace(self.ask(video, label, tdn, baseline, versus, method, request), target=label)

    def ask_change(self, change: str | None, request: gr.Request) -> Shown:
        """A change to be looked at, its number in the list of them; none ends the comparison.

        That of the change before stays until then, marked as old.
        """
        with one_sentence():
            self.pages.ask_change(visitor(request), change or None)
            chosen = gr.Radio(choices=change_text.change_choices(change), value=change or None)
        if not change:
            return Shown(change=chosen, looked_again=gr.Row(visible=False), change_trouble="")
        old = gr.Row(elem_classes=["old"])
        return Shown(change=chosen, looked_again=old, change_trouble="", asked_change=another())

    def finished(self, asked: Request) -> Finished | None:
        if asked != asked.plain:
            return None
        return self.showcase.find(asked.video, asked.target, asked.tdn, asked.baseline)

    def shown(
        self, analysis: Analysis, frames_jpeg: Path, windows_jpeg: Path | None, token: str, asked: Request
    ) -> Shown:
        """What the page shows of an analysis. A new `token` makes the page ask for numbers."""
        self.pages.show(asked.visitor, token)
        return Shown(
            answer=views.answer_json(analysis),
            scores=views.scores(analysis),
            viewer=views.viewer(analysis, frames_jpeg, windows_jpeg, self.link(asked, analysis), Path(asked.video)),
            note=text.plain(analysis.note),
            token=token,
            focus=focus_text.PENDING if token else "",
            curve=self.curves.of(asked.video, analysis.target),
            trouble="",
        )

    def shown_at_once(self, finished: Finished, asked: Request) -> Shown:
        """The same of a finished result, with its numbers."""
        shown = self.shown(finished.analysis, finished.frames_jpeg, finished.windows_jpeg, finished.token, asked)
        return replace(shown, focus=views.focus(finished.focus, finished.analysis))

    def link(self, asked: Request, analysis: Analysis) -> dict[str, str]:
        """What a link has to say to show this analysis again; nothing for a visitor's own clip or network."""
        name = Path(asked.video).stem
        if name not in self.clips or self.clips[name].path != Path(asked.video):
            return {}
        if self.explainer.networks.is_own(asked.tdn) or self.explainer.networks.is_own(asked.baseline):
            return {}
        link = {"sample": name, "class": analysis.target}
        if (asked.tdn, asked.baseline) != self.networks:
            link |= {"tdn": asked.tdn, "baseline": asked.baseline or text.NO_SECOND_NETWORK}
        if asked.versus:
            link["versus"] = asked.versus
        if asked.method != text.METHOD:
            link["method"] = asked.method
        return link


def another() -> str:
    """What was never there before."""
    return secrets.token_hex(8)


def cleared(shown: Shown) -> Shown:
    """`shown`, and no result any more."""
    return replace(shown, answer=None, scores=None, viewer=None, note="", token="", focus="", curve=None)


def is_change(change: object) -> bool:
    """Whether the page offers it, its number put in."""
    try:
        expect_change(change)
    except RequestError:
        return False
    return True


def expect_change(change: object) -> None:
    """Raises RequestError for a change that the page does not offer, or a number that can't be."""
    if change in change_text.CHANGES:
        return
    if not isinstance(change, str) or not change.startswith((change_text.REPEAT[0], change_text.FIRST[0])):
        raise RequestError(change_text.unknown_change(change))
    try:
        kind = parse_change(change).kind
    except ValueError as error:
        raise RequestError(str(error)) from None
    if kind != "video":
        raise RequestError(change_text.unknown_change(change))


def has_clip(video: str | None, *others: Any) -> list[dict]:
    """Before the queue: is there a clip at all? One verdict an input."""
    return [gr.validate(bool(video), text.NO_CLIP), *[gr.validate(True, "") for _ in others]]


def as_request(
    video: str | None,
    target: str | None,
    tdn: str | None,
    baseline: str | None,
    versus: str | None = None,
    method: str = text.METHOD,
    request: gr.Request | None = None,
) -> Request:
    """The inputs of the page as a request. Raises RequestError where something needed is missing."""
    if not video:
        raise RequestError(text.NO_CLIP)
    if not tdn:
        raise RequestError(text.NO_WEIGHTS)
    return Request(
        video=video,
        tdn=tdn,
        baseline=None if baseline in (None, "", text.NO_SECOND_NETWORK) else baseline,
        target=None if target in (None, "", text.TOP_CLASS) else str(target),
        visitor=visitor(request),
        # A class less itself is nothing.
        versus=None if versus in (None, "", text.NO_VERSUS, target) else str(versus),
        method=method or text.METHOD,
    )
