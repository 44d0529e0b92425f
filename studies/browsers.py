"""The page without a server in the other browsers of this machine: Firefox and WebKitGTK, as Debian has them.

    make web && python -m studies.browsers

Needs firefox-esr and libavcodec59; webkit2gtk-driver, gstreamer1.0-libav, -plugins-good, -plugins-bad, and xvfb. Both
are spoken to without further packages: Firefox by its own Marionette protocol, WebKit by WebDriver.
Each opens the page, looks at a sample, takes three steps of the lab, and does without WebCodecs once.
"""

import functools
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

DIST = Path(__file__).resolve().parents[1] / "web" / "dist"
MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
PATIENCE_SEC = 240
BLIND = b"<script>delete window.VideoDecoder</script>"
STATE = "return [document.documentElement.dataset.ready, document.getElementById('status').textContent]"
SEEN = """return {
  agent: navigator.userAgent, status: document.getElementById('status').textContent,
  speed: document.getElementById('speed').textContent,
  maps: document.querySelectorAll('#viewer .picture canvas').length,
  has: ['VideoDecoder', 'ImageDecoder', 'VideoEncoder', 'SharedArrayBuffer'].filter((name) => name in window)
}"""
BOARD = "return document.getElementById('lab').dataset.board || ''"
Ask = Callable[[str], object]


class Files(http.server.SimpleHTTPRequestHandler):
    """web/dist, and at /blind.html its page as a browser without WebCodecs has it."""

    def do_GET(self) -> None:
        if not self.path.startswith("/blind.html"):
            return super().do_GET()
        content = (DIST / "index.html").read_bytes().replace(b"<head>", b"<head>" + BLIND)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(*command: str, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def connected(port: int) -> socket.socket:
    """A connection to a program that is starting."""
    for _ in range(120):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SEC)
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"nothing answers at port {port}")


@contextmanager
def firefox() -> Iterator[tuple[Ask, Ask]]:
    """What opens an address, and what runs a script and returns its answer."""
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        (Path(profile) / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        with running("firefox-esr", "--headless", "--marionette", "--profile", profile), connected(port) as wire:
            packets = wire.makefile("rwb")

            def read() -> object:
                length = b""
                while (letter := packets.read(1)) != b":":
                    length += letter
                return json.loads(packets.read(int(length)))

            def call(command: str, **given: object) -> object:
                packet = json.dumps([0, 1, f"WebDriver:{command}", given]).encode()
                packets.write(b"%d:%b" % (len(packet), packet))
                packets.flush()
                _, _, error, answer = read()
                if error:
                    raise RuntimeError(error["message"])
                return answer

            read()  # its greeting
            call("NewSession")
            yield (
                lambda url: call("Navigate", url=url),
                lambda script: call("ExecuteScript", script=script, args=[])["value"],
            )
            call("DeleteSession")


@contextmanager
def webkit() -> Iterator[tuple[Ask, Ask]]:
    """As `firefox`; on a screen of its own that nobody sees."""
    port, screen = free_port(), ":97"
    with (
        running("Xvfb", screen, "-screen", "0", "1280x900x24"),
        running("WebKitWebDriver", f"--port={port}", DISPLAY=screen),
    ):
        connected(port).close()

        def call(path: str, given: dict, method: str = "POST") -> dict:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/session{path}", json.dumps(given).encode())
            request.method = method
            with urllib.request.urlopen(request, timeout=PATIENCE_SEC) as answer:
                return json.load(answer)["value"]

        options = {"webkitgtk:browserOptions": {"binary": MINI_BROWSER, "args": ["--automation"]}}
        session = f"/{call('', {'capabilities': {'alwaysMatch': options}})['sessionId']}"
        yield (
            lambda url: call(f"{session}/url", {"url": url}),
            lambda script: call(f"{session}/execute/sync", {"script": script, "args": []}),
        )
        call(session, {}, "DELETE")


def wait_for(ask: Ask, script: str, is_there: Callable[[object], bool]) -> tuple[object, float]:
    """What a script says once it says what is waited for, or in the end, and after how many seconds."""
    began = time.monotonic()
    while not is_there(answer := ask(script)) and time.monotonic() - began < PATIENCE_SEC:
        time.sleep(0.5)
    return answer, round(time.monotonic() - began, 1)


def visit(go: Ask, ask: Ask, site: str) -> dict:
    go(site)
    _, seconds = wait_for(ask, STATE, lambda state: state[0] == "yes")
    found = {"ready_s": seconds, **ask(SEEN)}
    for number in (1, 3, 7):
        ask(f"location.hash = '#lab/{number}'")
        found[f"lab {number}"], _ = wait_for(ask, BOARD, bool)
    go(f"{site}blind.html")
    wait_for(ask, STATE, lambda state: state[0] == "yes")
    blind = ask(SEEN)
    return {**found, "without WebCodecs": [blind["status"], blind["maps"], blind["has"]]}


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(DIST)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, start, needed in (("firefox-esr", firefox, "firefox-esr"), ("WebKitGTK", webkit, "WebKitWebDriver")):
        if shutil.which(needed) is None:
            print(f"{name}: not on this machine")
            continue
        with ExitStack() as stack:
            print(name, json.dumps(visit(*stack.enter_context(start()), f"http://127.0.0.1:{server.server_port}/")))
    server.shutdown()


if __name__ == "__main__":
    main()
