"""The lab for the page without a server: its steps, words, clips and numbers as files, from the sources of this lab.

    python -m app.lab.for_browser --out web/networks

writes OUT/lab.json, OUT/noise.bin with the clips of noise, which only numpy draws alike, and OUT/page.json with words
of the rest of the page. `web/src/lab.js` makes the boards of them.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from markdown_it import MarkdownIt

from app import change_text
from app.lab import lessons, numbers, sheets, text
from app.lab.steps import STEPS
from app.lab.tab import LONG_RANGE
from app.server.settings import SAMPLES
from app.text import NEVER_SURE, NOT_SURE, NOTHING_KNOWN
from tdn.data.clip import clip_from_frames
from tdn.data.transforms import denormalise
from tdn.motion.labels import LABELS
from tdn.motion.noise import CELLS
from tdn.motion.reordered import FPS
from tdn.motion.splits import SPLITS
from tdn.show.overlay import colour_table
from tdn.weights import load_model, read_card
from tdn.weights.shipped import shipped_pair

MARKDOWN = MarkdownIt("commonmark").enable("table")


def lab() -> dict:
    """What the page needs to know of the lab, without pictures."""
    clips = lessons.lab_clips(lessons.CLIPS, SAMPLES)
    belt = lessons.belt()
    return {
        "steps": [step(number) for number in range(len(STEPS))],
        "words": {name: value for name, value in vars(text).items() if name.isupper()},
        "clips": [{"file": place(clip.path), "title": clip.title, "label": clip.label} for clip in clips],
        "stills": [clips.index(clip) for clip in lessons.stills(clips)],
        "belt": belt and {"file": place(belt.path), "label": belt.label, "part": belt.opening.part / 100},
        "guesses": {label: lessons.guesses(label) for label in LABELS},
        "shown_after": {
            change: {label: lessons.shows_after(change, label) for label in LABELS} for change in text.CHANGES
        },
        "slow": next(number for number, clip in enumerate(clips) if clip.label == LONG_RANGE),
        "noise": [lessons.noise_label(number) for number in range(lessons.NOISE_CLIPS)],
        "weights": lessons.WEIGHTS,
        "colours": colour_table(sheets.FEATURE_COLOURS).ravel().tolist(),
        "numbers": numbers.plots(cards()),
        "tables": MARKDOWN.render(numbers.tables(cards())),
        "details": text.DETAILS,
    }


def page() -> dict:
    """What the other half of that page needs of the words of this one: changes by their names, doubts."""
    inside = "reverse inside windows"
    return {
        "changes": {**change_text.CHANGES, inside: text.CHANGES[inside].capitalize(), "blank": "Blank a region"},
        "doubts": {"unlike": NOTHING_KNOWN, "unsure": NOT_SURE, "never": NEVER_SURE},
        "strobe": MARKDOWN.render(f"{change_text.STROBE}\n{change_text.STROBE_LEAD}"),
    }


def step(number: int) -> dict:
    """A step's words, the running ones as HTML."""
    one = STEPS[number]
    lead = f"{text.LEAD}\n\n{one.lead}" if number == 0 else one.lead
    beware = one.beware.replace(text.FILM_KEPT, text.FILM_STAYS)
    words = {"slug": one.slug, "name": one.name, "title": one.title}
    return {**words, "lead": MARKDOWN.render(lead), "beware": MARKDOWN.render(beware)}


def place(path: Path) -> str:
    """Where build.mjs puts a clip of the project."""
    return f"{path.parent.name}/{path.name}"


def cards() -> dict:
    folder = shipped_pair()[0].parent
    files = [folder / f"{stem}.safetensors" for stem in text.NETWORKS]
    return {path.name: read_card(path) for path in files if path.is_file()}


def noise_clips() -> np.ndarray:
    """The windows of the clips of noise, a byte a cell, which the page enlarges again: uint8 [clips, T, L, 56, 56]."""
    model, drawn = load_model(shipped_pair()[0]), []
    for number in range(lessons.NOISE_CLIPS):
        scene = SPLITS["appearance-free"].make(lessons.NOISE_SEED, number, model.input_size)
        frames = np.stack([scene.image(index) for index in range(scene.num_frames)])
        drawn.append(denormalise(clip_from_frames(frames, model, FPS).tensor[0])[..., 0])
    seen = np.stack(drawn)
    size = seen.shape[-1]
    cell_of = np.floor(np.arange(size) * (1 / (size / CELLS))).astype(int)  # as OpenCV rounds, and web/src/lab.js
    middles = np.searchsorted(cell_of, np.arange(CELLS))
    cells = seen[..., middles, :][..., middles]
    if not np.array_equal(cells[..., cell_of, :][..., cell_of], seen):
        raise ValueError(f"clips of noise are no longer made of {CELLS} x {CELLS} cells at {size} pixels")
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("web/networks"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    (out / "lab.json").write_text(json.dumps(lab()))
    (out / "page.json").write_text(json.dumps(page()))
    (out / "noise.bin").write_bytes(noise_clips().tobytes())
    print(f"wrote lab.json, page.json and noise.bin in {out}")


if __name__ == "__main__":
    main()
