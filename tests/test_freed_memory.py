"""The page does not keep the memory of tensors that it has freed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Blocks of 8 MiB between small ones that stay, as masks stay between features; prints MiB that did not come back.
PROGRAM = """
import torch
from studies.speed.measure import resident_bytes
import app
first = torch.ones(7 * 2**20)  # freed, it raises the size from which glibc asks the system
del first
before = resident_bytes()
pairs = [(torch.ones(2**21), torch.ones(2**14)) for _ in range(20)]
small = [pair[1] for pair in pairs]
del pairs
print((resident_bytes() - before) / 2**20)
"""


def mib_kept() -> float:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_freed_tensors_go_back_to_the_system():
    assert mib_kept() < 20
