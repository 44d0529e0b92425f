"""What the page gets when it asks: values in, results out as what changes on the page (`Shown`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.server.zero import gpu  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip

from app import change_text, pictures, text, views
from app.analysis import Prepared, Request, RequestError
from app.asking import Asking, as_request, expect_change, is_change
from app.curve import Curves
from app.explainer import Explainer
from app.gallery import SampleClip
from app.motion import motion_focus
from app.server.errors import as_markdown, one_sentence
from app.server.visitors import RateLimit, visitor
from app.showcase import Showcase
from app.shown import Shown
from app.studio import Exports
from app.viewer import CurveData
from tdn.explain import parse_change


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
        self.asking = Asking(explainer, {clip.path.stem: clip for clip in clips}, networks, showcase, curves, cache)
        self.rate = rate
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
    ) -> Iterator[Shown]:
        """The result twice: without the maps of Res2, a name and numbers, and whole."""
        asked = None
        try:
            with one_sentence():
                asked = as_request(video, target, tdn or self.asking.networks[0], baseline, request=request)
                asked = self.asking.pages.completed(asked)
                yield from self._answers(asked, request, progress)
        except gr.Error as error:
            if asked and self.asking.pages.is_late(asked):
                yield Shown()
                return
            yield Shown(trouble=as_markdown(error))
            raise

    def _answers(self, asked: Request, request: gr.Request, progress: gr.Progress) -> Iterator[Shown]:
        if self.asking.pages.is_late(asked):
            yield Shown()
            return
        if finished := self.asking.finished(asked):
            yield self.asking.shown_at_once(finished, asked)
            return
        self.rate.expect_room(request)
        names = filter(None, (asked.tdn, asked.baseline))
        missing = [name for name in names if not self.explainer.networks.is_loaded(name)]
        progress(0.1, text.loading(missing) if missing else text.READING)
        prepared = self.explainer.prepare(asked)
        progress(0.5, text.CLASSIFYING)
        written: tuple[Path, Path | None] | None = None
        for analysis in self.on_device(prepared):
            written = written or pictures.write_pictures(self.asking.cache, analysis, prepared)
            if self.asking.pages.is_late(asked):
                break
            token = self.explainer.results.remember(analysis, prepared) if analysis.has_maps else ""
            yield self.asking.shown(analysis, *written, token, asked)
        if self.asking.pages.is_late(asked):
            # Gradio says the last part once more at the end, where another result is by now. It must not be left out
            # where there is none: the browser turns the last part into this one in place, perhaps before it is drawn.
            yield Shown()

    def compare(
        self,
        change: str | None,
        video: str | None,
        target: str | None = text.TOP_CLASS,
        tdn: str | None = None,
        baseline: str | None = None,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> Iterator[Shown]:
        """The scores before and after one change as JSON, bars, the viewer with both maps side by side, a note, and a
        name for it; where that fails, why, and no change chosen, so that the same one can be asked for again.
        """
        asked = None
        try:
            with one_sentence():
                asked = as_request(video, target, tdn or self.asking.networks[0], baseline, request=request)
                asked = self.asking.pages.completed(asked)
                expect_change(change)
                yield self._compared(change, asked, request, progress)
        except gr.Error as error:
            if self.asking.pages.is_change_late(visitor(request), asked, change):
                yield Shown()
                return
            why = as_markdown(error)
            why = change_text.failed(change, why) if is_change(change) else why
            yield Shown(change=None, looked_again=gr.Row(visible=False), change_trouble=why)
            raise
        if self.asking.pages.is_change_late(visitor(request), asked, change):
            yield Shown()  # as in `_answers`

    def _compared(self, change: str, asked: Request, request: gr.Request, progress: gr.Progress) -> Shown:
        """Nothing where the page wants something else by then."""
        if self.asking.pages.is_change_late(asked.visitor, asked, change):
            return Shown()
        self.rate.expect_room(request)
        progress(0.1, text.READING)
        prepared = self.explainer.prepare(asked)
        otherwise = self.explainer.shown_otherwise(prepared, change)
        progress(0.5, change_text.COMPARING)
        comparison = self.compare_on_device(prepared, change, otherwise)
        frames_jpeg = pictures.write_frames(self.asking.cache, views.frames_of(comparison))
        if self.asking.pages.is_change_late(asked.visitor, asked, change):
            return Shown()
        return Shown(
            compared=views.comparison_json(comparison),
            scores_after=views.scores_after(comparison),
            viewer_after=views.viewer_after(comparison, frames_jpeg),
            note_after=text.plain(comparison.note),
            comparison=self.exports.remember(comparison),
            looked_again=gr.Row(visible=True, elem_classes=[]),
            change_trouble="",
        )

    def draw_curve(
        self, video: str | None, answer: Any, token: str = "", request: gr.Request = None
    ) -> Iterator[CurveData]:
        """The curve of the class that `answer`, the JSON of an analysis, is about: once for each step that is there,
        as long as the page shows the result `token`.
        """
        with one_sentence():
            if not video:
                raise RequestError(text.NO_CLIP)
            self.rate.expect_room(request)
            for curve in self.asking.curves.draw(video, target_of(answer)):
                if not self.asking.pages.shows(visitor(request), token):
                    yield gr.skip()
                    return
                yield curve

    def known_curve(self, video: str | None, answer: Any) -> CurveData | None:
        """As far as it is drawn."""
        return self.asking.curves.of(video or "", target_of(answer))

    def measure_focus(self, token: str, request: gr.Request = None) -> Any:
        """How much of an analysis's maps lies on what moves, as a table and in words."""
        if not token:
            return gr.skip()
        with one_sentence():
            finished, kept = self.asking.showcase.of(token), self.explainer.results.recall(token)
            measured = views.focus(finished.focus if finished else motion_focus(kept), kept.analysis)
        return measured if self.asking.pages.shows(visitor(request), token) else gr.skip()

    def refused_changes(self, token: str) -> str:
        """Which changes none of the networks shown can be asked, greyed, and why."""
        if not token:
            return change_text.USUALLY_REFUSED
        with one_sentence():
            answers = self.explainer.results.recall(token).analysis.answers.values()
            networks = [self.explainer.networks.get(answer.file) for answer in answers]
        refused = {}
        for name in change_text.CHANGES:
            reasons = [parse_change(name).refusal(network) for network in networks]
            if all(reasons):
                refused[name] = reasons[0].removeprefix(f"{name}: ")
        return change_text.refused(refused)


def passes_of(prepared: Prepared, *others: Any) -> int:
    """Forwards through each network, and backwards for the maps of its two layers."""
    return 3 * (2 if prepared.request.baseline else 1)


def target_of(answer: Any) -> str:
    """The class of an answer as `views.answer_json` gives it; "" for what is none."""
    target = answer.get("target") if isinstance(answer, dict) else None
    return target if isinstance(target, str) else ""
