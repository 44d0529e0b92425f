"""Does the order of frames, and nothing else, tell the classes of appearance-free clips? Two simple classifiers say.

    python -m studies.motion.appearance_free [--json] [--save]

A ridge classifier and a nearest centroid learn the class from numbers of 192 clips and are asked for that of 96 others:
from a frame (its cells, and how alike neighbours are), from means of frames, from windows whose frames are shuffled,
and from windows as they are, there by opponent motion energy (Reichardt's detector).
"""

import argparse
import json

import numpy as np

from studies import report
from tdn.data.sampling import even_window_starts
from tdn.motion import noise

SIDE, REACH, TILES = 112, 3, 5
STEPS = [(x, y) for x in range(-REACH, REACH + 1) for y in range(REACH + 1) if y > 0 or x > 0]
CLIPS, HELD_OUT = 24, 8  # of each class


def cells(made: noise.NoiseClip, index: int) -> np.ndarray:
    """A frame at one value a cell, -0.5 to 0.5."""
    return made.image(index)[::2, ::2, 0].astype(np.float32) / 255 - 0.5


def seen(label: int, number: int) -> np.ndarray:
    """What a network of eight segments of five frames reads of a clip: [8, 5, 56, 56]."""
    made = noise.NoiseClip(label, [9, label, number], SIDE)
    starts = even_window_starts(made.num_frames, 8)
    return np.stack([[cells(made, int(start + k)) for k in range(5)] for start in starts])


def moved(frames: np.ndarray, x: int, y: int) -> np.ndarray:
    """The middle of the picture, moved."""
    stop = noise.CELLS - REACH
    return frames[..., REACH + y : stop + y, REACH + x : stop + x]


def tiled(products: list[np.ndarray]) -> np.ndarray:
    """Means over tiles of the picture, one number a tile and product."""
    tile = (noise.CELLS - 2 * REACH) // TILES
    return np.concatenate([one.reshape(TILES, tile, TILES, tile).mean((1, 3)).ravel() for one in products])


def likeness(frames: np.ndarray) -> np.ndarray:
    """How alike neighbouring cells of one frame are, and how far cells are from grey: [..., 56, 56] -> numbers."""
    frames = frames.reshape(-1, noise.CELLS, noise.CELLS)
    return tiled([(moved(frames, 0, 0) * moved(frames, *step)).sum(0) for step in (*STEPS, (0, 0))])


def motion_energy(windows: np.ndarray) -> np.ndarray:
    """Opponent motion energy (Reichardt's detector) by step and tile, over all windows [T, L, 56, 56]."""
    first, second = windows[:, :-1], windows[:, 1:]
    return tiled(
        [
            (moved(first, 0, 0) * moved(second, *step) - moved(first, *step) * moved(second, 0, 0)).sum((0, 1))
            for step in STEPS
        ]
    )


def views(windows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What simple classifiers are given of a clip."""
    frame, mean = windows[3, 2], windows.mean((0, 1))
    shuffled = np.stack([window[rng.permutation(5)] for window in windows])
    return {
        "a frame": np.concatenate([frame.ravel(), likeness(frame)]),
        "the mean of all frames": np.concatenate([mean.ravel(), likeness(mean)]),
        "the mean of each window": likeness(windows.mean(1)),
        "windows, their frames shuffled": np.concatenate([motion_energy(shuffled), likeness(shuffled.mean(1))]),
        "windows": motion_energy(windows),
    }


def told() -> dict[str, dict[str, float]]:
    """Percent of held-out clips that two simple classifiers get right, by what they are given."""
    rng = np.random.default_rng(0)
    made = [[views(seen(label, number), rng) for label in noise.CLASSES] for number in range(CLIPS)]
    truth = np.tile(np.arange(len(noise.CLASSES)), CLIPS)
    train = np.repeat(np.arange(CLIPS) < CLIPS - HELD_OUT, len(noise.CLASSES))
    found = {}
    for name in made[0][0]:
        features = np.stack([one[name] for row in made for one in row])
        features = (features - features[train].mean(0)) / features[train].std(0)
        given, asked, one_hot = features[train], features[~train], np.eye(len(noise.CLASSES))[truth[train]]
        weights = np.linalg.solve(given @ given.T + given.shape[1] * np.eye(len(given)), one_hot - one_hot.mean(0))
        centroids = (one_hot.T @ given) / one_hot.sum(0)[:, None]
        nearest = (asked @ centroids.T - (centroids**2).sum(1) / 2).argmax(1)
        answers = {"ridge": (asked @ given.T @ weights).argmax(1), "nearest centroid": nearest}
        found[name] = {kind: 100 * float((said == truth[~train]).mean()) for kind, said in answers.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    arguments = parser.parse_args()
    found = {"clips": HELD_OUT * len(noise.CLASSES), "chance": 100 / len(noise.CLASSES), "right": told()}
    print(json.dumps(found, indent=1) if arguments.json else report.table("appearance_free", found))
    if arguments.save:
        report.save("benchmark", "appearance_free", found)


if __name__ == "__main__":
    main()
