"""Shared results: off by default, bounded, over after their time, deletable by who shared them, and never executed."""

import time
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from app.analysis import RequestError
from app.server.settings import Settings
from app.sharing import SharedPages, Shares, store
from app.sharing.store import FILM, MAPS, Said
from app.ui import launch_options

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> ${1+1} {{x}}'
SAID = [Said("TDN", [(HOSTILE, 0.75), ("Moving something up", 0.25)])]


def draw(folder: Path) -> None:
    (folder / MAPS).write_bytes(b"\xff\xd8maps")
    (folder / FILM).write_bytes(b"film" * 100)


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shares(tmp_path: Path, clock: Clock) -> Shares:
    return Shares(tmp_path / "shared", hours=2, clock=clock)


def add(shares: Shares, address: str | None = None, write=draw) -> tuple[str, str]:
    name, key, _ = shares.add(HOSTILE, SAID, "A caption.", "19 classes.", write, address)
    return name, key


@pytest.fixture
def http(shares: Shares) -> TestClient:
    async def page(scope, receive, send):
        await PlainTextResponse("the page itself")(scope, receive, send)

    return TestClient(SharedPages(page, shares), base_url="http://lens.example")


def test_sharing_is_off_unless_the_operator_says_how_long():
    assert Settings.from_environment({}).share_hours == 0
    assert Settings.from_environment({"TDN_SHARE": "24"}).share_hours == 24
    with pytest.raises(ValueError, match="TDN_SHARE: expected a whole number from 0 on, got '-1'"):
        Settings.from_environment({"TDN_SHARE": "-1"})

    def serves(settings: Settings) -> bool:
        return SharedPages in [one.cls for one in launch_options(settings)["app_kwargs"]["middleware"]]

    assert [serves(Settings()), serves(Settings(share_hours=1))] == [False, True]


def test_a_result_is_there_for_its_time_across_a_restart_and_then_gone(shares: Shares, clock: Clock):
    name, _ = add(shares)
    again = Shares(shares.folder, hours=2, clock=clock)
    assert again.find(name).said == SAID and again.file(name, MAPS).read_bytes() == b"\xff\xd8maps"
    clock.now += 2 * 3600 - 1
    assert again.find(name) is not None
    clock.now += 1
    assert again.find(name) is None and again.file(name, MAPS) is None
    again.sweep()
    assert list(shares.folder.iterdir()) == []


def test_only_its_own_key_deletes_a_result(shares: Shares):
    (name, key), (other, other_key) = add(shares), add(shares)
    assert not shares.delete(name, other_key) and not shares.delete(name, "") and shares.find(name)
    assert key not in (shares.folder / name / "result.json").read_text()
    assert shares.delete(name, key) and shares.find(name) is None and shares.find(other)
    assert not (shares.folder / name).exists()


def test_names_cannot_be_guessed(shares: Shares):
    names = [add(shares)[0] for _ in range(3)]
    assert len(set(names)) == 3 and all(len(name) == 22 for name in names)  # 128 bits


def test_there_is_an_end_to_how_many_are_kept(shares: Shares, monkeypatch: pytest.MonkeyPatch, clock: Clock):
    monkeypatch.setattr(store, "MOST", 3)
    monkeypatch.setattr(store, "MOST_EACH", 2)
    first, key = add(shares, "203.0.113.1")
    add(shares, "203.0.113.1")
    with pytest.raises(RequestError, match="delete one of them first"):
        add(shares, "203.0.113.1")
    add(shares)
    with pytest.raises(RequestError, match="as many shared results as it can"):
        add(shares)
    shares.delete(first, key)
    add(shares, "203.0.113.1")
    clock.now += 2 * 3600
    assert len({add(shares, "203.0.113.1")[0] for _ in range(2)}) == 2


def test_a_film_that_is_too_large_is_left_out(shares: Shares, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "MOST_BYTES", 399)
    name, _ = add(shares)
    assert shares.file(name, FILM) is None and shares.file(name, MAPS)


