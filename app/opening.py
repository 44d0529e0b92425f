"""What the page opens on, made once at the start: a filmed clip, changed in one way after another, and what both
networks make of each.

Nothing of it is written down beforehand: with other weights the sentences, answers and maps are others.
"""

import base64
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from app import opening_text, pictures
from app.analysis import Analysis, Answer, Prepared, Request
from app.explainer import Explainer
from app.gallery import SampleClip
from app.viewer.opening import Network, OpeningData, Said, Way
from tdn.data.film import Showing, window_frames
from tdn.data.opposites import opposite, other_way, same_way
from tdn.data.video import read_frames, write_mp4
from tdn.explain.scale import scale_per_clip
from tdn.networks.tdn import LAYERS
from tdn.show.overlay import colour_table
from tdn.weights import Card

LAYER = LAYERS[-1]
OPACITY = 0.85
ANSWERS = 3
QUESTION = "Two networks watch the same film and name the motion. Bright is where each finds evidence. Change the film:"
# The changes on the switch, after the film as it is and repeated: the name there, and what happens.
CHANGES = {
    "reverse": ("Reversed", "Time runs backwards."),
    "freeze windows": ("Frozen", "Each moment is held: nothing moves from one frame to the next."),
    "shuffle segments": ("Shuffled", "The moments come in another order."),
    "S-TDM off": ("S-TDM off", "TDN's short-term part, which sees what changes from frame to frame, is switched off."),
}


def make_opening(maker: Explainer, clip: SampleClip, pair: tuple[str, str | None], folder: Path) -> OpeningData:
    """The opening on `clip`, which must have a label and an `opening`; its films are written to `folder`.

    Raises as `Explainer.prepare` does, RequestError too where the networks don't know what the clip shows.
    """
    cards = {file: card for file, card in maker.networks.cards().items() if file in pair}
    request = Request(str(clip.path), *pair, target=clip.label)
    prepared = maker.prepare(request)
    *_, filmed = maker.analyse(prepared)
    film = read_frames(clip.path, range(prepared.clip.info.num_frames))
    ways = [_filmed(clip, prepared, filmed, cards), _repeated(maker, clip, request, cards)]
    ways[0].sentence += opening_text.over(ways[1].name, *(_verdicts(way.networks) for way in ways))
    for change in CHANGES:
        if change == "S-TDM off" and not any(card.architecture.s_tdm_stages for card in cards.values()):
            continue
        comparison = maker.compare(prepared, change)
        after = replace(filmed, answers=filmed.answers | comparison.after)
        ways.append(_changed(change, comparison.order, after, film, prepared, ways[0], cards, folder))
    poster = pictures.new_file(folder, "poster.jpg")
    place = min(len(film) - 1, round(ways[0].start_sec * prepared.clip.info.fps))
    size = pictures.shown_size(film.shape[2], film.shape[1])
    Image.fromarray(film[place]).resize(size).save(poster, "JPEG", quality=70)
    height, width = filmed.moments.pictures.shape[1:3]
    x0, y0, x1, y1 = filmed.moments.box
    return OpeningData(
        sample=clip.path.stem,
        question=QUESTION,
        poster=FileData(path=str(poster)),
        credit=clip.credit,
        width=size[0],
        height=size[1],
        box=[x0 / width, y0 / height, x1 / width, y1 / height],
        colours=colour_table("inferno").ravel().tolist(),
        opacity=OPACITY,
        ways=ways,
        shown=0,
    )


