"""Make assets/cards: for each address of the page the picture that a shared link shows, 1200 x 630: `make cards`.

They are pieces of the page itself, with the shipped weights. Needs Chromium.
"""

import io
import shutil
import subprocess
import sys

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from app.links import CARDS, PLACES, Place
from app.links.documents import CARD_SIZE
from assets.make_page_picture import FLAGS, ROOT, wait_for

PORT = 7898
# Words are to be read in a small picture, so the page is made narrower and drawn larger.
SCALE = 1.5
WIDTH, HEIGHT = (round(side / SCALE) for side in CARD_SIZE)
PATIENCE_MS = 300_000
# In the lab the title and the picture; elsewhere what stands below the tabs.
LESS = """
  .lab-lead, .lab-ask, .lab-step > .form, .lab-beware, .lab-ways, .lab-address { display: none !important; }
  #viewer-after, footer { display: none !important; }
"""


def show(page: Page, place: Place) -> str:
    """Open a place, until all is there; the selector of what its picture begins with."""
    page.goto(f"http://127.0.0.1:{PORT}/?{place.query}")
    if place.step:
        top = f"#lab-{place.step} .lab-title"
        page.wait_for_selector(top, state="visible", timeout=PATIENCE_MS)
        if place.step == "numbers":
            page.wait_for_selector("#lab-dots circle", timeout=PATIENCE_MS)
        elif place.step != "film":
            page.wait_for_selector(f"#lab-board-{place.step} .tiles canvas", timeout=PATIENCE_MS)
        return top
    page.wait_for_selector("#viewer[data-maps='4'], #viewer [data-maps='4']", state="attached", timeout=PATIENCE_MS)
    if place.tab == "figure-tab":
        page.click("[data-tab-id=analyse]")
        page.click("#add-to-figure:not([disabled])", timeout=PATIENCE_MS)
        page.wait_for_selector("#add-to-figure:has-text('(1)')", timeout=PATIENCE_MS)
        page.click("[data-tab-id=figure-tab]")
        page.wait_for_selector("#figure-preview img", timeout=PATIENCE_MS)
        return "#figure-preview"
    if place.tab == "about":
        page.wait_for_selector("#about", state="visible", timeout=PATIENCE_MS)
        return "#about"
    page.wait_for_selector("#opening canvas", timeout=PATIENCE_MS)
    return "#opening"


def card(page: Page, place: Place) -> Image.Image:
    top = show(page, place)
    if place.step == "film":
        page.add_style_tag(content=LESS.replace(".lab-lead, ", "").replace(".lab-beware, ", ""))
    else:
        page.add_style_tag(content=LESS)
    page.wait_for_timeout(1500)
    begins = page.locator(top).first.evaluate("one => one.getBoundingClientRect().top + scrollY") - 10
    clip = {"x": 0, "y": begins, "width": WIDTH, "height": HEIGHT}
    taken = page.screenshot(clip=clip, full_page=True, animations="disabled")
    return Image.open(io.BytesIO(taken)).convert("RGB").resize(CARD_SIZE)


def main() -> None:
    CARDS.mkdir(exist_ok=True)
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(PORT)], cwd=ROOT)
    try:
        wait_for(f"http://127.0.0.1:{PORT}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            size = {"width": WIDTH, "height": HEIGHT}
            for place in PLACES:
                context = browser.new_context(viewport=size, device_scale_factor=SCALE, color_scheme="light")
                page = context.new_page()
                page.set_default_timeout(PATIENCE_MS)
                card(page, place).save(CARDS / f"{place.card}.jpg", quality=84, optimize=True)
                context.close()
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
