"""`data check`: a data set read before training, and what to mend first."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tdn.cli.options import Json

if TYPE_CHECKING:
    from tdn.data.check import Report
    from tdn.data.datasets import DataSet

data_app = typer.Typer(no_args_is_help=True, help="Look at data sets before training on them.")


@data_app.callback()
def data() -> None:
    """Look at data sets before training on them."""


@data_app.command()
def check(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder with one folder per class; a .csv (file,label); a released list (.txt); or NAME:ROOT with "
            "NAME one of something-v1, something-v2, kinetics400, ucf101, hmdb51."
        ),
    ],
    split: Annotated[
        list[str] | None, typer.Option(help="train, val or test (ucf101, hmdb51: train1 ... val3); again for more.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Also compare the classes and their order with this checkpoint's.")
    ] = None,
    skip_list: Annotated[
        Path | None, typer.Option(help="Where to write what cannot be read; beside the data if left out.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Time limit for one video.")] = 60.0,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes that read; one a core if left out.")] = None,
    lists_only: Annotated[bool, typer.Option(help="Read the lists, but open no video.")] = False,
    as_json: Json = False,
) -> None:
    """Read every video of a data set once and say what is missing, broken or suspicious.

    What cannot be read goes to a skip list that training and evaluation then leave out. Warnings name what costs
    people their numbers: classes without clips, two spellings of one class, class numbers that count from 1, labels in
    another order than a checkpoint's, one clip or recording in two parts. Notes say what was left out.

    \b
    data check my_clips
    data check something-v1:/data/sthv1 --checkpoint tdn_ssv1.safetensors
    data check ucf101:/data/ucf --split train1 --split val1
    """
    from tqdm import tqdm

    from tdn.data.check import check_parts, read_items, report_on
    from tdn.data.datasets import skip_list_of
    from tdn.data.skip_list import read_skip_list, write_skip_list
    from tdn.weights.hub import local_checkpoint

    target = skip_list or skip_list_of(data)
    parts = _open_parts(data, split, target)
    workers = min(8, os.cpu_count() or 1) if workers is None else workers
    reports = []
    for part in parts:
        items = [] if lists_only else part.items
        # Starting processes takes longer than reading a few clips.
        readings = read_items(
            items,
            workers if len(items) > 50 else 0,
            seconds,
            lambda found, part=part: tqdm(found, total=len(part.items), desc=part.name, unit="video"),
        )
        reports.append(report_on(part, readings))
    check_parts(reports, parts)
    if checkpoint is not None:
        reports[0].warnings += _label_order(parts[0], local_checkpoint(checkpoint))
    written = None
    if any(report.unreadable for report in reports):
        reasons = {name: why for report in reports for name, why in report.unreadable.items()}
        write_skip_list(target, read_skip_list(target) | reasons)
        written = str(target)
    if as_json:
        print(json.dumps({"data": data, "parts": [report.to_dict() for report in reports], "skip_list": written}))
        return
    for report in reports:
        _print_report(report)
    if written:
        print(f"skip list: {written} (training and evaluation leave these out)")


def _open_parts(data: str, split: list[str] | None, skip_list: Path) -> list["DataSet"]:
    """The parts asked for; without a choice all that there are, of a published data set training and validation."""
    from tdn.data.datasets import open_dataset, parse_data

    if split:
        return [open_dataset(data, one, skip_list=skip_list) for one in split]
    train, val = (open_dataset(data, one, skip_list=skip_list) for one in ("train", "val"))
    if {item.path for item in train.items} == {item.path for item in val.items}:
        return [train]
    if parse_data(data)[0] is None:
        try:
            test = open_dataset(data, "test", skip_list=skip_list)
        except ValueError as error:
            if "split test" not in str(error):
                raise
            return [train, val]  # there is none
        if {item.path for item in test.items} != {item.path for item in val.items}:
            return [train, val, test]
    return [train, val]


def _label_order(dataset: "DataSet", checkpoint: Path) -> list[str]:
    from tdn.evaluate import match_labels
    from tdn.weights import read_card

    try:
        _, said = match_labels(dataset.labels, read_card(checkpoint).labels)
    except ValueError as error:
        return [f"{checkpoint.name}: {error}"]
    return [f"{checkpoint.name}: {said}"] if said else []


def _print_report(report: "Report") -> None:
    counts = [count for count in report.per_class.values() if count]
    spread = f"{min(counts)} to {max(counts)} clips a class" if counts else "no clips"
    print(f"{report.name}: {report.clips} clips of {report.classes} classes ({spread})")
    if report.frames["most"]:
        frames = report.frames
        print(f"  frames: {frames['least']} to {frames['most']}, median {frames['median']:g}")
    print(f"  mirroring {report.mirroring}")
    if len(report.not_understood) > 3:  # the sentence names three
        print(f"    not understood: {', '.join(map(repr, report.not_understood))}")
    if report.grouping:
        print(f"  recordings: {report.grouping}")
    for note in report.notes:
        print(f"  note: {note}")
    if report.skipped:
        print(f"  left out by the skip list: {report.skipped}")
    for warning in report.warnings:
        print(f"  warning: {warning}")
    if report.unreadable:
        print(f"  {len(report.unreadable)} cannot be read:")
        for name, why in list(report.unreadable.items())[:10]:
            print(f"    {name}: {why}")
        if len(report.unreadable) > 10:
            print("    ... the others are in the skip list", file=sys.stdout)
