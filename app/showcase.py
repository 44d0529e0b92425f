"""The samples' finished results, made once after the start: a visitor who opens one waits for nothing.

They are kept in memory only, so no result can outlive the checkpoint or the clip that it was made of.
"""

import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app import pictures
from app.analysis import Analysis, Request
from app.explainer import Explainer
from app.gallery import SampleClip
from app.motion import MotionFocus, motion_focus
from app.opening import make_opening
from app.viewer import OpeningData

log = logging.getLogger(__name__)


@dataclass
class Finished:
    """One sample's analysis under its `token`, the pictures of it, and its numbers."""

    video: Path
    analysis: Analysis
    token: str
    frames_jpeg: Path
    windows_jpeg: Path | None
    focus: MotionFocus


class Showcase:
    """Results of `clips` with the networks `first` and `second`, each for the first one's top class.

    `maker` runs the networks, `keeper` remembers; two because a GPU of ZeroGPU is there for visitors alone. Pictures
    and files are in `folder`, which Gradio must neither copy nor empty.
    """

    def __init__(
        self,
        maker: Explainer,
        keeper: Explainer,
        clips: list[SampleClip],
        first: str | None,
        second: str | None,
    ):
        self.maker, self.keeper = maker, keeper
        self._folder = tempfile.TemporaryDirectory(prefix="tdn-lens-samples-")  # gone with the server
        self.folder = Path(self._folder.name)
        self.clips = clips
        self.pair = first, second
        self.opening: OpeningData | None = None
        self._finished: dict[Path, Finished] = {}

    def open(self, afterwards: Callable[[str], None] = lambda video: None) -> None:
        """Finish the opening and the first sample now, the others behind the page's back, and then whatever else is to
        be done with the first one.
        """
        if self.clips and self.pair[0]:
            self._open_on(self.clips[0])
            self._finish(self.clips[:1])
            # No daemon: one that is in the middle of torch when the server stops takes the process down with it.
            threading.Thread(target=self._finish_others, args=[afterwards]).start()

    def find(self, video: str | None, target: str | None, first: str | None, second: str | None) -> Finished | None:
        """The finished result of just this question; None where there is none."""
        found = self._finished.get(Path(video)) if video else None
        if found is None or (first, second) != self.pair or target not in (None, found.analysis.target):
            return None
        return found

    def of(self, token: str) -> Finished | None:
        return next((found for found in self._finished.values() if found.token == token), None)

    def _finish_others(self, afterwards: Callable[[str], None]) -> None:
        self._finish(self.clips[1:])
        afterwards(str(self.clips[0].path))

    def _open_on(self, clip: SampleClip) -> None:
        if clip.opening is None or clip.label is None:
            return
        try:
            self.opening = make_opening(self.maker, clip, self.pair, self.folder)
        except Exception:  # the page opens with the sample alone
            log.exception("there is no opening on %s", clip.path.name)

    def _finish(self, clips: list[SampleClip]) -> None:
        for clip in clips:
            if not threading.main_thread().is_alive():
                return
            try:
                prepared = self.maker.prepare(Request(str(clip.path), *self.pair))
                *_, analysis = self.maker.analyse(prepared)
                token = self.keeper.results.remember(analysis, prepared, for_good=True)
                frames_jpeg, windows_jpeg = pictures.write_pictures(self.folder, analysis, prepared)
                focus = motion_focus(self.keeper.results.recall(token))
                self._finished[clip.path] = Finished(clip.path, analysis, token, frames_jpeg, windows_jpeg, focus)
            except Exception:  # the page works without it, and says why when the sample is opened
                log.exception("sample %s was not prepared", clip.path.name)
