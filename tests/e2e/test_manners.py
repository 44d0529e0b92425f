"""What every visitor is owed: text that can be read, in light and dark, and a page as wide as the phone."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import LONG_ON_LAPTOP, Visit

pytestmark = pytest.mark.browser

# Contrast of each visible text with what is behind it (WCAG 2.2, 1.4.3), but for text over pictures, what is switched
# off, and Gradio's footer. Large is from 24 pixels on, or 18.66 in bold.
TOO_FAINT = """() => {
  const numbers = (colour) => {
    const found = colour.match(/[\\d.]+/g).map(Number), unit = colour.startsWith('color(') ? 255 : 1;
    return [found[0] * unit, found[1] * unit, found[2] * unit, found[3] ?? 1];
  };
  const over = (top, below) => top.slice(0, 3).map((value, k) => value * top[3] + below[k] * (1 - top[3]));
  const light = (colour) => {
    const linear = (value) => (value <= 10.3 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(numbers(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
    const words = texts.map((node) => node.data.trim()).join(' ').trim();
    const style = getComputedStyle(element), place = element.getBoundingClientRect();
    if (!words || !place.width || style.visibility === 'hidden') continue;
    if (element.closest('[disabled], .picture, script, style, footer')) continue;
    const [a, b] = [over(numbers(style.color), behind(element)), behind(element)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(1)} ${words.slice(0, 40)}`);
  }
  return faint;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_of_wcag_aa(browser, app_url: str, scheme: str):
    visit = Visit(browser, app_url, "laptop", color_scheme=scheme)
    assert visit.page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
    visit.wait_for_files()
    assert visit.page.evaluate(TOO_FAINT) == []
    visit.page.get_by_role("tab", name="About").click()
    visit.page.wait_for_selector("#about")
    assert visit.page.evaluate(TOO_FAINT) == []
    visit.close()


@pytest.mark.parametrize("screen", LONG_ON_LAPTOP)
def test_no_tab_is_wider_than_the_screen(browser, app_url: str, screen: str):
    visit = Visit(browser, app_url, screen)
    for tab in visit.page.get_by_role("tab").all():
        tab.click()
        visit.page.wait_for_timeout(200)
        widths = visit.page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
        assert widths == [visit.width, visit.width], tab.inner_text()
    visit.close()


def test_the_maps_do_not_move_while_a_result_arrives(browser, app_url: str):
    visit = Visit(browser, app_url, "laptop", opens_with_maps=False)
    place = "document.querySelector('#viewer .grid').getBoundingClientRect().top"
    before = visit.page.evaluate(place)
    visit.wait_for_maps()
    assert abs(visit.page.evaluate(place) - before) <= 2
    visit.close()


def test_every_control_of_the_viewer_shows_its_focus(laptop: Visit):
    for control in ("play", "seek", "grid", "opacity", "layers", "rule", "colours", "speed", "signed", "copy"):
        laptop.page.focus(f"#viewer .{control}")
        laptop.page.keyboard.press("Shift")  # focus by keyboard, not by mouse
        style = laptop.page.eval_on_selector(f"#viewer .{control}", "one => getComputedStyle(one).outlineStyle")
        assert style == "solid", control


def test_the_legend_says_what_its_bright_end_is_for_each_scale(laptop: Visit):
    for rule, words in {
        "shared": "most of both networks",
        "frame": "most at each moment",
        "clip": "most in each map",
    }.items():
        laptop.set("#viewer .rule", rule, "change")
        assert laptop.page.inner_text("#viewer .most") == words


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.long), "dark"])
def test_a_ticked_box_is_told_from_an_empty_one(browser, app_url: str, scheme: str):
    visit = Visit(browser, app_url, "laptop", color_scheme=scheme)
    box, shots = visit.page.locator("#viewer .signed"), []
    for ticked in (False, True):
        box.set_checked(ticked)
        shots.append(np.asarray(Image.open(BytesIO(box.screenshot())).convert("L")).astype(int))
    assert (np.abs(shots[1] - shots[0]) > 64).mean() > 0.2  # a fifth of it is clearly lighter or darker
    visit.close()
