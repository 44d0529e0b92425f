"""What the stroboscope's whole curve costs beside one analysis of the pair: 16 repeats and 3 parts, four networks.

    python -m studies.speed.strobe [--save]

From the file to the answers, without maps, on one thread, in turns in one process. The clips are two seconds at 30
frames a second, in three sizes: decoding counts on both sides, and the larger the picture, the more it is shared.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from studies import report
from studies.speed.measure import Case, interleaved
from tdn.data.clip import load_clip, read_pictures
from tdn.data.video import write_mp4
from tdn.explain.strobe import curve, steps
from tdn.model.inference import inference_copy
from tdn.weights import load_model
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE, shipped_networks

SIZES = ((320, 180), (640, 360), (1280, 720))
FPS, NUM_FRAMES, ROUNDS = 30, 60, 7
STRIP = 120  # short side of the pictures that the page shows above the curve


def two_seconds(path: Path, width: int, height: int) -> Path:
    """A pattern that moves to the right, four pixels of 320 a frame."""
    small = np.random.default_rng(0).integers(0, 255, (height // 20, width // 20, 3), np.uint8)
    ground = np.kron(small, np.ones((20, 20, 1), np.uint8))
    write_mp4(path, (np.roll(ground, n * width // 80, axis=1) for n in range(NUM_FRAMES)), fps=FPS)
    return path


def curve_against_pair(video: Path) -> Case:
    """Ours: the curve of the four shipped networks. Plain: one analysis of the shipped pair."""
    networks = {path.name: inference_copy(load_model(path)) for path in shipped_networks()}
    pair = [networks[TDN_FILE], networks[BASELINE_FILE]]

    def ours() -> list:
        return list(curve(networks, read_pictures(video, pair[0], steps(), STRIP)))

    def plain() -> list[torch.Tensor]:
        clip = load_clip(video, pair[0])
        with torch.inference_mode():
            return [model(clip.tensor) for model in pair]

    return Case(ours, plain)


def measured() -> list[dict]:
    """One row a size: processor seconds of both, and the median of their ratio within a round."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for width, height in SIZES:
            video = two_seconds(Path(folder) / f"{width}.mp4", width, height)
            ours, plain, ratio = interleaved(curve_against_pair(video), ROUNDS)
            rows.append({"width": width, "height": height, "curve_s": ours, "pair_s": plain, "ratio": ratio})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = measured()
    print(json.dumps(rows) if arguments.json else report.table("strobe_speed", rows))
    if arguments.save:
        report.save("performance", "strobe_speed", rows)


if __name__ == "__main__":
    main()
