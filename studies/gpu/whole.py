"""The whole way on a device: a training step and what it waits for, runs that go on elsewhere, the page, Table 5."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from studies.gpu.subject import Subject, benchmark_clips, shipped_networks_on
from tdn.explain import ForwardPass

ROOT = Path(__file__).resolve().parents[2]


def training(subject: Subject) -> dict:
    """Seconds of a training step at batch 32 and of loading for it, by precision: `tdn train --dry-run` in words."""
    from tdn.train.estimate import estimate
    from tdn.train.recipes import DEMO_TDN, SMOKE

    recipe, batch = (SMOKE, 4) if subject.is_rehearsal else (DEMO_TDN, 32)
    wanted = ("step_seconds", "loading_seconds", "peak_gigabytes", "passes_per_step")
    found = {}
    for precision in ("fp32", "bf16", "fp16")[: 1 if subject.is_rehearsal else None]:
        numbers = estimate(replace(recipe, batch_size=batch, precision=precision, workers=0), subject.device)
        found[precision] = {"batch": batch, **{name: numbers[name] for name in wanted}}
    return found


def launched(subject: Subject) -> dict:
    """`accelerate launch` of the smoke recipe: an epoch on the device, and the next one on the CPU.

    By precision: the exit codes of both (fp16 stays on the GPU), and the epochs in the log.
    """
    first = subject.device.type
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for precision in ("fp32", "bf16", "fp16") if first == "cuda" else ("fp32",):
            out = Path(folder, precision)
            codes = [
                _train(out, precision, device, epochs)
                for device, epochs in ((first, 1), ("cpu" if precision != "fp16" else first, 2))
            ]
            log = out / "log.csv"
            found[precision] = {
                "codes": [code for code, _ in codes],
                "epochs": max(0, len(log.read_text().splitlines()) - 1) if log.exists() else 0,
                **({"said": codes[-1][1]} if any(code for code, _ in codes) else {}),
            }
    return found


def _train(out: Path, precision: str, device: str, epochs: int) -> tuple[int, str]:
    """Exit code and last words of a run by the launcher, through the function that `tdn train` calls."""
    program = (
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from tdn.train.recipes import SMOKE\n"
        "from tdn.train.run import train\n"
        f"train(replace(SMOKE, precision={precision!r}, epochs={epochs}), Path({str(out)!r}), True, {device!r})\n"
    )
    script = out.parent / f"{out.name}.py"
    script.write_text(program)
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "1", "--num_machines", "1"]
    command += [
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
        *(["--cpu"] if device == "cpu" else []),
        str(script),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    return ended.returncode, ended.stderr[-300:]


def page(subject: Subject) -> dict:
    """The work behind the page on the device: ten answers of the shipped pair one after another, eight at once.

    Seconds of each (median), and whether every answer and map is the same as that of a request alone.
    """
    networks = {role: network.for_inference() for role, network in shipped_networks_on(subject.device).items()}
    clip = benchmark_clips(networks["tdn"], 1)

    def answer(_: int = 0) -> list[np.ndarray]:
        found = []
        for network in networks.values():
            taken = ForwardPass(network, clip)
            maps = taken.maps(taken.logits.argmax(1).tolist(), for_the_last_time=True)
            found += [taken.logits.float().cpu().numpy(), *(one.float().cpu().numpy() for one in maps.values())]
        return found

    alone = answer()
    one_by_one = [_seconds(answer) for _ in range(10)]
    with ThreadPoolExecutor(8) as pool:
        began = time.perf_counter()
        together = list(pool.map(answer, range(8)))
        at_once = time.perf_counter() - began
    worst = max(
        float(np.abs(one - other).max() / np.abs(other).max())
        for found in together
        for one, other in zip(found, alone, strict=True)
    )
    return {"alone_seconds": statistics.median(one_by_one), "eight_at_once_seconds": at_once, "largest_change": worst}


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def table5(subject: Subject) -> dict:
    """Milliseconds a video of TDN at batch 1: reading (None where no decoder is installed), the network, both."""
    networks = shipped_networks_on(subject.device) if subject.is_rehearsal else subject.random_pair()
    network = networks["tdn"].for_inference()
    try:
        from studies.speed.videos import long_video

        path = ROOT / "assets/samples/conveyor.mp4" if subject.is_rehearsal else long_video(10)
        reading = [_seconds(lambda: network.clip(path)) for _ in range(subject.calls // 3 + 1)]
        clip = network.clip(path).tensor
    except ImportError:
        reading, clip = [], subject.random_clip(1)
    clip = clip.to(subject.device)

    @torch.inference_mode()
    def scores() -> None:
        network.module(clip).cpu()

    scores()
    computing = [_seconds(scores) for _ in range(subject.calls)]
    read = 1e3 * statistics.median(reading) if reading else None
    computed = 1e3 * statistics.median(computing)
    return {"reading_ms": read, "network_ms": computed, "together_ms": None if read is None else read + computed}
