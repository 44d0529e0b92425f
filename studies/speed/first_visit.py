"""What a first visit costs: bytes, requests, layout shift, and when film and maps are there, on three screens.

    python -m studies.speed.first_visit [--url http://127.0.0.1:7860] [--rounds 3]

The real server (its own, unless `--url` names one) and a real Chromium without a cache, both on this machine. The slow
phone has 1.6 Mbit/s, 150 ms of delay, and a CPU slowed down four times, by the browser's own throttling (CDP). Medians
over the rounds. Needs Chromium.
"""

import argparse
import json
import shutil
import statistics

from studies.speed.page import FLAGS, server
from tdn.weights.shipped import checkpoint_folder

SCREENS = {"laptop": (1280, 800, False, False), "phone": (390, 844, True, False), "slow phone": (390, 844, True, True)}
# Bytes a second, and milliseconds, as Lighthouse's slow 4G.
SLOW = {"offline": False, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8, "latency": 150}
WATCH = """() => {
  window.visit = { shift: 0, at: {} };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) visit.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  const look = () => {
    const there = {
      title: document.querySelector('#opening h2')?.textContent,
      maps: document.querySelector('#opening [data-maps], #opening .tiles i'),
      viewer: document.querySelector('#viewer [data-maps="4"], #viewer[data-maps="4"]'),
    };
    for (const [name, found] of Object.entries(there)) if (found) visit.at[name] ??= performance.now();
    if (Object.keys(visit.at).length < 3) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def visit(browser, url: str, screen: str) -> dict:
    """One first visit; times in seconds from the navigation's start, bytes as they came over the wire."""
    width, height, is_phone, is_slow = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height}, is_mobile=is_phone, has_touch=is_phone)
    page = context.new_page()
    page.set_default_timeout(120_000)
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    if is_slow:
        wire.send("Network.emulateNetworkConditions", SLOW)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    sizes, warnings = [], []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("console", lambda line: line.type in ("warning", "error") and warnings.append(line.text))
    page.add_init_script(f"({WATCH})()")
    page.goto(url)
    page.wait_for_function("window.visit.at.viewer && window.visit.at.title")
    page.wait_for_timeout(2500)  # late shifts and files
    found = page.evaluate("visit")
    context.close()
    return {
        **{f"{name}_s": round(at / 1000, 2) for name, at in found["at"].items()},
        "shift": round(found["shift"], 3),
        "kilobytes": round(sum(sizes) / 1000),
        "requests": len(sizes),
        "warnings": len(warnings),
    }


def visits(url: str, rounds: int) -> dict[str, dict]:
    """Medians of `rounds` first visits on each screen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        found = {screen: [visit(browser, url, screen) for _ in range(rounds)] for screen in SCREENS}
        browser.close()
    return {
        screen: {name: statistics.median(one[name] for one in seen) for name in seen[0]}
        for screen, seen in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a server that runs already; one of its own, if left out")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.url:
        print(json.dumps(visits(given.url, given.rounds), indent=1))
        return
    with server(checkpoint_folder(), 1) as url:
        print(json.dumps(visits(url, given.rounds), indent=1))


if __name__ == "__main__":
    main()
