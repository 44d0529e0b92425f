"""The stroboscope's curve of one clip: what all networks answer as it is shown in part and over and over.

Computed step by step, so that others get their turn in between and who stops asking has cancelled it; kept afterwards.
"""

import base64
import io
import logging
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.server.zero import gpu  # first: `spaces` wants to be there before CUDA is touched

import numpy as np  # isort: skip
from PIL import Image

from app import change_text
from app.analysis import Request, RequestError
from app.explainer import Explainer
from app.latest import Latest
from app.networks import MODELS_KEPT, comparable
from app.viewer.curve import CurveData, Line, Point
from tdn.data.clip import Pictures, showing_note
from tdn.data.film import AS_FILMED, Showing
from tdn.data.opposites import opposite
from tdn.explain.strobe import Step, steps
from tdn.model import system_name
from tdn.weights import Card

# Some 200 KB each, nearly all of it small pictures.
CURVES_KEPT = 48
PICTURE_SIDE = 54

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A step without what only its making needed: `probabilities` [K] by checkpoint, `strip` a data URI."""

    showing: Showing
    probabilities: dict[str, np.ndarray]
    strip: str
    note: str


class Curves:
    """Curves of clips in the networks of the server that read the same clips as `first`, at most four."""

    def __init__(self, explainer: Explainer, first: str | None, on_cpu: Explainer | None = None):
        self.explainer = explainer
        self.cards = _alike(explainer.networks.cards(), first)
        # As filmed comes first: the class asked for is there at once.
        self.showings = sorted(steps(), key=lambda showing: showing != AS_FILMED)
        self._kept: Latest[str, list[Kept]] = Latest(CURVES_KEPT)

        self.on_device = gpu(passes_of, (on_cpu or explainer).strobe)(explainer.strobe)

    def of(self, video: str, target: str) -> CurveData | None:
        """What is there of a clip's curve; None for a class that these networks don't know."""
        return self._shown(self._found(video), target) if self._know(target) else None

    def draw(self, video: str, target: str) -> Iterator[CurveData]:
        """The curve of a class, once for each step that is there. Raises RequestError for an unknown class, and as
        `Explainer.prepare` does.
        """
        if not self._know(target):
            raise RequestError(change_text.CURVE_NOT_THIS)
        for found in self.steps_of(video):
            yield self._shown(found, target)

    def steps_of(self, video: str) -> Iterator[list[Kept]]:
        """All steps so far, from those that are kept on; raises as `Explainer.prepare` does."""
        found = self._found(video)
        yield found
        missing = self.showings[len(found) :]
        if not missing:
            return
        files = list(self.cards)
        pictures = self.explainer.read_showings(Request(video, files[0]), missing, PICTURE_SIDE)
        for step in self.on_device(files, pictures):
            found = [*found, _kept(step, pictures)]
            self._keep(video, found)
            yield found

    def prepare(self, video: str) -> None:
        """Draw and keep the curve of a sample, for nobody yet; errors go to the log."""
        try:
            for _ in self.steps_of(video):
                if not threading.main_thread().is_alive():
                    return
        except Exception:  # who asks for it is told why
            log.exception("the curve of %s was not prepared", video)

    def _found(self, video: str) -> list[Kept]:
        return self._kept.get(video) or []

    def _keep(self, video: str, found: list[Kept]) -> None:
        if len(found) > len(self._found(video)):
            self._kept.put(video, found)

    def _know(self, target: str) -> bool:
        return any(target in card.labels for card in self.cards.values())

    def _shown(self, found: list[Kept], target: str) -> CurveData:
        other = opposite(target, next(iter(self.cards.values())).labels)
        ordered = sorted(found, key=lambda one: (one.showing.repeat, one.showing.part if one.showing.part < 1 else 2))
        lines = []
        for file, card in self.cards.items():
            places = [card.labels.index(label) for label in (target, other) if label]
            shares = [[float(one.probabilities[file][place]) for one in ordered] for place in places]
            lines.append(
                Line(name=system_name(card.architecture), shares=shares[0], opposite=shares[1] if other else [])
            )
        points = [
            Point(
                place=steps().index(one.showing),
                change=change_text.change_of(one.showing),
                strip=one.strip,
                note=one.note,
            )
            for one in ordered
        ]
        return CurveData(
            nonce=secrets.token_hex(4),
            label=target,
            opposite=other or "",
            places=[change_text.step_name(showing) for showing in steps()],
            segments=next(iter(self.cards.values())).architecture.num_segments,
            lines=lines,
            points=points,
        )


def passes_of(files: Sequence[str], pictures: Pictures) -> int:
    """One through each network for each way to show the clip."""
    return len(files) * len(steps())


def _alike(cards: dict[str, Card], first: str | None) -> dict[str, Card]:
    """The first network, and those that differ from it in kind alone."""
    if first not in cards:
        return {}
    found = {system_name(cards[first].architecture): first}
    for file, card in cards.items():
        if comparable(card, cards[first]):
            found.setdefault(system_name(card.architecture), file)
    files = list(found.values())[:MODELS_KEPT]
    return {file: cards[file] for file in sorted(files, key=lambda file: _order(cards[file]))}


def _order(card: Card) -> tuple:
    """Those with S-TDM first, as their curves belong together; then the baseline, with nothing of TDN's."""
    short, long = card.architecture.s_tdm_stages, len(card.architecture.l_tdm_stages)
    return -short, -long if short else long


def _kept(step: Step, pictures: Pictures) -> Kept:
    centres = step.frames[:, step.frames.shape[1] // 2]
    row = np.concatenate(list(pictures.shown[np.searchsorted(pictures.shown_numbers, centres)]), axis=1)
    jpeg = io.BytesIO()
    Image.fromarray(row).save(jpeg, "JPEG", quality=80)
    strip = "data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode()
    note = showing_note(step.showing, pictures.info.num_frames, len(step.frames), step.seam_windows)
    return Kept(step.showing, step.probabilities, strip, note)
