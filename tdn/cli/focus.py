"""`focus`: how much of each map lies on what moves, over many clips, beside a baseline and controls."""

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tdn.cli.options import Device, Json, Method

SHOWN = ("energy_share", "mask_area", "lift", "lift_of_ceiling", "pointing", "pointing_chance", "pixel_auc", "nss")


def focus(
    data: Annotated[
        str,
        typer.Argument(
            help="synthetic, synthetic:NAME (a part), a folder that `synth` wrote, or data as `evaluate` takes it."
        ),
    ],
    checkpoint: Annotated[
        str | None, typer.Option(help="A network, as `python -m tdn networks` names them; the shipped TDN if left out.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Another one; the shipped baseline if left out.")] = None,
    clips: Annotated[int, typer.Option(min=1, help="How many clips in which something moves.")] = 200,
    seed: Annotated[int, typer.Option(help="Of synthetic clips and of random weights.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; one where a GPU does the work.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="A folder for rows.jsonl, focus.csv and focus.json; an interrupted run goes on.")
    ] = None,
    faithful: Annotated[
        bool, typer.Option("--faithful", help="Also blur and freeze where maps are bright; ten times as slow.")
    ] = False,
    method: Method = "grad_cam",
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Motion focus of the maps of two networks, for the clip's own class, with chance levels and controls.

    energy_share is the share of a map's energy on what moves, mask_area what a uniform map has, lift their ratio;
    pointing is how often the brightest place is on it. A number means something only where it beats the controls:
    a Gaussian in the middle, the difference between frames, and the same network with random weights. What moves is
    read from NAME_mask.npz beside a video; without such files optical flow tells, less the motion of the camera. Under
    torchrun each process measures its share of the clips.
    """
    from tqdm import tqdm

    from tdn.launch import is_main
    from tdn.measure.masks import open_masked
    from tdn.measure.summary import flat_rows, summary
    from tdn.measure.survey import Survey, rows
    from tdn.networks import resolved, short_name
    from tdn.output import expect_writable
    from tdn.weights.shipped import shipped_pair

    if method == "eigencam":
        raise ValueError("--method eigencam: it knows no class, and motion focus is asked of a class; choose another")
    first, second = map(resolved, (checkpoint or shipped_pair()[0], baseline or shipped_pair()[1]))
    survey = Survey(data, first, second, clips, seed=seed, device=device, faithful=faithful, method=method)
    kept = None if out is None else expect_writable(out) / "rows.jsonl"
    left_out: list[str] = []
    measured = rows(survey, workers, kept, left_out)
    found = list(tqdm(measured, total=clips, desc=f"focus {data}", unit="clip", disable=not is_main()))
    if not is_main():
        return
    masked = open_masked(data)
    for note in masked.notes:
        print(note, file=sys.stderr)
    report = summary(found, method) | {"masks": masked.masks, "left_out": left_out}
    if as_json:
        print(json.dumps(report))
    else:
        print_report(report, data, short_name(first), short_name(second))
    if out is not None:
        (out / "focus.json").write_text(json.dumps(report, indent=1) + "\n")
        with (out / "focus.csv").open("w", newline="") as file:
            flat = list(flat_rows(found))
            writer = csv.DictWriter(file, flat[0].keys())
            writer.writeheader()
            writer.writerows(flat)


def print_report(report: dict[str, Any], data: str, first: str, second: str) -> None:
    """A table, and what it says in a sentence a layer."""
    from rich.console import Console
    from rich.table import Table

    from tdn.measure.summary import CONTROLS, reading

    title = (
        f"{report['method'].split(',')[0]} over {report['clips']} clips of {data}; target: {report['target']}; "
        f"what moves: {report['masks']}"
    )
    table = Table("map", *SHOWN, title=title)
    lines = [
        (f"{name} {layer}", report["models"][role][layer])
        for role, name in (("tdn", first), ("baseline", second))
        for layer in report["models"][role]
    ]
    lines += [(name.replace("_", " "), report["controls"][name]) for name in CONTROLS]
    lines += [
        (f"random weights {layer}", report["controls"]["random_weights"][layer]) for layer in report["models"]["tdn"]
    ]
    for name, numbers in lines:
        table.add_row(name, *("" if numbers[key] is None else f"{numbers[key]:.3f}" for key in SHOWN))
    Console(width=None if sys.stdout.isatty() else 150, markup=False, emoji=False).print(table)
    for layer in report["paired"]:
        print(reading(report, layer))
    if report["left_out"]:
        print(f"left out, could not be read: {'; '.join(report['left_out'])}")
    if "faithfulness" in report:
        names = ("deletion", "insertion", "freeze_gap", "randomised_6", "randomised_1")
        table = Table("map", *names, title="faithfulness: logits of the class; rank correlations with random weights")
        for role, name in (("tdn", first), ("baseline", second)):
            for layer, numbers in report["faithfulness"][role].items():
                cells = (f"{numbers[key]:.3f}" if key in numbers else "" for key in names)
                table.add_row(f"{name} {layer}", *cells)
        Console(width=None if sys.stdout.isatty() else 150, markup=False, emoji=False).print(table)
