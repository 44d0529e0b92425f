"""A school class on one server: all are served, each sees its place in line, and a limit holds for each by itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.explainer import Explainer
from app.server.settings import Settings
from studies.abuse.visitors import Refused, Visitor
from tdn.data.video import write_mp4
from tests.e2e.conftest import PATIENCE_MS, Visit, moving_square

PUPILS = 30


class Brake:
    """Holds every analysis of the server in this process until it is let go."""

    def __init__(self, patch: pytest.MonkeyPatch):
        self.let_go = threading.Event()
        prepare = Explainer.prepare

        def waiting(*given, **named):
            assert self.let_go.wait(120)
            return prepare(*given, **named)

        patch.setattr(Explainer, "prepare", waiting)


@pytest.fixture
def brake(app_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brake]:
    made = Brake(monkeypatch)
    yield made
    made.let_go.set()


def test_thirty_pupils_who_ask_at_once_are_all_served_each_with_the_own_answer(
    app_url: str, brake: Brake, tmp_path: Path
):
    files = [tmp_path / f"{number}.mp4" for number in range(3)]
    for number, file in enumerate(files):
        write_mp4(file, moving_square(num_frames=12 + 6 * number), fps=12)
    pupils = [Visitor(app_url) for _ in range(PUPILS)]
    uploads = [pupil.upload(files[number % 3]) for number, pupil in enumerate(pupils)]
    events = [pupil.join("analyze", [video, None, None, None]) for pupil, video in zip(pupils, uploads, strict=True)]
    brake.let_go.set()  # nobody was served before all stood in line

    def answer(pupil: Visitor, event: str) -> dict:
        with pupil.answers() as messages:
            done = next(one for one in messages if one.get("event_id") == event and one["msg"] == "process_completed")
        assert done["success"], done["output"]
        return done["output"]["data"][0]

    with ThreadPoolExecutor(PUPILS) as pool:
        answers = list(pool.map(answer, pupils, events))
    alone = [Visitor(app_url).analyze(pupils[0].upload(file))[0] for file in files]
    assert answers == [alone[number % 3] for number in range(PUPILS)]
    assert alone[0] != alone[1] != alone[2]


def test_two_school_classes_have_room_in_line():
    assert Settings.from_environment({}).queue >= 2 * PUPILS


@pytest.mark.browser
@pytest.mark.long
def test_who_waits_sees_the_place_in_line(browser, app_url: str, clips: Path, brake: Brake):
    visit = Visit(browser, app_url, "phone")
    others = [Visitor(app_url) for _ in range(3)]
    for other in others:
        other.join("analyze", [other.upload(clips / "clip.mp4"), None, None, None])
    visit.upload(clips / "short.mp4")
    # Where the answer will stand, and, as that is below what a phone shows, at the edge of the window.
    visit.page.wait_for_selector("#viewer :text-matches('queue: [23]/3')", timeout=PATIENCE_MS)
    visit.page.wait_for_selector("#line:text-matches('Place [23] of 3 in line')", timeout=PATIENCE_MS)
    visit.page.locator("#viewer").scroll_into_view_if_needed()
    visit.page.wait_for_selector("#line", state="hidden")
    brake.let_go.set()
    visit.wait_for_maps()
    assert visit.errors == []
    visit.close()


def test_one_pupil_s_limit_leaves_the_others_of_the_school_alone(app_url: str, clips: Path):
    limit = Settings.from_environment({}).rate
    school = {"X-Forwarded-For": "203.0.113.7"}
    hasty, other = Visitor(app_url), Visitor(app_url)
    for pupil in (hasty, other):
        pupil.http.headers.update(school)
    fake = hasty.upload(clips / "fake.mp4")  # a question is counted, whatever comes of it
    said = []
    for _ in range(limit + 1):
        with pytest.raises(Refused) as refused:
            hasty.analyze(fake)
        said.append(str(refused.value))
    assert f"More than {limit} analyses in a minute; wait a little." in said[-1]
    assert not any("More than" in words for words in said[:-1])
    with pytest.raises(Refused, match="not a readable video"):
        other.analyze(other.upload(clips / "fake.mp4"))
