"""Files of what the page shows, made when they are asked for: as it looks then, and of that result alone."""

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from app import pictures, views
from app.analysis import Comparison, Kept, RequestError
from app.explainer import Explainer
from app.latest import Latest
from app.server.errors import one_sentence
from app.studio import collect, text
from app.text import RESULT_GONE
from tdn.show.caption import bibtex, caption, size_in_words
from tdn.show.collected import Collected, Look
from tdn.show.film import write_film
from tdn.show.formats import write_figure
from tdn.show.plate import Plan, draw

KINDS = ("pdf", "svg", "png", "mp4", "zip")
MOST_COLLECTED = 12
# Some 10 MB each.
COMPARISONS_KEPT = 8
# Short side of a film's pictures, and how many of them are held in memory for it.
FILM_SIDE, FILM_FRAMES = 240, 900


class Options(NamedTuple):
    """What the figure's controls say, in their order."""

    chosen: list[str]
    kind: str
    width: str
    layers: list[str]
    networks: list[str]
    segments: str
    scores: bool
    title: str


class Exports:
    """The functions behind the buttons for files, and behind the figure; files go to `cache`, which Gradio empties."""

    def __init__(self, explainer: Explainer, cache: Path):
        self.explainer = explainer
        self.cache = cache
        self._compared: Latest[str, tuple[Collected, Collected]] = Latest(COMPARISONS_KEPT)

    def remember(self, comparison: Comparison) -> str:
        """Keep a comparison for a while, under a name that can't be guessed."""
        name = secrets.token_urlsafe(16)
        both = collect.of_analysis(comparison.before), collect.of_comparison(comparison)
        self._compared.put(name, both)
        return name

    def make(self, kind: str, settings: Any, token: str) -> dict[str, str]:
        """A file of the result `token`: a figure of all its segments, its film, or everything as a ZIP.

        `settings` are those of the viewer (`viewerLook` of page.js).
        """
        with one_sentence():
            if not token:
                raise RequestError(text.NOT_YET)
            look, layers, _ = looked_at(settings)
            kept = self.explainer.results.recall(token)
            result = collect.of_analysis(kept.analysis)
            path = pictures.new_file(self.cache, f"{views.file_stem(kept.analysis)}.{kind}")
            shown = result.at(layers or result.layers)
            if kind == "zip":
                self._write_all(path, kept, result, look)
            elif kind == "mp4":
                self._write_film(path, kept, shown, look)
            else:
                write_figure(draw([result], Plan("segments", layers=layers), look), path)
            return {"path": str(path), "token": token}

    def _write_film(self, path: Path, kept: Kept, result: Collected, look: Look) -> None:
        if kept.info.num_frames > FILM_FRAMES:
            raise RequestError(text.film_too_long(kept.info.num_frames, FILM_FRAMES))
        frames = self.explainer.decoder.read_every_frame(kept.video, kept.info, FILM_SIDE)
        write_film(path, frames, kept.info, collect.shrunk(result, FILM_SIDE), look)

    def _write_all(self, path: Path, kept: Kept, result: Collected, look: Look) -> None:
        """The folder that `explain` writes, with the figure as the page looks, its caption and what to cite."""
        folder, plan = path.with_suffix(""), Plan("segments")
        self.explainer.write_bundle(kept, folder)
        write_figure(draw([result], plan, look), folder / "as_shown.pdf")
        (folder / "caption.txt").write_text(caption([result], plan, look) + "\n")
        (folder / "references.bib").write_text(bibtex([result]))
        shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
        shutil.rmtree(folder)

    def hand_out(self, made: dict[str, str], token: str) -> str | None:
        """The file, if what it was made of is still what the page shows."""
        if made["token"] != token:
            gr.Info(text.OTHER_RESULT)
            return None
        return made["path"]

    def collect(self, settings: Any, token: str, results: list[str]) -> list[Any]:
        """Put aside what the page shows."""
        with one_sentence():
            if not token:
                raise RequestError(text.NOT_YET)
            *_, segment = looked_at(settings)
            found = collect.of_analysis(self.explainer.results.recall(token).analysis, segment)
            return self._with(results, [found])

    def collect_both(self, settings: Any, compared: str, results: list[str]) -> list[Any]:
        """Put aside what the page shows before and after a change."""
        with one_sentence():
            *_, segment = looked_at(settings)
            both = self._compared.get(compared)
            if both is None:
                raise RequestError(text.COMPARISON_GONE)
            return self._with(results, [replace(one, segment=segment) for one in both])

    def _with(self, results: list[str], found: Sequence[Collected]) -> list[Any]:
        """All results, each once, the lists of them and of their networks, all ticked, and how many there are."""
        there = {name_of(one): path for one, path in self._there(results)}
        for one in found:
            if name_of(one) not in there and len(there) >= MOST_COLLECTED:
                raise RequestError(text.full(MOST_COLLECTED))
            path = pictures.new_file(self.cache, "result.npz")
            collect.save(path, one)
            there[name_of(one)] = str(path)
        now = [one for one, _ in self._there(list(there.values()))]
        gr.Info(text.added(len(now)))
        networks = list(dict.fromkeys(name for one in now for name in one.networks))
        return [
            list(there.values()),
            listed([text.collected(one, number) for number, one in enumerate(now)]),
            gr.CheckboxGroup(networks, value=networks),
            text.tab(len(now)),
        ]

    def _there(self, results: Sequence[str]) -> list[tuple[Collected, str]]:
        """Results that are still there; a clip is deleted after a while, and what was put aside of it."""
        return [(collect.load(Path(path)), path) for path in results if Path(path).exists()]

    def forget(self) -> list[Any]:
        """An empty figure."""
        return [[], listed([]), gr.CheckboxGroup([], value=[]), text.tab(0), None, text.EMPTY, "", ""]

    def preview(self, settings: Any, results: list[str], *options: Any) -> list[Any]:
        """The figure as a picture, its size, its caption, and what to cite."""
        if not results:
            return [None, text.EMPTY, "", ""]
        with one_sentence():
            found, plan, look = self._asked(settings, results, options)
            figure = _drawn(found, plan, look)
            path = pictures.new_file(self.cache, "figure.png")
            write_figure(figure, path)
            words = size_in_words(plan, figure.get_figheight())
            return [str(path), words, caption(found, plan, look), bibtex(found)]

    def figure_file(self, kind: str, settings: Any, results: list[str], *options: Any) -> str:
        """The figure as PDF, SVG or PNG."""
        with one_sentence():
            found, plan, look = self._asked(settings, results, options)
            clips = f"{len(found)}-clips" if len(found) > 1 else "1-clip"
            path = pictures.new_file(self.cache, f"figure-{clips}.{kind}")
            write_figure(_drawn(found, plan, look), path)
            return str(path)

    def _asked(self, settings: Any, results: list[str], options: Sequence[Any]) -> tuple[list[Collected], Plan, Look]:
        look, *_ = looked_at(settings)
        asked = Options(*options)
        there = self._there(results)
        if len(there) < len(results):
            raise RequestError(RESULT_GONE)
        found = [one for number, (one, _) in enumerate(there) if str(number) in asked.chosen]
        plan = Plan(
            kind="segments" if asked.kind == "segments" else "moments",
            width="one" if asked.width == "one" else "two",
            layers=tuple(asked.layers),
            networks=tuple(name for one in found for name in one.networks if name in asked.networks),
            segments=parse_segments(asked.segments),
            scores=bool(asked.scores),
            title=asked.title.strip()[:200],
        )
        return found, plan, look


