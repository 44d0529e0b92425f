"""From an analysis to what the page shows: pure functions to data and words."""

import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from app import change_text, focus_text, text
from app.analysis import Analysis, Answer, Comparison
from app.gallery import SampleClip
from app.motion import MotionFocus
from app.pictures import shown_size
from app.viewer import Bar, Credit, Panel, Sample, ScoreCard, Scores, ViewerData
from tdn.explain.methods import GRAD_CAM
from tdn.explain.scale import scale_per_clip
from tdn.networks.tdn import LAYERS
from tdn.show.overlay import COLOUR_MAPS, SIGNED_COLOURS, colour_table

POSTER_SIZE = (176, 132)


def answer_json(analysis: Analysis) -> dict:
    """The answers as the HTTP contract names them."""
    return {
        "tdn": _one_answer(analysis.answers["tdn"]),
        "baseline": _one_answer(analysis.answers["baseline"]) if "baseline" in analysis.answers else None,
        "target": analysis.target,
        "frames": np.asarray(analysis.moments.frames).tolist(),
    }


def _one_answer(answer: Answer) -> dict:
    label, probability = answer.top[0]
    sure = None if answer.sure_above is None else not answer.is_unsure
    return {
        "label": label,
        "probability": probability,
        "sure": sure,
        "known": None if answer.known_above is None else not answer.is_unlike,
        "top": [[name, share] for name, share in answer.top],
    }


def comparison_json(comparison: Comparison) -> dict:
    """What the networks say before and after a change, of the class explained."""

    def given(answers: dict[str, Answer]) -> dict:
        return {
            role: {**_one_answer(one), "target_probability": float(one.explained.probabilities[one.explained.target])}
            for role, one in answers.items()
        }

    return {
        "change": comparison.name,
        "target": comparison.before.target,
        "before": given(comparison.before.answers),
        "after": given(comparison.after),
        "note": comparison.note,
    }


def scores(analysis: Analysis) -> Scores:
    """One card a network."""
    return Scores(cards=[_score_card(answer) for answer in analysis.answers.values()])


def scores_after(comparison: Comparison) -> Scores:
    """One card for each network that the change is about."""
    cards = []
    for role, answer in comparison.after.items():
        one = comparison.before.answers[role].explained
        card = _score_card(answer)
        card.name = change_text.after(answer.explained.title, comparison.name)
        card.before = float(one.probabilities[one.target])
        cards.append(card)
    return Scores(cards=cards)


def _score_card(answer: Answer) -> ScoreCard:
    explained = answer.explained
    target = explained.label
    return ScoreCard(
        name=explained.title,
        file=answer.file,
        bars=[Bar(label=label, probability=share, explained=label == target) for label, share in answer.top],
        target=target,
        target_probability=float(explained.probabilities[explained.target]),
        doubt=_doubt(answer),
    )


def _doubt(answer: Answer) -> str:
    """What speaks against relying on an answer; the stronger word alone."""
    if answer.is_unlike:
        return text.NOTHING_KNOWN
    if not answer.is_unsure:
        return ""
    return text.NOT_SURE.format(percent=round(100 * answer.sure_above)) if answer.sure_above < 1 else text.NEVER_SURE


def viewer(
    analysis: Analysis,
    frames_jpeg: Path,
    windows_jpeg: Path | None = None,
    link: dict[str, str] | None = None,
    film: Path | None = None,
) -> ViewerData:
    """All panels, with maps where they are there; the pictures are those of `write_pictures`, `film` is the clip."""
    panels = [panel(analysis, answer, layer) for answer in analysis.answers.values() for layer in answer.layers]
    shown = _viewer(analysis, frames_jpeg, panels, link, windows_jpeg)
    shown.film = FileData(path=str(film)) if film else None
    return shown


