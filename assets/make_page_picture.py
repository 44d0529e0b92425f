"""Make docs/page.png, the page with a sample analysed: `make page-picture`. Needs Chromium."""

import io
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PORT = 7899
SAMPLE = "Spinning counter clockwise"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MAPS_ARE_THERE = "[...document.querySelectorAll('[data-maps]')].some((element) => element.dataset.maps > 3)"


def wait_for(url: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(1)
    raise SystemExit(f"error: no page at {url}")


def main() -> None:
    url = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(PORT)], cwd=ROOT)
    try:
        wait_for(url)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 1320})
            page.goto(url)
            page.locator("#samples button", has_text=SAMPLE).click()
            page.wait_for_function(MAPS_ARE_THERE, timeout=120_000)
            page.wait_for_function("!document.querySelector('#downloads button').disabled", timeout=120_000)
            page.wait_for_timeout(500)
            picture = Image.open(io.BytesIO(page.screenshot()))
            picture.convert("P", palette=Image.Palette.ADAPTIVE).save(ROOT / "docs" / "page.png", optimize=True)
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
