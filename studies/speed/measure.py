"""Seconds and bytes, so measured that two ways of doing a thing compare on a machine that does other things too."""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass
class Case:
    """Two ways of doing the same thing, and the multiply-adds it takes at least; None where it is no arithmetic."""

    ours: Callable[[], object]
    plain: Callable[[], object]
    multiply_adds: float | None = None


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one call: what other programs take on the same cores does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def interleaved(case: Case, rounds: int) -> tuple[float, float, float]:
    """Median seconds of ours and plain, and the median of their ratio within a round; a first call each warms up."""
    case.ours()
    case.plain()
    pairs = [(seconds(case.ours), seconds(case.plain)) for _ in range(rounds)]
    ours, plain = zip(*pairs, strict=True)
    return statistics.median(ours), statistics.median(plain), statistics.median(a / b for a, b in pairs)


def matrix_rate(side: int = 2048, rounds: int = 5) -> float:
    """Multiply-adds a second of this machine's matrix product in float32, on the threads torch has now."""
    a, b = torch.randn(side, side), torch.randn(side, side)
    torch.mm(a, b)
    return side**3 / min(seconds(lambda: torch.mm(a, b)) for _ in range(rounds))


def convolution_rate(rounds: int = 5) -> float:
    """Multiply-adds a second of a 3x3 convolution of 256 channels, which oneDNN may do faster than a matrix product."""
    x = torch.randn(8, 256, 28, 28).contiguous(memory_format=torch.channels_last)
    conv = torch.nn.Conv2d(256, 256, 3, padding=1).to(memory_format=torch.channels_last).requires_grad_(False)
    conv(x)
    return 8 * 28 * 28 * 256 * 256 * 9 / min(seconds(lambda: conv(x)) for _ in range(rounds))


def peak_rise_mb(name: str, side: str) -> float:
    """MiB by which memory rises at the most during one call of a case's side, in a process of its own."""
    program = [sys.executable, "-m", "studies.speed.measure", name, side]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])["mb"]


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _peak_bytes() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def rise_mb(work: Callable[[], object]) -> float:
    """MiB by which this process's memory rises at the most during one call."""
    gc.collect()
    # Forget the peak of setting up; from here on the highest mark is that of the call.
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = resident_bytes()
    work()
    return max(0, _peak_bytes() - before) / 2**20


def main() -> None:
    """One call of one side of a case, for `peak_rise_mb`."""
    from studies.speed.cases import CASES

    torch.set_num_threads(1)
    name, side = sys.argv[1:]
    print(json.dumps({"mb": rise_mb(getattr(CASES[name](), side))}))


if __name__ == "__main__":
    main()
