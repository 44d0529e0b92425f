"""The first screen: a film that plays, what two networks say to it, and a switch; the networks are random."""

import pytest

from tests.e2e.conftest import LONG_ON_LAPTOP, LONG_ON_PHONE, SCREENS, Visit

pytestmark = pytest.mark.browser

SWITCH = "#opening .switch button"
PLAYING = "[...document.querySelectorAll('#opening video')].filter(film => !film.paused)"
PICTURES = "() => [...document.querySelectorAll('#opening canvas')].map(one => one.toDataURL().slice(-400))"
FILM = "document.querySelector('#opening video')"


@pytest.mark.parametrize("screen", LONG_ON_LAPTOP)
def test_the_page_opens_on_a_film_with_maps_moving_over_it(browser, app_url: str, screen: str):
    visit = Visit(browser, app_url, screen, reduced_motion="no-preference")
    page = visit.page
    page.wait_for_function(f"{FILM}.currentTime > 0.2 && !{FILM}.paused && {FILM}.muted")
    assert page.inner_text("#opening h2").startswith("A <b>square</b> & ${1+1} {{moves}}. ")
    assert page.inner_text("#opening .credit") == "drawn <i>here</i>"
    assert page.locator("#opening .card h3").all_inner_texts() == ["TDN", "T-Conv baseline"]
    assert page.locator("#opening .line i").count() == 2 * 8  # the moments that the maps are of
    assert "interpolated" in page.inner_text("#opening .knots")
    first = page.evaluate(PICTURES)
    page.wait_for_function(f"before => JSON.stringify(({PICTURES})()) !== JSON.stringify(before)", arg=first)
    assert page.evaluate("scrollY") == 0
    # The maps of both networks stand in the first screen, on a phone too.
    low = page.eval_on_selector_all(
        "#opening canvas", "all => Math.max(...all.map(c => c.getBoundingClientRect().top))"
    )
    assert low < SCREENS[screen][1] - 80
    assert page.evaluate("document.documentElement.scrollWidth") == visit.width
    page.click("#opening .play")
    assert page.evaluate(f"{FILM}.paused") and visit.errors == [] and visit.outside == []
    visit.close()


def test_nothing_plays_by_itself_for_who_prefers_less_motion(laptop: Visit):
    assert laptop.page.evaluate(f"{FILM}.paused")
    laptop.page.click("#opening .play")
    laptop.page.wait_for_function(f"!{FILM}.paused")


@pytest.mark.parametrize("screen", LONG_ON_PHONE)
def test_the_switch_shows_before_and_after_side_by_side_and_in_step(browser, app_url: str, screen: str):
    visit = Visit(browser, app_url, screen, reduced_motion="no-preference")
    page = visit.page
    names = ["As filmed", "Seven times over", "Reversed", "Frozen", "Shuffled", "S-TDM off"]
    assert page.locator(SWITCH).all_inner_texts() == names
    filmed = page.locator("#opening .card").all_inner_texts()
    page.click(f"{SWITCH}:nth-child(3)")
    assert page.inner_text("#opening h2").startswith("Time runs backwards. TDN: “")
    columns = page.locator("#opening .columns h4").all_inner_texts()
    assert columns == ["Before: as filmed", "After: reversed"] * 2
    page.wait_for_selector("#opening [data-maps='4'], #opening[data-maps='4']")
    page.wait_for_function(f"{PLAYING}.length === 2")
    page.wait_for_function(f"(([a, b]) => Math.abs(a.currentTime - b.currentTime) < 0.5)({PLAYING})")
    page.click(f"{SWITCH}:nth-child(6)")  # the network is changed, not the film: one player is enough
    page.wait_for_function(f"{PLAYING}.length === 1")
    page.focus(f"{SWITCH}:nth-child(1)")
    page.click(f"{SWITCH}:nth-child(1)")
    assert page.locator("#opening .card").all_inner_texts() == filmed
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(f"{SWITCH}:nth-child(2)", "aria-checked") == "true"
    assert "nearest" in page.inner_text("#opening .knots") or "half way" in page.inner_text("#opening .knots")
    assert visit.errors == [] and page.evaluate("document.documentElement.scrollWidth") == visit.width
    visit.close()


def test_a_link_to_something_else_leads_there(browser, app_url: str):
    visit = Visit(browser, f"{app_url}?sample=square&change=reverse", "laptop")
    assert visit.page.locator("#opening .opening").is_hidden()
    visit.close()
    again = Visit(browser, f"{app_url}?sample=square&segment=2", "laptop")
    assert again.page.locator("#opening .opening").is_visible()
    again.close()
