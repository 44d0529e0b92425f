"""What the page does when something is clicked: values in, values for the components out."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app.server.zero import gpu  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip

from app import text, views
from app.analysis import Analysis, Prepared, Request, RequestError
from app.curve import Curves
from app.explainer import Explainer
from app.gallery import SampleClip
from app.motion import motion_focus
from app.server.errors import one_sentence, sentence
from app.server.visitors import RateLimit, visitor
from app.showcase import Finished, Showcase
from app.studio import Exports
from app.viewer import CurveData
from tdn.explain import parse_change

# Values that `analyse` gives the page.
RESULTS = 7


class Handlers:
    """The functions behind the page's events.

    `networks` are the checkpoints taken where none is named; files for the browser go to `cache`, which Gradio empties.
    `on_cpu` answers where no GPU can be borrowed any more.
    """

    def __init__(
        self,
        explainer: Explainer,
        clips: list[SampleClip],
        networks: tuple[str | None, str | None],
        showcase: Showcase,
        curves: Curves,
        rate: RateLimit,
        cache: Path,
        on_cpu: Explainer | None = None,
    ):
        self.explainer = explainer
        self.clips = {clip.path.stem: clip for clip in clips}
        self.networks = networks
        self.showcase = showcase
        self.curves = curves
        self.rate = rate
        self.cache = cache
        self.exports = Exports(explainer, cache)

        on_cpu = on_cpu or explainer
        self.on_device = gpu(passes_of, on_cpu.analyse)(explainer.analyse)
        self.compare_on_device = gpu(lambda *given: 2 * passes_of(*given), on_cpu.compare)(explainer.compare)

    def analyse(
        self,
        video: str | None,
        target: str | None = text.TOP_CLASS,
        tdn: str | None = None,
        baseline: str | None = None,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> Iterator[list[Any]]:
        """Twice: the answer as JSON, bars, viewer, note, a name for numbers and files (none before all maps are there),
        the numbers, and what is there of the curve.
        """
        with one_sentence():
            asked = as_request(video, target, tdn or self.networks[0], baseline, request)
            if finished := self._finished(asked):
                yield self._shown_at_once(finished)
                return
            self.rate.expect_room(request)
            progress(0.1, text.READING)
            prepared = self.explainer.prepare(asked)
            progress(0.5, text.CLASSIFYING)
            pictures = views.write_pictures(self.cache, prepared.clip)
            for analysis in self.on_device(prepared):
                token = self.explainer.remember(analysis, prepared) if analysis.has_maps else None
                yield self._shown(analysis, *pictures, token, asked)

    def _finished(self, asked: Request) -> Finished | None:
        return self.showcase.find(asked.video, asked.target, asked.tdn, asked.baseline)

    def _shown(
        self, analysis: Analysis, frames_jpeg: Path, windows_jpeg: Path | None, token: str | None, asked: Request
    ) -> list[Any]:
        """What the page shows of an analysis. A new `token` makes the page ask for numbers."""
        return [
            views.answer_json(analysis),
            views.scores(analysis),
            views.viewer(analysis, frames_jpeg, windows_jpeg, self._link(asked, analysis)),
            text.plain(analysis.note),
            token or "",
            text.FOCUS_PENDING if token else "",
            self.curves.of(asked.video, analysis.target),
        ]

    def _shown_at_once(self, finished: Finished) -> list[Any]:
        """The same of a finished result, with its numbers."""
        asked = Request(str(finished.video), *self.networks)
        shown = self._shown(finished.analysis, finished.frames_jpeg, finished.windows_jpeg, finished.token, asked)
        shown[5] = views.focus(finished.focus, finished.analysis)
        return shown

    def _link(self, asked: Request, analysis: Analysis) -> dict[str, str]:
        """What a link has to say to show this analysis again; nothing for a visitor's own clip or network."""
        name = Path(asked.video).stem
        if name not in self.clips or self.clips[name].path != Path(asked.video):
            return {}
        if self.explainer.is_own(asked.tdn) or self.explainer.is_own(asked.baseline):
            return {}
        link = {"sample": name, "class": analysis.target}
        if (asked.tdn, asked.baseline) != self.networks:
            link |= {"tdn": asked.tdn, "baseline": asked.baseline or text.NO_SECOND_NETWORK}
        return link

    def compare(
        self,
        change: str | None,
        video: str | None,
        target: str | None = text.TOP_CLASS,
        tdn: str | None = None,
        baseline: str | None = None,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> list[Any]:
        """The scores before and after one change as JSON, bars, the viewer with both maps side by side, a note, and a
        name for it.
        """
        with one_sentence():
            expect_change(change)
            self.rate.expect_room(request)
            progress(0.1, text.READING)
            asked = as_request(video, target, tdn or self.networks[0], baseline, request)
            prepared = self.explainer.prepare(asked)
            otherwise = self.explainer.shown_otherwise(prepared, change)
            progress(0.5, text.COMPARING)
            comparison = self.compare_on_device(prepared, change, otherwise)
            frames_jpeg = views.write_frames(self.cache, views.frames_of(comparison))
            return [
                views.comparison_json(comparison),
                views.scores_after(comparison),
                views.viewer_after(comparison, frames_jpeg),
                text.plain(comparison.note),
                self.exports.remember(comparison, otherwise),
            ]

    def draw_curve(self, video: str | None, answer: Any, request: gr.Request = None) -> Iterator[CurveData]:
        """The curve of the class that `answer`, the JSON of an analysis, is about: once for each step that is there."""
        with one_sentence():
            if not video:
                raise RequestError(text.NO_CLIP)
            self.rate.expect_room(request)
            yield from self.curves.draw(video, target_of(answer))

    def known_curve(self, video: str | None, answer: Any) -> CurveData | None:
        """As far as it is drawn."""
        return self.curves.of(video or "", target_of(answer))

    def pick_class(self, event: gr.EventData) -> str:
        """The class whose bar was clicked."""
        label = event._data.get("label") if isinstance(event._data, dict) else None
        if not isinstance(label, str):
            raise sentence(text.UNEXPECTED)
        return label

    def measure_focus(self, token: str) -> str:
        """How much of an analysis's maps lies on what moves, as a table and in words."""
        if not token:
            return ""
        with one_sentence():
            finished, kept = self.showcase.of(token), self.explainer.recall(token)
            return views.focus(finished.focus if finished else motion_focus(kept), kept.analysis)

    def open_path(self, path: str) -> str:
        """A file of this machine as the clip (only with TDN_LOCAL_PATHS): a copy where the browser may get it."""
        with one_sentence():
            given = Path(path.strip().strip("\"'")).expanduser()
            if not given.is_file():
                raise RequestError(text.no_such_file(path))
            if given.stat().st_size > self.explainer.max_mb * 2**20:
                raise RequestError(text.too_large(given.name, self.explainer.max_mb))
            return str(views.copied(self.cache, given))

    def pick_sample(self, tdn: str | None, baseline: str | None, asked: int, event: gr.EventData) -> list[Any]:
        """The sample that was clicked, for its top class: shown at once where it is finished, else asked for."""
        index = event._data.get("index") if isinstance(event._data, dict) else None
        if not isinstance(index, int) or not 0 <= index < len(self.clips):
            raise sentence(text.NO_SUCH_SAMPLE)
        video = str(list(self.clips.values())[index].path)
        return [video, text.TOP_CLASS, *self._at_once_or_asked(video, text.TOP_CLASS, tdn, baseline, asked)]

    def open_page(self, asked: int, request: gr.Request) -> list[Any]:
        """What a link asks for, else the first sample: clip, class, networks, change, and the result as above."""
        if not self.clips or not self.networks[0]:
            return [gr.skip()] * (7 + RESULTS)
        given, unknown = dict(request.query_params) if request else {}, []

        def known(name: str, choices: Iterable[str], default: str | None) -> str | None:
            if given.get(name, default) in choices:
                return given.get(name, default)
            if name in given:
                unknown.append(name)
            return default

        cards = self.explainer.cards()
        video = str(self.clips[known("sample", self.clips, next(iter(self.clips)))].path)
        tdn = known("tdn", cards, self.networks[0])
        baseline = known("baseline", [*cards, text.NO_SECOND_NETWORK], self.networks[1] or text.NO_SECOND_NETWORK)
        target = known("class", cards[tdn].labels, text.TOP_CLASS)
        change = given.get("change")
        if change is not None and not is_change(change):
            unknown.append("change")
            change = None
        chosen = gr.Dropdown([text.TOP_CLASS, *cards[tdn].labels], value=target)
        if unknown:
            gr.Info(text.LINK_UNKNOWN.format(names=", ".join(unknown)))
        return [
            *(video, chosen, tdn, baseline),
            *(gr.Radio(choices=text.change_choices(change), value=change), change or ""),
            *self._at_once_or_asked(video, target, tdn, baseline, asked),
        ]

    def _at_once_or_asked(
        self, video: str, target: str | None, tdn: str | None, baseline: str | None, asked: int
    ) -> list[Any]:
        """A finished result; else a number that says that one is asked for, and the page as it is."""
        with one_sentence():
            finished = self._finished(as_request(video, target, tdn or self.networks[0], baseline))
        return [asked, *self._shown_at_once(finished)] if finished else [asked + 1, *[gr.skip()] * RESULTS]


def passes_of(prepared: Prepared, *others: Any) -> int:
    """Forwards through each network, and backwards for the maps of its two layers."""
    return 3 * (2 if prepared.request.baseline else 1)


def target_of(answer: Any) -> str:
    """The class of an answer as `views.answer_json` gives it; "" for what is none."""
    target = answer.get("target") if isinstance(answer, dict) else None
    return target if isinstance(target, str) else ""


def is_change(change: object) -> bool:
    """Whether the page offers it, its number put in."""
    try:
        expect_change(change)
    except RequestError:
        return False
    return True


def expect_change(change: object) -> None:
    """Raises RequestError for a change that the page does not offer, or a number that can't be."""
    if change in text.CHANGES:
        return
    if not isinstance(change, str) or not change.startswith((text.REPEAT[0], text.FIRST[0])):
        raise RequestError(text.unknown_change(change))
    try:
        kind = parse_change(change).kind
    except ValueError as error:
        raise RequestError(str(error)) from None
    if kind != "video":
        raise RequestError(text.unknown_change(change))


def has_clip(video: str | None, *others: Any) -> list[dict]:
    """Before the queue: is there a clip at all? One verdict an input."""
    return [gr.validate(bool(video), text.NO_CLIP), *[gr.validate(True, "") for _ in others]]


def has_clip_to_change(change: str | None, *others: Any) -> list[dict]:
    """As `has_clip`, with the change in front."""
    return [gr.validate(True, ""), *has_clip(*others)]


def as_request(
    video: str | None, target: str | None, tdn: str | None, baseline: str | None, request: gr.Request | None = None
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
    )
