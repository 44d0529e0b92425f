"""What the page does when something is clicked: values in, values for the components out."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.zero import gpu  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip

from app import text, views
from app.explainer import Analysis, Comparison, Explainer, Prepared, Request, RequestError
from app.gallery import SampleClip
from app.guards import RateLimit
from tdn.data.video import VideoError
from tdn.weights import CheckpointError

EXPECTED_ERRORS = (RequestError, VideoError, CheckpointError, FileNotFoundError)
GPU_SECONDS = 30

log = logging.getLogger(__name__)


class Handlers:
    """The functions behind the page's events.

    `network` is the checkpoint taken where none is named; files for the browser go to `cache`, which Gradio empties.
    """

    def __init__(self, explainer: Explainer, clips: list[SampleClip], network: str | None, rate: int, cache: Path):
        self.explainer = explainer
        self.clips = clips
        self.network = network
        self.rate = RateLimit(rate)
        self.cache = cache

        @gpu(duration=GPU_SECONDS)
        def on_device(prepared: Prepared) -> Iterator[Analysis]:
            yield from explainer.analyse(prepared)

        @gpu(duration=GPU_SECONDS)
        def compare_on_device(prepared: Prepared, change: str) -> Comparison:
            return explainer.compare(prepared, change)

        self.on_device = on_device
        self.compare_on_device = compare_on_device

    def analyse(
        self,
        video: str | None,
        target: str | None = text.TOP_CLASS,
        tdn: str | None = None,
        baseline: str | None = None,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> Iterator[list[Any]]:
        """Twice: the answer as JSON, bars, viewer, note, a name for the figure, and both downloads out of reach."""
        with one_sentence():
            if not self.rate.allows(address(request)):
                raise RequestError(text.too_many(self.rate.rate))
            progress(0.1, text.READING)
            prepared = self.explainer.prepare(as_request(video, target, tdn or self.network, baseline, request))
            progress(0.5, text.CLASSIFYING)
            frames_jpeg = views.write_frames(self.cache, prepared.clip.centre_frames)
            windows = prepared.clip.half_windows()
            windows_jpeg = views.write_windows(self.cache, windows) if windows.shape[1] > 1 else None
            for analysis in self.on_device(prepared):
                yield [
                    views.answer_json(analysis),
                    views.scores(analysis),
                    views.viewer(analysis, frames_jpeg, windows_jpeg),
                    analysis.note,
                    self.explainer.remember(analysis) if analysis.has_maps else "",
                    gr.DownloadButton(interactive=False),
                    gr.DownloadButton(interactive=False),
                ]

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
        """The scores before and after one change as JSON, bars, and the viewer with both maps side by side."""
        with one_sentence():
            if change not in text.CHANGES:
                raise RequestError(text.unknown_change(change))
            if not self.rate.allows(address(request)):
                raise RequestError(text.too_many(self.rate.rate))
            progress(0.1, text.READING)
            prepared = self.explainer.prepare(as_request(video, target, tdn or self.network, baseline, request))
            progress(0.5, text.COMPARING)
            comparison = self.compare_on_device(prepared, change)
            frames_jpeg = views.write_frames(self.cache, prepared.clip.centre_frames)
            return [
                views.comparison_json(comparison),
                views.scores_after(comparison),
                views.viewer_after(comparison, frames_jpeg),
            ]

    def pick_class(self, event: gr.EventData) -> str:
        """The class whose bar was clicked."""
        label = event._data.get("label") if isinstance(event._data, dict) else None
        if not isinstance(label, str):
            raise sentence(text.UNEXPECTED)
        return label

    def draw_figure(self, token: str) -> list[gr.DownloadButton]:
        """The figure of an analysis as PNG and PDF, ready to download."""
        with one_sentence():
            paths = views.write_figure(self.cache, self.explainer.recall(token))
        return [gr.DownloadButton(value=str(path), interactive=True) for path in paths]

    def pick_sample(self, event: gr.EventData) -> str:
        """The path of the sample that was clicked."""
        index = event._data.get("index") if isinstance(event._data, dict) else None
        if not isinstance(index, int) or not 0 <= index < len(self.clips):
            raise sentence(text.NO_SUCH_SAMPLE)
        return str(self.clips[index].path)


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


def visitor(request: gr.Request | None) -> str | None:
    """The session of a page, or of a program's client; None where there is none, as in tests."""
    return getattr(request, "session_hash", None)


def address(request: gr.Request | None) -> str | None:
    """The visitor's address; None where there is no visitor, as in tests."""
    client = request.client if request else None
    return client.host if client else None


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn every error into one sentence for the visitor; what nobody expected goes to the log as well."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        raise sentence(" ".join(str(error).split())) from None
    except Exception:
        log.exception("an analysis failed")
        raise sentence(text.UNEXPECTED) from None


def sentence(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)
