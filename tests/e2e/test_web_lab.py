"""The lab in the page without a server: the boards of the page with one, on a phone, from a link, of own clips."""

import json
import re
import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from app.explainer import Explainer
from app.lab import text, views
from app.lab.board import Board
from app.lab.lessons import CLIPS, Lessons, lab_clips
from tdn.data.film import Showing
from tests.e2e.web_site import ROOT, SAMPLES, Visit, built_and_served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("npm") is None, reason="no Node on this machine"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, node_modules) -> Iterator[str]:
    with built_and_served(tmp_path_factory.getbasetemp()) as address:
        yield address


@pytest.fixture(scope="module")
def visit(browser, site) -> Iterator[Visit]:
    opened = Visit(browser, f"{site}#lab/1", "phone", permissions=["camera"])
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons(Explainer(ROOT / "checkpoints", "cpu"))


STEPS = {
    "guess 0 Holding something still": (1, ["Holding something still"]),
    "belt 4 Holding something still": (2, ["4 times over", "Holding something still"]),
    "differences 0": (3, []),
    "noise 1": (4, []),
    "fusion 0": (5, []),
    "reverse 0 reverse": (6, ["Whole clip reversed"]),
    "gates 4": (7, []),
    "drop 0 0,1": (8, ["1", "2"]),
}


def board_in_python(lessons: Lessons, name: str) -> Board:
    """The board of the Gradio page that a name of STEPS means."""
    clips = lab_clips(CLIPS, SAMPLES)
    step, which = name.split()[:2]
    chosen = clips[int(which)]
    if step == "noise":
        return views.noise(lessons.noise(int(which)))
    if step == "belt":
        showing = Showing(part=0.3, repeat=4)
        clip = lessons.read(SAMPLES / "conveyor.mp4", showing)
        found = lessons.opinions(clip)
        tops, (segments, window) = {one.network: one.top for one in found.values()}, clip.frames.shape
        said = text.belt("Holding something still", tops, found["baseline"].network, showing, segments, window)
        return views.belt(clip, said, found, "Moving something from right to left")
    clip, right = lessons.read(chosen.path), chosen.label
    if step == "guess":
        return views.revealed(clip, 4, lessons.opinions(clip), "Holding something still", right)
    if step == "differences":
        return views.differences(clip, lessons.differences(clip))
    if step == "fusion":
        return views.fusion(clip, lessons.sweep(clip), right)
    if step == "reverse":
        return views.compared(clip, "reverse", lessons.opinions(clip), lessons.opinions(clip, "reverse"), right)
    if step == "gates":
        return views.gates(clip, lessons.gates(clip), right)
    return views.dropped(clip, lessons.dropped(clip, (0, 1)), right)


LONG = ("differences 0", "noise 1", "fusion 0", "drop 0 0,1")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in STEPS])
def test_a_step_of_the_lab_shows_the_board_of_the_page_with_a_server(visit, lessons, name):
    """The same words, tiles and bars. Numbers differ a little, because the browser's decoder has its own colours."""
    number, choices = STEPS[name]
    visit.page.evaluate("number => { location.hash = `#lab/${number}`; }", number)
    visit.page.wait_for_selector(f"#lab-steps a[aria-current][href='#lab/{number}']")
    for words in choices:
        visit.page.get_by_label(words, exact=True).check()
    visit.wait_for_board(name)
    found, wanted = visit.page.evaluate("tdnLens.board()"), board_in_python(lessons, name).model_dump()

    def words_of(board: dict) -> str:
        kept = {key: board[key] for key in ("said", "positions", "segment", "frames", "rows", "outlined")}
        names = [(card["name"], card["file"]) for card in board["cards"]]
        return re.sub(r"[0-9.]+", "#", json.dumps([kept, names, board["effects_title"], len(board["sheets"])]))

    def shares_of(board: dict) -> dict:
        bars = [(card["name"], bar) for card in board["cards"] for bar in card["bars"]]
        shares = {(card, bar["label"]): bar["shares"] for card, bar in bars}
        curve = board["curve"] or {"shares": [], "label": ""}
        effects = {effect["name"]: effect["changes"] for effect in board["effects"]}
        return {**shares, ("curve", curve["label"]): curve["shares"], **effects}

    assert words_of(found) == words_of(wanted)
    ours, theirs = shares_of(found), shares_of(wanted)
    both = ours.keys() & theirs.keys()
    assert len(both) >= 0.8 * len(theirs)
    assert all(np.allclose(ours[one], theirs[one], atol=0.1) for one in both)
    assert [sheet["is_smooth"] for sheet in found["sheets"]] == [sheet["is_smooth"] for sheet in wanted["sheets"]]


@pytest.mark.long
def test_a_link_to_a_step_opens_it_alone_and_the_page_goes_on_from_there(browser, site, clips):
    visit = Visit(browser, f"{site}#lab/7", "phone")
    visit.wait_for_board("gates 4")
    assert visit.page.locator("#analyse").is_hidden() and visit.page.locator("#viewer .picture canvas").count() == 0
    for number in range(1, 11):
        visit.page.evaluate("number => { location.hash = `#lab/${number}`; }", number)
        visit.page.wait_for_selector(f"#lab-steps a[aria-current][href='#lab/{number}']")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= visit.width
    assert visit.page.locator("#lab-dots circle").count() > 20
    visit.page.click("#to-analyse")
    visit.wait_for("“Moving something from right to left”")
    visit.upload(clips / "clip.mp4")
    visit.wait_for("24 frames")
    visit.page.evaluate("location.hash = '#lab/6'")
    visit.page.get_by_label("Clip", exact=True).select_option("Your clip from Analyse")
    visit.page.wait_for_selector("#lab[data-board^='reverse clip.mp4']")
    assert visit.said == []
    visit.context.close()


@pytest.mark.long
def test_a_film_of_the_camera_is_looked_at_forwards_and_backwards(visit):
    visit.page.evaluate("location.hash = '#lab/9'")
    visit.page.click("#film-button .go")
    visit.page.wait_for_selector("#lab[data-board^='film']")
    assert visit.page.locator("#board .card").count() == 4
