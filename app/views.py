"""From an analysis to what the page shows: pure functions to data, pictures and figures; two that write files."""

import base64
import io
import re
import secrets
import shutil
from pathlib import Path

import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from app import change_text, focus_text, text
from app.analysis import Analysis, Answer, Comparison
from app.motion import MotionFocus
from app.viewer import Bar, Panel, Sample, ScoreCard, Scores, ViewerData
from tdn.data.clip import Clip
from tdn.explain.scale import scale_per_clip
from tdn.networks.tdn import LAYER_TITLES, LAYERS
from tdn.show.overlay import COLOUR_MAPS, SIGNED_COLOURS, colour_table

# Pixels of the longer side of a frame on the page: a panel is at most 440 wide.
LONG_SIDE = 480
POSTER_SIZE = (176, 132)


def answer_json(analysis: Analysis) -> dict:
    """The answers as the HTTP contract names them."""
    return {
        "tdn": _one_answer(analysis.answers["tdn"]),
        "baseline": _one_answer(analysis.answers["baseline"]) if "baseline" in analysis.answers else None,
        "target": analysis.target,
        "frames": np.asarray(analysis.frames).tolist(),
    }


def _one_answer(answer: Answer) -> dict:
    label, probability = answer.top[0]
    sure = None if answer.sure_above is None else not answer.is_unsure
    return {
        "label": label,
        "probability": probability,
        "sure": sure,
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
    return Scores(cards=[_score_card(answer, analysis.target) for answer in analysis.answers.values()])


def scores_after(comparison: Comparison) -> Scores:
    """One card for each network that the change is about."""
    cards = []
    for role, answer in comparison.after.items():
        one = comparison.before.answers[role].explained
        card = _score_card(answer, comparison.before.target)
        card.name = change_text.after(answer.explained.title, comparison.name)
        card.before = float(one.probabilities[one.target])
        cards.append(card)
    return Scores(cards=cards)


def _score_card(answer: Answer, target: str) -> ScoreCard:
    explained = answer.explained
    return ScoreCard(
        name=explained.title,
        file=answer.file,
        bars=[Bar(label=label, probability=share, explained=label == target) for label, share in answer.top],
        target=target,
        target_probability=float(explained.probabilities[explained.target]),
        doubt=text.not_sure(answer.sure_above) if answer.is_unsure else "",
    )


def viewer(
    analysis: Analysis,
    frames_jpeg: Path,
    windows_jpeg: Path | None = None,
    link: dict[str, str] | None = None,
    film: Path | None = None,
) -> ViewerData:
    """All panels, with maps where they are there; the pictures are those of `write_pictures`, `film` is the clip."""
    panels = [panel(answer, layer) for answer in analysis.answers.values() for layer in LAYERS]
    shown = _viewer(analysis, frames_jpeg, panels, link, windows_jpeg)
    shown.film = FileData(path=str(film)) if film else None
    return shown


def viewer_after(comparison: Comparison, frames_jpeg: Path) -> ViewerData:
    """Each map before and, beside it, after the change; the picture is the row of `frames_of`."""
    panels, order = [], comparison.order
    if comparison.centre_frames is not None:
        order = [len(comparison.before.centre_frames) + segment for segment in order]
    for role, after in comparison.after.items():
        for layer in LAYERS:
            panels.append(panel(comparison.before.answers[role], layer))
            panels.append(panel(after, layer, change_text.after("", comparison.name), order))
    return _viewer(comparison.before, frames_jpeg, panels, {"change": comparison.name})


def frames_of(comparison: Comparison) -> np.ndarray:
    """The centre frames before a change and, where the video is shown in another way after it, those behind them."""
    before, after = comparison.before.centre_frames, comparison.centre_frames
    return before if after is None else np.concatenate([before, after])


def _viewer(
    analysis: Analysis,
    frames_jpeg: Path,
    panels: list[Panel],
    link: dict[str, str] | None,
    windows_jpeg: Path | None = None,
) -> ViewerData:
    segments, height, width = analysis.centre_frames.shape[:3]
    shown_width, shown_height = shown_size(width, height)
    x_scale, y_scale = shown_width / width, shown_height / height
    x0, y0, x1, y1 = analysis.box
    return ViewerData(
        clip=analysis.file_name,
        frames=FileData(path=str(frames_jpeg), orig_name=frames_jpeg.name),
        count=segments,
        width=shown_width,
        height=shown_height,
        box=[round(x0 * x_scale), round(y0 * y_scale), round(x1 * x_scale), round(y1 * y_scale)],
        times_sec=[float(time) for time in analysis.times_sec],
        numbers=[int(window[len(window) // 2]) for window in analysis.frames],
        colours={name: colour_table(name).ravel().tolist() for name in COLOUR_MAPS},
        signed_colours=colour_table(SIGNED_COLOURS).ravel().tolist(),
        panels=panels,
        windows=FileData(path=str(windows_jpeg), orig_name=windows_jpeg.name) if windows_jpeg else None,
        window_side=_window_side(windows_jpeg, segments),
        link=link,
    )


def _window_side(windows_jpeg: Path | None, segments: int) -> int:
    if windows_jpeg is None:
        return 0
    with Image.open(windows_jpeg) as picture:
        return picture.height // segments


def panel(answer: Answer, layer: str, change: str = "", order: list[int] | None = None) -> Panel:
    """One map with its caption: network, perhaps the `change` it was made after, layer and class."""
    explained = answer.explained
    of = (explained.title + change, LAYER_TITLES[layer], explained.label)
    if layer not in explained.signed:
        return Panel(caption=text.pending_caption(*of), layer=layer)
    scaled = scale_per_clip(explained.maps[layer])
    against = scale_per_clip(explained.signed[layer].clip(max=0))
    _, rows, columns = scaled.values.shape
    return Panel(
        caption=text.empty_caption(*of) if scaled.is_empty else text.caption(*of),
        layer=layer,
        maximum=scaled.maximum,
        order=order,
        rows=rows,
        columns=columns,
        values="" if scaled.is_empty else _in_bytes(scaled.values),
        against="" if against is None or against.is_empty else _in_bytes(-against.values),
        least=0.0 if against is None else against.maximum,
        message=text.NO_EVIDENCE if scaled.is_empty else "",
    )


def _in_bytes(values: np.ndarray) -> str:
    """0..1 as base64 of uint8."""
    return base64.b64encode(np.round(255 * values).astype(np.uint8).tobytes()).decode()


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Width and height with the longer side at most LONG_SIDE."""
    scale = min(1.0, LONG_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def frame_row(frames: np.ndarray) -> np.ndarray:
    """Frames side by side at the size shown: uint8 [T, H, W, 3] -> [h, T*w, 3]."""
    size = shown_size(frames.shape[2], frames.shape[1])
    return np.concatenate([np.asarray(Image.fromarray(frame).resize(size)) for frame in frames], axis=1)


def poster(title: str, frame: np.ndarray) -> Sample:
    """A sample of the gallery with one frame, uint8 [H, W, 3], as its picture."""
    picture = Image.fromarray(frame)
    picture.thumbnail(POSTER_SIZE)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85)
    return Sample(title=title, poster="data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode())


def focus(found: MotionFocus, analysis: Analysis) -> str:
    """The numbers of motion focus as a table, and what they say."""
    if found.refused:
        return found.refused
    lines = [focus_text.reading(*_focus_facts(found, analysis)), "", focus_text.row(focus_text.HEAD)]
    lines.append(focus_text.row(["---", *["---:"] * (len(focus_text.HEAD) - 1)]))
    for (role, layer), numbers in found.maps.items():
        name = f"{text.plain(analysis.answers[role].explained.title)} · {LAYER_TITLES[layer]}"
        lines.append(focus_text.row([name, *focus_text.numbers(numbers)]))
    for name, numbers in found.controls.items():
        lines.append(focus_text.row([f"*{focus_text.CONTROLS[name]}*", *focus_text.numbers(numbers)]))
    return "\n".join(lines)


def _focus_facts(found: MotionFocus, analysis: Analysis) -> tuple:
    lifts = {
        LAYER_TITLES[layer]: [
            (answer.explained.title, numbers["lift"] if (numbers := found.maps[role, layer]) else None)
            for role, answer in analysis.answers.items()
        ]
        for layer in LAYERS
    }
    difference = found.controls.get("frame_difference")
    return found.area, lifts, difference["lift"] if difference else None, found.by_flow


def file_stem(analysis: Analysis) -> str:
    """A name for files of an analysis, of clip and class."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{Path(analysis.file_name).stem}-{analysis.target}").strip("-")
    return words[:80] or "clip"


def write_pictures(folder: Path, clip: Clip) -> tuple[Path, Path | None]:
    """The row of centre frames as a JPEG, and that of the windows where a window has more than one frame."""
    windows = clip.half_windows()
    return write_frames(folder, clip.centre_frames), write_windows(folder, windows) if windows.shape[1] > 1 else None


def write_frames(folder: Path, frames: np.ndarray) -> Path:
    """The row of frames as a JPEG in a new folder under `folder`."""
    path = new_file(folder, "frames.jpg")
    Image.fromarray(frame_row(frames)).save(path, "JPEG", quality=88)
    return path


def write_windows(folder: Path, windows: np.ndarray) -> Path:
    """Windows uint8 [T, L, h, w, 3] as a JPEG in a new folder under `folder`: a row a segment, frames side by side."""
    path = new_file(folder, "windows.jpg")
    rows = np.concatenate(np.concatenate(list(windows.swapaxes(0, 1)), axis=2))
    # Differences are drawn of it: no colour is thinned out, and little rounded.
    Image.fromarray(rows).save(path, "JPEG", quality=95, subsampling=0)
    return path


def new_file(folder: Path, name: str) -> Path:
    """A path in a new folder under `folder`, to be written."""
    return _new_folder(folder) / name


def copied(folder: Path, file: Path) -> Path:
    """A copy of a file in a new folder under `folder`."""
    return Path(shutil.copy(file, _new_folder(folder)))


def _new_folder(folder: Path) -> Path:
    path = folder / secrets.token_hex(16)
    path.mkdir(parents=True)
    return path
