"""`evaluate` and `ensemble`: numbers with the protocol they were measured by, from score files written once."""

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tdn.output import OutputError, expect_writable, sha256

if TYPE_CHECKING:
    import torch

    from tdn.data.datasets import DataSet
    from tdn.evaluate import Protocol, SyntheticSet

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
SCORES_FOLDER = Path("runs/scores")


def register(app: typer.Typer) -> None:
    """Add the two verbs to the command line."""
    app.command()(evaluate)
    app.command()(ensemble)


def evaluate(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="synthetic, or a part of it: synthetic:NAME with NAME such as minimal-pairs or twin; a folder with "
            "one folder per class; a .csv (file,label); a released list (.txt); or NAME:ROOT with NAME one of "
            "something-v1, something-v2, kinetics400, ucf101, hmdb51. Several are "
            "evaluated one by one and averaged.",
        ),
    ],
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A .safetensors checkpoint; give one for all DATA, or one for each of them."),
    ] = None,
    protocol: Annotated[str, typer.Option(help="Clips x crops: 1x1, 1x3 or 10x3.")] = "1x1",
    clip_sampling: Annotated[
        str, typer.Option(help="Several clips: 'released' draws them at random, 'even' spaces them evenly.")
    ] = "released",
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="val, train or test; for ucf101 and hmdb51 val1, val2, val3. Give it again to average splits."
        ),
    ] = None,
    clips: Annotated[int | None, typer.Option(help="How many synthetic clips.")] = None,
    seed: Annotated[int, typer.Option(help="Of synthetic clips and of clips drawn at random.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help=f"Folder for the score files; left out: {SCORES_FOLDER}, if it can be written.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:0; CUDA is taken where there is one.")] = None,
    batch_views: Annotated[int, typer.Option(min=1, help="Views that go through the network at a time.")] = 8,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes that read videos; one a core.")] = None,
    as_json: Json = False,
) -> None:
    """Accuracy of a checkpoint on a data set, by a protocol.

    1x1: one clip, the network's own view (centre crop). 1x3: left, right and centre crop at full resolution.
    10x3: ten clips and three crops, as for Kinetics in the paper. Logits of all views go to a score file first; all
    numbers come from it, and `ensemble` takes two of them. Beside top-1 stand chance (one of the data's classes drawn
    at random) and the 95% interval (Wilson).

    \b
    Parts:    evaluate synthetic:stroboscope
    Table 2:  evaluate something-v1:/data/sthv1 --checkpoint tdn.safetensors --protocol 1x1
    Table 3:  evaluate kinetics400:/data/k400 --checkpoint tdn.safetensors --protocol 10x3
    Table 4:  evaluate ucf101:/data/ucf --split val1 --split val2 --split val3
              --checkpoint ucf1.safetensors --checkpoint ucf2.safetensors --checkpoint ucf3.safetensors
    """
    from tdn.device import choose_device
    from tdn.evaluate import Protocol
    from tdn.weights.hub import local_checkpoint
    from tdn.weights.shipped import shipped_pair

    views = Protocol.parse(protocol, clip_sampling, seed)
    out = _folder(out)
    where = choose_device(device)
    workers = min(8, os.cpu_count() or 1) if workers is None else workers
    tasks = [(one, part) for one in data for part in split or ["val"]]
    weights = _one_each([local_checkpoint(path) for path in checkpoints or [shipped_pair()[0]]], tasks)
    reports = [
        _evaluate_one(one, part, path, views, clips, out, where, batch_views, workers)
        for (one, part), path in zip(tasks, weights, strict=True)
    ]
    if len(reports) > 1 and len(set(weights)) == 1:
        _say(f"{weights[0].name} stands for all {len(reports)}; a split's number counts only if it was not trained on")
    _print_reports(reports, as_json)


def ensemble(
    scores: Annotated[list[Path], typer.Argument(metavar="SCORES...", help="Score files that `evaluate` wrote.")],
    rule: Annotated[
        str, typer.Option(help="released: sum of ReLU'd raw logits, as published; mean-probability: mean of softmaxes.")
    ] = "released",
    as_json: Json = False,
) -> None:
    """Accuracy of several networks together, such as the paper's 8 + 16 frames.

    \b
    evaluate something-v1:/data/sthv1 --checkpoint tdn_8f.safetensors --out eight
    evaluate something-v1:/data/sthv1 --checkpoint tdn_16f.safetensors --out sixteen
    ensemble eight/*.npz sixteen/*.npz
    """
    from tdn.evaluate import RULES, Scores, combine, expect_different, numbers

    parts = [Scores.load(path) for path in scores]
    for said in expect_different(scores, parts):
        _say(said)
    report = numbers(combine(parts, rule), parts[0].labels, parts[0].class_names)
    report["protocol"] = f"{RULES[rule]}, of {' and '.join(part.protocol for part in parts)}"
    report |= {"rule": rule, "scores": [str(path) for path in scores], "missing": parts[0].missing}
    report["single"] = [
        {"scores": str(path), "protocol": part.protocol, "top1": part.top_k(1), "top5": part.top_k(5)}
        for path, part in zip(scores, parts, strict=True)
    ]
    if as_json:
        print(json.dumps(report))
        return
    for one in report["single"]:
        print(f"{one['scores']}: top-1 {one['top1']:.2f}%, top-5 {one['top5']:.2f}% ({one['protocol']})")
    _print_report("together", report)


def _evaluate_one(
    data: str,
    split: str,
    checkpoint: Path,
    protocol: "Protocol",
    clips: int | None,
    out: Path | None,
    device: "torch.device",
    batch_views: int,
    workers: int,
) -> dict[str, Any]:
    """Score one data set with one checkpoint, write the file, and report what the file says."""
    from tdn.evaluate import Scores, SyntheticSet, label_order_warning, match_labels, numbers, run_protocol
    from tdn.evaluate.intervals import wilson
    from tdn.evaluate.splits import split_numbers
    from tdn.train.same_clips import trained_on
    from tdn.weights import load_model
    from tdn.weights.store import shard_paths

    model = load_model(checkpoint, device)
    dataset = _open(data, split, clips, protocol.seed, model.labels)
    places, said = match_labels(dataset.labels, model.labels)
    if not dataset.named:
        said = (
            f"the list has numbers for classes, taken in the checkpoint's order (0 is {model.labels[0]!r}); nothing "
            f"checks that order, a labels.txt beside the list would"
        )
    if not isinstance(dataset, SyntheticSet) and (seen := trained_on(checkpoint.parent, [i.id for i in dataset.items])):
        _say(f"warning: {dataset.name}: {seen}")
    for note in (*getattr(dataset, "notes", ()), *([f"{dataset.name}: {said}"] if said else [])):
        _say(note)
    scored = run_protocol(model, dataset, protocol, device, batch_views, workers)
    scored.checkpoint = sha256(*shard_paths(checkpoint))
    path = None
    if out is not None:
        path = out / score_file(checkpoint, scored.checkpoint, dataset.name, data, split, protocol)
        try:
            scored.save(path)
        except OSError as error:  # a full disk: the numbers are there all the same
            _say(f"warning: {path}: {(error.strerror or str(error)).lower()}; the scores are not kept")
            path = None
    kept = scored if path is None else Scores.load(path)
    if warning := label_order_warning(kept):
        _say(f"warning: {warning}")
    found = numbers(kept.mean_probabilities(), kept.labels, kept.class_names)
    if isinstance(dataset, SyntheticSet):
        found |= split_numbers(kept, dataset.split, dataset.seed)
    else:
        found |= {"chance": 100 / len(dataset.labels), "interval": wilson(found["top1"], found["clips"])}
    return {
        "data": data,
        "split": split,
        "checkpoint": str(checkpoint),
        **found,
        "without_clips": [model.labels[place] for place in places if model.labels[place] not in found["per_class"]],
        "protocol": kept.protocol,
        "missing": kept.missing,
        "scores": None if path is None else str(path),
    }


def _folder(out: Path | None) -> Path | None:
    """Where score files go; None where nobody named a folder and the usual one can't be written."""
    if out is not None:
        return expect_writable(out)
    try:
        return expect_writable(SCORES_FOLDER)
    except OutputError as error:
        _say(f"{error}, or go on without score files, as now")
        return None


def score_file(checkpoint: Path, digest: str, name: str, data: str, split: str, protocol: "Protocol") -> str:
    """A file name that other weights, data, splits or protocols don't share: two runs never overwrite each other."""
    place = hashlib.sha256(f"{os.path.abspath(data)} {split}".encode()).hexdigest()[:6]
    told = re.sub(r"[^\w.-]+", "-", f"{name}-{split}-{place}" if data != "synthetic" else name).strip("-")
    sampling = f"-{protocol.clip_sampling}-seed{protocol.seed}" if protocol.clips > 1 else ""
    return f"{checkpoint.stem}-{digest[:8]}_{told}_{protocol.name}{sampling}.npz"


def _open(data: str, split: str, clips: int | None, seed: int, labels: list[str]) -> "DataSet | SyntheticSet":
    """The data set that the user named."""
    from tdn.evaluate import SyntheticSet
    from tdn.motion.splits import split_named

    if (part := split_named(data)) is not None:
        if split != "val":
            raise ValueError(f"--split {split}: {data} is a part by itself; leave --split out")
        return SyntheticSet(clips, seed, part)
    if clips is not None:
        raise ValueError(f"--clips {clips}: it counts synthetic clips, {data} is evaluated whole")
    from tdn.data.datasets import open_dataset

    return open_dataset(data, split, labels)


def _one_each(checkpoints: list[Path], tasks: list[tuple[str, str]]) -> list[Path]:
    if len(checkpoints) not in (1, len(tasks)):
        raise ValueError(
            f"{len(checkpoints)} checkpoints for {len(tasks)} data sets; give one for all, or one for each"
        )
    return checkpoints * (len(tasks) // len(checkpoints))


def averaged(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over split files, each counting the same whatever its size, as in the paper's Table 4."""
    from tdn.evaluate.intervals import of_mean

    count = len(reports)
    by_class: dict[str, list[float]] = {}
    for report in reports:
        for label, share in report["per_class"].items():
            by_class.setdefault(label, []).append(share)
    return {
        "top1": sum(report["top1"] for report in reports) / count,
        "top5": sum(report["top5"] for report in reports) / count,
        "chance": sum(report["chance"] for report in reports) / count,
        "interval": of_mean([report["top1"] for report in reports], [report["interval"] for report in reports]),
        "clips": sum(report["clips"] for report in reports),
        "per_class": {label: sum(shares) / len(shares) for label, shares in by_class.items()},
        "without_clips": [label for label in reports[0]["without_clips"] if label not in by_class],
        "protocol": f"{reports[0]['protocol']}, mean over {count} splits",
        "missing": [name for report in reports for name in report["missing"]],
        "scores": [report["scores"] for report in reports],
        "splits": reports,
    }


def _print_reports(reports: list[dict[str, Any]], as_json: bool) -> None:
    whole = reports[0] if len(reports) == 1 else averaged(reports)
    if as_json:
        print(json.dumps(whole))
        return
    if len(reports) > 1:
        for report in reports:
            _print_report(_title(report), report, classes=False)
    _print_report(_title(whole) if len(reports) == 1 else "mean over splits", whole)


def _title(report: dict[str, Any]) -> str:
    return report["data"] if report["split"] == "val" else f"{report['data']} {report['split']}"


def _print_report(title: str, report: dict[str, Any], classes: bool = True) -> None:
    """One line with both numbers and how they were measured; then the clips left out, the classes, the file."""
    if "interval" in report:
        low, high = report["interval"]
        likely = f" ({low:.1f} to {high:.1f}, chance {report['chance']:.1f})"
    else:
        likely = ""
    print(
        f"{title}: top-1 {report['top1']:.2f}%{likely}, top-5 {report['top5']:.2f}% "
        f"({report['protocol']}; {report['clips']} clips{_left_out(report['missing'])})"
    )
    from tdn.evaluate.splits import split_lines

    for line in split_lines(report):
        print(f"  {line}")
    if report["missing"]:
        print(f"  left out, could not be read: {', '.join(report['missing'])}")
    if classes:
        for label, share in report["per_class"].items():
            print(f"  {share:6.2f}%  {label}")
        for label in report.get("without_clips", ())[:20]:
            print(f"  no clips {label}")
        if len(report.get("without_clips", ())) > 20:
            print(f"  no clips of {len(report['without_clips']) - 20} more classes")
    if isinstance(report["scores"], str):
        print(f"  scores: {report['scores']}")


def _left_out(missing: list[str]) -> str:
    return f", {len(missing)} missing and left out" if missing else ""


def _say(message: str) -> None:
    print(message, file=sys.stderr)
