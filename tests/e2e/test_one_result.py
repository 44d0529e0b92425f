"""What stands on the page belongs to one analysis. Results are raced on purpose: a slow first one, a fast second."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from app.analysis import Prepared, Request, RequestError
from app.explainer import Explainer
from app.motion import motion_focus
from app.results import Pages
from tests.e2e.conftest import PATIENCE_MS, Visit

pytestmark = pytest.mark.browser

WAITING = "document.querySelectorAll('#scores .card.waiting').length === 2"
SAMPLE = "location.search.includes('sample=square')"


class Gate:
    """Stands before the server's networks: requests that it `holds` wait there until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, holds: Callable[[Request], bool], fails: bool = False):
        self.reached, self.opened = threading.Event(), threading.Event()
        prepare = Explainer.prepare

        def waiting(explainer: Explainer, request: Request, *showing) -> Prepared:
            if holds(request):
                self.wait()
                if fails:
                    raise RequestError("slow.mp4: this error comes too late.")
            return prepare(explainer, request, *showing)

        monkeypatch.setattr(Explainer, "prepare", waiting)

    def wait(self) -> None:
        self.reached.set()
        assert self.opened.wait(PATIENCE_MS / 1000)

    def expect_reached(self) -> None:
        assert self.reached.wait(PATIENCE_MS / 1000)

    def open(self, app_url: str, clips: Path) -> None:
        """Let all through, and wait until they are: networks answer one after the other."""
        self.opened.set()
        Client(app_url, verbose=False, download_files=False).predict(
            handle_file(clips / "short.mp4"), api_name="/analyze"
        )


@pytest.fixture
def slow(clips: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(clips / "clip.mp4", tmp_path / "slow.mp4"))


def is_slow(request: Request) -> bool:
    return Path(request.video).name == "slow.mp4"


def state(visit: Visit) -> list[str]:
    """Everything that says what a result is; not the seconds that Gradio counts beside words, unseen."""
    words = "#viewer figcaption, #scores .card, :is(#focus, #trouble, #note) .prose"
    return [
        *visit.page.locator(words).all_inner_texts(),
        *visit.pictures(),
    ]


def expect_nothing_old(visit: Visit) -> None:
    """Neither answers, maps, numbers nor files."""
    visit.page.wait_for_function(WAITING)
    visit.page.wait_for_selector("#viewer .grid canvas", state="detached")
    visit.page.wait_for_selector("#downloads button:not([disabled])", state="detached")
    for words in ("#focus", "#note"):
        assert visit.page.locator(f"{words} p, {words} td").count() == 0
    assert visit.page.locator("#viewer-after").is_hidden()


def click_sample(visit: Visit) -> None:
    visit.page.click("#samples button")
    visit.page.wait_for_function(SAMPLE)
    visit.wait_for_files()


def test_a_late_result_never_takes_the_place_of_a_sample(laptop: Visit, app_url: str, clips: Path, slow, monkeypatch):
    laptop.wait_for_files()
    before = state(laptop)
    gate = Gate(monkeypatch, is_slow)
    laptop.upload(slow)
    gate.expect_reached()
    expect_nothing_old(laptop)
    click_sample(laptop)
    assert state(laptop) == before
    gate.open(app_url, clips)
    laptop.page.wait_for_timeout(500)
    assert state(laptop) == before and laptop.page.evaluate(SAMPLE)
    with laptop.page.expect_download(timeout=PATIENCE_MS) as started:
        laptop.page.click("#downloads button:has-text('PNG')")
    assert started.value.suggested_filename.startswith("square-") and laptop.errors == []


