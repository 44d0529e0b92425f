"""`strobe`: what networks answer as a video is shown over and over, for one video or a table over many."""

import csv
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tdn.cli.options import Device, Json
from tdn.output import expect_writable
from tdn.words import one_line

if TYPE_CHECKING:
    from tdn.measure.strobe_survey import Seen


def strobe(
    videos: Annotated[
        list[Path],
        typer.Argument(
            metavar="VIDEO_OR_LIST...",
            help="Video files, folders of frames, or a .csv with the columns file and label, paths relative to it.",
        ),
    ],
    checkpoints: Annotated[
        list[str] | None,
        typer.Option(
            "--checkpoint",
            help="One or more networks, as `python -m tdn networks` names them; the four shipped ones if left out.",
        ),
    ] = None,
    repeats: Annotated[str, typer.Option(help="How often the film is shown, such as 1-16 or 1,7,9.")] = "1-16",
    target: Annotated[
        str | None,
        typer.Option(help="The true class of videos without a list; the first network's answer as filmed if left out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for strobe.png, strobe.pdf, strobe.csv, strobe.json.")
    ] = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Who believes the stroboscope: answers to a film shown 1 to 16 times over, and to its beginning alone.

    Shown over and over, the segments of a network stand like flashes of a stroboscope on a wheel: at k = 7 of 8
    segments each is an eighth of the film earlier than the one before. Right and opposite count every wording of a
    direction in the label list. A loop has a seam where time jumps back; windows across it are counted. A k that is a
    multiple of the segments shows them all about the same moment.

    \b
    strobe belt.mp4 --target "Moving something from right to left" --out strobe
    strobe clips.csv --json                     # file,label: right, opposite and mean probabilities by k
    """
    from tqdm import tqdm

    from tdn.data.video import VideoError
    from tdn.explain.strobe import steps
    from tdn.measure.strobe_survey import look, summary
    from tdn.networks.source import parse_source

    showings = steps(repeats_of(repeats))
    if out is not None:
        expect_writable(out)
    # `--checkpoint A B`: the second of several weights stands where videos do.
    named = [path for path in videos if path.suffix == ".safetensors" or parse_source(path).family != "tdn"]
    films = films_of([path for path in videos if path not in named], target)
    networks = _networks([*(checkpoints or ()), *map(str, named)], device)
    for label in dict.fromkeys(label for _, label in films if label is not None):
        _expect_known(label, networks)
    rows: list[Seen] = []
    left_out: list[str] = []
    for path, label in tqdm(films, desc="strobe", unit="video"):
        try:
            rows += look(path, label, networks, showings)
        except (VideoError, FileNotFoundError) as error:
            left_out.append(str(error))
    found = summary(rows, showings) | {"left_out": left_out}
    if as_json:
        print(json.dumps(found))
    elif rows:
        print_tables(rows, found)
    if rows and out is not None:
        segments = {name: one.num_segments for name, one in networks.items() if one.reads.rule == "windows"}
        _write(out, rows, found, segments)
    for message in left_out:  # now that no bar stands in the line
        print(f"error: {one_line(message)}", file=sys.stderr)
    if left_out:
        raise typer.Exit(2)


def repeats_of(text: str) -> list[int]:
    """ "1-3,7" -> [1, 2, 3, 7]. Raises ValueError for anything but numbers from 1 to 16 in ascending order."""
    from tdn.data.film import MAX_REPEAT

    found: list[int] = []
    for piece in text.split(","):
        span = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", piece)
        found += range(int(span[1]), int(span[2] or span[1]) + 1) if span else []
        if not span or not found or found != sorted(set(found)) or found[0] < 1 or found[-1] > MAX_REPEAT:
            raise ValueError(
                f"--repeats {text[:60]}: expected numbers from 1 to {MAX_REPEAT} in ascending order, "
                "such as 1-16 or 1,7,9"
            )
    return found


def films_of(arguments: Sequence[Path], target: str | None) -> list[tuple[Path, str | None]]:
    """Videos with their classes: those of a list have its label, others `target`.

    Raises ValueError for a list that can't be read, FileNotFoundError for one that is not there.
    """
    from tdn.data.tables import clips_of_table

    films: list[tuple[Path, str | None]] = []
    for path in arguments:
        if path.suffix.lower() != ".csv":
            films.append((path, target))
            continue
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file")
        listed, notes = clips_of_table(path)
        if not listed:
            raise ValueError(f"{path.name}: lists no video; expected a line file,label for each")
        for note in notes:
            print(note, file=sys.stderr)
        films += listed
    return films


def _networks(checkpoints: Sequence[str], device: str | None) -> dict[str, Any]:
    """Inference copies by their short names, of files without the ending."""
    from tdn.device import choose_device
    from tdn.networks import open_network, resolved, short_name
    from tdn.weights.shipped import shipped_networks

    where = choose_device(device)
    networks: dict[str, Any] = {}
    for source in map(resolved, checkpoints or shipped_networks()):
        name = short_name(source)
        if name in networks:
            raise ValueError(f"two checkpoints are called {name}; rename one to tell them apart")
        networks[name] = open_network(source, where).for_inference()
    return networks


def _expect_known(label: str, networks: dict[str, Any]) -> None:
    """Raises ValueError where no network knows the label; says which do not."""
    from tdn.explain.classes import find_label

    reasons = {}
    for name, model in networks.items():
        try:
            find_label(model.labels, label)
        except ValueError as error:
            reasons[name] = error
    if len(reasons) == len(networks):
        name, error = next(iter(reasons.items()))
        raise ValueError(f"{name}: {error}")
    for name in reasons:
        print(f"{name} has no class {label!r}; the direction is its own answer as filmed", file=sys.stderr)


def _write(out: Path, rows: "list[Seen]", found: dict[str, Any], num_segments: dict[str, int]) -> None:
    from tdn.letters import save_figure
    from tdn.show.strobe_figure import strobe_figure

    heading = f"{Path(rows[0].video).name}: {rows[0].label}"
    if found["videos"] > 1:
        heading = f"{found['videos']} videos, shaded: 95% by bootstrap over them"
    figure = strobe_figure(found, num_segments, heading)
    save_figure(figure, out / "strobe.png", dpi=300)
    save_figure(figure, out / "strobe.pdf")
    with (out / "strobe.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = ("answer", "probability", "right", "p_right", "opposite", "p_opposite", "seam_windows")
        writer.writerow(("video", "label", "network", "part", "repeat", *names))
        for row in rows:
            shown = (f"{row.showing.part:.4g}", row.showing.repeat)
            writer.writerow((row.video, row.label, row.network, *shown, *(_cell(getattr(row, name)) for name in names)))
    (out / "strobe.json").write_text(json.dumps(found, indent=1) + "\n")
    print(f"wrote {out}", file=sys.stderr)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6f}" if isinstance(value, float) else value


def print_tables(rows: "list[Seen]", found: dict[str, Any]) -> None:
    """A table a network: of one video the answers, of several counts and means with chance and 95% intervals."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 120)
    videos = found["videos"]
    for name, numbers in found["networks"].items():
        chances = "none" if numbers["chance_opposite"] is None else f"{numbers['chance_opposite']:.3f}"
        title = Text(f"{name}: {videos} video{'s' * (videos > 1)}; by chance {numbers['chance_right']:.3f} right, ")
        title.append(f"{chances} opposite")
        if videos == 1:
            table = Table("shown", "answer", "", "p right", "p opposite", "windows across a seam", title=title)
            for row in (row for row in rows if row.network == name):
                opposite = "" if row.p_opposite is None else f"{row.p_opposite:.2f}"
                numbers_of = (f"{row.probability:.2f}", f"{row.p_right:.2f}", opposite, str(row.seam_windows))
                table.add_row(_shown(row.showing.part, row.showing.repeat), Text(row.answer), *numbers_of)
        else:
            ways = ("right", "opposite")
            table = Table(
                "shown", *(f"{way} (95%)" for way in ways), *(f"p {way} (95%)" for way in ways), "across a seam"
            )
            table.title = title
            for shown, columns, place in _lines(found, numbers):
                counts = (_count(columns, way, place) for way in ways)
                means = (_mean(columns, way, place) for way in ways)
                table.add_row(shown, *counts, *means, str(columns["seam_windows"][place]))
        console.print(table)
    for name, numbers in found["networks"].items():
        for video, label in numbers["own_labels"].items():
            console.print(Text(f"{name} has no class {found['labels'][video]!r}; for {video} it is {label!r}"))
    labels = ", ".join(f"{video}: {label}" for video, label in found["labels"].items())
    console.print(Text(f"right is the direction of the label, in any wording. {labels}"), soft_wrap=True)
    if videos > 1:
        console.print("intervals: Wilson's for counts, bootstrap over videos for mean probabilities")


def _shown(part: float, repeat: int) -> str:
    return f"{repeat} x" if part == 1 else f"first {100 * part:.0f}%"


def _lines(found: dict[str, Any], numbers: dict[str, Any]) -> list[tuple[str, dict[str, Any], int]]:
    """What each line of a table shows, and where its numbers stand."""
    parts = [(_shown(part, 1), numbers["by_part"], place) for place, part in enumerate(found["parts"])]
    return parts + [(_shown(1, repeat), numbers, place) for place, repeat in enumerate(found["repeats"])]


def _count(columns: dict[str, Any], way: str, place: int) -> str:
    interval = columns[f"{way}_interval"][place]
    return "" if interval is None else f"{columns[way][place]} ({interval[0]:.2f} to {interval[1]:.2f})"


def _mean(columns: dict[str, Any], way: str, place: int) -> str:
    mean, interval = columns[f"p_{way}"][place], columns[f"p_{way}_interval"][place]
    if mean is None:
        return ""
    return f"{mean:.2f}" + ("" if interval is None else f" ({interval[0]:.2f} to {interval[1]:.2f})")
