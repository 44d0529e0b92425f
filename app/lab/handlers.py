"""What the lab does when something is clicked. `lessons` computes, `views` draws, `text` has the words."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.server.zero import gpu  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip
import numpy as np

from app.analysis import RequestError
from app.explainer import Explainer
from app.lab import lessons, text, views
from app.lab.board import Board
from app.lab.lessons import LabClip, Lessons
from app.latest import Latest
from app.server.errors import one_sentence
from app.server.visitors import RateLimit
from tdn.data.film import Showing

# Boards kept, a quarter of a megabyte each: all of the project's clips, and some of the visitors'.
BOARDS_KEPT = 96


class OnDevice:
    """The lessons that need a network, each on a GPU that it borrows where there is one to borrow.

    The passes through a network are counted, both networks' together.
    """

    def __init__(self, explainer: Explainer, on_cpu: Explainer):
        taught, otherwise = Lessons(explainer), Lessons(on_cpu)
        self.opinions = gpu(2, otherwise.opinions)(taught.opinions)
        self.differences = gpu(1, otherwise.differences)(taught.differences)
        self.noise_right = gpu(2 * lessons.NOISE_CLIPS, otherwise.noise_right)(taught.noise_right)
        self.sweep = gpu(2 + len(lessons.WEIGHTS), otherwise.sweep)(taught.sweep)
        self.gates = gpu(2, otherwise.gates)(taught.gates)
        self.dropped = gpu(20, otherwise.dropped)(taught.dropped)


class LabHandlers:
    """The functions behind the lab's events. A board made once is kept: a class of students asks for the same ones."""

    def __init__(self, explainer: Explainer, clips: list[LabClip], rate: RateLimit, on_cpu: Explainer | None = None):
        self.lessons = Lessons(explainer)
        self.on_device = OnDevice(explainer, on_cpu or explainer)
        self.clips = clips
        self.film = lessons.belt()
        self.rate = rate
        self._boards: Latest[tuple, Board] = Latest(BOARDS_KEPT)
        self.stills = lessons.stills(clips)

    def first_still(self, which: str | None, board: Board | None) -> Any:
        """When the lab is opened: as `still`, but what is there already stays."""
        return gr.skip() if board is not None else self.still(which)

    def still(self, which: str | None) -> list[Any]:
        """Another frame to guess from, its answers, and no answer yet."""
        with one_sentence():
            chosen = self._still(which)
            board = self._kept(("still", chosen.path), None, lambda: self._still_board(chosen))
        return [gr.Radio(lessons.guesses(chosen.label), value=None), board]

    def guess(self, guess: str | None, which: str | None, request: gr.Request = None) -> Board:
        """What the clip shows, and what the networks say."""
        with one_sentence():
            chosen = self._still(which)
            if guess not in lessons.guesses(chosen.label):
                raise RequestError(text.NO_GUESS)

            def make() -> Board:
                clip = self.lessons.read(chosen.path)
                opinions = self.on_device.opinions(clip)
                return views.revealed(clip, len(clip.frames) // 2, opinions, guess, chosen.label)

            return self._kept(("guess", chosen.path, guess), request, make)

    def belt(self, times: str | None) -> list[Any]:
        """The belt shown so many times, and no answer yet."""
        with one_sentence():
            showing = self._belt_showing(times)
            board = self._kept(("belt", times), None, lambda: views.belt(self.lessons.read(self.film.path, showing)))
        return [None, board]

    def belt_guess(self, guess: str | None, times: str | None, request: gr.Request = None) -> Board:
        """What the baseline says, and TDN."""
        with one_sentence():
            showing = self._belt_showing(times)
            if guess not in lessons.guesses(self.film.label):
                raise RequestError(text.NO_GUESS)

            def make() -> Board:
                clip = self.lessons.read(self.film.path, showing)
                opinions = self.on_device.opinions(clip)
                tops = {one.network: one.top for one in opinions.values()}
                said = text.belt(guess, tops, opinions["baseline"].network, showing, *np.shape(clip.frames))
                return views.belt(clip, said, opinions, self.film.label)

            return self._kept(("belt", times, guess), request, make)

    def _belt_showing(self, times: str | None) -> Showing:
        if times not in text.BELT_TIMES or self.film is None:
            raise RequestError(text.NO_CHANGE)
        return Showing(part=self.film.opening.part / 100, repeat=text.BELT_TIMES[times])

    def differences(self, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        with one_sentence():
            path, _ = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                return views.differences(clip, self.on_device.differences(clip))

            return self._kept(("differences", path), request, make)

    def noise(self, which: str | None) -> list[Any]:
        """A film of noise, and no answer yet."""
        with one_sentence():
            number = self._noise(which)
            return [None, self._kept(("noise", number), None, lambda: views.noise(self.lessons.noise(number)))]

    def noise_guess(self, guess: str | None, which: str | None, request: gr.Request = None) -> Board:
        """What was carried along in the noise, and what the networks say of it and of others like it."""
        with one_sentence():
            number = self._noise(which)
            if guess not in text.NOISE_ANSWERS:
                raise RequestError(text.NO_GUESS)

            def make() -> Board:
                clips = [self.lessons.noise(one) for one in range(lessons.NOISE_CLIPS)]
                opinions = self.on_device.opinions(clips[number])
                counts, right = self.on_device.noise_right(clips), lessons.noise_label(number)
                tops = {one.network: one.top for one in opinions.values()}
                classes = len(opinions["tdn"].labels)
                said = text.noise_said(guess, right, tops, counts, len(clips), classes)
                return views.noise(clips[number], said, opinions, right)

            return self._kept(("noise", number, guess), request, make)

    def _noise(self, which: str | None) -> int:
        if which not in text.STILL_NAMES:
            raise RequestError(text.NO_CLIP)
        return text.NOISE_CLIPS[text.STILL_NAMES.index(which)]

    def fusion(self, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        with one_sentence():
            path, label = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                return views.fusion(clip, self.on_device.sweep(clip), label)

            return self._kept(("fusion", path), request, make)

    def change(self, change: str | None, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        with one_sentence():
            if change not in text.CHANGES:
                raise RequestError(text.NO_CHANGE)
            path, label = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                before, after = (self.on_device.opinions(clip, name) for name in (None, change))
                return views.compared(clip, change, before, after, label)

            return self._kept(("change", path, change), request, make)

    def filmed(self, change: str | None, film: str | None, request: gr.Request = None) -> Board | None:
        """As `change`, of a clip that was just filmed; nothing before there is one."""
        return self.change(change, text.OWN, film, request) if film else None

    def gates(self, which: str | None, video: str | None, request: gr.Request = None) -> Board:
        with one_sentence():
            path, label = self._clip(which, video)

            def make() -> Board:
                clip = self.lessons.read(path)
                return views.gates(clip, self.on_device.gates(clip), label)

            return self._kept(("gates", path), request, make)

    def drop(
        self, gone: Sequence[str] | None, which: str | None, video: str | None, request: gr.Request = None
    ) -> Board:
        """The answers without these segments, counted from 1 and given as text."""
        with one_sentence():
            path, label = self._clip(which, video)
            places = [str(number + 1) for number in range(text.SEGMENTS)]
            if not isinstance(gone, list) or not all(one in places for one in gone):
                raise RequestError(text.NO_SEGMENT)
            segments = tuple(sorted({places.index(one) for one in gone}))
            if len(segments) == len(places):
                raise RequestError(text.ALL_DROPPED)

            def make() -> Board:
                clip = self.lessons.read(path)
                return views.dropped(clip, self.on_device.dropped(clip, segments), label)

            return self._kept(("drop", path, segments), request, make)

    def _still_board(self, chosen: LabClip) -> Board:
        clip = self.lessons.read(chosen.path)
        return views.still(clip, len(clip.frames) // 2)

    def _still(self, which: str | None) -> LabClip:
        if which not in text.STILL_NAMES[: len(self.stills)]:
            raise RequestError(text.NO_CLIP)
        return self.stills[text.STILL_NAMES.index(which)]

    def _clip(self, which: str | None, video: str | None) -> tuple[Path, str | None]:
        """The path of the clip chosen, and what it shows where that is known."""
        if which == text.OWN:
            if not video:
                raise RequestError(text.NO_OWN)
            return Path(video), None
        if which not in [str(number) for number in range(len(self.clips))]:
            raise RequestError(text.NO_CLIP)
        clip = self.clips[int(which)]
        return clip.path, clip.label

    def _kept(self, key: tuple, request: gr.Request | None, make: Callable[[], Board]) -> Board:
        """The board of this key, made where it is not there yet; only what has to be made counts for the rate."""
        if (board := self._boards.get(key)) is None:
            self.rate.expect_room(request)
            board = make()
            self._boards.put(key, board)
        return board