def _filmed(clip: SampleClip, prepared: Prepared, analysis: Analysis, cards: dict[str, Card]) -> Way:
    info = prepared.clip.info
    networks = _networks(analysis, clip.label, cards)
    knots = prepared.clip.frames[:, prepared.clip.frames.shape[1] // 2] / info.fps
    return Way(
        name="As filmed",
        sentence=f"{clip.opening.sentence} {opening_text.verdict(_verdicts(networks))}",
        why=opening_text.why(
            prepared.clip.showing,
            analysis.target,
            info.num_frames / info.fps,
            *np.shape(analysis.moments.frames),
            prepared.clip.seam_windows,
        ),
        video=FileData(path=str(clip.path)),
        start_sec=_strongest(analysis, knots),
        end_sec=info.num_frames / info.fps,
        rounds=1,
        is_smooth=True,
        knots_sec=knots.tolist(),
        networks=networks,
    )


def _repeated(maker: Explainer, clip: SampleClip, request: Request, cards: dict[str, Card]) -> Way:
    showing = Showing(part=clip.opening.part / 100, repeat=clip.opening.repeat)
    prepared = maker.prepare(request, showing)
    *_, analysis = maker.analyse(prepared)
    info, read = prepared.clip.info, prepared.clip
    used = showing.used_frames(info.num_frames)
    with maker.networks.lent(request.tdn) as network:  # where the moments are in the whole showing
        places, _ = window_frames(used * showing.repeat, info.fps, network)
    networks = _networks(analysis, clip.label, cards)
    knots = places[:, places.shape[1] // 2] / info.fps
    return Way(
        name=opening_text.name(showing),
        sentence=f"{opening_text.scene(showing, clip.opening.sentence)} {opening_text.verdict(_verdicts(networks))}",
        why=opening_text.why(showing, clip.label, used / info.fps, *np.shape(read.frames), read.seam_windows),
        video=FileData(path=str(clip.path)),
        start_sec=0.0,
        end_sec=used / info.fps,
        rounds=showing.repeat,
        is_smooth=False,
        knots_sec=knots.tolist(),
        networks=networks,
    )


def _changed(
    change: str,
    order: list[int],
    after: Analysis,
    film: np.ndarray,
    prepared: Prepared,
    filmed: Way,
    cards: dict[str, Card],
    folder: Path,
) -> Way:
    """The film as a change of clip or network gives it to the networks; `order` names each segment's own before it."""
    name, scene = CHANGES[change]
    centres, fps = prepared.clip.frames[:, prepared.clip.frames.shape[1] // 2], prepared.clip.info.fps
    places, knots = changed_film(change, len(film), centres, order)
    shows = after.target
    if change == "reverse":  # what goes left goes right then
        shows = opposite(shows, cards[prepared.request.tdn].labels) or shows
    networks = _networks(after, shows, cards)
    video = filmed.video
    if not np.array_equal(places, np.arange(len(film))):
        path = pictures.new_file(folder, "film.mp4")
        write_mp4(path, film[places], fps=fps)
        video = FileData(path=str(path))
    now = "; ".join(f"{one.name}: “{one.said[0].label}”, {100 * one.said[0].probability:.0f}%" for one in networks)
    before = "; ".join(f"{one.name}: “{one.said[0].label}”" for one in filmed.networks)
    return Way(
        name=name,
        sentence=f"{scene} {now}.",
        why=f"As filmed they said: {before}. {_aside(change)}".strip(),
        video=video,
        start_sec=_strongest(after, knots / fps),
        end_sec=len(film) / fps,
        rounds=1,
        is_smooth=change in ("reverse", "S-TDM off"),
        knots_sec=(knots / fps).tolist(),
        networks=networks,
    )


def _aside(change: str) -> str:
    return {
        "reverse": "Marked is what the film shows now.",
        "freeze windows": "The moments still follow each other, so networks that compare moments may notice nothing.",
        "shuffle segments": "Within each moment things move as before; only the order of the moments is another.",
        "S-TDM off": "The baseline has no such part and answers as before. A lower score may only mean that the rest "
        "of the network is upset.",
    }[change]


def changed_film(change: str, count: int, centres: np.ndarray, order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The frames of a film of `count` frames after a change, int [count], and the places [T] in it of the moments whose
    centre frames were `centres` [T] and now come in this `order`.
    """
    frames = np.arange(count)
    if change == "reverse":
        return frames[::-1], count - 1 - centres[order]
    if change not in ("freeze windows", "shuffle segments"):
        return frames, centres
    # A segment's part of the film goes from half way after the moment before to half way before the next.
    edges = np.concatenate([[0], (centres[1:] + centres[:-1] + 1) // 2, [count]])
    parts = [frames[start:end] for start, end in pairwise(edges)]
    if change == "freeze windows":
        return np.concatenate([np.full_like(part, at) for part, at in zip(parts, centres, strict=True)]), centres
    begins = np.cumsum([0, *(len(parts[one]) for one in order[:-1])])
    return np.concatenate([parts[one] for one in order]), begins + centres[order] - edges[:-1][order]


def _strongest(analysis: Analysis, knots_sec: np.ndarray) -> float:
    """When the first network's map has most evidence."""
    maps = next(iter(analysis.answers.values())).explained.maps[LAYER]
    return float(knots_sec[int(maps.sum(axis=(1, 2)).argmax())])


def _networks(analysis: Analysis, shows: str, cards: dict[str, Card]) -> list[Network]:
    return [_network(one, analysis, shows, cards[one.file]) for one in analysis.answers.values()]


def _verdicts(networks: list[Network]) -> dict[str, str]:
    return {one.name: one.said[0].kind for one in networks}


def kind(label: str, right: str, labels: Sequence[str]) -> str:
    """Whether an answer of a network with these classes says what the film shows, the other way round, or neither."""
    place = labels.index(label)
    return "right" if place in same_way(right, labels) else "opposite" if place in other_way(right, labels) else ""


def _network(answer: Answer, analysis: Analysis, shows: str, card: Card) -> Network:
    """The likeliest classes, and apart from them the one that the film shows if it is not there; and the maps."""
    explained = answer.explained
    said = [
        Said(label=label, probability=share, kind=kind(label, shows, card.labels))
        for label, share in answer.top[:ANSWERS]
    ]
    if shows not in [one.label for one in said]:
        share = float(explained.probabilities[card.labels.index(shows)])
        said.append(Said(label=shows, probability=share, kind="right apart"))
    scaled = np.nan_to_num(scale_per_clip(explained.maps[LAYER]).values)
    _, rows, columns = scaled.shape
    return Network(
        name=explained.title,
        reads=opening_text.reads(*np.shape(analysis.moments.frames), card.architecture.s_tdm_stages > 0),
        said=said,
        values=base64.b64encode(np.round(255 * scaled).astype(np.uint8).tobytes()).decode(),
        rows=rows,
        columns=columns,
        words=opening_text.strip(explained.title, analysis.target),
    )
