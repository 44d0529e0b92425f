"""docs/explaining.md: its Python runs as printed, its commands and names exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tdn.cli import app
from tdn.explain import METHODS
from tdn.explain.changes import BY_NAME, FIXED
from tdn.explain.scale import SCALES

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "explaining.md").read_text()


def test_the_python_runs_as_printed(monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    monkeypatch.chdir(ROOT)
    names: dict = {}
    exec(program, names)
    assert set(names["maps"]) == {"res2", "final"} and (names["signed"]["res2"] < 0).any()
    assert "counter-clockwise" in capsys.readouterr().out


def test_the_first_program_runs(tmp_path):
    for folder in ("checkpoints", "assets"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-m", "docs.first_steps"]
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "freeze windows" in done.stdout and (tmp_path / "first_steps.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "name", [*METHODS, *SCALES.values(), *(change.name for change in FIXED if change.kind == "clip")]
)
def test_every_choice_is_explained(name):
    assert name in TEXT


def test_every_named_change_of_the_network_exists():
    assert all(
        name in BY_NAME or name == "S-TDM at 0.5" for name in re.findall(r"`((?:S|L)-TDM [^`]+|random [^`]+)`", TEXT)
    )


def test_every_printed_option_exists():
    for line in re.findall(r"python -m tdn (.+)", TEXT):
        verb, *words = line.split("#")[0].split()
        help_text = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200"}).output
        assert all(word in help_text for word in words if word.startswith("--"))
