"""The first screen: a film that plays, what two networks say to it, and a switch; the networks are random."""

import pytest

from tests.e2e.conftest import SCREENS, Visit

pytestmark = pytest.mark.browser

SWITCH = "#opening .switch button"
FILM = "document.querySelector('#opening video')"


@pytest.mark.parametrize("screen", SCREENS)
def test_the_page_opens_on_a_film_that_plays_and_stays_where_it_is(browser, app_url: str, screen: str):
    visit = Visit(browser, app_url, screen, reduced_motion="no-preference")
    page = visit.page
    page.wait_for_function(f"{FILM}.currentTime > 0.2 && !{FILM}.paused && {FILM}.muted")
    assert page.inner_text("#opening h2").startswith("A <b>square</b> & ${1+1} {{moves}}. ")
    assert page.inner_text("#opening figcaption") == "drawn <i>here</i>"
    assert page.locator("#opening .card h3").all_inner_texts() == ["TDN", "T-Conv baseline"]
    assert page.locator("#opening .tiles i").count() == 2 * 8
    assert page.locator("#opening .tiles i.now").count() == 2  # where the film is, in both rows
    visit.wait_for_files()
    assert page.evaluate("scrollY") == 0
    # On a laptop all of it stands above the fold, on a phone the first maps of this upright film.
    shown = "#opening .strips" if screen == "laptop" else "#opening .tiles i"
    assert page.eval_on_selector(shown, "one => one.getBoundingClientRect().bottom") < SCREENS[screen][1]
    assert page.evaluate("document.documentElement.scrollWidth") == visit.width
    page.click("#opening .play")
    assert page.evaluate(f"{FILM}.paused") and visit.errors == [] and visit.outside == []
    visit.context.close()


def test_nothing_plays_by_itself_for_who_prefers_less_motion(laptop: Visit):
    assert laptop.page.evaluate(f"{FILM}.paused")
    laptop.page.click("#opening .play")
    laptop.page.wait_for_function(f"!{FILM}.paused")


@pytest.mark.parametrize("screen", SCREENS)
def test_the_switch_shows_before_and_after_and_plays_the_part_over_and_over(browser, app_url: str, screen: str):
    visit = Visit(browser, app_url, screen, reduced_motion="no-preference")
    page = visit.page
    assert page.locator(SWITCH).all_inner_texts() == ["One thing passing", "As filmed", "Seven times over"]
    filmed = page.locator("#opening .card").all_inner_texts()
    visit.wait_for_files()
    visit.requests.clear()
    page.click(f"{SWITCH}:nth-child(3)")
    assert page.inner_text("#opening h2").startswith("One thing, seven times over.")
    columns = page.locator("#opening .columns h4").all_inner_texts()
    assert columns == ["As filmed", "Seven times over"] * 2
    assert page.locator("#opening .tiles i").count() == 4 * 8
    # One second of the two is shown, again and again.
    page.wait_for_function("document.querySelector('#opening .round').textContent === '2 of 7'")
    assert page.evaluate(f"{FILM}.currentTime") < 1.2
    page.focus(f"{SWITCH}:nth-child(3)")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#opening .card").all_inner_texts() == filmed
    assert page.get_attribute(f"{SWITCH}:nth-child(2)", "aria-checked") == "true"
    assert [one for one in visit.requests if "queue" in one] == [] and visit.errors == []
    assert page.evaluate("document.documentElement.scrollWidth") == visit.width
    visit.context.close()


def test_a_link_to_something_else_leads_there(browser, app_url: str):
    visit = Visit(browser, f"{app_url}?sample=square&change=reverse", "laptop")
    assert visit.page.locator("#opening .opening").is_hidden()
    visit.context.close()
    again = Visit(browser, f"{app_url}?sample=square&segment=2", "laptop")
    assert again.page.locator("#opening .opening").is_visible()
    again.context.close()
