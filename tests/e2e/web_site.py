"""The page without a server for its browser tests: built once, served as files, and a visit to it."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from tdn.weights.shipped import BASELINE_FILE, TDN_FILE
from tests.e2e.conftest import PATIENCE_MS, SCREENS

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "assets" / "samples"
# By name: other browser tests of this process put another folder of checkpoints in the environment.
PAIR = (ROOT / "checkpoints" / TDN_FILE, ROOT / "checkpoints" / BASELINE_FILE)


@contextmanager
def built_and_served(folder: Path) -> Iterator[str]:
    """The address of the page with the shipped pair, built as `make web` does it; `folder` is this run's own."""
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with FileLock(shared / "web.lock"):  # another process may want it too
        if not (shared / "web" / "offline.js").exists():  # the last file that is written
            _build(shared / "networks", shared / "web")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(shared / "web")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def _build(networks: Path, dist: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "TDN_CHECKPOINTS"}
    export = [sys.executable, "-m", "tdn", "export-web", *map(str, PAIR), "--out", str(networks), "--clips", "1"]
    subprocess.run(export, cwd=ROOT, check=True)
    lab = [sys.executable, "-m", "app.lab.for_browser", "--out", str(networks)]
    subprocess.run(lab, cwd=ROOT, check=True, env=environment)
    build = {**environment, "WEB_DIST": str(dist), "WEB_NETWORKS": str(networks), "WEB_BROTLI": "1"}
    subprocess.run(["node", "build.mjs"], cwd=ROOT / "web", check=True, env=build)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Visit:
    """The page open and ready, with what its console said and which other hosts it asked; `before` runs ahead of it."""

    def __init__(self, browser, site: str, screen: str = "laptop", before: str = "", **context):
        width, height, mobile = SCREENS[screen]
        self.width = width
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, is_mobile=mobile, has_touch=mobile, **context
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(before)
        self.said: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda one: one.url.startswith(("blob:", site)) or self.outside.append(one.url))
        self.page.goto(site)
        self.wait()

    def wait(self) -> None:
        self.page.wait_for_function("document.documentElement.dataset.ready === 'yes'")

    def wait_for(self, words: str) -> None:
        self.page.wait_for_function("words => document.getElementById('status').textContent.includes(words)", arg=words)

    def status(self) -> str:
        return self.page.locator("#status").inner_text()

    def set_step(self, value: int) -> None:
        self.page.eval_on_selector(
            "#curve .step",
            "(control, value) => { control.value = value; control.dispatchEvent(new Event('input')); }",
            str(value),
        )

    def upload(self, path: Path) -> None:
        self.page.set_input_files("#file", path)

    def wait_for_maps(self, count: int) -> None:
        """The viewer loads its pictures after the answers stand there."""
        counted = "count => document.querySelectorAll('#viewer figure canvas').length === count"
        self.page.wait_for_function(counted, arg=count)

    def wait_for_board(self, name: str) -> None:
        self.page.wait_for_selector(f'#lab[data-board="{name}"]')
