"""Draws how the things of every class move in version 3: what of their state changes most, for a dozen seeds.

Episodes that come once; in longer clips they come again, or things pass one after another.

python -m studies.motion.trajectories          writes docs/trajectories.png
"""

import numpy as np
from matplotlib.figure import Figure

from studies.report import DOCS
from tdn.data.sampling import centre_window_starts
from tdn.motion import GROUPS, LABELS
from tdn.motion.v3 import motions
from tdn.motion.v3.draws import Length, draw_numbers

SEEDS = range(12)
COLUMNS = 5
# Part of the state: what it is called, and how much of it counts as much as the picture's side does for x and y.
PARTS = (
    ("x, units", 112.0),
    ("y, units", 112.0),
    ("log radius", 1.5),
    ("degrees clockwise", 360.0),
    ("pattern, repeats", 2.0),
)


def journeys(label: int) -> list[np.ndarray]:
    """The states [F, 5] of the thing that moves, one for each seed."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        frames = int(rng.integers(48, 97))
        numbers = draw_numbers(rng, Length(15, frames, frames, 1))
        path = motions.class_paths(label, numbers)[0]
        found.append(np.array([path.state(frame) for frame in range(frames)]))
    return found


def draw_all() -> Figure:
    rows = -(-len(LABELS) // COLUMNS)
    figure = Figure(figsize=(3.2 * COLUMNS, 2.3 * rows), layout="constrained")
    for panel, (index, label) in zip(figure.subplots(rows, COLUMNS).flat, enumerate(LABELS), strict=False):
        states = journeys(index)
        spans = np.array([np.ptp(one, axis=0) / [unit for _, unit in PARTS] for one in states])
        part = int(spans.mean(0).argmax())
        for number, one in enumerate(states):
            panel.plot(one[:, part], color="tab:blue", alpha=1.0 if number == 0 else 0.25, linewidth=1)
        middles = centre_window_starts(len(states[0])) + 2
        panel.plot(middles, states[0][middles, part], "o", color="tab:orange", markersize=3)
        panel.set_title(f"{label}\n({GROUPS[label]})", fontsize=8)
        panel.set_ylabel(PARTS[part][0], fontsize=7)
        panel.tick_params(labelsize=6)
    for panel in figure.axes[len(LABELS) :]:
        panel.axis("off")
    figure.supxlabel("frame; dots: the middles of the eight windows of one clip", fontsize=8)
    return figure


if __name__ == "__main__":
    draw_all().savefig(DOCS / "trajectories.png", dpi=90)
