"""How many clicks did three tasks take on the page of commit 3774e9b, the first one measured?
`tests/e2e/test_three_tasks.py` counts them now. That page made no figure of several clips: counted is a PDF of each.

    git worktree add ../before 3774e9b && ln -s "$PWD/.venv" ../before/.venv
    cp studies/three_tasks_before.py ../before/tests/e2e/test_three_tasks.py
    cd ../before && .venv/bin/python -m pytest -q -s tests/e2e/test_three_tasks.py
"""

import re
import time
from pathlib import Path

from tdn.data.video import write_mp4
from tests.e2e.conftest import Visit, moving_square

COUNT = "() => { window.hand = 0; addEventListener('pointerdown', (event) => { hand += event.isTrusted; }, true); }"


def begin(visit: Visit) -> float:
    visit.wait_for_files()
    visit.page.evaluate(COUNT)
    return time.monotonic()


def told(visit: Visit, task: str, began: float) -> None:
    seconds = time.monotonic() - began
    clicks, scrolled = visit.page.evaluate("[hand, scrollY]")
    print(f"\n{task}: clicks {clicks}, scrolled {scrolled:.0f} px, {seconds:.1f} s")


def choose(visit: Visit, path: Path, first: int = 0) -> None:
    """The first click empties the box, the second opens the dialog."""
    write_mp4(path, moving_square()[first:], fps=12)
    visit.forget_maps()
    visit.page.click("#clip button[aria-label='Clear']")
    with visit.page.expect_file_chooser() as dialog:
        visit.page.click("#clip button:has(input[type=file])")
    dialog.value.set_files(path)
    visit.wait_for_maps()


def test_an_own_clip(laptop: Visit, tmp_path: Path):
    began = begin(laptop)
    choose(laptop, tmp_path / "own.mp4")
    told(laptop, "own clip to maps", began)


def test_a_freeze(laptop: Visit):
    began = begin(laptop)
    laptop.page.click("#change label:has-text('Freeze each window')")
    laptop.page.wait_for_selector("#viewer-after figcaption:has-text('after “Freeze each window”')")
    told(laptop, "before and after of a freeze", began)


def test_a_freeze_of_an_own_clip(laptop: Visit, tmp_path: Path):
    began = begin(laptop)
    choose(laptop, tmp_path / "own.mp4")
    laptop.page.click("#change label:has-text('Freeze each window')")
    laptop.page.wait_for_selector("#viewer-after figcaption:has-text('after “Freeze each window”')")
    told(laptop, "the same of an own clip", began)


def test_a_pdf_of_each_of_four_clips(laptop: Visit, tmp_path: Path):
    began = begin(laptop)
    for number in range(4):
        choose(laptop, tmp_path / f"own{number}.mp4", number)
        laptop.page.wait_for_selector("#downloads button:not([disabled]):has-text('PDF')")
        with laptop.page.expect_download() as started:
            laptop.page.click("#downloads button:has-text('PDF')")
    width = float(re.search(rb"/MediaBox \[ 0 0 (\S+)", Path(started.value.path()).read_bytes())[1])
    told(laptop, f"four PDFs, each {width / 72:.1f} inches wide", began)
