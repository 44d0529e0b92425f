"""Make docs/page.png, the page with a sample analysed, and docs/page.webp, which plays it: `make page-picture`.

Needs Chromium.
"""

import io
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PORT = 7899
SAMPLE = "spinning_counter_clockwise"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MAPS_ARE_THERE = "[...document.querySelectorAll('[data-maps]')].some((element) => element.dataset.maps > 3)"
FILES_ARE_THERE = "document.querySelectorAll('#downloads button:not([disabled])').length === 4"
SECONDS_A_SEGMENT = 0.7
FILM_HEIGHT = 860


def wait_for(url: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(1)
    raise SystemExit(f"error: no page at {url}")


def film(page: Page) -> Iterator[Image.Image]:
    """The upper part of the page, segment by segment."""
    page.set_viewport_size({"width": 1280, "height": FILM_HEIGHT})
    last = int(page.get_attribute("#viewer .seek", "max"))
    for segment in range(last + 1):
        page.eval_on_selector(
            "#viewer .seek", "(seek, at) => { seek.value = at; seek.dispatchEvent(new Event('input')); }", segment
        )
        page.wait_for_timeout(100)
        yield Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    url = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(PORT)], cwd=ROOT)
    try:
        wait_for(url)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 1320})
            page.goto(f"{url}?sample={SAMPLE}&segment=1")
            page.wait_for_function(MAPS_ARE_THERE, timeout=120_000)
            page.wait_for_function(FILES_ARE_THERE, timeout=120_000)
            page.wait_for_timeout(500)
            picture = Image.open(io.BytesIO(page.screenshot()))
            picture.convert("P", palette=Image.Palette.ADAPTIVE).save(ROOT / "docs" / "page.png", optimize=True)
            first, *others = list(film(page))
            first.save(
                ROOT / "docs" / "page.webp",
                save_all=True,
                append_images=others,
                duration=round(1000 * SECONDS_A_SEGMENT),
                loop=0,
                quality=80,
                method=6,
            )
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
