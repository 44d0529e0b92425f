"""docs/deploy.md: its variables are those the code reads, and its Dockerfile copies what the page needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOC = (ROOT / "docs" / "deploy.md").read_text()


def test_every_variable_the_code_reads_stands_in_the_table():
    sources = [ROOT / "app.py", *ROOT.glob("app/**/*.py"), *ROOT.glob("tdn/**/*.py")]
    read = {name for path in sources for name in re.findall(r'"(TDN_[A-Z_]+|DEVICE|HOST|PORT)"', path.read_text())}
    table = DOC.split("## Settings")[1].split("\n## ")[0]
    assert "TDN_QUEUE" in read and read - set(re.findall(r"`([A-Z_]+)`", table)) == set()


def test_the_page_starts_from_what_the_dockerfile_copies(tmp_path: Path):
    copied = re.findall(r"^COPY (?:--chown=\S+ )?(\S+) (\S+)$", DOC, flags=re.MULTILINE)
    assert ("app", "app") in copied
    for source, _ in copied:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source)
        else:
            shutil.copy(ROOT / source, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TDN_")}
    started = subprocess.run(
        [sys.executable, "-c", "import app, app.ui; print(app.__file__); app.ui.build('cpu')"],
        cwd=tmp_path,
        env={**environment, "GRADIO_TEMP_DIR": str(tmp_path / "gradio"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert started.returncode == 0, started.stderr
    assert started.stdout.strip() == str(tmp_path / "app" / "__init__.py")
