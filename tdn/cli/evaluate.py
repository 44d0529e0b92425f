"""`evaluate`: numbers with the protocol they were measured by, from score files written once."""

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tdn.cli.options import Device, Json, say
from tdn.cli.reports import print_reports
from tdn.launch import is_main
from tdn.output import OutputError, expect_writable

if TYPE_CHECKING:
    import torch

    from tdn.data.datasets import DataSet
    from tdn.evaluate import Protocol, SyntheticSet

SCORES_FOLDER = Path("runs/scores")


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
        list[str] | None,
        typer.Option(
            "--checkpoint",
            help="A network, as `python -m tdn networks` names them; give one for all DATA, or one for each of them.",
        ),
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
    device: Device = None,
    batch_views: Annotated[int, typer.Option(min=1, help="Views that go through the network at a time.")] = 8,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes that read videos; one a core.")] = None,
    as_json: Json = False,
) -> None:
    """Accuracy of a checkpoint on a data set, by a protocol.

    1x1: one clip, the network's own view (centre crop). 1x3: left, right and centre crop at full resolution.
    10x3: ten clips and three crops, as for Kinetics in the paper. Logits of all views go to a score file first; all
    numbers come from it, and `ensemble` takes two of them. Beside top-1 stand chance (one of the data's classes drawn
    at random) and the 95% interval (Wilson). Under torchrun each process scores its share of the clips.

    \b
    Parts:    evaluate synthetic:stroboscope
    Table 2:  evaluate something-v1:/data/sthv1 --checkpoint tdn.safetensors --protocol 1x1
    Table 3:  evaluate kinetics400:/data/k400 --checkpoint tdn.safetensors --protocol 10x3
    Table 4:  evaluate ucf101:/data/ucf --split val1 --split val2 --split val3
              --checkpoint ucf1.safetensors --checkpoint ucf2.safetensors --checkpoint ucf3.safetensors
    """
    from tdn.device import choose_device
    from tdn.evaluate import Protocol
    from tdn.networks import resolved, short_name
    from tdn.weights.shipped import shipped_pair

    views = Protocol.parse(protocol, clip_sampling, seed)
    out = _folder(out)
    where = choose_device(device)
    workers = min(8, os.cpu_count() or 1) if workers is None else workers
    tasks = [(one, part) for one in data for part in split or ["val"]]
    weights = _one_each([resolved(source) for source in checkpoints or [shipped_pair()[0]]], tasks)
    reports = [
        _evaluate_one(one, part, source, views, clips, out, where, batch_views, workers)
        for (one, part), source in zip(tasks, weights, strict=True)
    ]
    if len(reports) > 1 and len(set(weights)) == 1:
        name = short_name(weights[0])
        say(f"{name} stands for all {len(reports)}; a split's number counts only if it was not trained on")
    if is_main():
        print_reports(reports, as_json)


def _evaluate_one(
    data: str,
    split: str,
    checkpoint: str,
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
    from tdn.networks import fingerprint, open_network
    from tdn.train.same_clips import trained_on

    network = open_network(checkpoint, device)
    is_ours = network.family == "tdn"
    if protocol.crops == 3 and not is_ours:
        raise ValueError(f"--protocol {protocol.name}: three crops are of larger pictures than {network.title} reads")
    model = network.module if is_ours else network.whole()
    dataset = _open(data, split, clips, protocol.seed, model.labels)
    places, said = match_labels(dataset.labels, model.labels)
    if not dataset.named:
        said = (
            f"the list has numbers for classes, taken in the checkpoint's order (0 is {model.labels[0]!r}); nothing "
            f"checks that order, a labels.txt beside the list would"
        )
    if not isinstance(dataset, SyntheticSet) and (
        seen := trained_on(Path(checkpoint).parent, [i.id for i in dataset.items])
    ):
        say(f"warning: {dataset.name}: {seen}")
    for note in (*getattr(dataset, "notes", ()), *([f"{dataset.name}: {said}"] if said else [])):
        say(note)
    scored = run_protocol(model, dataset, protocol, device, batch_views, workers)
    scored.checkpoint = fingerprint(checkpoint) if is_ours else network.fingerprint()
    path = None
    if out is not None and is_main():
        path = out / score_file(checkpoint, scored.checkpoint, dataset.name, data, split, protocol)
        try:
            scored.save(path)
        except OSError as error:  # a full disk: the numbers are there all the same
            say(f"warning: {path}: {(error.strerror or str(error)).lower()}; the scores are not kept")
            path = None
    kept = scored if path is None else Scores.load(path)
    if warning := label_order_warning(kept):
        say(f"warning: {warning}")
    found = numbers(kept.mean_probabilities(), kept.labels, kept.class_names)
    if isinstance(dataset, SyntheticSet):
        found |= split_numbers(kept, dataset.split, dataset.seed)
    else:
        found |= {"chance": 100 / len(dataset.labels), "interval": wilson(found["top1"], found["clips"])}
    return {
        "data": data,
        "split": split,
        "checkpoint": checkpoint,
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
        say(f"{error}, or go on without score files, as now")
        return None


def score_file(checkpoint: str, digest: str, name: str, data: str, split: str, protocol: "Protocol") -> str:
    """A file name that other weights, data, splits or protocols don't share: two runs never overwrite each other."""
    place = hashlib.sha256(f"{os.path.abspath(data)} {split}".encode()).hexdigest()[:6]
    from tdn.networks import short_name

    told = re.sub(r"[^\w.-]+", "-", f"{name}-{split}-{place}" if data != "synthetic" else name).strip("-")
    sampling = f"-{protocol.clip_sampling}-seed{protocol.seed}" if protocol.clips > 1 else ""
    return f"{short_name(checkpoint)}-{digest[:8]}_{told}_{protocol.name}{sampling}.npz"


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


def _one_each(checkpoints: list[str], tasks: list[tuple[str, str]]) -> list[str]:
    if len(checkpoints) not in (1, len(tasks)):
        raise ValueError(
            f"{len(checkpoints)} checkpoints for {len(tasks)} data sets; give one for all, or one for each"
        )
    return checkpoints * (len(tasks) // len(checkpoints))