def viewer_after(comparison: Comparison, frames_jpeg: Path) -> ViewerData:
    """Each map before and, beside it, after the change; the picture is the row of `frames_of`."""
    panels, before = [], comparison.before
    for role, after in comparison.after.items():
        order = _order_after(comparison, role)
        for layer in after.layers:
            panels.append(panel(before, before.answers[role], layer))
            panels.append(panel(before, after, layer, change_text.after("", comparison.name), order))
    return _viewer(before, frames_jpeg, panels, {"change": comparison.name})


def frames_of(comparison: Comparison) -> np.ndarray:
    """The pictures of the slider's places and, behind them, those that networks see only after the change."""
    return np.stack([*comparison.before.timeline.pictures, *_pictures_of(comparison).values()])


def _pictures_of(comparison: Comparison) -> dict[int, np.ndarray]:
    """The pictures that are seen only after a change, by their numbers in the video."""
    there, moments = (
        set(comparison.before.timeline.numbers.tolist()),
        [one.moments for one in comparison.after.values()],
    )
    seen = {int(number): picture for one in moments for number, picture in zip(one.numbers, one.pictures, strict=True)}
    return {number: picture for number, picture in seen.items() if number not in there}


def _order_after(comparison: Comparison, role: str) -> list[int]:
    """Which picture of `frames_of` a network sees at each place of the slider after the change."""
    line, after = comparison.before.timeline, comparison.after[role].moments
    row = [*line.numbers.tolist(), *_pictures_of(comparison)]
    moments = line.moments(comparison.before.answers[role].moments)
    return [place if moment is None else row.index(int(after.numbers[moment])) for place, moment in enumerate(moments)]


def _viewer(
    analysis: Analysis,
    frames_jpeg: Path,
    panels: list[Panel],
    link: dict[str, str] | None,
    windows_jpeg: Path | None = None,
) -> ViewerData:
    line = analysis.timeline
    count, height, width = line.pictures.shape[:3]
    shown_width, shown_height = shown_size(width, height)
    x_scale, y_scale = shown_width / width, shown_height / height
    x0, y0, x1, y1 = line.box
    return ViewerData(
        clip=analysis.file_name,
        frames=FileData(path=str(frames_jpeg), orig_name=frames_jpeg.name),
        count=count,
        width=shown_width,
        height=shown_height,
        box=[round(x0 * x_scale), round(y0 * y_scale), round(x1 * x_scale), round(y1 * y_scale)],
        times_sec=[float(time) for time in line.times_sec],
        numbers=[int(number) for number in line.numbers],
        colours={name: colour_table(name).ravel().tolist() for name in COLOUR_MAPS},
        signed_colours=colour_table(SIGNED_COLOURS).ravel().tolist(),
        panels=panels,
        windows=FileData(path=str(windows_jpeg), orig_name=windows_jpeg.name) if windows_jpeg else None,
        window_side=_window_side(windows_jpeg, count),
        link=link,
    )


def _window_side(windows_jpeg: Path | None, segments: int) -> int:
    if windows_jpeg is None:
        return 0
    with Image.open(windows_jpeg) as picture:
        return picture.height // segments


def panel(analysis: Analysis, answer: Answer, layer: str, change: str = "", order: list[int] | None = None) -> Panel:
    """One map with its caption: network, perhaps the `change` it was made after, layer and class; at the places of the
    analysis's slider.
    """
    explained, slot = answer.explained, answer.slot(layer)
    label = text.of_class(explained.label, explained.versus, explained.rule.method)
    of = (explained.title + change, answer.layers[layer], label)
    if layer not in explained.signed:
        return Panel(caption=text.pending_caption(*of), layer=slot)
    scaled = scale_per_clip(explained.maps[layer])
    against = scale_per_clip(explained.signed[layer].clip(max=0))
    values = "" if scaled.is_empty else analysis.placed(answer, {layer: scaled.values}, layer)
    other = "" if against is None or against.is_empty else analysis.placed(answer, {layer: -against.values}, layer)
    _, rows, columns = next((one.shape for one in (values, other) if len(one)), scaled.values.shape)
    return Panel(
        caption=(text.empty_caption if scaled.is_empty else text.caption)(*of, span=_span(analysis, answer)),
        layer=slot,
        maximum=scaled.maximum,
        order=order,
        rows=rows,
        columns=columns,
        values=_in_bytes(values) if len(values) else "",
        against=_in_bytes(other) if len(other) else "",
        least=0.0 if against is None else against.maximum,
        message=text.NO_EVIDENCE if scaled.is_empty else "",
    )


