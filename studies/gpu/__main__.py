"""Whether everything for CUDA is right, and how fast: one command of under 8 minutes on a GPU that is lent.

    python -m studies.gpu --out $OUT                 all of it; prints a line a part and writes OUT/gpu.json as it goes
    python -m studies.gpu --parts equal rates        some of it
    python -m studies.gpu --device cpu --rehearse    every part once, tiny, on this machine (the tests do this)

It needs torch, NumPy, OpenCV, Pillow, safetensors and accelerate. Where pytorch-grad-cam is missing, the one line of it
that Grad-CAM takes (channels weighted by the mean of their gradients) stands here, and the report says so. Reading in
Table 5 needs PyAV: fill a folder that travels (`pip download --no-deps -d lent/wheels av`) and install from it there
(`pip install --no-index lent/wheels/*`).
A part that fails is named with its error and the others go on; one that would begin after --minutes is left out. The
exit code is 1 where a part failed or the device does not compute what the CPU computes.
"""

import argparse
import importlib.util
import json
import sys
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studies.gpu import equal, rates, whole
from studies.gpu.subject import Subject
from tdn.device import choose_device, device_name

# In the order of what matters most, should the time run out.
PARTS: dict[str, Callable[[Subject], dict]] = {
    "equal": equal.equal_to_the_cpu,
    "page": whole.page,
    "rates": rates.rates,
    "training": whole.training,
    "table5": whole.table5,
    "launched": whole.launched,
}


class MeanGradient:
    """What is taken of pytorch-grad-cam's `GradCAM`."""

    @staticmethod
    def get_cam_weights(*given: Any) -> np.ndarray:
        gradients = given[-1]  # [N, C, ...]
        return gradients.mean(tuple(range(2, gradients.ndim)))


def expect_grad_cam() -> str:
    """The library, or its stand-in where it is not installed; which of the two it is."""
    if importlib.util.find_spec("pytorch_grad_cam") is not None:
        return "pytorch-grad-cam"
    library = types.ModuleType("pytorch_grad_cam")
    library.GradCAM = MeanGradient
    sys.modules["pytorch_grad_cam"] = library
    return "stand-in"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--device", default=None)
    parser.add_argument("--minutes", type=float, default=7.5, help="no part begins later")
    parser.add_argument("--rehearse", action="store_true", help="tiny networks, few calls")
    asked = parser.parse_args(arguments)
    subject = Subject(choose_device(asked.device), asked.rehearse)
    found: dict = {"device": device_name(subject.device), "torch": torch.__version__, "rehearsal": asked.rehearse}
    found["grad_cam"] = expect_grad_cam()
    asked.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    for name in asked.parts:
        started = time.monotonic()
        if started - began > 60 * asked.minutes:
            found[name] = {"left_out": f"{asked.minutes:g} minutes were over"}
        else:
            try:
                found[name] = PARTS[name](subject)
            except Exception as error:  # the others go on: this machine is there for minutes only
                traceback.print_exc()
                found[name] = {"error": f"{type(error).__name__}: {error}"}
        if subject.device.type == "cuda":
            torch.cuda.empty_cache()
        print(f"{name}, {time.monotonic() - started:.0f} s: {json.dumps(found[name])}", flush=True)
        (asked.out / "gpu.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0 if is_sound(found) else 1


def is_sound(found: dict) -> bool:
    """Whether no part failed and scores, maps and answers are those of the CPU, alone and at once."""
    parts = [found[name] for name in PARTS if name in found]
    return (
        not any("error" in part for part in parts)
        and found.get("equal", {}).get("is_equal", True)
        and found.get("page", {}).get("largest_change", 0) <= equal.MAPS_WITHIN
        and all(not any(run["codes"]) for run in found.get("launched", {}).values() if isinstance(run, dict))
    )


if __name__ == "__main__":
    sys.exit(main())
