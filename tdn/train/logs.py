"""What a run shows while it goes on and leaves behind: progress, log.csv, TensorBoard, the confusion matrix."""

import csv
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from tdn.weights.store import write_whole

LOG, CONFUSION = "log.csv", "confusion.csv"


@contextmanager
def progress(total: int, done: int, description: str, shown: bool) -> Iterator[Callable[[str], None]]:
    """A bar with the time left, on standard error; gives a function that moves it one step on and shows a note.

    With `shown` off (the other processes) there is none.
    """
    from tqdm import tqdm

    with tqdm(total=total, initial=done, desc=description, unit="step", mininterval=1.0, disable=not shown) as bar:

        def step(note: str) -> None:
            bar.set_postfix_str(note, refresh=False)
            bar.update()

        yield step


class Waited:
    """An iterator that counts the seconds its user waits for it."""

    def __init__(self, batches: Iterator):
        self.batches, self.seconds = batches, 0.0

    def __next__(self) -> Any:
        began = monotonic()
        item = next(self.batches)
        self.seconds += monotonic() - began
        return item

    def __iter__(self) -> "Waited":
        return self


def append_row(path: Path, row: dict) -> None:
    """Add an epoch to the log, on disk when this returns."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if is_new:
            writer.writeheader()
        writer.writerow({key: f"{value:.6g}" if isinstance(value, float) else value for key, value in row.items()})
        file.flush()
        os.fsync(file.fileno())


def column(path: Path, name: str) -> list[str]:
    """What the log says so far of one thing, epoch by epoch."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def keep_rows(path: Path, epoch: int) -> None:
    """Drop rows of epochs that will be trained again, and one that was cut off while it was written."""
    if not path.exists():
        return
    header, *rows = path.read_text().splitlines() or [""]
    whole = [row for row in rows if row.count(",") == header.count(",") and int(row.split(",")[0]) <= epoch]
    if not whole:
        path.unlink()
        return
    write_whole(path, "\n".join([header, *whole, ""]).encode())


def open_tensorboard(folder: Path, epoch: int):
    """A TensorBoard writer that goes on after `epoch`, or None, said in one line, where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print("TensorBoard is not installed: log.csv alone (pip install tensorboard for both)", file=sys.stderr)
        return None
    return SummaryWriter(str(folder), purge_step=epoch + 1)


def write_confusion(path: Path, confusion: torch.Tensor, labels: tuple[str, ...]) -> None:
    """A confusion matrix [K true, K said] as CSV, a row a true class, whole or not at all."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(["true \\ said", *labels])
    writer.writerows([label, *row] for label, row in zip(labels, confusion.tolist(), strict=True))
    write_whole(path, lines.getvalue().encode())


def draw_confusion(path: Path) -> Path | None:
    """Draw a confusion matrix of `write_confusion` beside it as PNG; None where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure

        from tdn.letters import legible, save_figure
    except ImportError:
        return None
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    labels, counts = header[1:], torch.tensor([[float(count) for count in row[1:]] for row in rows])
    shares = counts / counts.sum(1, keepdim=True)  # nan, and so left white, for a class without clips
    named = len(labels) <= 60
    # Room for the longest name at both sides, at about 0.06 inches a letter of its size.
    side = 4 + 0.22 * len(labels) + 0.06 * max(map(len, map(legible, labels))) if named else 10
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares.numpy(), vmin=0, vmax=1, cmap="cividis")
    axes.set(xlabel="predicted class", ylabel="true class", title="share of each true class")
    if named:
        axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
        axes.set_yticks(range(len(labels)), labels, fontsize=7)
    figure.colorbar(image, shrink=0.6)
    picture = path.with_suffix(".png")
    save_figure(figure, picture, dpi=120)
    return picture
