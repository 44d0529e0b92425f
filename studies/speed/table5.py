"""Table 5 of the paper on this machine: milliseconds a video for each temporal module, reading included.

    python -m studies.speed.table5 [--device cuda] [--batch 16] [--json] [--save]

ResNet-50, 8 segments, 224 pixels, random weights: speed does not depend on what was learnt. Videos are those of
assets/samples, again and again; they are read in this process, then go through the network in one batch.
"""

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path

import torch

from studies import report
from tdn.data.clip import read_clip
from tdn.data.transforms import Preprocess
from tdn.device import choose_device, device_name
from tdn.model import FAMILY, TDN
from tdn.model.inference import inference_copy

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
ROWS = {
    "TSN": "tsn_resnet50_8f",
    "TSM": "tsm_resnet50_8f",
    "T-Conv": "tconv_baseline_resnet50_8f",
    "S-TDM": "s_tdm_resnet50_8f",
    "L-TDM": "l_tdm_resnet50_8f",
    "TDN": "tdn_resnet50_8f",
}


def milliseconds(name: str, device: torch.device, batch: int, rounds: int) -> dict:
    """Medians over `rounds` batches: reading, network and both, a video."""
    row = FAMILY[name]
    model = inference_copy(TDN(row.architecture)).to(device)
    model.preprocess = Preprocess.official()
    videos = list(itertools.islice(itertools.cycle(sorted(SAMPLES.glob("*.mp4"))), batch))
    reading, network = [], []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        clips = torch.cat([read_clip(path, model) for path in videos])
        if row.architecture.window == 1:
            clips = clips[:, :, :1]
        read = time.perf_counter()
        with torch.inference_mode():
            model(clips.to(device)).cpu()
        reading.append(read - began)
        network.append(time.perf_counter() - read)
    # The first batch warms up.
    reading, network = (1000 * statistics.median(times[1:]) / batch for times in (reading, network))
    return {"reading_ms": round(reading, 2), "network_ms": round(network, 2), "total_ms": round(reading + network, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    rows = {row: milliseconds(name, device, arguments.batch, arguments.rounds) for row, name in ROWS.items()}
    found = {"device": device_name(device), "batch": arguments.batch, "rows": rows}
    print(json.dumps(found) if arguments.json else report.table("table5", found))
    if arguments.save:
        report.save("performance", "table5", found)


if __name__ == "__main__":
    main()
