"""`evaluate` and `focus` as several processes of a launcher: the same numbers as one process gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tdn import launch

ROOT = Path(__file__).parents[1]


def run(folder: Path, processes: int, *command: str) -> dict:
    """What a command prints as JSON, from `processes` processes of torchrun."""
    launcher = [] if processes == 1 else ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    modules = ["-m", *launcher, *(["-m"] if launcher else []), "tdn", *command, "--json", "--device", "cpu"]
    ended = subprocess.run(
        [sys.executable, *modules],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)  # one document: only the main process prints


def test_two_processes_score_what_one_does(tmp_path):
    command = ("evaluate", "synthetic", "--clips", "5", "--workers", "0", "--out")
    (alone,) = [run(tmp_path, 1, *command, "one")]
    (both,) = [run(tmp_path, 2, *command, "two")]
    for report in (alone, both):
        assert Path(tmp_path, report.pop("scores")).exists()
    assert both == alone and both["clips"] == 5


@pytest.mark.long
def test_two_processes_measure_what_one_does_and_go_on_from_each_other(tmp_path):
    command = ("focus", "synthetic", "--out")
    alone = run(tmp_path, 1, *command, "one", "--clips", "3")
    both = run(tmp_path, 2, *command, "two", "--clips", "2")
    assert both["clips"] == 2
    assert run(tmp_path, 2, *command, "two", "--clips", "3") == alone
    rows = [Path(tmp_path, name, "rows.jsonl").read_text().splitlines() for name in ("one", "two")]
    assert rows[0] == rows[1] and len(rows[0]) >= 4  # a head, and each clip once


def test_each_process_works_on_its_own_and_gets_all(monkeypatch):
    worked = []
    monkeypatch.setattr(launch, "rank", lambda: 1)
    monkeypatch.setattr(launch, "process_count", lambda: 2)
    monkeypatch.setattr(launch, "gathered", lambda value: ["other", value])
    found = list(launch.in_turn(range(5), lambda item: worked.append(item) or 10 * item))
    assert worked == [1, 3]
    assert found == [(0, "other"), (1, 10), (2, "other"), (3, 30), (4, "other")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shares_are_all_items_once(monkeypatch, count):
    monkeypatch.setenv("WORLD_SIZE", str(count))
    shares = []
    for number in range(count):
        monkeypatch.setenv("RANK", str(number))
        shares += launch.share(range(7))
    assert sorted(shares) == list(range(7))
