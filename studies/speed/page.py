"""How long a visitor waits, seen from the browser: from choosing a file to the answers, to the maps, to another class.

    python -m studies.speed.page [--threads 2] [--save]

The real server and a real Chromium, both on this machine, so they share its cores; 1080p H.264 of up to a minute,
another clip each time. Once with the shipped pair, once with ResNet-50 at 224 pixels (random weights: only their size
matters here). Needs Chromium.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import torch

from studies import report
from studies.speed.videos import VIDEOS, long_video
from tdn.data.transforms import Preprocess
from tdn.model import FAMILY, TDN
from tdn.weights import Card, save_checkpoint
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE, checkpoint_folder

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
ROUNDS = 4
# Notes when the answers change after `from`, and when the maps are whole after that.
WATCH = """() => {
  window.seen = {};
  const note = (name) => { seen[name] ??= performance.now(); };
  const watch = (node, what, react) => new MutationObserver(react).observe(node, { subtree: true, ...what });
  watch(document.querySelector('#scores'), { childList: true }, () => note('scores'));
  watch(document.querySelector('#viewer'), { attributes: true, attributeFilter: ['data-maps'] }, (changes) => {
    if (seen.scores && changes.some((change) => change.target.dataset.maps === '4')) note('maps');
  });
}"""
START = "() => { window.seen = {}; window.began = performance.now(); }"
WAITED = "() => [seen.scores - began, seen.maps - began]"
SCRUB = """() => {
  const seek = document.querySelector('#viewer .seek'), began = performance.now();
  for (let step = 0; step < 40; step++) {
    seek.value = step % 8;
    seek.dispatchEvent(new Event('input', { bubbles: true }));
  }
  return (performance.now() - began) / 40;
}"""


def random_resnet50_pair() -> Path:
    folder = VIDEOS.parent / "resnet50_pair"
    for row, file in (("tdn_resnet50_8f", TDN_FILE), ("tconv_baseline_resnet50_8f", BASELINE_FILE)):
        if not (folder / file).exists():
            folder.mkdir(parents=True, exist_ok=True)
            torch.manual_seed(0)
            architecture = FAMILY[row].architecture
            labels = [f"class {number}" for number in range(architecture.num_classes)]
            card = Card(architecture, Preprocess.official(), labels, trained_on="nothing, weights are random")
            save_checkpoint(folder / file, TDN(architecture), card)
    return folder


@contextmanager
def server(checkpoints: Path, threads: int):
    """The page as its own process; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "TDN_CHECKPOINTS": str(checkpoints), "OMP_NUM_THREADS": str(threads), "DEVICE": "cpu"}
    process = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(url).close()
                break
            except urllib.error.URLError:
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait()


def waits(url: str) -> dict:
    """Medians over visits that each upload a clip of their own; `scrub_ms`: one move, four maps drawn."""
    from playwright.sync_api import sync_playwright

    whole = "() => window.seen.maps"
    rounds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for visit in range(1 + ROUNDS):  # the first one also loads the networks
            video = long_video(9 * (visit + 1))  # the page keeps what it has seen of a clip
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(url)
            page.wait_for_timeout(3000)  # what the page opens with is drawn
            if page.locator("#clip button[aria-label='Clear']").count():
                page.click("#clip button[aria-label='Clear']")
            page.wait_for_selector("#clip input[type=file]", state="attached")
            page.evaluate(WATCH)
            page.evaluate(START)
            page.set_input_files("#clip input[type=file]", video)
            page.wait_for_function(whole, timeout=180_000)
            scores, maps = page.evaluate(WAITED)
            page.wait_for_timeout(4000)  # the downloads are made
            page.evaluate(START)
            page.locator("#scores li:not(.explained) button").first.click()
            page.wait_for_function(whole, timeout=180_000)
            _, other = page.evaluate(WAITED)
            rounds.append((scores, maps, other, page.evaluate(SCRUB)))
            page.close()
        browser.close()
    scores, maps, other, scrub = (statistics.median(column) for column in zip(*rounds[1:], strict=True))
    return {
        "to_scores_s": round(scores / 1000, 2),
        "to_maps_s": round(maps / 1000, 2),
        "another_class_s": round(other / 1000, 2),
        "scrub_ms": round(scrub, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, help="threads of an analysis")
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    found = {}
    for name, folder in (("shipped pair", checkpoint_folder()), ("ResNet-50 pair, 224 px", random_resnet50_pair())):
        with server(folder, arguments.threads) as url:
            found[name] = waits(url)
        print(json.dumps({name: found[name]}), file=sys.stderr)
    print(json.dumps(found))
    if arguments.save:
        report.save("performance", "page", {"threads": arguments.threads, "waits": found})


if __name__ == "__main__":
    main()
