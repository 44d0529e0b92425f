"""How often somebody may ask: by session, and by address, which a school shares."""

from types import SimpleNamespace

import pytest

from app.analysis import Request, RequestError
from app.results import Pages
from app.server.visitors import NAMES_KEPT, WINDOW_SEC, Arrivals, RateLimit, arrived

SCHOOL = "203.0.113.1"


def test_a_session_is_counted_by_itself_and_forgotten_after_a_minute():
    now = 0.0
    limit = RateLimit(2, 0, clock=lambda: now)
    assert [limit.exceeded(SCHOOL, "anna") for _ in range(3)] == ["", "", "session"]
    assert limit.exceeded(SCHOOL, "ben") == ""
    now = WINDOW_SEC
    assert limit.exceeded(SCHOOL, "anna") == ""


def test_thirty_pupils_behind_one_address_are_all_served_and_a_flood_of_sessions_is_not():
    limit = RateLimit(30, 300, clock=lambda: 0.0)
    assert all(limit.exceeded(SCHOOL, f"pupil {number}") == "" for number in range(30) for _ in range(10))
    assert limit.exceeded(SCHOOL, "a new session") == "address"
    assert limit.exceeded("203.0.113.2", "somebody else") == ""


def test_without_a_session_the_address_stands_for_it():
    limit = RateLimit(1, 10)
    assert [limit.exceeded(SCHOOL, None) for _ in range(2)] == ["", "session"]


def test_a_call_that_was_refused_counts_for_nothing():
    limit = RateLimit(1, 2, clock=lambda: 0.0)
    assert [limit.exceeded(SCHOOL, "anna") for _ in range(4)] == ["", "session", "session", "session"]
    assert limit.exceeded(SCHOOL, "ben") == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", None])
def test_the_own_machine_is_never_limited(address: str | None):
    limit = RateLimit(1, 1)
    assert all(limit.exceeded(address, "anna") == "" for _ in range(5))


def test_a_bounded_number_of_visitors_is_remembered():
    limit = RateLimit(1, 1)
    for number in range(NAMES_KEPT):
        limit.exceeded(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", str(number))
    assert len(limit._calls) == NAMES_KEPT


def test_one_call_too_many_is_told_in_one_sentence():
    class Asking:
        session_hash = "anna"

        class client:
            host = SCHOOL

    limit = RateLimit(1, 0)
    limit.expect_room(Asking())
    with pytest.raises(RequestError, match=r"^More than 1 analyses in a minute; wait a little\.$"):
        limit.expect_room(Asking())


def test_a_click_that_was_overtaken_does_not_count():
    pages = Pages()
    later, now = (Request(video, "tdn", visitor="anna") for video in ("b.mp4", "c.mp4"))
    assert pages.ask("anna", later, arrived=7)
    assert not pages.ask("anna", None, arrived=6) and not pages.is_late(later)
    assert pages.ask("ben", None, arrived=6)
    assert pages.ask("anna", now, arrived=8)


def test_requests_are_numbered_as_they_arrive():
    scopes = []

    async def app(scope, receive, send):
        scopes.append(scope)

    middleware = Arrivals(app)
    for kind in ("http", "lifespan", "http"):
        with pytest.raises(StopIteration):  # it never waits; browser tests of this process have a loop of their own
            middleware({"type": kind}, None, None).send(None)
    numbers = [arrived(SimpleNamespace(request=SimpleNamespace(scope=scope))) for scope in scopes]
    assert numbers == [1, 0, 2] and arrived(None) == 0
