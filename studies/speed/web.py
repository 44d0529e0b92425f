"""The page without a server, measured in Chromium: bytes, time to the first maps, from a file to maps, the live rate.

    make web && python -m studies.speed.web [--bytes] [--save]

Each visit begins with an empty cache, on this machine; files come from a local server, so a line's speed is not in the
times. The camera is Chromium's moving test picture. Memory is what the browser's processes hold beyond an empty page.
"""

import argparse
import functools
import gzip
import http.server
import json
import re
import shutil
import statistics
import threading
from pathlib import Path
from typing import ClassVar

from studies import report

DIST = Path(__file__).resolve().parents[2] / "web" / "dist"
SAMPLE = "conveyor.mp4"
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SCREENS = {"laptop, 1280 px": (1280, 800, 1), "phone, 390 px, processor 4 times slower": (390, 844, 4)}
VISITS = 3
READY = "document.documentElement.dataset.ready === 'yes'"
ANALYSE = """async (name) => {
  const blob = await (await fetch(`samples/${name}`)).blob(), began = performance.now();
  await tdnLens.analyse(new File([blob], name, { type: 'video/mp4' }));
  return performance.now() - began;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps in mind which were asked for."""

    asked: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        self.asked.add(self.path.lstrip("/") or "index.html")
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


def first_load(browser, url: str) -> dict[str, list[float]]:
    """Megabytes of the files that a first visit fetches until the first maps, as they are and with gzip, by kind."""
    Quiet.asked.clear()
    page = browser.new_page()
    page.set_default_timeout(180_000)
    page.goto(url)
    page.wait_for_function(READY)
    page.close()
    sizes = dict.fromkeys(("networks", "onnxruntime", "the clip", "the rest", "in all"), (0.0, 0.0))
    for file in Quiet.asked:
        content = (DIST / file).read_bytes()
        kind = {"networks": "networks", "ort": "onnxruntime", "samples": "the clip"}.get(file.split("/")[0], "the rest")
        for one in (kind, "in all"):
            plain, packed = sizes[one]
            sizes[one] = plain + len(content) / 1e6, packed + min(len(content), len(gzip.compress(content, 9))) / 1e6
    return {kind: [round(size, 2) for size in pair] for kind, pair in sizes.items()}


def memory_mb(browser) -> float:
    """Resident memory of the browser's processes."""
    session = browser.new_browser_cdp_session()
    total = 0
    for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
        status = Path(f"/proc/{process['id']}/status").read_text()
        total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return total / 1024


def visit(browser, url: str, width: int, height: int, slower: int) -> dict[str, float]:
    context = browser.new_context(viewport={"width": width, "height": height}, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(180_000)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    empty = memory_mb(browser)
    page.goto(url)
    page.wait_for_function(READY)
    page.wait_for_selector("#save:not([disabled])")
    opened = page.evaluate("performance.now()")
    analysed = page.evaluate(ANALYSE, SAMPLE)
    page.click("#live")
    page.wait_for_function("document.getElementById('status').textContent.includes('answers a second')")
    page.wait_for_timeout(5000)
    rate = float(re.search(r"([\d.]+) answers a second", page.inner_text("#status"))[1])
    held = memory_mb(browser) - empty
    context.close()
    return {"opening_s": opened / 1000, "file_to_maps_s": analysed / 1000, "live_a_second": rate, "memory_mb": held}


def measure(only_bytes: bool) -> dict:
    """Bytes, times and memory, or bytes alone beside the times that were saved before."""
    from playwright.sync_api import sync_playwright

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(DIST)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, screens = f"http://127.0.0.1:{server.server_port}/", {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        megabytes = first_load(browser, url)
        for name, screen in {} if only_bytes else SCREENS.items():
            visits = [visit(browser, url, *screen) for _ in range(VISITS)]
            screens[name] = {what: round(statistics.median(one[what] for one in visits), 2) for what in visits[0]}
        browser.close()
    server.shutdown()
    times = report.kept("performance", "web") if only_bytes else {"visits": VISITS, "screens": screens}
    return {**times, "megabytes": megabytes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", action="store_true", help="measure bytes alone; times stay as they were saved")
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    if not (DIST / "index.html").exists():
        parser.error("web/dist is missing: run make web first")
    found = measure(arguments.bytes)
    print(json.dumps(found))
    if arguments.save:
        report.save("performance", "web", found)


if __name__ == "__main__":
    main()