def test_numbers_that_come_late_are_dropped(laptop: Visit, app_url: str, clips: Path, slow, monkeypatch):
    laptop.wait_for_files()
    before = state(laptop)
    gate = Gate(monkeypatch, lambda request: False)

    def measured(kept):
        if kept.video.name == "slow.mp4":
            gate.wait()
        return motion_focus(kept)

    monkeypatch.setattr("app.handlers.motion_focus", measured)
    laptop.upload(slow)
    gate.expect_reached()
    laptop.page.click("#samples button")
    laptop.page.wait_for_function(SAMPLE)
    gate.open(app_url, clips)
    laptop.wait_for_files()
    laptop.page.wait_for_timeout(500)
    assert state(laptop) == before


@pytest.mark.long
def test_an_error_that_comes_late_is_nobody_s(laptop: Visit, app_url: str, clips: Path, slow, monkeypatch):
    laptop.wait_for_files()
    before = state(laptop)
    gate = Gate(monkeypatch, is_slow, fails=True)
    laptop.upload(slow)
    gate.expect_reached()
    click_sample(laptop)
    gate.open(app_url, clips)
    laptop.page.wait_for_timeout(500)
    assert state(laptop) == before and laptop.page.locator("[data-testid=toast-text]").count() == 0


@pytest.mark.long
def test_of_two_classes_clicked_the_last_one_is_explained(laptop: Visit, app_url: str, clips: Path, monkeypatch):
    others = laptop.page.locator("#scores .card").first.locator("li:not(.explained) button")
    first, second = (others.nth(number).locator("span").first.inner_text() for number in range(2))
    gate = Gate(monkeypatch, lambda request: request.target == first)
    others.nth(0).click()
    gate.expect_reached()
    others.nth(1).click()
    laptop.page.wait_for_function("label => document.querySelector('#target input').value === label", arg=second)
    gate.open(app_url, clips)
    laptop.page.wait_for_function(
        "label => [...document.querySelectorAll('#viewer figcaption')].every(one => one.textContent.includes(label))",
        arg=second,
    )
    laptop.wait_for_files()
    assert laptop.page.locator("#scores li.explained span").first.inner_text() == second and laptop.errors == []


def test_of_two_changes_the_last_one_is_shown_and_none_beside_another_clip(
    laptop: Visit, app_url: str, clips: Path, monkeypatch
):
    gate = Gate(monkeypatch, lambda request: False)
    otherwise = Explainer.shown_otherwise

    def waiting(explainer: Explainer, prepared: Prepared, change: str):
        if change == "freeze windows":
            gate.wait()
        return otherwise(explainer, prepared, change)

    monkeypatch.setattr(Explainer, "shown_otherwise", waiting)
    laptop.page.get_by_label("Freeze each window").check()
    gate.expect_reached()
    laptop.page.get_by_label("Reverse time").check()
    gate.open(app_url, clips)
    laptop.page.wait_for_selector("#viewer-after figure:visible figcaption:has-text('after “Reverse time”')")
    laptop.page.wait_for_timeout(500)
    assert laptop.page.locator("#viewer-after figcaption:has-text('Freeze')").count() == 0
    gate.opened.clear()
    gate.reached.clear()
    laptop.page.get_by_label("Freeze each window").check()
    gate.expect_reached()
    click_sample(laptop)
    gate.open(app_url, clips)
    laptop.page.wait_for_selector("#viewer-after", state="hidden")
    laptop.page.wait_for_timeout(500)
    assert laptop.page.locator("#viewer-after").is_hidden()
    assert laptop.page.locator("#change input:checked").count() == 0 and laptop.errors == []


