"""Make the page's drawn sample clips: `make samples`. Scenes were chosen by their clutter, before any weights existed.

The filmed one, which the page opens on, is made by `assets/make_conveyor.py`.
"""

import json
from pathlib import Path

import numpy as np

from tdn.data.video import write_mp4
from tdn.motion.splits import FPS, ordinary_clip

FOLDER = Path(__file__).parent / "samples"
SIZE = 224
MASK_SIZE = 112
SEED = 7  # of validation scenes; training and the published accuracy use seed 0
# The page opens on the first sample, and shows it in three ways: the first `part` percent of it, in which one thing
# passes, the whole as filmed, and that part `repeat` times over. With seven repeats, eight segments stand 7/8 of a
# round apart.
FILMED = {
    "file": "conveyor.mp4",
    "label": "Moving something from right to left",
    "title": "Conveyor, filmed",
    "credit": "Intel IoT DevKit sample videos, CC BY 4.0, re-encoded",
    "opening": {"sentence": "A belt carries fruit to the left.", "part": 30, "repeat": 7},
}
SAMPLES = (
    ("spinning_counter_clockwise", "Spinning something fast counter-clockwise", 11),
    ("left_to_right", "Moving something from left to right", 1),
    ("up", "Moving something up", 17),
    ("closer", "Moving something closer to the camera", 21),
    ("turning_clockwise", "Turning something clockwise", 31),
    ("dropping", "Dropping something", 39),
    ("streaming_right", "A pattern streaming right inside something", 5),
    ("still", "Holding something still", 7),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    listing = [FILMED]
    for name, label, number in SAMPLES:
        scene = ordinary_clip("val-v2", SEED, number, SIZE, label)
        write_mp4(FOLDER / f"{name}.mp4", (scene.image(i) for i in range(scene.num_frames)), fps=FPS, crf=24)
        # What moves, for the page's motion focus: half the size is exact enough for maps of a few cells.
        step = SIZE // MASK_SIZE
        masks = np.stack([scene.mask(frame)[::step, ::step] for frame in range(scene.num_frames)])
        np.savez_compressed(FOLDER / f"{name}_mask.npz", mask=masks)
        listing.append({"file": f"{name}.mp4", "label": label, "title": name.replace("_", " ").capitalize()})
    (FOLDER / "samples.json").write_text(json.dumps(listing, indent=1) + "\n")


if __name__ == "__main__":
    main()
