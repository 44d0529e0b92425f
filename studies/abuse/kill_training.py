"""Is a training run that is killed at random moments the same run in the end?

    python -m studies.abuse.kill_training [--times 20] [--seed 0] [--save]

Trains the `smoke` recipe once undisturbed, then again in a process that gets SIGKILL at random moments and is started
anew with `--resume auto`. A run that has trained its last step before all kills are spent is compared and the next one
begun; a kill after that step is not counted. "Equal" means every tensor of the checkpoints and of the optimiser's state
to the bit, and the log but for its times.
"""

import argparse
import csv
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import torch

from studies import report
from tdn.cli import main as tdn
from tdn.train import run  # noqa: F401 (imported once here, not in every process that is killed)
from tdn.train.checkpoint import STATE, read_state
from tdn.train.logs import LOG
from tdn.train.run import BEST, LAST
from tdn.weights import load_model

# A checkpoint after each of the 12 steps, so that kills hit the saving as often as the computing.
SETTINGS = ("--set", "save_steps=1")
# A kill comes at the latest after this share of the time that the undisturbed run took.
LATEST = 0.6


def start(out: Path, words: Path | None = None) -> int:
    """Train in a fork of this process, which has imported everything; its process number. It talks to `words`."""
    child = os.fork()
    if child:
        return child
    with (words or out.parent / "said.txt").open("a") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    sys.argv = ["tdn", "train", "smoke", "--out", str(out), "--resume", "auto", "--device", "cpu", *SETTINGS]
    try:
        tdn()
    except SystemExit as ended:
        os._exit(ended.code or 0)
    os._exit(1)


def killed_after(child: int, seconds: float) -> bool:
    """Send SIGKILL after so many seconds; False where the run was done before. Raises where it failed by itself."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            expect_success(status)
            return False
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def expect_success(status: int) -> None:
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"a run ended by itself with status {status}; said.txt beside it has its last words")


def place(out: Path) -> str:
    """How far the newest whole state is."""
    state = read_state(out)
    return "nothing saved" if state is None else f"epoch {state['epoch']}, step {state['step']}"


def differences(one: Path, other: Path) -> list[str]:
    """What is not equal between two finished runs."""
    found = []
    for name in (LAST, BEST):
        states = [load_model(out / name).state_dict() for out in (one, other)]
        if not all(torch.equal(a, b) for a, b in zip(states[0].values(), states[1].values(), strict=True)):
            found.append(name)
    states = [tensors_of(read_state(out)) for out in (one, other)]
    if states[0].keys() != states[1].keys() or not all(torch.equal(states[0][k], states[1][k]) for k in states[0]):
        found.append(STATE)
    if rows(one) != rows(other):
        found.append(LOG)
    return found


def tensors_of(value: object, name: str = "") -> dict[str, torch.Tensor]:
    """All tensors inside nested dictionaries and lists, by place."""
    if isinstance(value, torch.Tensor):
        return {name: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return {k: v for key, part in parts for k, v in tensors_of(part, f"{name}/{key}").items()}


def rows(out: Path) -> list[dict]:
    with (out / LOG).open() as file:
        return [{**row, "seconds": "", "data_wait": ""} for row in csv.DictReader(file)]


def measured(times: int, seed: int) -> dict:
    """Kill `times` times; what was saved at each kill, and what differed in the end."""
    draw, kills, compared = random.Random(seed), [], []
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "undisturbed"
        began = time.monotonic()
        expect_success(os.waitpid(start(whole), 0)[1])
        latest_sec = LATEST * (time.monotonic() - began)
        trained = place(whole)
        while len(kills) < times:
            out, before = Path(tempfile.mkdtemp(dir=folder)) / "run", len(kills)
            while (
                len(kills) < times and killed_after(start(out), draw.uniform(0, latest_sec)) and place(out) != trained
            ):
                kills.append(place(out))
                print(f"kill {len(kills)}: {kills[-1]}", file=sys.stderr)
            expect_success(os.waitpid(start(out), 0)[1])
            if len(kills) > before:
                compared.append(differences(whole, out))
    return {
        "kills": len(kills),
        "seed": seed,
        "runs": len(compared),
        "equal": sum(not found for found in compared),
        "differing": [found for found in compared if found],
        "saved_at_kill": kills,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="write docs/reliability.*")
    arguments = parser.parse_args()
    found = measured(arguments.times, arguments.seed)
    print(report.table("kill_training", found))
    if arguments.save:
        report.save("reliability", "kill_training", found)
    sys.exit(0 if found["equal"] == found["runs"] else 1)


if __name__ == "__main__":
    main()