def test_what_fails_or_breaks_off_leaves_nothing(shares: Shares, clock: Clock):
    def fail(folder: Path) -> None:
        draw(folder)
        raise OSError("no space left")

    with pytest.raises(OSError):
        add(shares, write=fail)
    assert list(shares.folder.iterdir()) == []
    (shares.folder / "unfinished-x").mkdir()  # of a server that was killed
    clock.now = time.time() + 2 * 3600
    shares.sweep()
    assert list(shares.folder.iterdir()) == []


def test_other_things_in_the_folder_are_neither_shown_nor_deleted(shares: Shares, clock: Clock):
    add(shares)
    (shares.folder / "letter.txt").write_text("mine")
    (shares.folder / ("x" * 22)).mkdir()
    clock.now += 10**9
    shares.sweep()
    assert sorted(path.name for path in shares.folder.iterdir()) == ["letter.txt", "x" * 22]
    assert shares.find("x" * 22) is None and shares.find("../letter.txt") is None


def test_the_shared_page_runs_nothing(http: TestClient, shares: Shares):
    name, _ = add(shares)
    answer = http.get(f"/shared/{name}")
    assert answer.status_code == 200 and "&lt;script&gt;alert(1)" in answer.text
    assert "<script" not in answer.text and "<img src=x" not in answer.text and "75%" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert answer.headers["x-robots-tag"].startswith("noindex") and answer.headers["cache-control"] == "no-store"
    assert http.get(f"/shared/{name}/{MAPS}").headers["x-content-type-options"] == "nosniff"


def test_a_shared_page_says_where_it_is_and_how_long(http: TestClient, shares: Shares):
    name, _ = add(shares)
    page = http.get(f"/shared/{name}").text
    assert f'property="og:url" content="http://lens.example/shared/{name}"' in page
    assert f'property="og:image" content="http://lens.example/shared/{name}/maps.jpg"' in page
    assert "Kept until 1970-01-12 15:46 UTC" in page and "A caption." in page and "19 classes." in page
    assert http.get(f"/shared/{name}/qr.svg").text.startswith("<svg")


def test_a_film_is_sent_in_parts(http: TestClient, shares: Shares):
    name, _ = add(shares)
    answer = http.get(f"/shared/{name}/{FILM}", headers={"Range": "bytes=4-11"})
    assert (answer.status_code, answer.content) == (206, b"filmfilm")


def test_who_has_the_key_deletes_and_nobody_else(http: TestClient, shares: Shares):
    name, key = add(shares)
    assert "<form" not in http.get(f"/shared/{name}").text
    assert "<form" not in http.get(f"/shared/{name}?key=guess").text
    assert f'value="{key}"' in http.get(f"/shared/{name}?key={key}").text
    assert http.post(f"/shared/{name}/delete", data={"key": "guess"}).status_code == 403
    assert http.post(f"/shared/{name}/delete", data={"key": key + "x" * 2000}).status_code == 403
    assert (
        http.get(f"/shared/{name}/delete?key={key}").status_code == 404
    )  # a link that is only looked at deletes nothing
    assert shares.find(name)
    assert http.post(f"/shared/{name}/delete", data={"key": key}).status_code == 200
    for part in ("", f"/{MAPS}", f"/{FILM}", "/qr.svg"):
        assert http.get(f"/shared/{name}{part}").status_code == 404


@pytest.mark.parametrize("path", ["result.json", "..%2f..%2fletter.txt", "%2e%2e/letter.txt", "maps.jpg/x", "x"])
def test_nothing_but_its_pictures_is_served(http: TestClient, shares: Shares, path: str):
    name, _ = add(shares)
    (shares.folder / "letter.txt").write_text("mine")
    assert http.get(f"/shared/{name}/{path}").status_code == 404


def test_every_other_address_is_the_page_s(http: TestClient):
    assert http.get("/").text == http.get("/sharedness").text == "the page itself"
    assert http.get("/shared/none").status_code == 404
