"""`python -m tdn VERB ...`: one function a verb; every error ends as one line and exit code 2."""

import json
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from tdn.cli.assets import assets_app
from tdn.cli.benchmark import benchmark
from tdn.cli.data import data_app
from tdn.cli.doctor import doctor
from tdn.cli.evaluate import register
from tdn.cli.explain import explain
from tdn.cli.export_web import export_web
from tdn.cli.figures import figures
from tdn.cli.focus import focus
from tdn.cli.imagenet import imagenet
from tdn.cli.strobe import strobe
from tdn.words import markdown, one_line

# Typer 0.26 and later bring their own copy of click; the base of its public error is the usage error of either.
UsageError = typer.BadParameter.__base__

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 120},
    help="TDN Lens: classify videos with Temporal Difference Networks, see where they look, and train them.",
)

register(app)
app.add_typer(data_app, name="data")
app.add_typer(assets_app, name="assets")
app.command()(benchmark)
app.command()(explain)
app.command()(focus)
app.command()(strobe)
app.command()(doctor)
app.command()(figures)
app.command()(export_web)
app.command()(imagenet)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or cuda:0; CUDA is taken where there is one.")]
Checkpoint = Annotated[
    Path | None,
    typer.Option(help="A .safetensors file, or owner/name on the Hugging Face Hub; the shipped TDN if left out."),
]