def test_why_a_change_failed_stays_beside_its_control_and_never_beside_what_another_showed(
    laptop: Visit, app_url: str, clips: Path, monkeypatch
):
    page, reverse = laptop.page, "#change label:has-text('Reverse time')"
    page.click("#change label:has-text('Freeze each window')")
    page.wait_for_selector("#looked-again:not(.old) #viewer-after [data-maps='8']")
    page.wait_for_function("location.search.includes('change=freeze')")
    gate = Gate(monkeypatch, lambda request: True, fails=True)
    page.click(reverse)
    gate.expect_reached()
    page.wait_for_selector("#looked-again.old")  # of the change before, until the next is there
    gate.opened.set()
    page.wait_for_selector("#change-trouble:has-text('Not looked at “Reverse time”. slow.mp4: this error')")
    page.wait_for_selector("#looked-again", state="hidden")
    page.click("[data-testid=toast-close]")
    page.wait_for_selector("[data-testid=toast-text]", state="detached")
    page.wait_for_function("!location.search.includes('change')")
    assert page.locator("#change-trouble").is_visible() and page.locator("#change input:checked").count() == 0
    monkeypatch.undo()
    page.click(reverse)  # once more
    page.wait_for_selector("#looked-again:not(.old) figcaption:has-text('after “Reverse time”')")
    assert page.locator("#change-trouble").is_hidden() and page.locator(f"{reverse} input").is_checked()
    assert laptop.errors == []


@pytest.mark.long
def test_other_networks_clear_the_answers_of_those_before_and_answer_by_themselves(
    laptop: Visit, app_url: str, clips: Path, monkeypatch
):
    laptop.page.get_by_text("Settings", exact=True).click()
    gate = Gate(monkeypatch, lambda request: request.baseline is None)
    laptop.page.click("#second-network input")
    laptop.page.get_by_role("option", name="none", exact=True).click()
    gate.expect_reached()
    expect_nothing_old(laptop)
    laptop.forget_maps()
    gate.open(app_url, clips)
    laptop.wait_for_maps(panels=2)
    laptop.wait_for_files()
    assert laptop.page.locator("#scores .card:visible h3").all_inner_texts() == ["TDN"] and laptop.errors == []


def test_a_class_of_the_list_is_explained_without_another_click(laptop: Visit):
    laptop.page.click("#target input")
    laptop.page.get_by_role("option", name="Dropping something").click()
    laptop.page.wait_for_function(
        "[...document.querySelectorAll('#viewer figcaption')].every(one => one.textContent.includes('“Dropping'))"
    )
    assert laptop.errors == []


def test_the_error_of_an_unreadable_file_stays_where_its_result_would_be(laptop: Visit, clips: Path):
    laptop.upload(clips / "fake.mp4")
    laptop.page.wait_for_selector("#trouble:has-text('fake.mp4: not a readable video')")
    toasts = laptop.page.locator("[data-testid=toast-text]").all_inner_texts()
    assert len(toasts) == 1 and toasts[0].startswith("fake.mp4: not a readable video")
    expect_nothing_old(laptop)
    laptop.page.click("[data-testid=toast-close]")
    laptop.page.wait_for_selector("[data-testid=toast-text]", state="detached")
    assert "fake.mp4" in laptop.page.inner_text("#trouble")
    laptop.upload(clips / "clip.mp4")
    laptop.wait_for_maps()
    assert laptop.page.inner_text("#trouble").strip() == "" and laptop.errors == []


def test_a_clip_that_is_taken_away_takes_its_result_along(laptop: Visit):
    laptop.wait_for_files()
    laptop.clear()
    expect_nothing_old(laptop)
    click_sample(laptop)
    assert laptop.errors == []


def test_a_clip_in_place_of_another_stays_though_its_clearing_is_overtaken(
    monkeypatch, browser, app_url: str, clips: Path
):
    ask, opened, is_done = Pages.ask, threading.Event(), threading.Event()
    found = []

    def late(pages: Pages, session: str | None, request: Request | None, arrived: int = 0) -> bool:
        if request is None:  # the box is emptied before another file is put into it
            assert opened.wait(PATIENCE_MS / 1000)
        found.append(ask(pages, session, request, arrived))
        if request is None:
            is_done.set()
        return found[-1]

    monkeypatch.setattr(Pages, "ask", late)
    visit = Visit(browser, app_url, "laptop")
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    opened.set()
    assert is_done.wait(PATIENCE_MS / 1000)
    visit.page.wait_for_timeout(500)
    assert found[-1] is False and not visit.page.evaluate(WAITING)
    visit.wait_for_maps()
    visit.close()
