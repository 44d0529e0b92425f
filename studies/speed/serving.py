"""How many clips a second the page answers with the shipped pair, from file to pictures, and how long one waits.

    python -m studies.speed.serving [--save]

The samples of assets/samples go through the page's own explainer one after the other, each as if seen the first time.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image

from app import pictures, views
from app.analysis import Request
from app.explainer import Explainer
from studies import report
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE, checkpoint_folder

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"


def measured(threads: int) -> dict:
    """Wall-clock seconds to the scores and to the maps, medians over the samples, and clips a second."""
    torch.set_num_threads(threads)
    explainer = Explainer(checkpoint_folder(), "cpu")
    to_scores, to_maps = [], []
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(SAMPLES.glob("*.mp4")) * 2:
            explainer._passes.clear()
            began = time.perf_counter()
            prepared = explainer.prepare(Request(str(path), TDN_FILE, BASELINE_FILE))
            for analysis in explainer.analyse(prepared):
                if not analysis.has_maps:
                    to_scores.append(time.perf_counter() - began)
            row = Path(folder) / "frames.jpg"
            Image.fromarray(pictures.frame_row(analysis.timeline.pictures)).save(row)
            json.dumps(views.viewer(analysis, row).model_dump())
            to_maps.append(time.perf_counter() - began)
    half = len(to_maps) // 2  # the first round also loads
    return {
        "threads": threads,
        "scores_s": round(statistics.median(to_scores[half:]), 3),
        "maps_s": round(statistics.median(to_maps[half:]), 3),
        "clips_per_second": round(half / sum(to_maps[half:]), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    found = [measured(threads) for threads in (1, 2)]
    print(report.table("serving", found))
    if arguments.save:
        report.save("performance", "serving", found)


if __name__ == "__main__":
    main()
