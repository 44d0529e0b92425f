"""Addresses of tabs and lab steps: what a shared link shows, where it leads, and that going back goes back."""

import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from app.links import CARDS, PLACES
from app.links.documents import CARD_SIZE, SAMPLE, root_of, tags
from tests.e2e.conftest import PATIENCE_MS, Visit

ROOT = Path(__file__).resolve().parents[2]


class Head(HTMLParser):
    """The title and the meta tags of a document."""

    def __init__(self, document: str):
        super().__init__()
        self.said: dict[str, list[str]] = {}
        self.title: list[str] = []
        self._in_title = False
        self.feed(document.partition("<script")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_title = tag == "title"
        if tag == "meta" and (name := given.get("property") or given.get("name")):
            self.said.setdefault(name, []).append(given.get("content") or "")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
            self._in_title = False


@pytest.mark.parametrize("place", PLACES, ids=[place.query or "opening" for place in PLACES])
def test_the_document_says_what_its_address_opens(app_url: str, place):
    head = Head(httpx.get(f"{app_url}/?{place.query}", timeout=60).text)
    picture = f"{app_url}/cards/{place.card}.jpg"
    expected = {
        "og:title": place.title,
        "og:description": place.description,
        "og:url": f"{app_url}/?{place.query}" if place.query else f"{app_url}/",
        "og:image": picture,
        "twitter:title": place.title,
        "twitter:description": place.description,
        "twitter:image": picture,
        "twitter:card": "summary_large_image",
        "description": place.description,
    }
    assert head.title == [place.title]
    assert {name: head.said[name] for name in expected} == {name: [value] for name, value in expected.items()}
    assert not [
        words for all_words in head.said.values() for words in all_words if re.search("gradio|{url}", words, re.I)
    ]


@pytest.mark.parametrize("place", PLACES, ids=[place.query or "opening" for place in PLACES])
def test_every_address_has_a_picture_of_its_own_that_is_light(app_url: str, place):
    answer = httpx.get(f"{app_url}/cards/{place.card}.jpg")
    assert answer.headers["content-type"] == "image/jpeg" and 10_000 < len(answer.content) < 300_000
    assert Image.open(CARDS / f"{place.card}.jpg").size == CARD_SIZE


def test_no_two_addresses_say_the_same():
    for name in ("query", "title", "description", "card"):
        assert len({getattr(place, name) for place in PLACES}) == len(PLACES)


def test_behind_a_proxy_addresses_are_those_of_the_proxy(app_url: str):
    headers = {"X-Forwarded-Host": "lens.example.org", "X-Forwarded-Proto": "https"}
    head = Head(httpx.get(f"{app_url}/?lab=noise", headers=headers, timeout=60).text)
    assert head.said["og:url"] == ["https://lens.example.org/?lab=noise"]
    assert head.said["og:image"] == ["https://lens.example.org/cards/lab-noise.jpg"]


def test_below_a_path_addresses_keep_it():
    scope = {"type": "http", "method": "GET", "path": "/", "root_path": "/tdn", "query_string": b"", "scheme": "http"}
    scope |= {"headers": [(b"host", b"school.example")], "server": ("school.example", 80)}
    assert root_of(scope) == "http://school.example/tdn"
    assert root_of(scope | {"path": "/tdn/cards/page.jpg"}) == "http://school.example/tdn"


def test_a_shared_sample_keeps_its_address_and_nothing_else_gets_in(app_url: str):
    asked = '/?sample=square&class=Moving+something+up&evil="><script>alert(1)</script>&change="><b>'
    document = httpx.get(app_url + asked, timeout=60).text
    head = Head(document)
    assert head.said["og:url"] == [
        f"{app_url}/?sample=square&class=Moving+something+up&change=%22%3E%3Cb%3E",
    ]
    assert "alert(1)" not in document


def test_the_host_of_a_request_is_no_markup():
    assert '"><b>' not in tags(PLACES[0], 'http://x"><b>', {})


def test_the_names_of_a_sample_s_address_are_those_of_the_page():
    written = re.search(r"LINK_NAMES = \[(.*?)\]", (ROOT / "app" / "page.js").read_text())[1]
    assert re.findall(r"'(\w+)'", written) == list(SAMPLE)


def test_a_qr_code_is_made_for_the_page_s_own_addresses_alone(app_url: str):
    codes = {query: httpx.get(f"{app_url}/qr.svg?{query}") for query in ("lab=noise", "lab=4", "", "lab=https://evil")}
    assert all(code.headers["content-type"] == "image/svg+xml" for code in codes.values())
    assert codes["lab=noise"].text == codes["lab=4"].text != codes[""].text == codes["lab=https://evil"].text


def test_what_is_no_card_is_not_served(app_url: str):
    for name in ("nothing.jpg", "..%2f..%2fapp.py", "page.png"):
        assert httpx.get(f"{app_url}/cards/{name}").status_code == 404


@pytest.fixture
def opened(browser, app_url: str):
    """Opens an address of the page; closes what it opened."""
    visits = []

    def open_at(query: str, screen: str = "phone") -> Visit:
        visits.append(Visit(browser, f"{app_url}/?{query}", screen, opens_with_maps=False))
        return visits[-1]

    yield open_at
    for visit in visits:
        visit.close()


def wait_for_board(visit: Visit, slug: str) -> None:
    visit.page.locator(f"#lab-board-{slug} .tiles canvas").first.wait_for(timeout=PATIENCE_MS)


def wait_for_address(visit: Visit, query: str) -> None:
    visit.page.wait_for_function("query => location.search === query", arg=query, timeout=PATIENCE_MS)


@pytest.mark.browser
def test_a_step_opens_by_its_address_and_going_back_goes_back(opened):
    visit = opened("lab=noise")
    page = visit.page
    wait_for_board(visit, "noise")
    page.wait_for_function("document.title.startsWith('A film in which no frame shows anything')")
    page.locator("button:visible", has_text="Next step").click()
    wait_for_address(visit, "?lab=fusion")
    wait_for_board(visit, "fusion")
    page.get_by_role("tab", name="About").click()
    wait_for_address(visit, "?tab=about")
    assert page.title().startswith("About")
    page.go_back()
    page.wait_for_selector("#lab-board-fusion", state="visible")
    page.go_back()
    page.wait_for_selector("#lab-board-noise", state="visible")
    wait_for_address(visit, "?lab=noise")
    page.go_forward()
    page.wait_for_selector("#lab-board-fusion", state="visible")
    assert page.title().startswith("What it adds") and visit.errors == []


@pytest.mark.browser
def test_analyse_has_its_own_address_again_after_another_tab(opened):
    visit = opened("", "laptop")
    visit.wait_for_maps()
    visit.page.wait_for_function("location.search.includes('sample=square')")
    visit.page.get_by_role("tab", name="Figure").click()
    wait_for_address(visit, "?tab=figure")
    visit.page.get_by_role("tab", name="Analyse").click()
    visit.page.wait_for_function("location.search.includes('sample=square') && !location.search.includes('tab=')")
    assert visit.page.title() == PLACES[0].title and visit.errors == []


@pytest.mark.browser
@pytest.mark.long
def test_a_step_s_address_and_qr_code_stand_below_it(opened, app_url: str):
    visit = opened("lab=2")
    wait_for_board(visit, "belt")
    fold = visit.page.locator("#lab-belt details.address")
    fold.locator("summary").click()
    assert fold.locator("a").inner_text() == f"{app_url}/?lab=belt"
    visit.page.wait_for_function("document.querySelector('#lab-belt details.address img').naturalWidth > 20")
    read = ""
    for _ in range(20):  # there, but painted a moment later
        picture = cv2.imdecode(np.frombuffer(fold.locator("img").screenshot(), np.uint8), cv2.IMREAD_COLOR)
        if read := cv2.QRCodeDetector().detectAndDecode(picture)[0]:
            break
        visit.page.wait_for_timeout(250)
    assert read == f"{app_url}/?lab=belt"
    assert fold.locator(".only-here").is_visible() and visit.errors == []  # this page is at 127.0.0.1


@pytest.mark.browser
def test_in_a_space_the_address_of_the_page_around_follows(browser, app_url: str):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    around = """<script>window.told = []; addEventListener('message', ({ data, origin }) => {
      if (data.queryString !== undefined) told.push([origin, data.queryString]); });</script>
      <iframe src="https://lens.hf.space/?lab=noise" style="width: 1200px; height: 700px"></iframe>"""

    def from_the_server(route) -> None:
        asked = route.request
        if "queue/data" in asked.url or "heartbeat" in asked.url:  # streams, which say nothing here
            return
        headers = {"X-Forwarded-Host": "lens.hf.space", "X-Forwarded-Proto": "https"}
        kinds = {"Content-Type": asked.headers["content-type"]} if "content-type" in asked.headers else {}
        address = asked.url.replace("https://lens.hf.space", app_url)
        answer = httpx.request(
            asked.method, address, headers=headers | kinds, content=asked.post_data_buffer, timeout=60
        )
        route.fulfill(status=answer.status_code, content_type=answer.headers.get("content-type"), body=answer.content)

    page.route("https://huggingface.co/**", lambda route: route.fulfill(body=around, content_type="text/html"))
    page.route("https://lens.hf.space/**", from_the_server)
    page.goto("https://huggingface.co/spaces/owner/lens")
    inside = page.frame_locator("iframe")
    inside.locator("#lab-noise").wait_for(state="visible", timeout=PATIENCE_MS)
    inside.locator("button:visible", has_text="Next step").click()
    page.wait_for_function("told.some(([origin, query]) => query === 'lab=fusion')", timeout=PATIENCE_MS)
    assert {origin for origin, _ in page.evaluate("told")} == {"https://lens.hf.space"}
    context.close()
