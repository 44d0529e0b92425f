"""The curve in a real Chromium: it fills for a visitor's own clip, a click chooses a step, who moves on ends it."""

import time
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from app import change_text
from tdn.data.video import write_mp4
from tdn.explain.strobe import curve
from tests.e2e.conftest import LONG_ON_PHONE, PATIENCE_MS, SCREENS, Visit, moving_square

pytestmark = pytest.mark.browser

POINTS = "document.querySelectorAll('#curve tbody tr, #curve table tr').length - 1"
STEPS = 19


def wait_for_whole(visit: Visit) -> None:
    visit.page.wait_for_function(f"{POINTS} === {STEPS}", timeout=PATIENCE_MS)


def draw(visit: Visit) -> None:
    """Ask for the curve of the clip that is shown, once its result is there."""
    visit.page.wait_for_selector("#curve .want:enabled")
    visit.page.click("#curve .want")


def standing_still(page, selector: str) -> dict[str, float]:
    """Where an element is on the screen, once nothing above it grows and nothing scrolls any more."""
    place = "one => one.getBoundingClientRect().toJSON()"
    before, box = None, page.eval_on_selector(selector, place)
    while box != before:
        page.wait_for_timeout(300)
        before, box = box, page.eval_on_selector(selector, place)
    return box


@pytest.mark.parametrize("screen", LONG_ON_PHONE)
def test_a_visitor_s_own_clip_has_a_curve_and_a_click_on_it_looks_again(
    browser, app_url: str, tmp_path: Path, screen: str
):
    visit = Visit(browser, app_url, screen)
    page = visit.page
    # Of another length for each screen: a curve that somebody else had drawn would be there at once.
    write_mp4(tmp_path / "own.mp4", moving_square(num_frames=20 + len(screen)), fps=12)
    visit.upload(tmp_path / "own.mp4")
    visit.wait_for_maps()
    visit.wait_for_files()
    draw(visit)
    wait_for_whole(visit)
    assert page.locator("#curve .key li span").all_inner_texts() == ["TDN", "T-Conv baseline"]
    titles = page.locator("#curve figcaption").all_inner_texts()
    target = page.locator("#scores li.explained span").first.inner_text()
    assert titles[0] == f"“{target}”" and page.locator("#curve .strip i").count() == 8
    # As filmed it says what the analysis said.
    assert (
        page.locator("#scores li.explained span").nth(1).inner_text()
        in page.locator("#curve .key b").first.inner_text()
    )
    assert page.evaluate("document.documentElement.scrollWidth") == visit.width
    # By its place on the screen: the chart may be drawn anew at any moment, between press and release, too.
    page.eval_on_selector("#curve .plots", "one => one.scrollIntoView({block: 'center'})")
    box = standing_still(page, "#curve .plots svg")
    page.mouse.move(box["x"] + 38 + 9.5 * (box["width"] - 48) / STEPS, box["y"] + 60)
    page.mouse.down()
    page.evaluate("dispatchEvent(new CustomEvent('change-shown', {detail: {change: ''}}))")
    page.mouse.up()
    page.wait_for_selector("#viewer-after figure:visible figcaption:has-text('after “Repeat 7 times”')")
    assert page.locator("#change label:has-text('Repeat 7 times') input").is_checked()
    page.wait_for_timeout(300)  # on a phone, too, where answers are scrolled to
    assert 0 < page.eval_on_selector("#curve .plots", "one => one.getBoundingClientRect().top") < SCREENS[screen][1]
    assert "7 times over" in page.inner_text("#note-after")
    assert page.inner_text("#curve .what").startswith("7 times over")
    after = page.locator("#scores-after .card p").first.inner_text().rpartition("→ ")[2]
    assert page.locator("#curve .key b").first.inner_text().split(",")[0] == after
    # By keyboard: the slider, then its button; as filmed ends the comparison.
    page.focus("#curve .step")
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    assert page.inner_text("#curve .what").startswith("As filmed")
    page.click("#curve .apply")
    page.wait_for_selector("#looked-again", state="hidden")
    assert visit.errors == [] and visit.outside == []
    visit.close()


