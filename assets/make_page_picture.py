"""Make docs/page.png, the page as it opens, and docs/page.webp, which plays its opening: `make page-picture`.

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
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MAPS_ARE_THERE = "[...document.querySelectorAll('[data-maps]')].some((element) => element.dataset.maps > 3)"
FILES_ARE_THERE = "document.querySelectorAll('#downloads button:not([disabled])').length > 4"
# The ways of the opening by their place on its switch, and how many pictures are taken of each.
WAYS = ((1, 7), (3, 9), (0, 4))
SECONDS_A_PICTURE = 0.6


def wait_for(url: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(1)
    raise SystemExit(f"error: no page at {url}")


def film(page: Page) -> Iterator[Image.Image]:
    """The opening as it plays, in one way after the other."""
    page.set_viewport_size({"width": 1280, "height": 800})
    for way, pictures in WAYS:
        page.click(f"#opening .switch button:nth-child({way + 1})")
        page.mouse.move(640, 1)
        for _ in range(pictures):
            yield Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.wait_for_timeout(1000 * SECONDS_A_PICTURE)


def main() -> None:
    url = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(PORT)], cwd=ROOT)
    try:
        wait_for(url)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 1320})
            page.goto(url)
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
                duration=round(1000 * SECONDS_A_PICTURE),
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
