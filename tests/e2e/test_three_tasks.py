"""Three tasks in as few clicks as can be. `pytest -s tests/e2e/test_three_tasks.py` prints the clicks, how far the page
was scrolled for them, and the seconds from the first click to the result.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tdn.data.video import write_mp4
from tests.e2e.conftest import PATIENCE_MS, Visit, moving_square
from tests.e2e.test_clip_box import UPLOAD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# What a hand does: a click on a label is one, though the browser makes two of it.
COUNT = "() => { window.hand = 0; addEventListener('pointerdown', (event) => { hand += event.isTrusted; }, true); }"
SIZE = (96, 144)  # another one than the sample's


@pytest.fixture
def done(laptop: Visit) -> Callable[[str], int]:
    """Prints what a task took since the test began, and gives its clicks."""
    laptop.wait_for_files()
    laptop.page.evaluate(COUNT)
    began = time.monotonic()

    def taken(task: str) -> int:
        seconds = time.monotonic() - began
        clicks, scrolled = laptop.page.evaluate("[hand, scrollY]")
        print(f"\n{task}: clicks {clicks}, scrolled {scrolled:.0f} px, {seconds:.1f} s")
        return clicks

    return taken


def choose(visit: Visit, path: Path, first: int = 0) -> None:
    """A clip of one's own, by the button and the browser's dialog, to its maps."""
    write_mp4(path, moving_square(SIZE)[first:], fps=12)
    visit.forget_maps()
    with visit.page.expect_file_chooser() as dialog:
        visit.page.click(UPLOAD)
    dialog.value.set_files(path)
    visit.page.wait_for_function("!location.search.includes('sample')", timeout=PATIENCE_MS)
    visit.wait_for_maps()


def test_an_own_clip_has_its_maps_after_one_click(laptop: Visit, done, tmp_path: Path):
    choose(laptop, tmp_path / "own.mp4")
    assert done("own clip to maps") == 1
    shapes = "all => all.map((one) => [one.height, one.width])"
    assert laptop.page.eval_on_selector_all("#viewer .grid canvas", shapes) == [list(SIZE)] * 4
    assert laptop.errors == []


def test_before_and_after_of_a_freeze_take_one_click_and_no_scrolling(laptop: Visit, done):
    page = laptop.page
    page.click("#opening .switch button:has-text('Frozen')")
    page.wait_for_selector("#opening [data-maps='4'], #opening[data-maps='4']")
    assert done("before and after of a freeze") == 1 and page.evaluate("scrollY") == 0
    assert page.inner_text("#opening h2").startswith("Each moment is held")
    titles = page.locator("#opening .columns h4")
    assert titles.all_inner_texts() == ["Before: as filmed", "After: frozen"] * 2
    assert page.locator("#opening .columns ol:not(:empty)").count() == 4 and laptop.errors == []


@pytest.mark.long
def test_a_freeze_of_an_own_clip_takes_one_click_more(laptop: Visit, done, tmp_path: Path):
    choose(laptop, tmp_path / "own.mp4")
    laptop.page.click("#change label:has-text('Freeze each window')")
    laptop.page.wait_for_selector("#looked-again figcaption:visible:has-text('after “Freeze each window”')")
    assert done("the same of an own clip") == 2
    assert laptop.page.locator("#viewer-after figcaption").count() == 8 and laptop.errors == []


@pytest.mark.long
def test_a_two_column_pdf_of_four_clips_takes_two_clicks_a_clip_and_two_for_the_file(
    laptop: Visit, done, tmp_path: Path
):
    page = laptop.page
    for number in range(4):
        choose(laptop, tmp_path / f"own{number}.mp4", number)
        page.click("#add-to-figure:not([disabled])")
        page.wait_for_selector(f"#add-to-figure:has-text('({number + 1})')")
    page.click("[role=tab]:has-text('Figure')")
    page.wait_for_selector("#figure-preview img", timeout=PATIENCE_MS)
    with page.expect_download(timeout=PATIENCE_MS) as started:
        page.click("#figure-files button:has-text('PDF')")
    assert started.value.suggested_filename == "figure-4-clips.pdf"
    pdf = Path(started.value.path()).read_bytes()
    assert done("two-column PDF of four clips") == 10
    width = float(re.search(rb"/MediaBox \[ 0 0 (\S+)", pdf)[1])
    assert width == pytest.approx(72 * 6.875) and "17.46" in page.inner_text("#figure-size")
    # Of each clip the frame and four maps, and the bar of colours.
    assert pdf.count(b"/Subtype /Image") == 4 * 5 + 1
    said = page.input_value("#figure-caption textarea")
    assert all(f"({letter}) “" in said for letter in "abcd") and "Grad-CAM of TDN" in said and "(e)" not in said
    assert "@inproceedings{wang2021tdn" in page.input_value("#figure-bibtex textarea") and laptop.errors == []
