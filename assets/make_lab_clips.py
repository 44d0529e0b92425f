"""Make the clips of the S-TDM lab, two pairs and one alone.

    python -m assets.make_lab_clips [--search 48]      --search measures candidates for the pairs instead

The clips of a pair are one scene run forwards and backwards. They were chosen from the search's list: TDN tells them
apart, the baseline gives both the same answer, and the thing that moves is large and sharp. With other weights, look
again (tests/test_lab_shipped.py fails where the promise no longer holds).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from tdn.data.clip import clip_from_frames
from tdn.data.video import write_mp4
from tdn.motion.splits import FPS, ordinary_clip
from tdn.weights import load_model
from tdn.weights.shipped import shipped_pair

FOLDER = Path(__file__).parent / "lab"
SIZE = 224
SEED = 8  # of validation scenes: neither training, nor the published accuracy, nor the samples use it
PAIRS = {
    "Spinning": (
        ("spinning_clockwise", "Spinning something fast clockwise"),
        ("spinning_counter_clockwise", "Spinning something fast counter-clockwise"),
    ),
    "Streaming": (
        ("streaming_left", "A pattern streaming left inside something"),
        ("streaming_right", "A pattern streaming right inside something"),
    ),
}
CHOSEN = {"Spinning": 18, "Streaming": 45}
# What the gates' step opens with: motion that takes many segments. Its scene is that of an earlier sample.
ALONE = {"name": "closer", "label": "Moving something closer to the camera", "seed": 7, "number": 21}


def frames_of(label: str, number: int, size: int = SIZE, seed: int = SEED) -> np.ndarray:
    scene = ordinary_clip("val-v2", seed, number, size, label)
    return np.stack([scene.image(index) for index in range(scene.num_frames)])


def search(count: int) -> None:
    """Print what both networks say of both clips of the first `count` pairs of each kind."""
    networks = [load_model(path) for path in shipped_pair()]
    for pair, clips in PAIRS.items():
        for number in range(count):
            said = []
            for _, label in clips:
                clip = clip_from_frames(frames_of(label, number, 112), networks[0], FPS)
                for network in networks:
                    with torch.inference_mode():
                        shares = network(clip.tensor).softmax(1)[0]
                    said.append((network.labels[int(shares.argmax())], float(shares.max()), label))
            tdn, baseline = said[::2], said[1::2]
            told = all(answer == label for answer, _, label in tdn)
            same = baseline[0][0] == baseline[1][0]
            print(f"{pair} {number}: TDN right {told}, at least {min(s for _, s, _ in tdn):.2f}; baseline alike {same}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--search", type=int, metavar="COUNT", help="measure this many candidates instead")
    if count := parser.parse_args().search:
        return search(count)
    FOLDER.mkdir(exist_ok=True)
    listing = []
    for pair, clips in PAIRS.items():
        for name, label in clips:
            write_mp4(FOLDER / f"{name}.mp4", frames_of(label, CHOSEN[pair]), fps=FPS, crf=22)
            title = f"Lab: {name.replace('_', ' ').replace('counter clock', 'counter-clock')}"
            listing.append({"file": f"{name}.mp4", "label": label, "title": title, "pair": pair})
    frames = frames_of(ALONE["label"], ALONE["number"], seed=ALONE["seed"])
    write_mp4(FOLDER / f"{ALONE['name']}.mp4", frames, fps=FPS, crf=24)
    listing.append({"file": f"{ALONE['name']}.mp4", "label": ALONE["label"], "title": f"Lab: {ALONE['name']}"})
    (FOLDER / "clips.json").write_text(json.dumps(listing, indent=1) + "\n")


if __name__ == "__main__":
    main()