def looked_at(settings: Any) -> tuple[Look, tuple[str, ...], int | None]:
    """The viewer's look, its layers (none: all) and segment, from 0. Raises RequestError for what it never says."""
    given = settings if isinstance(settings, dict) else {}
    try:
        look = Look(
            str(given.get("colours", "inferno")),
            str(given.get("scale", "clip")),
            float(given.get("opacity", 80)) / 100,
            bool(given.get("signed", False)),
        )
        segment = None if given.get("segment") is None else int(given["segment"])
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestError(str(error)) from None
    layers = given.get("layers", "both")
    return look, () if layers == "both" else (str(layers),), segment


def parse_segments(words: str) -> tuple[int, ...]:
    """ "1, 3-5" as 0, 2, 3, 4; nothing for all. Raises RequestError."""
    found: list[int] = []
    for part in filter(None, (part.strip() for part in str(words).replace("–", "-").split(","))):
        first, _, last = part.partition("-")
        if not (first.strip().isdecimal() and (last or first).strip().isdecimal() and len(part) < 12):
            raise RequestError(text.not_segments(words))
        found += range(int(first) - 1, min(int(last or first), 64))
    if any(segment < 0 for segment in found):
        raise RequestError(text.not_segments(words))
    return tuple(dict.fromkeys(found))


def name_of(result: Collected) -> tuple[Any, ...]:
    """What makes two results the same one."""
    return result.source, result.label, result.change, *(one.file for one in result.maps)


def listed(names: Sequence[str]) -> gr.CheckboxGroup:
    """The list of results, all of them ticked."""
    numbers = [str(number) for number in range(len(names))]
    return gr.CheckboxGroup(list(zip(names, numbers, strict=True)), value=numbers)


def _drawn(found: Sequence[Collected], plan: Plan, look: Look) -> Any:
    try:
        return draw(found, plan, look)
    except ValueError as error:
        raise RequestError(str(error)) from None
