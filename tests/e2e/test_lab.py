"""The lab in a real Chromium, all steps in order; the networks are random, so what they say is read, not expected."""

import re
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import LONG_ON_LAPTOP, Visit

pytestmark = pytest.mark.browser

SLIDE = "(control, value) => { control.value = value; control.dispatchEvent(new Event('input', {bubbles: true})); }"

# Of words in a picture, in pixels of the screen.
HEIGHTS = "all => all.map((one) => one.getBoundingClientRect().height)"

# Words whose colour and ground are closer than 4.5 to 1.
TOO_FAINT = """() => {
  const levels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (level) => (level / 255 <= 0.04045 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (at) => {
    for (; at; at = at.parentElement) {
      const colour = levels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const words = [...document.querySelectorAll('#lab-steps *, #tabs [role=tab]')].filter((one) => one.checkVisibility()
    && !one.closest('svg') && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  if (words.length < 20) throw Error('the lab is not there');
  return words.filter((one) => {
    const [a, b] = [light(levels(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < 4.5;
  }).map((one) => one.textContent.trim());
}"""


def board(visit: Visit, slug: str, selector: str = ""):
    return visit.page.locator(f"#lab-board-{slug} {selector}".strip())


def pictures(visit: Visit, slug: str) -> list[str]:
    return board(visit, slug, ".tiles canvas").evaluate_all("all => all.map((one) => one.toDataURL())")


def slide(visit: Visit, slug: str, name: str, value: int) -> None:
    board(visit, slug, f".{name}").evaluate(SLIDE, str(value))


def shares(visit: Visit, slug: str) -> list[str]:
    return board(visit, slug, ".card li span:last-child").all_inner_texts()


def go_on(visit: Visit, slug: str) -> None:
    """By the button below a step to step `slug`, until its board is drawn."""
    visit.page.locator("button:visible", has_text="Next step").click()
    visit.page.wait_for_selector(f"#lab-{slug}", state="visible")
    if slug not in ("film", "numbers"):
        board(visit, slug, ".tiles canvas").first.wait_for()


@pytest.fixture(scope="module", params=LONG_ON_LAPTOP)
def lab(request: pytest.FixtureRequest, browser, app_url: str) -> Iterator[Visit]:
    """The lab, just opened; the tests of a module walk on through it."""
    visit = Visit(browser, app_url, request.param)
    visit.page.get_by_role("tab", name="S-TDM lab").click()
    board(visit, "frame", ".tiles canvas").first.wait_for()
    yield visit
    visit.close()


