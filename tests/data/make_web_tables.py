"""Writes the tables that the page without a server is held to: python -m tests.data.make_web_tables

Sampling rules (web/src/sampling.js) and Pillow's bilinear filter (web/src/resize.js) must give what Python gives.
"""

import json
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from tdn.data.film import Showing, window_frames
from tdn.data.transforms import Preprocess, to_view

HERE = Path(__file__).parent


def sampling() -> list[dict]:
    """Frame numbers [T][L] of videos of many lengths and rates, by both rules, as filmed, repeated and in part."""
    cases = []
    rules = (Preprocess.whole(144), Preprocess.official(), Preprocess("whole", 64, 64, "even", None, 64))
    showings = (Showing(), Showing(repeat=3), Showing(part=1 / 3), Showing(part=0.5))
    for preprocess, segments, frames, fps, showing in product(
        rules, (8, 16), (1, 5, 12, 13, 31, 377), (12, 29.97, 60), showings
    ):
        network = SimpleNamespace(num_segments=segments, window=5, preprocess=preprocess)
        cases.append(
            {
                "frames": frames,
                "fps": fps,
                "repeat": showing.repeat,
                "part": showing.part,
                "network": {"num_segments": segments, "window": 5, "preprocess": preprocess.to_dict()},
                "wanted": window_frames(frames, fps, network, showing)[0].tolist(),
            }
        )
    return cases


def resizing() -> list[dict]:
    """Small random pictures and the views of them."""
    rng, cases = np.random.default_rng(0), []
    rules = (Preprocess("whole", 24, 24, "even"), Preprocess("centre_crop", 30, 24, "even"))
    for (width, height), preprocess in product(((24, 24), (60, 31), (33, 70), (11, 13)), rules):
        picture = rng.integers(0, 256, (height, width, 3), np.uint8)
        view = to_view(picture, preprocess)
        cases.append(
            {
                "width": width,
                "height": height,
                "preprocess": preprocess.to_dict(),
                "pixels": picture.ravel().tolist(),
                "wanted": view.ravel().tolist(),
            }
        )
    return cases


def tables() -> dict[str, list[dict]]:
    return {"sampling": sampling(), "resizing": resizing()}


if __name__ == "__main__":
    for name, cases in tables().items():
        (HERE / f"web_{name}.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
