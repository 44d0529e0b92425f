"""What a first visit costs: measured on the wire, with tiny networks, so by Gradio's page and ours alone."""

import re
from pathlib import Path

import httpx
import pytest

from app.server.ahead import with_code_ahead
from app.server.weight import without_streams
from tests.e2e.conftest import LONG_ON_LAPTOP, PATIENCE_MS, SCREENS

pytestmark = pytest.mark.browser

# Bytes a second and milliseconds: slow enough that the parts of the page come one after the other.
SLOW = {"offline": False, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8, "latency": 150}
SHIFT = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
}"""


@pytest.mark.parametrize("screen", LONG_ON_LAPTOP)
def test_a_first_visit_is_light_still_and_silent(browser, app_url: str, screen: str):
    width, height, mobile = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=mobile, has_touch=mobile, reduced_motion="no-preference"
    )
    page = context.new_page()
    wire, sizes, urls, said = context.new_cdp_session(page), [], [], []
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW)
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: urls.append(request.url))
    page.on("console", lambda line: line.type in ("warning", "error") and said.append(line.text))
    page.on("response", lambda response: response.status >= 400 and said.append(response.url))
    page.add_init_script(f"({SHIFT})()")
    page.goto(app_url)
    page.wait_for_selector("#viewer[data-maps='4'], #viewer [data-maps='4']", timeout=PATIENCE_MS)
    page.wait_for_timeout(1500)
    assert sum(sizes) < 900_000, sum(sizes)
    assert not [url for url in urls if "ffmpeg" in url or ".woff" in url]
    assert page.evaluate("shift") < 0.05
    assert page.evaluate("scrollY") == 0 and said == []
    context.close()


def test_the_document_is_sent_compressed_and_films_in_parts_as_they_are(app_url: str):
    document = httpx.get(app_url, headers={"Accept-Encoding": "gzip"})
    assert document.headers["content-encoding"] == "gzip" and "TDN Lens" in document.text
    assert "content-encoding" not in httpx.get(app_url, headers={"Accept-Encoding": "identity"}).headers
    film = next(part for part in document.text.split('"') if part.endswith("square.mp4"))
    answer = httpx.get(f"{app_url}/gradio_api/file={film}", headers={"Range": "bytes=0-99", "Accept-Encoding": "gzip"})
    assert answer.status_code == 206 and len(answer.content) == 100 and "content-encoding" not in answer.headers


def test_a_module_that_gradio_does_not_have_is_not_made_up():
    assert without_streams("hls-none.js") is None


def test_the_document_names_the_code_and_brings_the_styles_of_its_page(browser, app_url: str):
    document = httpx.get(app_url).text
    named = set(re.findall(r'<link rel="modulepreload" href="\./assets/([\w.-]+)">', document))
    assert len(named) > 40
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page, asked = context.new_page(), set()
    page.on("request", lambda request: "/assets/" in request.url and asked.add(request.url.rpartition("/")[2]))
    page.goto(app_url)
    page.wait_for_selector("#viewer[data-maps='4'], #viewer [data-maps='4']", timeout=PATIENCE_MS)
    context.close()
    # Besides: what the document starts with, and a module of no weight.
    rest = {name for name in asked - named if not name.startswith(("index-", "hls-"))}
    assert rest == set() and not [name for name in asked if name.endswith(".css") and not name.startswith("index-")]


def test_a_frontend_written_in_another_way_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "index.html").write_text("<script src='./main.js'></script>")
    monkeypatch.setattr("app.server.ahead.FRONTEND", tmp_path)
    document = '<head></head><script>{"type":"otherwise"}</script>'
    assert with_code_ahead(document) == document