@pytest.mark.long
def test_another_class_of_a_clip_has_its_curve_at_once(laptop: Visit):
    draw_if_missing(laptop)
    laptop.forget_maps()
    bar = laptop.page.locator("#scores .card").first.locator("li:not(.explained) button").first
    label = bar.locator("span").first.inner_text()
    bar.click()
    laptop.page.wait_for_selector(f"#curve figcaption >> text=“{label}”")
    wait_for_whole(laptop)
    assert laptop.errors == []


def draw_if_missing(visit: Visit) -> None:
    """The curve of the sample that the page opens with is drawn behind its back, perhaps not yet."""
    visit.page.wait_for_function(f"{POINTS} === {STEPS} || document.querySelector('#curve .want:enabled')")
    if visit.page.locator("#curve .want").is_visible():
        draw(visit)
    wait_for_whole(visit)


def test_a_sample_clicked_while_a_curve_is_drawn_shows_its_own(laptop: Visit, clips: Path):
    draw_if_missing(laptop)
    laptop.upload(clips / "short.mp4")
    laptop.wait_for_maps()
    draw(laptop)
    laptop.page.click("#samples button")
    laptop.page.wait_for_selector("#curve .want", state="hidden")
    wait_for_whole(laptop)
    assert laptop.page.locator("#curve .halt").is_hidden() and laptop.errors == []


def test_a_link_reopens_a_repeat(browser, app_url: str):
    visit = Visit(browser, f"{app_url}?sample=square&change=repeat+5", "laptop")
    visit.page.wait_for_selector("#viewer-after figure:visible figcaption:has-text('after “Repeat 5 times”')")
    assert visit.page.locator("#change label:has-text('Repeat 5 times') input").is_checked()
    visit.close()


@pytest.mark.long
def test_the_sliders_set_how_often_and_how_much(laptop: Visit):
    for slider, value, words in (("times", 3, "Repeat 3 times"), ("percent", 40, "First 40%")):
        laptop.page.fill(f"#{slider} input[type=number]", str(value))
        laptop.page.locator(f"#{slider} input[type=number]").blur()
        laptop.page.wait_for_selector(f"#viewer-after figure:visible figcaption:has-text('after “{words}”')")
    assert laptop.errors == []


def test_a_program_repeats_a_clip(app_url: str, clips: Path):
    client = Client(app_url, verbose=False, download_files=False)
    found = client.predict("repeat 7", handle_file(clips / "clip.mp4"), api_name="/compare")[0]
    assert found["change"] == "repeat 7" and "7 times over" in found["note"]
    part = client.predict("first 50%", handle_file(clips / "clip.mp4"), api_name="/compare")[0]
    assert "first 12 of 24 frames" in part["note"]
    assert part["before"]["tdn"]["target_probability"] == found["before"]["tdn"]["target_probability"]
    for change in ("repeat 0", "repeat 17", "first 0%"):
        with pytest.raises(Exception, match="expected a"):
            client.predict(change, handle_file(clips / "clip.mp4"), api_name="/compare")
    assert change_text.unknown_change("repeat often").endswith("repeat K, first N%.")


# Each with a clip of its own length: what is drawn of a clip is kept.
@pytest.mark.parametrize(
    ("leaves", "length"),
    [
        pytest.param("closes the page", 31, marks=pytest.mark.long),
        ("picks a sample", 32),
        pytest.param("uploads another", 33, marks=pytest.mark.long),
    ],
)
def test_who_moves_on_ends_the_drawing(
    browser, app_url: str, tmp_path: Path, clips: Path, monkeypatch: pytest.MonkeyPatch, leaves: str, length: int
):
    made = []

    def slowly(*given):
        for step in curve(*given):
            time.sleep(0.3)
            made.append(step)
            yield step

    monkeypatch.setattr("app.explainer.curve", slowly)
    visit = Visit(browser, app_url, "laptop")
    write_mp4(tmp_path / "own.mp4", moving_square(num_frames=length), fps=12)
    visit.upload(tmp_path / "own.mp4")
    visit.wait_for_maps()
    visit.wait_for_files()
    draw(visit)
    visit.page.wait_for_function(f"{POINTS} >= 2")
    if leaves == "picks a sample":
        visit.page.click("#samples button")
        visit.wait_for_maps()
    elif leaves == "uploads another":
        visit.upload(clips / "clip.mp4")
        visit.wait_for_maps()
    else:
        visit.close()
    time.sleep(1)
    drawn = len(made)
    time.sleep(1.5)
    assert 2 <= len(made) == drawn < STEPS
    visit.close()