def main() -> None:
    """Run the command line. Expected errors become one `error: ...` line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):  # a file's name need not be text that can be printed here
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except UsageError as error:
        fail(error.format_message())
    except OSError as error:
        fail(f"{error.filename}: {error.strerror.lower()}" if error.filename and error.strerror else str(error))
    except ValueError as error:
        fail(str(error))
    except (typer.Abort, KeyboardInterrupt):
        fail("interrupted")
    else:
        sys.exit(code or 0)


def fail(message: str) -> None:
    print(f"error: {one_line(message)}", file=sys.stderr)
    sys.exit(2)


def say(message: str) -> None:
    """A line for the person, on standard error, so that standard output stays clean for results."""
    print(message, file=sys.stderr)


@app.command()
def models(
    as_json: Json = False,
    plot: Annotated[Path | None, typer.Option(help="Also draw cost against published accuracy (Figure 1).")] = None,
) -> None:
    """Every network of the family: parameters, measured cost, and the paper's figures beside them."""
    from tdn.model import FAMILY
    from tdn.model.cost import multiply_adds, num_parameters

    rows = []
    for name, row in FAMILY.items():
        a = row.architecture
        paper = {"table": row.table, "multiply_adds": row.multiply_adds, "top1": row.top1} if row.table else None
        rows.append(
            {
                "name": name,
                "backbone": a.backbone.name,
                "num_segments": a.num_segments,
                "window": a.window,
                "input_size": row.input_size,
                "parameters": num_parameters(a),
                "multiply_adds": multiply_adds(a, row.input_size),
                "paper": paper,
            }
        )
    if plot is not None:
        from tdn.letters import save_figure
        from tdn.show.family_figure import cost_against_accuracy

        save_figure(cost_against_accuracy(rows), plot, dpi=200)
        say(f"wrote {plot}")
    if as_json:
        print(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "T", "M params", "G mult-adds", "paper G", "deviation", "paper table", "SSv1 top-1", box=None)
    for row in rows:
        paper = row["paper"] or {}
        cost, printed = row["multiply_adds"] / 1e9, paper.get("multiply_adds")
        table.add_row(
            row["name"],
            str(row["num_segments"]),
            f"{row['parameters'] / 1e6:.2f}",
            f"{cost:.2f}",
            f"{printed / 1e9:g}" if printed else "",
            f"{100 * (cost * 1e9 / printed - 1):+.1f}%" if printed else "",
            paper.get("table", ""),
            f"{paper['top1']}" if paper.get("top1") else "",
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


@app.command()
def card(
    checkpoints: Annotated[list[Path] | None, typer.Argument(help="Checkpoints; the shipped pair if left out.")] = None,
    as_json: Json = False,
) -> None:
    """What checkpoints say about themselves: data, command, time, limits, accuracy by class, side by side."""
    from tdn.weights import read_card
    from tdn.weights.hub import local_checkpoint
    from tdn.weights.shipped import shipped_pair

    paths = [local_checkpoint(path) for path in checkpoints or shipped_pair()]
    cards = [read_card(path) for path in paths]
    if as_json:
        print(
            json.dumps(
                [json.loads(one.to_json()) | {"file": path.name} for path, one in zip(paths, cards, strict=True)]
            )
        )
        return
    for path, one in zip(paths, cards, strict=True):
        print(f"- `{path.name}`: {one.trained_on}. Made by `{one.command}`. {one.protocol}. Time: {one.time}.")
        print(f"  Limits: {one.known_limits}.")
    scored = [one.accuracy or {} for one in cards]
    print("\n| top-1 in percent | " + " | ".join(markdown(path.stem) for path in paths) + " |")
    print("| --- |" + " ---: |" * len(paths))
    print("| all classes | " + " | ".join(f"**{score.get('top1', '-')}**" for score in scored) + " |")
    for label in cards[0].labels:
        shares = [score.get("per_class", {}).get(label, "-") for score in scored]
        print(f"| {markdown(label)} | " + " | ".join("no clips" if one is None else str(one) for one in shares) + " |")


@app.command()
def convert(
    src: Annotated[Path, typer.Argument(help="Official .pth or .pth.tar, or one of our .safetensors.")],
    dst: Annotated[Path, typer.Argument(help="A .safetensors to write, or .pth.tar for the official layout.")],
    num_segments: Annotated[int | None, typer.Option(help="8 or 16: the official file can't tell.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Class names, one a line, in the order of the weights.")] = None,
    legacy_backward: Annotated[bool, typer.Option(help="For weights trained before March 2021 (TDN issue 6).")] = False,
    part: Annotated[
        str | None, typer.Option(help="Which weights of a file that holds several sets, such as model_ema.")
    ] = None,
) -> None:
    """Convert official weights to a checkpoint of ours, or back."""
    from tdn.data.label_files import read_labels
    from tdn.weights import Card, convert_official, export_official, load_model, save_checkpoint
    from tdn.weights.official import segments_from_name

    if not src.is_file():
        raise FileNotFoundError(f"{src}: no such file")
    if dst.name.endswith((".pth.tar", ".pth")):
        export_official(load_model(src), dst)
    elif dst.suffix == ".safetensors":
        told = read_labels(labels) if labels else None
        for note in told.notes if told else []:
            say(note)
        model = convert_official(src, num_segments, told.names if told else None, legacy_backward, part)
        by_name = segments_from_name(src)
        if by_name not in (None, model.num_segments):
            say(f"{src.name}: {by_name} segments by its name, {model.num_segments} as asked for")
        card: Card = model.card
        save_checkpoint(dst, model, card)
        say(f"{model.architecture.backbone.name}, {model.num_segments} segments, {len(model.labels)} classes")
    else:
        raise ValueError(f"{dst}: expected a name ending in .safetensors or .pth.tar")
    say(f"wrote {dst}")


@app.command()
def classify(
    videos: Annotated[list[Path], typer.Argument(help="Video files or folders of frames.", metavar="VIDEO...")],
    checkpoint: Checkpoint = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to list.")] = 5,
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Compute scores in bfloat16: twice as fast where the processor has it.")
    ] = False,
    as_json: Json = False,
    device: Device = None,
) -> None:
    """The likeliest classes of one or more videos."""
    import torch

    from tdn.data.clip import load_clip
    from tdn.device import choose_device
    from tdn.model.inference import inference_copy
    from tdn.weights import load_model
    from tdn.weights.hub import local_checkpoint
    from tdn.weights.shipped import shipped_pair

    path = local_checkpoint(checkpoint) if checkpoint else shipped_pair()[0]
    model = inference_copy(load_model(path, choose_device(device)))
    if bf16:
        model = model.bfloat16()
    results: list[dict[str, Any]] = []
    for video in videos:
        try:
            clip = load_clip(video, model)
        except (ValueError, FileNotFoundError) as error:
            say(f"error: {one_line(error)}")
            results.append({"video": str(video), "error": str(error)})
            continue
        with torch.inference_mode():
            logits = model(clip.tensor.to(model.head.weight))[0].float().cpu()
        probabilities = logits.softmax(0)
        indices = probabilities.argsort(descending=True)[:top].tolist()
        results.append(
            {
                "video": str(video),
                "checkpoint": str(path),
                "labels": [model.labels[i] for i in indices],
                "indices": indices,
                "probabilities": [float(probabilities[i]) for i in indices],
                "logits": [float(v) for v in logits],
                "frames": clip.frames.tolist(),
                "notes": clip.notes,
            }
        )
        for note in clip.notes:
            say(f"{video.name}: {note}")
        if not as_json:
            sure_above = (model.card.accuracy or {}).get("sure_above")
            unsure = sure_above is not None and results[-1]["probabilities"][0] < sure_above
            print(f"{video}: not sure, nearly always right only above {100 * sure_above:.0f}%" if unsure else video)
            for label, probability in zip(results[-1]["labels"], results[-1]["probabilities"], strict=True):
                print(f"  {100 * probability:5.1f}%  {label}")
    if as_json:
        print(json.dumps(results))
    if any("error" in result for result in results):
        raise typer.Exit(2)


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="Folder for NAME.mp4, NAME_mask.npz, labels.csv and sheet.png.")],
    clips: Annotated[int, typer.Option(min=1, help="How many; classes go round in turn.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed gives the same clips.")] = 0,
    split: Annotated[
        str, typer.Option(help="train, val, minimal-pairs, ..., or a probe set such as twin; an unknown one lists all.")
    ] = "val",
    label: Annotated[str | None, typer.Option(help="Only this class.")] = None,
    size: Annotated[int, typer.Option(min=64, help="Side in pixels.")] = 112,
) -> None:
    """Write procedural motion clips with exact masks of what moves."""
    from tdn.motion.files import write_clips

    for line in write_clips(out, clips, seed, split, label, size):
        say(line)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A name of tdn/train/recipes.py; an unknown one lists them.")],
    data: Annotated[
        str | None,
        typer.Option(
            help="synthetic, synthetic:planted-bias or synthetic:appearance-free; a folder with one folder per class; "
            "a .csv (file,label); a released list (.txt); or "
            "NAME:ROOT with NAME one of something-v1, something-v2, kinetics400, ucf101, hmdb51."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/RECIPE if left out.")] = None,
    resume: Annotated[
        str | None, typer.Option(help="'auto' goes on with the run in --out, or starts where there is none.")
    ] = None,
    device: Device = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Override a field of the recipe, such as epochs=2; repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build everything, make one step, estimate time and memory, keep nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a network by a recipe; killed at any moment, it goes on with --resume auto.

    Published: ssv1-, ssv2-, k400- with r50-8f, r50-16f, r101-8f or r101-16f, as the released code trains; with -paper
    at the end as the paper says. ucf101 and hmdb51 go on from a Kinetics checkpoint. Own clips: finetune. Procedural
    clips: demo-tdn, demo-tconv, smoke. docs/training.md has a command for each row of the paper's tables.

    \b
    Try it:        train smoke
    Own clips:     train finetune --data my_clips --dry-run
    Table 2:       torchrun --nproc-per-node 8 -m tdn train ssv1-r50-8f --data something-v1:/data/sthv1
    Smaller GPUs:  train ssv1-r50-8f --data something-v1:/data/sthv1 --set micro_batch=4
    Interrupted:   the same command and --resume auto
    """
    from tdn.device import choose_device
    from tdn.train.engine import TrainingStopped
    from tdn.train.recipes import PROCEDURAL, RECIPES, override
    from tdn.train.run import command_line, estimate
    from tdn.train.run import train as run
    from tdn.weights import read_card

    if recipe not in RECIPES:
        raise ValueError(f"recipe {recipe!r}: expected one of {', '.join(RECIPES)}")
    if resume not in (None, "auto"):
        raise ValueError(f"--resume {resume}: expected auto")
    if data is None and recipe not in PROCEDURAL:
        raise ValueError(f"recipe {recipe} needs clips; add --data, or --data synthetic to try it")
    chosen = override(RECIPES[recipe], settings or [])
    clips, where = data or "synthetic", choose_device(device)
    is_first = int(os.environ.get("RANK", 0)) == 0  # of the processes that a launcher started
    try:
        if dry_run:
            found = estimate(chosen, where, clips)
            if is_first:
                print(json.dumps(found) if as_json else "\n".join(f"{key}: {value}" for key, value in found.items()))
            return
        path = run(
            chosen,
            out or Path("runs") / recipe,
            resume == "auto",
            where,
            command_line(told(recipe, data, settings)),
            clips,
        )
    except TrainingStopped as error:
        fail(str(error))
    if not is_first:
        return
    say(f"wrote {path}")
    if as_json:
        card = read_card(path)
        print(json.dumps({"checkpoint": str(path), "protocol": card.protocol, **(card.accuracy or {})}))


def told(recipe: str, data: str | None, settings: list[str] | None) -> list[str]:
    """What a checkpoint remembers of its command: not where on this machine clips were read or weights written."""
    name, separator, root = (data or "").rpartition(":")
    shown = ["--data", f"{name}{separator}{Path(root).name}"] if data else []
    for setting in settings or []:
        key, _, value = setting.partition("=")
        shown += ["--set", f"start_from={Path(value).name}" if key == "start_from" else setting]
    return ["train", recipe, *shown]
