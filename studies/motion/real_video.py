"""What a checkpoint trained on made clips says of real video, clip by clip, right or wrong.

    python -m studies.motion.real_video FOLDER [--checkpoint C]... [--part dev|test] [--json] [--save]

`real_video.csv` names the clips, the class of each as seen in the picture, and its part: "dev" clips were looked at
while the generator was made, "test" clips were not. Every clip is shown four times: as filmed, mirrored, reversed, and
both, each with the class that this makes of it. And every one of these in five ways: whole, its first and its last 60%,
twice as fast, and without a tenth at each side; of films of less than 20 frames only the first and last of these.
FOLDER holds the files; they are not part of the project.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from studies import report
from tdn.data.clip import clip_from_frames
from tdn.data.video import probe, read_frames
from tdn.evaluate.calibration import is_sure
from tdn.model import TDN
from tdn.motion import FLIP_HORIZONTAL, FLIP_VERTICAL, LABELS, REVERSE_TIME
from tdn.weights import load_model
from tdn.weights.shipped import shipped_pair

LIST = Path(__file__).with_name("real_video.csv")


# Shorter than this a film has no parts of its own.
SHORTEST = 20  # frames


def ways(frames: np.ndarray, fps: float) -> Iterator[tuple[str, np.ndarray, float]]:
    """A film [F, H, W, 3] in five ways: (name, frames, frames a second)."""
    count, height, width = frames.shape[:3]
    yield "whole", frames, fps
    if count >= SHORTEST:
        part = round(0.6 * count)
        yield "first 60%", frames[:part], fps
        yield "last 60%", frames[-part:], fps
        yield "twice as fast", frames[::2], fps
    yield "middle 80%", frames[:, height // 10 : -(height // 10), width // 10 : -(width // 10)], fps


def variants(frames: np.ndarray, label: int) -> Iterator[tuple[str, np.ndarray, int]]:
    """A clip [F, H, W, 3] as filmed, mirrored, reversed and both: (name, frames, class)."""
    mirrored, reversed_ = FLIP_HORIZONTAL[label], REVERSE_TIME[label]
    yield "as filmed", frames, label
    if mirrored is not None:
        yield "mirrored", frames[:, :, ::-1], mirrored
    if reversed_ is not None:
        yield "reversed", frames[::-1], reversed_
        if (both := FLIP_HORIZONTAL[reversed_]) is not None:
            yield "both", frames[::-1, :, ::-1], both


def is_opposite(said: int, label: int) -> bool:
    """Whether an answer is the right motion the wrong way round."""
    partners = {FLIP_HORIZONTAL[label], FLIP_VERTICAL[label], REVERSE_TIME[label]} - {label, None}
    return said in partners


@torch.inference_mode()
def answers(model: TDN, folder: Path, part: str | None) -> list[dict]:
    """One row for each clip, way and variant."""
    with LIST.open(newline="") as file:
        listed = [row for row in csv.DictReader(file) if part in (None, row["part"])]
    rows = []
    for row in listed:
        path = folder / row["file"]
        info = probe(path)
        frames = read_frames(path, range(info.num_frames), info=info)
        label, sure_above = LABELS.index(row["label"]), (model.card.accuracy or {}).get("sure_above")
        for way, film, fps in ways(frames, info.fps):
            for name, shown, wanted in variants(film, label):
                probabilities = model(clip_from_frames(np.ascontiguousarray(shown), model, fps=fps).tensor)[0].softmax(
                    0
                )
                said = LABELS.index(model.labels[int(probabilities.argmax())])
                rows.append(
                    {
                        "file": row["file"],
                        "part": row["part"],
                        "way": way,
                        "shown": name,
                        "label": LABELS[wanted],
                        "said": LABELS[said],
                        "probability": float(probabilities.max()),
                        "sure": sure_above is not None and is_sure(float(probabilities.max()), sure_above),
                        "right": said == wanted,
                        "opposite": is_opposite(said, wanted),
                    }
                )
    return rows


def shares(rows: list[dict]) -> dict[str, float | None]:
    """Percent right and percent opposite; how many answers are sure, and how many of those are right (None: no one)."""
    count = max(1, len(rows))
    sure = [row for row in rows if row["sure"]]
    return {
        "sure": round(100 * len(sure) / count, 1),
        "right_of_sure": round(100 * sum(row["right"] for row in sure) / len(sure), 1) if sure else None,
        "clips": len(rows),
        "right": round(100 * sum(row["right"] for row in rows) / count, 1),
        "opposite": round(100 * sum(row["opposite"] for row in rows) / count, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", type=Path, action="append", help="one or more; the shipped pair if left out")
    parser.add_argument("--part", choices=("dev", "test"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    arguments = parser.parse_args()
    parts, in_ways, given = {}, {}, {}
    for checkpoint in arguments.checkpoint or shipped_pair():
        rows = given[checkpoint.stem] = answers(load_model(checkpoint), arguments.folder, arguments.part)
        name = checkpoint.stem.removesuffix("_small_8f")
        for part in ("dev", "test"):
            if of_part := [row for row in rows if row["part"] == part and row["way"] == "whole"]:
                parts[f"{name}, {part}"] = shares(of_part)
        for way in dict.fromkeys(row["way"] for row in rows):
            in_ways[f"{name}, {way}"] = shares([row for row in rows if row["way"] == way])
        in_ways[f"{name}, all"] = shares(rows)
    found = {"parts": parts, "ways": in_ways, "answers": given}
    if arguments.save:
        report.save("benchmark", "real", found)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, rows in given.items():
        for row in rows:
            verdict = "right" if row["right"] else "opposite" if row["opposite"] else "wrong"
            shown = f"{row['way']:18} {row['shown']:9}"
            print(f"{name:24} {row['file']:32} {shown} {verdict:8} {row['probability']:.2f}  {row['said']}")
    print(report.table("real", found), report.table("real ways", found), sep="\n\n")


if __name__ == "__main__":
    main()
