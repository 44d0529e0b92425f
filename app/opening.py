"""What the page opens on, made once at the start: a filmed clip shown in three ways, what both networks make of each.

Nothing of it is written down beforehand: with other weights the sentences, answers and maps are others.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from app import text, views
from app.analysis import Analysis, Answer, Request
from app.explainer import Explainer
from app.gallery import SampleClip
from app.viewer.opening import Network, OpeningData, Said, Way
from tdn.data.clip import Clip
from tdn.data.film import AS_FILMED, Showing
from tdn.data.opposites import other_way, same_way
from tdn.explain.scale import scale_per_clip
from tdn.networks.tdn import LAYERS
from tdn.show.overlay import colour_table, place_in_frame
from tdn.weights import Card

LAYER = LAYERS[-1]
TILE_WIDTH = 200
OPACITY = 0.8
ANSWERS = 3


def make_opening(maker: Explainer, clip: SampleClip, pair: tuple[str, str | None], folder: Path) -> OpeningData:
    """The opening on `clip`, which must have a label and an `opening`; its pictures are written to `folder`.

    Raises as `Explainer.prepare` does, RequestError too where the networks don't know what the clip shows.
    """
    part = clip.opening.part / 100
    showings = [Showing(part=part), AS_FILMED, Showing(part=part, repeat=clip.opening.repeat)]
    request = Request(str(clip.path), *pair, target=clip.label)
    cards, ways = maker.cards(), []
    for showing in showings:
        prepared = maker.prepare(request, showing)
        *_, analysis = maker.analyse(prepared)
        ways.append(_way(clip, prepared.clip, analysis, cards, folder))
    poster = views.new_file(folder, "poster.jpg")
    Image.fromarray(clip.picture).save(poster, "JPEG", quality=80)
    height, width = clip.picture.shape[:2]
    return OpeningData(
        sample=clip.path.stem,
        video=FileData(path=str(clip.path)),
        poster=FileData(path=str(poster)),
        credit=clip.credit,
        count=len(prepared.clip.frames),
        width=width,
        height=height,
        ways=ways,
        shown=showings.index(AS_FILMED),
    )


def _way(clip: SampleClip, read: Clip, analysis: Analysis, cards: dict[str, Card], folder: Path) -> Way:
    answers, showing = analysis.answers.values(), read.showing
    kinds = {one.explained.title: kind(one.top[0][0], clip.label, cards[one.file].labels) for one in answers}
    seconds = showing.used_frames(read.info.num_frames) / read.info.fps
    return Way(
        name=text.opening_name(showing),
        sentence=f"{text.opening_scene(showing, clip.opening.sentence)} {text.opening_verdict(kinds)}",
        why=text.opening_why(showing, clip.label, seconds, *np.shape(read.frames), read.seam_windows),
        end_sec=seconds,
        rounds=showing.repeat,
        networks=[_network(one, analysis, cards[one.file], folder) for one in answers],
    )


def kind(label: str, right: str, labels: Sequence[str]) -> str:
    """Whether an answer of a network with these classes says what the film shows, the other way round, or neither."""
    place = labels.index(label)
    return "right" if place in same_way(right, labels) else "opposite" if place in other_way(right, labels) else ""


def _network(answer: Answer, analysis: Analysis, card: Card, folder: Path) -> Network:
    """The likeliest classes, and apart from them the right one if it is not there; and the map in all segments."""
    explained, right = answer.explained, analysis.target
    said = [
        Said(label=label, probability=share, kind=kind(label, right, card.labels))
        for label, share in answer.top[:ANSWERS]
    ]
    if right not in [one.label for one in said]:
        share = float(explained.probabilities[explained.target])
        said.append(Said(label=right, probability=share, kind="right apart"))
    strip = views.new_file(folder, "strip.jpg")
    Image.fromarray(overlaid(analysis, explained.maps[LAYER])).save(strip, "JPEG", quality=82)
    return Network(
        name=explained.title,
        reads=text.opening_reads(*np.shape(analysis.frames), card.architecture.s_tdm_stages > 0),
        said=said,
        strip=FileData(path=str(strip)),
        words=text.opening_strip(explained.title, right),
    )


def overlaid(analysis: Analysis, raw: np.ndarray) -> np.ndarray:
    """A map [T, h, w] over the centre frames, all segments in a row: uint8 [h, T * TILE_WIDTH, 3].

    Where there is no evidence the frame is as it was: small pictures are darkened enough by what there is.
    """
    frames = analysis.centre_frames
    placed = np.nan_to_num(place_in_frame(scale_per_clip(raw).values, *frames.shape[1:3], analysis.box))
    coloured = colour_table("inferno")[np.round(255 * placed).astype(np.uint8)]
    mixed = np.round(frames + (coloured - frames.astype(np.float32)) * (OPACITY * placed[..., None])).astype(np.uint8)
    height = max(1, round(TILE_WIDTH * frames.shape[1] / frames.shape[2]))
    tiles = [cv2.resize(one, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA) for one in mixed]
    return np.concatenate(tiles, axis=1)
