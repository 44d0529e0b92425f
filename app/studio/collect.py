"""Results put aside for a figure: from what the page shows to `tdn.show.collected`, and to a file and back.

They lie in Gradio's folder for temporary files, where they end when a visitor's clips do, and not in memory.
"""

import hashlib
import json
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np

from app.analysis import Analysis, Comparison
from tdn.explain import Explanation
from tdn.explain.methods import METHODS
from tdn.show.collected import Collected, CollectedMap

# What is not an array, and of the maps what is not `signed`.
WORDS = ("source", "name", "label", "box", "change", "method", "segment")
MAP_WORDS = ("network", "layer", "probability", "file")


def of_analysis(analysis: Analysis, segment: int | None = None) -> Collected:
    """What the page shows; `segment`, from 0, is the place of its slider."""
    line = analysis.timeline
    return Collected(
        source=hashlib.sha256(np.ascontiguousarray(line.pictures)).hexdigest(),
        name=analysis.file_name,
        label=analysis.target,
        frames=line.pictures,
        times_sec=[float(time) for time in line.times_sec],
        numbers=[int(number) for number in line.numbers],
        box=tuple(line.box),
        maps=tuple(
            CollectedMap(
                answer.explained.title,
                answer.slot(layer),
                float(answer.explained.probabilities[answer.explained.target]),
                analysis.placed(answer, answer.explained.signed, layer),
                # Of a visitor's own checkpoint the rest is a secret.
                Path(answer.file).name,
            )
            for answer in analysis.answers.values()
            for layer in answer.explained.signed
        ),
        method=_method(next(iter(analysis.answers.values())).explained),
        segment=segment if segment is not None and 0 <= segment < len(line.pictures) else None,
    )


def of_comparison(comparison: Comparison) -> Collected:
    """What the page shows after a change."""
    before = comparison.before
    after = of_analysis(replace(before, answers=comparison.after))
    return replace(after, source=of_analysis(before).source, change=comparison.name)


def _method(explained: Explanation) -> str:
    """How the maps were made, and which class's evidence was taken off."""
    less = f" less that for “{explained.versus}”" if explained.versus else ""
    return METHODS[explained.rule.method].split(" (")[0] + less


def shrunk(result: Collected, short_side: int) -> Collected:
    """With smaller frames, if they are larger."""
    height, width = result.frames.shape[1:3]
    scale = short_side / min(height, width)
    if scale >= 1:
        return result
    size = max(1, round(width * scale)), max(1, round(height * scale))
    frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in result.frames])
    x_scale, y_scale = size[0] / width, size[1] / height
    x0, y0, x1, y1 = result.box
    return replace(result, frames=frames, box=(x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale))


def save(path: Path, result: Collected) -> None:
    """Write a result as arrays and words; nothing in the file can be run."""
    words = {name: getattr(result, name) for name in WORDS}
    words["maps"] = [{name: getattr(one, name) for name in MAP_WORDS} for one in result.maps]
    arrays = {f"map{number}": one.signed for number, one in enumerate(result.maps)}
    times, numbers = np.asarray(result.times_sec), np.asarray(result.numbers)
    np.savez(path, words=json.dumps(words), frames=result.frames, times_sec=times, numbers=numbers, **arrays)


def load(path: Path) -> Collected:
    """What `save` wrote. Raises FileNotFoundError where it is gone."""
    with np.load(path, allow_pickle=False) as file:
        words = json.loads(str(file["words"]))
        maps = tuple(CollectedMap(**one, signed=file[f"map{number}"]) for number, one in enumerate(words.pop("maps")))
        given = {"frames": file["frames"], "times_sec": file["times_sec"].tolist(), "numbers": file["numbers"].tolist()}
        return Collected(**(words | {"box": tuple(words["box"])} | given), maps=maps)


assert {field.name for field in fields(Collected)} == {*WORDS, "frames", "times_sec", "numbers", "maps"}
