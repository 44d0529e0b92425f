"""Nothing is cut, tiny or covered: at 820 pixels, which neither a laptop nor a phone has, and on a phone."""

import pytest

from tests.e2e.conftest import SCREENS, Visit

pytestmark = pytest.mark.browser

RIGHT = "one => one.getBoundingClientRect().right"


@pytest.fixture(scope="module", params=["tablet", "phone"])
def narrow(request: pytest.FixtureRequest, browser, app_url: str) -> Visit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCREENS, "tablet", (820, 1180, False))
        visit = Visit(browser, app_url, request.param)
    visit.wait_for_files()
    yield visit
    visit.close()


def test_the_table_of_motion_focus_is_whole(narrow: Visit):
    assert narrow.page.evaluate("document.documentElement.scrollWidth") == narrow.width
    cells = narrow.page.locator("#focus th, #focus td")
    edge = narrow.page.locator("#focus").evaluate(RIGHT) + 1
    assert cells.count() > 20 and all(cell.evaluate(RIGHT) <= edge <= narrow.width + 1 for cell in cells.all())


def test_buttons_for_files_are_large_enough_for_a_finger(narrow: Visit):
    buttons = narrow.page.locator("#downloads button")
    assert buttons.count() >= 6
    assert min(button.bounding_box()["height"] for button in buttons.all()) >= 36


PARTS = """() => [...document.querySelectorAll('#analysis > *, #versus, #warning, #strobe, #compare')].map((part) => {
  const boxes = [...part.querySelectorAll('*')].map((one) => one.getBoundingClientRect());
  const seen = boxes.filter((box) => box.height && box.width && box.top + scrollY >= 0);
  const [left, top] = ['left', 'top'].map((side) => Math.min(...seen.map((box) => box[side])));
  const [right, bottom] = ['right', 'bottom'].map((side) => Math.max(...seen.map((box) => box[side])));
  return { left, top, right, bottom };
})"""


def test_no_half_of_a_screen_is_empty_between_the_parts(narrow: Visit):
    parts = narrow.page.evaluate(PARTS)
    for part in parts:
        below = [one["top"] for one in parts if one["top"] >= part["bottom"] - 2]
        assert not below or min(below) - part["bottom"] <= 120, parts
