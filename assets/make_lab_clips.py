"""Make the clips of the S-TDM lab, two pairs and one alone, for the shipped weights.

    python -m assets.make_lab_clips

The clips of a pair are one scene run forwards and backwards. Taken is the first scene in which what moves covers enough
of the picture and of which everything holds that the lab says (`lab_promises`). With other weights, run it again.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from app.explainer import Explainer
from app.lab.lessons import LabClip, Lessons
from assets.lab_promises import Shown, broken, the_gates_matter
from tdn.data.video import write_mp4
from tdn.motion import LABELS
from tdn.motion.labels import CLOSER
from tdn.motion.splits import FPS, ordinary_clip
from tdn.weights.shipped import checkpoint_folder

FOLDER = Path(__file__).parent / "lab"
SIZE, GLANCE = 224, 56
SEED = 8  # of validation scenes: neither training, nor the published accuracy, nor the samples use it
LARGE = 0.06  # of the picture, that what moves covers at the least
MOST_TRIED = 400
PAIRS = {
    "Spinning": ("Spinning something fast clockwise", "Spinning something fast counter-clockwise"),
    "Streaming": ("A pattern streaming left inside something", "A pattern streaming right inside something"),
}
# What the gates' step opens with.
ALONE = LABELS[CLOSER]


def named(label: str) -> str:
    """What a clip's file is called: "spinning_clockwise", "streaming_left", "closer"."""
    words = label.lower().replace("something", "").replace("a pattern", "").replace("fast", "").replace("inside", "")
    return "_".join(words.replace("moving", "").replace("to the camera", "").replace("-", " ").split())


def large_scenes(label: str) -> Iterator[int]:
    """The numbers of scenes in which what moves is large."""
    for number in range(MOST_TRIED):
        scene = ordinary_clip("val-v2", SEED, number, GLANCE, label)
        shown = np.linspace(0, scene.num_frames - 1, 8).astype(int)
        if np.mean([scene.mask(int(index)).mean() for index in shown]) >= LARGE:
            yield number


def written(label: str, number: int, folder: Path, pair: str | None = None) -> LabClip:
    """One clip as it would be shipped."""
    scene = ordinary_clip("val-v2", SEED, number, SIZE, label)
    path = folder / f"{named(label)}.mp4"
    write_mp4(path, np.stack([scene.image(index) for index in range(scene.num_frames)]), fps=FPS, crf=22)
    return LabClip(
        path, f"Lab: {named(label).replace('_', ' ').replace('counter clock', 'counter-clock')}", label, pair
    )


def first_kept(
    labels: tuple[str, ...], shown: Shown, pair: str | None, keeps: Callable[[Shown, list[LabClip]], list[str]]
) -> tuple[int, list[LabClip], tempfile.TemporaryDirectory]:
    """The first large scene whose clips keep what is said of them. Raises SystemExit where none does."""
    for number in large_scenes(labels[0]):
        folder = tempfile.TemporaryDirectory()
        clips = [written(label, number, Path(folder.name), pair) for label in labels]
        failed = keeps(shown, clips)
        verdict = f"not that {', that '.join(failed)}" if failed else "taken"
        print(f"{pair or labels[0]}, scene {number}: {verdict}", flush=True)
        if not failed:
            return number, clips, folder
        folder.cleanup()
    raise SystemExit(f"{pair or labels[0]}: none of {MOST_TRIED} scenes keeps what the lab says")


def main() -> None:
    shown = Shown(Lessons(Explainer(checkpoint_folder(), "cpu")))
    listing = []
    FOLDER.mkdir(exist_ok=True)
    choices = [(labels, pair, lambda shown, clips: broken(shown, *clips)) for pair, labels in PAIRS.items()]
    choices.append(
        ((ALONE,), None, lambda shown, clips: [] if the_gates_matter(shown, *clips) else ["the gates matter"])
    )
    for labels, pair, keeps in choices:
        number, clips, folder = first_kept(labels, shown, pair, keeps)
        with folder:
            for clip in clips:
                shutil.move(clip.path, FOLDER / clip.path.name)
                of_pair = {"pair": pair} if pair else {}
                listing.append(
                    {"file": clip.path.name, "label": clip.label, "title": clip.title, "number": number, **of_pair}
                )
    for old in set(FOLDER.glob("*.mp4")) - {FOLDER / row["file"] for row in listing}:
        old.unlink()
    (FOLDER / "clips.json").write_text(json.dumps(listing, indent=1) + "\n")


if __name__ == "__main__":
    main()