def _span(analysis: Analysis, answer: Answer) -> tuple[float, float] | None:
    """From when to when a network looks, in seconds, where it does not look at all of the slider's places."""
    if None not in analysis.timeline.moments(answer.moments):
        return None
    return float(answer.moments.times_sec.min()), float(answer.moments.times_sec.max())


def _in_bytes(values: np.ndarray) -> str:
    """0..1 as base64 of uint8."""
    return base64.b64encode(np.round(255 * values).astype(np.uint8).tobytes()).decode()


def poster(title: str, frame: np.ndarray) -> Sample:
    """A sample of the gallery with one frame, uint8 [H, W, 3], as its picture."""
    picture = Image.fromarray(frame)
    picture.thumbnail(POSTER_SIZE)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85)
    return Sample(title=title, poster="data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode())


def sample_credits(clips: Sequence[SampleClip]) -> list[Credit]:
    """Who made the samples that somebody else did: a line for each credit, with the titles it is for."""
    titles: dict[str, list[str]] = {}
    for clip in clips:
        if clip.credit:
            titles.setdefault(clip.credit, []).append(clip.title)
    return [Credit(titles="; ".join(those), by=by) for by, those in titles.items()]


def focus(found: MotionFocus, analysis: Analysis) -> str:
    """The numbers of motion focus as a table, and what they say."""
    if found.refused:
        return found.refused
    lines = [focus_text.reading(*_focus_facts(found, analysis)), "", focus_text.row(focus_text.HEAD)]
    lines.append(focus_text.row(["---", *["---:"] * (len(focus_text.HEAD) - 1)]))
    for (role, layer), numbers in found.maps.items():
        answer = analysis.answers[role]
        name = f"{text.plain(answer.explained.title)} · {text.plain(answer.layers[layer])}"
        lines.append(focus_text.row([name, *focus_text.numbers(numbers)]))
    for name, numbers in found.controls.items():
        lines.append(focus_text.row([f"*{focus_text.CONTROLS[name]}*", *focus_text.numbers(numbers)]))
    apart = [
        one.explained.title for role, one in analysis.answers.items() if role not in {role for role, _ in found.maps}
    ]
    if apart:
        lines += ["", focus_text.not_measured(apart)]
    return "\n".join(lines)


def _focus_facts(found: MotionFocus, analysis: Analysis) -> tuple:
    lifts: dict[str, list] = {}
    for (role, layer), numbers in found.maps.items():
        answer = analysis.answers[role]
        lift = numbers["lift"] if numbers else None
        lifts.setdefault(answer.layers[layer], []).append((answer.explained.title, lift))
    difference = found.controls.get("frame_difference")
    return found.area, lifts, difference["lift"] if difference else None, found.by_flow, _early(found, analysis)


def _early(found: MotionFocus, analysis: Analysis) -> str:
    """What is to know of motion focus at Res2 where one of two networks has S-TDM; of Grad-CAM alone it is known."""
    pair = [
        (answer.has_s_tdm, answer.explained.title, (found.maps[role, LAYERS[0]] or {}).get("lift"))
        for role, answer in analysis.answers.items()
        if (role, LAYERS[0]) in found.maps and answer.explained.rule.method == GRAD_CAM.method
    ]
    if sorted(has_s_tdm for has_s_tdm, *_ in pair) != [False, True]:
        return ""
    (_, _, other), (_, network, lift) = sorted(pair, key=lambda one: one[0])
    return focus_text.at_res2(network, lift, other)


def file_stem(analysis: Analysis) -> str:
    """A name for files of an analysis, of clip and class."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{Path(analysis.file_name).stem}-{analysis.target}").strip("-")
    return words[:80] or "clip"
