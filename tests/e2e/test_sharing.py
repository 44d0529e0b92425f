"""A visitor shares a result of an own clip, others see it, and the visitor takes it back."""

from pathlib import Path

import httpx
import pytest

from studies.abuse.visitors import Refused, Visitor
from tests.e2e.conftest import PATIENCE_MS, Visit

pytestmark = pytest.mark.browser


def test_a_result_is_shared_by_consent_seen_by_others_and_taken_back(browser, app_url: str, clips: Path):
    visit = Visit(browser, app_url, "laptop")
    page = visit.page
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    visit.wait_for_files()

    # Nothing is shared before the visitor says yes.
    page.click("#share")
    page.wait_for_selector("#share-question", state="visible")
    question = page.inner_text("#share-question")
    assert "kept for a day" in question and "its name stay here" in question
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#share-question", state="hidden")
    assert page.locator("#share-links li").count() == 0

    page.click("#share")
    page.get_by_role("button", name="Yes, share it").click()
    link = page.locator("#share-links li > a")
    link.wait_for(timeout=PATIENCE_MS)
    address = link.get_attribute("href")
    assert address.startswith(f"{app_url}/shared/")
    page.wait_for_function("document.querySelector('#share-links img').naturalWidth > 20")

    # Somebody else, on a phone.
    other = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True).new_page()
    errors = []
    other.on("console", lambda line: line.type in ("warning", "error") and errors.append(line.text))
    other.goto(address)
    assert "TDN" in other.inner_text(".answers") and "clip.mp4" not in other.content()
    other.wait_for_function("document.querySelector('img').naturalWidth > 500")
    other.wait_for_function(
        "document.querySelector('video').readyState >= 1 && document.querySelector('video').duration > 1"
    )
    assert other.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    assert other.locator("form, script").count() == 0 and errors == []

    # And back.
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_selector("#share-links li:has-text('is shared no more')")
    assert httpx.get(address).status_code == 404 and other.goto(address).status == 404
    other.context.close()
    assert visit.errors == [] and visit.outside == []
    visit.close()


def test_nothing_can_be_shared_of_a_result_that_is_not_one_s_own(app_url: str):
    with pytest.raises(Refused, match="no result yet"):
        Visitor(app_url).ask("share", [{}, "guess", "guess", None])


def test_nothing_is_shared_but_what_the_visitor_was_asked_about(app_url: str, clips: Path):
    visitor = Visitor(app_url)
    visitor.analyze(visitor.upload(clips / "clip.mp4"))
    with pytest.raises(Refused, match="nothing was shared"):
        visitor.ask("share", [{}, None, None, None])
