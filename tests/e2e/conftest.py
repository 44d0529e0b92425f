"""The real page in this process, with tiny random networks and generated samples; a real Chromium to look at it."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.text import COMPUTING_MAPS
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.model import FAMILY
from tdn.weights import Card, save_checkpoint
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE
from tests.conftest import network, tiny

LABELS = ["Moving something up", "Moving something down", "Holding something still", "Dropping something"]
CHROMIUM = os.environ.get("CHROME") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a camera that films a moving test picture
    "--use-fake-ui-for-media-stream",
)
# R(2+1)D-18 with random weights, on pictures so small that it answers at once.
RANDOM_NETWORK = "torchvision:r2plus1d_18?weights=none&classes=5&frames=8&size=32"
PATIENCE_MS = 90_000  # for a machine with other work to do
SCREENS = {"laptop": (1280, 800, False), "phone": (390, 844, True)}
# What is tried on one screen in `make test`, and on both in `make test-long`.
LONG_ON_PHONE = ["laptop", pytest.param("phone", marks=pytest.mark.long)]
LONG_ON_LAPTOP = [pytest.param("laptop", marks=pytest.mark.long), "phone"]


def save_random_pair(folder: Path, preprocess: Preprocess | None = None) -> None:
    """A tiny TDN and a tiny baseline with random weights, under the names of the shipped pair."""
    preprocess = preprocess or Preprocess("whole", 64, 64, "even", max_frames=64)
    for row, file in (("tdn_resnet50_8f", TDN_FILE), ("tconv_baseline_resnet50_8f", BASELINE_FILE)):
        assert row in FAMILY
        architecture = tiny(row, len(LABELS))
        card = Card(architecture, preprocess, LABELS, trained_on="nothing, weights are random")
        save_checkpoint(folder / file, network(architecture, seed=3), card)


def moving_square(size: tuple[int, int] = (96, 128), num_frames: int = 24) -> np.ndarray:
    """A bright square that moves right over a grey gradient: uint8 [F, H, W, 3]."""
    height, width = size
    frames = np.empty((num_frames, height, width, 3), np.uint8)
    frames[:] = np.linspace(60, 160, width, dtype=np.uint8)[:, None]
    for number, frame in enumerate(frames):
        left = number * (width - 24) // num_frames
        frame[height // 3 : height // 3 + 24, left : left + 24] = (230, 120, 40)
    return frames


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with clip.mp4, short.mp4 (three frames) and fake.mp4 (text)."""
    folder = tmp_path_factory.mktemp("clips")
    write_mp4(folder / "clip.mp4", moving_square(), fps=12)
    write_mp4(folder / "short.mp4", moving_square(num_frames=3), fps=12)
    (folder / "fake.mp4").write_text("this is not a video")
    return folder


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """What web/package.json names, installed once, whichever test process comes first."""
    if shutil.which("npm") is None:
        pytest.skip("no Node on this machine")
    web = Path(__file__).resolve().parents[2] / "web"
    with (web / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = web / "node_modules" / ".package-lock.json"  # npm writes it last
        if not installed.is_file() or installed.stat().st_mtime < Path(lock.name).stat().st_mtime:
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=web, check=True)
    return web / "node_modules"


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page on a free port of this machine."""
    checkpoints, samples = tmp_path_factory.mktemp("checkpoints"), tmp_path_factory.mktemp("samples")
    save_random_pair(checkpoints)
    write_mp4(samples / "square.mp4", moving_square(), fps=12)
    opening = {"sentence": "A <b>square</b> & ${1+1} {{moves}}.", "part": 50, "repeat": 7}
    entry = {
        "file": "square.mp4",
        "label": LABELS[0],
        "title": "<b>Square</b> & ${1+1} {{title}}",
        "credit": "drawn <i>here</i>",
        "opening": opening,
    }
    (samples / "samples.json").write_text(json.dumps([entry]))
    # Two of the four classes of our own networks, and three more.
    labels = tmp_path_factory.mktemp("labels") / "labels.txt"
    labels.write_text("\n".join([*LABELS[:2], "riding a bike", "cooking eggs", "<b>dancing</b>"]))
    settings = {
        "TDN_NETWORKS": f"{RANDOM_NETWORK}&labels={labels}",
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_IS_E2E_TEST": "1",
        "TDN_CHECKPOINTS": str(checkpoints),
        "TDN_SAMPLES": str(samples),
        "TDN_MAX_MB": "2",
        "TDN_MAX_SECONDS": "60",
        "TDN_QUEUE": "64",
        "TDN_LOCAL_PATHS": "1",
        "TDN_SHARE": "24",
        "TDN_SHARE_FOLDER": str(tmp_path_factory.mktemp("shared")),
        "DEVICE": "cpu",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        from app.ui import build, launch_options

        page = build()
        _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        yield url.rstrip("/")
        page.close()


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; set CHROME to one")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


USUAL: dict = {}  # the open context of each browser and screen, for visits that ask for nothing else


class Visit:
    """An open page, with the errors it raised (warnings of the console and refused requests, too) and the requests it
    sent, to other servers in `outside`.
    """

    def __init__(self, browser, url: str, screen: str, opens_with_maps: bool = True, **context):
        width, height, mobile = SCREENS[screen]
        self.width = width
        self.clip: Path | None = None
        self.context, self.is_own = USUAL.get((browser, screen)), bool(context)
        if context or self.context is None:
            self.context = browser.new_context(
                viewport={"width": width, "height": height},
                is_mobile=mobile,
                has_touch=mobile,
                accept_downloads=True,
                **{"reduced_motion": "reduce"} | context,
            )
        if not context:
            USUAL[browser, screen] = self.context
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("response", self._meet)
        self.page.on("request", lambda request: self._note(request.url, url))
        self.page.goto(url)
        # Never "networkidle": the page keeps a connection open.
        self.page.wait_for_selector("#viewer .picture", state="visible" if opens_with_maps else "attached")
        if opens_with_maps:
            self.wait_for_maps()

    def close(self) -> None:
        """The next visit of this kind finds the browser's cache filled: loading the page is much of what it takes."""
        self.page.close()
        if self.is_own:
            self.context.close()

    def _hear(self, line) -> None:
        # Tests read what is drawn, over and over; the page doesn't.
        if line.type in ("warning", "error") and not line.text.startswith("Canvas2D: Multiple readback"):
            self.errors.append(line.text)

    def _meet(self, response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def _note(self, requested: str, url: str) -> None:
        self.requests.append(requested)
        if requested.startswith("http") and not requested.startswith(url):
            self.outside.append(requested)

    def upload(self, path: Path) -> None:
        """Another clip, in place of the one there is."""
        self.forget_maps()
        self.clear()
        self.page.set_input_files("#clip input[type=file]", path)

    def clear(self) -> None:
        """No clip at all."""
        if self.page.locator("#clip button[aria-label='Clear']").count():
            self.page.click("#clip button[aria-label='Clear']")
        self.page.wait_for_selector("#clip input[type=file]", state="attached")

    def forget_maps(self) -> None:
        """Before asking for another result, so that `wait_for_maps` waits for that one."""
        self.page.eval_on_selector_all("[data-maps]", "shown => shown.forEach(one => delete one.dataset.maps)")

    def wait_for_maps(self, panels: int = 4) -> None:
        from playwright.sync_api import TimeoutError as PlaywrightTimeout

        try:
            self.page.wait_for_selector(
                f"#viewer [data-maps='{panels}'], #viewer[data-maps='{panels}']", timeout=PATIENCE_MS
            )
            # An older result that is drawn once more counts its own maps, while those of the new one are on their way.
            self.page.wait_for_function(
                """pending => [...document.querySelectorAll('#viewer figcaption')].every(
                  (one) => !one.textContent.includes(pending))""",
                arg=COMPUTING_MAPS,
                timeout=PATIENCE_MS,
            )
        except PlaywrightTimeout as error:
            seen = self.page.evaluate("""() => ({
              maps: [...document.querySelectorAll('[data-maps]')].map((one) => one.dataset.maps),
              captions: [...document.querySelectorAll('#viewer figcaption')].map((one) => one.textContent),
              words: ['#note', '#trouble', '#scores'].map((one) => document.querySelector(one)?.textContent),
              unfinished: performance.getEntriesByType('resource').slice(-8).map((one) => [one.name, one.duration]),
            })""")
            raise AssertionError(f"no {panels} maps: {seen}, {self.errors}") from error

    def wait_for_files(self) -> None:
        """Nothing is under way any more: files can be asked for, and the numbers are there."""
        self.page.wait_for_selector("#downloads button:not([disabled])", timeout=PATIENCE_MS)
        self.page.wait_for_function(
            "!document.querySelector('#focus').innerText.includes('Measuring')", timeout=PATIENCE_MS
        )

    def pictures(self) -> list[str]:
        """What each panel shows, to be compared."""
        return self.page.evaluate(
            "() => [...document.querySelectorAll('#viewer .grid canvas')].map(canvas => canvas.toDataURL())"
        )

    def pixels(self) -> list[list[int]]:
        """RGBA values of each panel's canvas."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('#viewer .grid canvas')].map(
                 c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])"""
        )

    def set(self, selector: str, value: int | str, event: str = "input") -> None:
        self.page.eval_on_selector(
            selector,
            "(control, [value, event]) => { control.value = value;"
            " control.dispatchEvent(new Event(event, {bubbles: true})); }",
            [str(value), event],
        )


@pytest.fixture(scope="module", params=LONG_ON_PHONE)
def analysed(request: pytest.FixtureRequest, browser, app_url: str, clips: Path) -> Iterator[Visit]:
    """A clip's finished result at its first segment, shared by the tests of a module."""
    opened = Visit(browser, app_url, request.param)
    opened.clip = clips / "clip.mp4"
    opened.upload(opened.clip)
    opened.wait_for_maps()
    opened.wait_for_files()
    yield opened
    opened.close()


@pytest.fixture
def laptop(browser, app_url: str) -> Iterator[Visit]:
    """A page nobody has touched yet."""
    opened = Visit(browser, app_url, "laptop")
    yield opened
    opened.close()
