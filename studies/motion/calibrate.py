"""Make a checkpoint's probabilities mean what they say, and say when it should not be believed.

    python -m studies.motion.calibrate CHECKPOINT... [--clips N] [--real FOLDER] [--save]

On photographic validation clips of another seed than the reported ones: the temperature (folded into the classifier, so
that nothing else changes), the probability from which on answers are sure, and the energy below which a clip is unlike
those it knows. Then, on the reported photographic clips: how far probabilities are off before and after, and the
reliability diagram (docs/calibration.png). The file is written anew with all this in its card, and with the accuracy
on all reported clips, drawn ones too, so that cards can be compared. FOLDER holds the clips of `real_video.csv`, and
in FOLDER/../actions films of nothing that the networks know.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from studies import report
from studies.motion.real_video import LIST
from tdn.data import read_clip
from tdn.evaluate import Protocol, Scores, SyntheticSet, numbers, run_protocol
from tdn.evaluate.calibration import (
    Bin,
    calibration_error,
    energy,
    fit_temperature,
    fold_temperature,
    is_sure,
    known_above,
    probability,
    reliability,
    sure_above,
)
from tdn.evaluate.intervals import wilson
from tdn.model import TDN
from tdn.motion.splits import SPLITS
from tdn.train.card import view_in_words
from tdn.weights import load_model, save_checkpoint

FITTED_ON, REPORTED_ON = 1, 0  # seeds of the split `val`


def asked(model: TDN, clips: int, seed: int) -> Scores:
    """The answers to the first `clips` validation clips."""
    return run_protocol(model, SyntheticSet(clips, seed, "val"), Protocol())


def photographic(scores: Scores) -> tuple[Tensor, Tensor]:
    """Logits [N, K] and labels [N] of the photographic half of validation clips."""
    photos = [index for index in range(len(scores)) if SPLITS["val"].part_of(index) == "photographic"]
    return torch.from_numpy(scores.logits[photos, 0]), torch.from_numpy(scores.labels[photos])


@torch.inference_mode()
def of_videos(model: TDN, videos: list[Path]) -> dict:
    """How many answers to these films are sure, and how many films are taken for unlike what it knows."""
    accuracy = model.card.accuracy
    logits = [model(read_clip(path, model))[0].numpy() for path in videos]
    return {
        "clips": len(videos),
        "sure": sum(is_sure(probability(one), accuracy["sure_above"]) for one in logits),
        "unlike": sum(bool(energy(one) < accuracy["known_above"]) for one in logits),
    }


def calibrated(path: Path, clips: int, real: Path | None) -> dict:
    """Fit, write the checkpoint anew, and measure."""
    model = load_model(path)
    card = model.card
    reported = asked(model, clips, REPORTED_ON)
    before, labels = photographic(reported)
    logits, fitted_labels = photographic(asked(model, clips, FITTED_ON))
    temperature = fit_temperature(logits, fitted_labels)
    fold_temperature(model, temperature)
    logits, after = logits / temperature, before / temperature
    sure, known = sure_above(logits, fitted_labels), known_above(logits)
    whole = temperature * (card.accuracy.get("temperature") or 1.0)
    shares = numbers(reported.logits[:, 0], reported.labels, reported.class_names)
    shares |= {name: round(shares[name], 2) for name in ("top1", "top5")}
    of_class = {label: round(share, 1) for label, share in shares["per_class"].items()}
    shares["per_class"] = {label: of_class.get(label) for label in card.labels}  # None: no clips
    card.accuracy = {**shares, "sure_above": sure, "known_above": round(known, 3), "temperature": round(whole, 3)}
    card.protocol = f"{clips} procedural validation clips, one clip, {view_in_words(card.preprocess)}"
    save_checkpoint(path, model, card)
    counted = torch.tensor([is_sure(float(one), sure) for one in after.softmax(1).max(1).values])
    right = after.argmax(1) == labels
    found = {
        "clips": len(labels),
        "temperature": whole,
        "error_before": 100 * calibration_error(reliability(before, labels)),
        "error_after": 100 * calibration_error(reliability(after, labels)),
        "sure_above": sure,
        "sure": int(counted.sum()),
        "sure_right": int(right[counted].sum()),
        "known_above": known,
        "unlike": int((energy(after.numpy()) < known).sum()),
        "bins": [asdict(one) for one in reliability(after, labels)],
    }
    if real:
        listed = [line.split(",")[0] for line in LIST.read_text().splitlines()[1:]]
        found["real"] = of_videos(model, [real / name for name in listed])
        found["actions"] = of_videos(model, sorted((real.parent / "actions").iterdir()))
    return found


def diagram(found: dict[str, dict]) -> Figure:
    """The share right over the probability, a line for each network; bars are 95% intervals."""
    figure = Figure(figsize=(4.4, 4.2), layout="constrained")
    panel = figure.subplots()
    panel.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="as it says")
    for name, one in found.items():
        bins = [Bin(**given) for given in one["bins"] if given["clips"]]
        right = np.array([100 * given.right for given in bins])
        spans = np.array([wilson(share, given.clips) for share, given in zip(right, bins, strict=True)]).T
        reach = np.abs(spans - right) / 100
        title = name.removesuffix("_small_8f").replace("_", " ")
        panel.errorbar([given.probability for given in bins], right / 100, reach, marker="o", capsize=2, label=title)
    panel.set(xlabel="probability of the answer", ylabel="share right", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    panel.legend(fontsize=8)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--clips", type=int, default=760, help="of each seed; half are photographic")
    parser.add_argument("--real", type=Path, metavar="FOLDER")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.* and docs/calibration.png")
    arguments = parser.parse_args()
    found = {path.stem: calibrated(path, arguments.clips, arguments.real) for path in arguments.checkpoints}
    print(json.dumps(found, indent=1))
    if arguments.save:
        kept = report.kept("benchmark", "calibration") | found
        report.save("benchmark", "calibration", kept)
        diagram(kept).savefig(report.DOCS / "calibration.png", dpi=110)


if __name__ == "__main__":
    main()