def test_all_ten_steps_can_be_walked_and_each_control_does_something(lab: Visit):
    page = lab.page
    # 1: a single frame, a guess, then the window and both networks.
    assert board(lab, "frame", "canvas").count() == 1 and board(lab, "frame", ".card").count() == 0
    page.get_by_label("Holding something still").check()
    board(lab, "frame", ".card").first.wait_for()
    assert board(lab, "frame", ".card h3").all_inner_texts() == ["TDN", "T-Conv baseline"]
    said = board(lab, "frame", ".said").inner_text()
    assert said.startswith("You said “Holding something still”. The clip shows “Spinning something fast clockwise”")
    before = pictures(lab, "frame")
    board(lab, "frame", ".play").click()  # the visitor prefers reduced motion, so nothing moved by itself
    page.wait_for_function(
        "before => document.querySelectorAll('#lab-board-frame canvas')[1].toDataURL() !== before", arg=before[1]
    )
    board(lab, "frame", ".play").click()

    # 2: the frames of a real belt, another guess, then both networks.
    go_on(lab, "belt")
    once = pictures(lab, "belt")
    page.locator("#lab-times").get_by_label("7 times over").check()
    page.wait_for_function("was => document.querySelector('#lab-board-belt canvas').toDataURL() !== was", arg=once[0])
    assert board(lab, "belt", ".card").count() == 0
    page.locator("#lab-belt-guess").get_by_label("Moving something from left to right").check()
    board(lab, "belt", ".card").first.wait_for()
    assert "From one segment to the next: 1/8 of a passage back." in board(lab, "belt", ".said").inner_text()
    page.locator("#lab-times").get_by_label("8 times over").check()
    board(lab, "belt", ".card").first.wait_for(state="detached")

    # 3: five frames and four differences of any segment, without a request.
    go_on(lab, "differences")
    lab.requests.clear()
    first = pictures(lab, "differences")
    slide(lab, "differences", "segment", 7)
    assert len(first) == 5 + 4 and all(
        one != other for one, other in zip(first, pictures(lab, "differences"), strict=True)
    )
    assert board(lab, "differences", ".position").inner_text().startswith("Segment 8 of 8")
    assert lab.requests == []

    # 4: noise in every frame, and a guess.
    go_on(lab, "noise")
    assert board(lab, "noise", ".card").count() == 0 and len(set(pictures(lab, "noise"))) == 3
    page.locator("#lab-noise-guess").get_by_label("Moving something down").check()
    board(lab, "noise", ".card").first.wait_for()
    said = board(lab, "noise", ".said").inner_text()
    assert "It is “Moving something from left to right”" in said and "Of 12 clips like this" in said

    # 5: the weight moves the sums and the scores of TDN, in the browser alone.
    go_on(lab, "fusion")
    lab.requests.clear()
    trained, scores = pictures(lab, "fusion"), shares(lab, "fusion")
    slide(lab, "fusion", "weight", 0)
    off = pictures(lab, "fusion")
    assert [one != other for one, other in zip(trained, off, strict=True)] == [
        False,
        False,
        False,
        True,
        False,
        True,
        False,
        True,
    ]
    assert "off" in board(lab, "fusion", ".weight-value").inner_text()
    assert "At weight 0:" in board(lab, "fusion", ".curve svg").get_attribute("aria-label")
    tdn_bars = board(lab, "fusion", ".card").first.locator("li").count()
    assert shares(lab, "fusion")[tdn_bars:] == scores[tdn_bars:]  # the baseline has no S-TDM
    assert lab.requests == []

    # 6: the baseline cannot see what happens inside windows, whatever its weights.
    go_on(lab, "reverse")
    assert "T-Conv baseline says" in board(lab, "reverse", ".said").inner_text()
    assert "to the last digit" in board(lab, "reverse", ".said").inner_text()
    page.get_by_label("Whole clip reversed").check()
    board(lab, "reverse", "figcaption").filter(has_text="whole clip reversed").wait_for()

    # 7: gates of three stages.
    go_on(lab, "gates")
    captions = board(lab, "gates", "figcaption").all_inner_texts()[:4]
    assert [caption.split(",")[0] for caption in captions] == ["middle frame", "Res3", "Res4", "Res5"]
    assert re.search(r"\d+% as trained, \d+% with all gates at zero", board(lab, "gates", ".said").inner_text())

    # 8: segments taken away, one and all but one.
    go_on(lab, "drop")
    assert board(lab, "drop", ".said").inner_text() == "All eight segments are there."
    whole = pictures(lab, "drop")
    page.locator("#lab-gone").get_by_label("3").check()
    page.wait_for_function(
        "document.querySelector('#lab-board-drop .said').textContent.startsWith('Without segment 3;')"
    )
    assert pictures(lab, "drop")[0] != whole[0]
    assert board(lab, "drop", ".effects svg").count() == 2 and board(lab, "drop", ".effects rect").count() == 16

    # 9: a film of the camera, after three seconds.
    go_on(lab, "film")
    page.locator("#lab-film .go").click()
    page.locator("#lab-film .count", has_text="3").wait_for()
    board(lab, "film", ".card").first.wait_for()
    assert "T-Conv baseline says" in board(lab, "film", ".said").inner_text()

    # 10: dots, and tables behind them.
    go_on(lab, "numbers")
    # The random networks of these tests have no accuracy to show: two plots, each in one layout.
    assert page.locator("#lab-dots svg:visible").count() == 2 and page.locator("#lab-dots circle:visible").count() > 20
    assert min(page.locator("#lab-dots text:visible").evaluate_all(HEIGHTS)) > 10
    page.get_by_role("button", name="All numbers as tables").click()
    assert "52.3" in page.locator("#lab-tables").inner_text() and "short-term motion" in page.inner_text("#lab-tables")
    assert page.locator("button:visible", has_text="Next step").count() == 0
    assert lab.errors == [] and lab.outside == []


def test_no_step_is_wider_than_the_screen(lab: Visit):
    for tab in lab.page.locator("#lab-steps [role=tab]").all():
        tab.click()
        assert lab.page.evaluate("document.documentElement.scrollWidth") == lab.width
        assert lab.page.evaluate("innerWidth") == lab.width


def test_the_steps_can_be_walked_by_keyboard(lab: Visit):
    page = lab.page
    page.locator("#lab-steps [role=tab]").nth(1).click()
    page.locator("button:visible", has_text="Next step").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.textContent.includes('3 Differences')")
    board(lab, "differences", ".tiles canvas").first.wait_for()
    board(lab, "differences", ".segment").focus()
    before = board(lab, "differences", ".position").inner_text()
    page.keyboard.press("ArrowLeft")
    assert board(lab, "differences", ".position").inner_text() != before
    clip = pictures(lab, "differences")[0]
    page.focus("#lab-clip-differences input")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function(
        "was => document.querySelector('#lab-board-differences canvas').toDataURL() !== was", arg=clip
    )


def test_what_was_revealed_stays_when_the_lab_is_opened_again(lab: Visit):
    lab.page.locator("#lab-steps [role=tab]").first.click()
    lab.page.get_by_role("tab", name="About").click()
    lab.page.get_by_role("tab", name="S-TDM lab").click()
    board(lab, "frame", ".card").first.wait_for()
    lab.page.locator("label:visible", has_text="Second").locator("input").first.check()  # another frame hides it again
    board(lab, "frame", ".card").first.wait_for(state="detached")
    assert lab.page.get_by_label("A pattern streaming right inside something").is_visible()


def test_a_visitor_s_own_clip_is_asked_for_and_then_taken(browser, app_url: str, clips):
    visit = Visit(browser, app_url, "laptop")
    visit.wait_for_maps()  # the page opens with a sample
    visit.clear()
    visit.page.get_by_role("tab", name="S-TDM lab").click()
    visit.page.locator("#lab-steps [role=tab]").nth(2).click()
    board(visit, "differences", ".tiles canvas").first.wait_for()
    before = pictures(visit, "differences")
    choose_own(visit)
    visit.page.wait_for_selector("[data-testid=toast-text]")
    visit.page.wait_for_timeout(500)  # a second one would come at once
    sentences = visit.page.locator("[data-testid=toast-text]").all_inner_texts()
    assert len(sentences) == 1 and sentences[0].startswith("Add a clip under Analyse first")
    assert pictures(visit, "differences") == before
    visit.page.get_by_role("tab", name="Analyse").click()
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    visit.page.get_by_role("tab", name="S-TDM lab").click()
    visit.page.locator("#lab-steps [role=tab]").nth(3).click()
    visit.page.locator("#lab-steps [role=tab]").nth(2).click()
    visit.page.wait_for_function(
        "before => document.querySelector('#lab-board-differences canvas').toDataURL() !== before", arg=before[0]
    )
    assert visit.errors == []
    visit.close()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
@pytest.mark.long
def test_every_word_of_the_lab_has_the_contrast_of_wcag_aa(browser, app_url: str, theme: str):
    visit = Visit(browser, f"{app_url}/?__theme={theme}", "laptop")
    visit.page.get_by_role("tab", name="S-TDM lab").click()
    board(visit, "frame", ".tiles canvas").first.wait_for()
    visit.page.get_by_label("Making something vibrate").check()
    board(visit, "frame", ".card").first.wait_for()
    too_faint = visit.page.evaluate(TOO_FAINT)
    visit.page.locator("#lab-steps [role=tab]").nth(4).click()
    board(visit, "fusion", ".card").first.wait_for()
    assert too_faint == [] and visit.page.evaluate(TOO_FAINT) == []
    visit.close()


def choose_own(visit: Visit) -> None:
    visit.page.click("#lab-clip-differences input")
    visit.page.locator("[role=option]", has_text="Your clip from Analyse").click()


@pytest.mark.parametrize("screen", LONG_ON_LAPTOP)
@pytest.mark.long
def test_a_picture_stands_near_the_top_of_every_step_and_the_question_below_it_on_a_phone(browser, app_url, screen):
    visit = Visit(browser, app_url, screen)
    visit.page.get_by_role("tab", name="S-TDM lab").click()
    board(visit, "frame", ".tiles canvas").first.wait_for()
    for number, slug in enumerate(("frame", "belt", "differences", "noise", "fusion", "reverse", "gates", "drop")):
        visit.page.locator("#lab-steps [role=tab]").nth(number).click()
        board(visit, slug, ".tiles canvas").first.wait_for()
        visit.page.evaluate("scrollTo(0, 0)")
        top = visit.page.locator(f"#lab-{slug} .lab-step").bounding_box()["y"]
        picture = board(visit, slug, ".tiles canvas").first.bounding_box()["y"]
        question = visit.page.locator(f"#lab-{slug} .lab-ask").first.bounding_box()["y"]
        assert top < 250, slug
        if screen == "phone":
            assert picture < 340 and picture < question, (slug, picture, question)
    visit.close()
