"""The real server as a program of its own on a free port, and visitors who speak to it as a browser does.

Only the loopback address is ever spoken to.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.text import UNEXPECTED

ROOT = Path(__file__).resolve().parents[2]
FILE_TYPE = {"_type": "gradio.FileData"}
# A visitor gives up after this time; an answer that has not come by then is lost.
PATIENCE_SEC = 600
LONGEST_SENTENCE = 400


class Server:
    """`python app.py` with the shipped weights on a free port; `environment` is added to this process's own."""

    def __init__(self, **environment: str):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or it would outlive a benchmark that is told to end
        self.folder = tempfile.TemporaryDirectory(prefix="tdn-visitors-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.log = Path(self.folder.name) / "server.log"
        self.files = Path(self.folder.name) / "files"
        settings = {
            "GRADIO_TEMP_DIR": str(self.files),
            "DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            "TDN_RATE": "0",
            **environment,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--host", "127.0.0.1", "--port", self.url.rpartition(":")[2]],
                cwd=ROOT,
                env=os.environ | settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                # What a shell starts in the background ignores Ctrl-C, and so would its children.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 1200
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/config", timeout=20).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.5)
        self.close()
        raise RuntimeError("the server does not start:\n" + self.log.read_text()[-2000:])

    def resident_mb(self) -> dict[str, int]:
        """MiB in memory of the server and of the processes it started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        # Threads start processes too, and each is listed with the thread that started it.
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                children += (task / "children").read_text().split()
            except FileNotFoundError:
                continue
        sizes = [_resident_mb(int(pid)) for pid in set(children)]
        return {"server": _resident_mb(self.process.pid), "decoder": sum(sizes)}

    def waiting(self) -> int:
        """How many events stand in the queue."""
        return httpx.get(f"{self.url}/gradio_api/queue/status", timeout=60).json()["queue_size"]

    def tracebacks(self) -> list[str]:
        """The last words of every traceback in its log."""
        words = self.log.read_text(errors="replace").split("Traceback (most recent call last):")[1:]
        return [next((line for line in one.splitlines() if line and line[0] != " "), "") for one in words]

    def close(self) -> bool:
        """Stop it as Ctrl-C would; says whether that was enough."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


def _resident_mb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
    except FileNotFoundError:
        return 0


class Refused(Exception):
    """The server said no, in the words given: the queue is full, or what was asked makes no sense."""


class Visitor:
    """One open page: it uploads, asks, downloads and leaves."""

    def __init__(self, url: str):
        # A connection of its own for every request: an idle one may be closed by the server just as it is used again,
        # which a browser answers by asking anew.
        self.http = httpx.Client(base_url=url, timeout=PATIENCE_SEC, limits=httpx.Limits(max_keepalive_connections=0))
        self.session = secrets.token_hex(8)
        self.functions = {one["api_name"]: one["id"] for one in self.http.get("/config").json()["dependencies"]}

    def upload(self, path: Path) -> dict:
        """The file as the server knows it. Raises Refused."""
        with path.open("rb") as file:
            answer = self.http.post("/gradio_api/upload", files={"files": (path.name, file)})
        if answer.status_code != 200:
            raise Refused(f"{answer.status_code} {answer.text}")
        return {"path": answer.json()[0], "meta": FILE_TYPE, "orig_name": path.name}

    def analyze(
        self, video: dict | None, target: str | None = None, tdn: str | None = None, baseline: str | None = None
    ):
        """What the page draws; the answer as JSON comes first. Raises Refused, TimeoutError."""
        return self.ask("analyze", [video, target, tdn, baseline])

    def compare(self, change: str, video: dict | None, baseline: str | None = None) -> list:
        return self.ask("compare", [change, video, None, None, baseline])

    def ask(self, name: str, data: list) -> list:
        """What a function of the page gives at last."""
        event = self.join(name, data)
        with self.answers() as messages:
            for message in messages:
                if message.get("event_id") == event and message["msg"] == "process_completed":
                    if not message["success"]:
                        raise Refused(message["output"].get("error") or json.dumps(message["output"]))
                    return message["output"]["data"]
        raise TimeoutError(f"{name}: the stream ended without an answer")

    def join(self, name: str, data: list) -> str:
        """Stand in line without waiting for the answer. Raises Refused."""
        body = {"data": data, "fn_index": self.functions[name], "session_hash": self.session, "trigger_id": None}
        answer = self.http.post("/gradio_api/queue/join", json=body)
        if answer.status_code != 200:
            detail = answer.json()["detail"]
            raise Refused(detail if isinstance(detail, str) else json.dumps(detail))
        return answer.json()["event_id"]

    @contextmanager
    def answers(self) -> Iterator[Iterator[dict]]:
        """The messages of the server to this page; leaving the block closes the connection, as closing a tab does."""
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            if stream.status_code != 200:
                raise Refused(f"{stream.status_code}")
            yield (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))

    def download(self, file: dict) -> bytes:
        answer = self.http.get(f"/gradio_api/file={file['path']}")
        if answer.status_code != 200:
            raise Refused(f"{answer.status_code} {answer.text}")
        return answer.content


class Memory:
    """Looks at the memory of a server every `every` seconds until it is stopped."""

    def __init__(self, server: Server, every: float):
        self.server = server
        self.seen: list[dict] = []
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._look, args=(every,), daemon=True)
        self._thread.start()

    def _look(self, every: float) -> None:
        while not self._ended.wait(every):
            if self.server.process.poll() is None:
                minute = round((time.monotonic() - self._began) / 60, 2)
                self.seen.append({"minute": minute, **self.server.resident_mb()})

    def stop(self) -> list[dict]:
        self._ended.set()
        self._thread.join()
        return self.seen


def is_sentence(words: str) -> bool:
    """Whether a refusal is in one sentence for a visitor, and not what the page says when it doesn't know why."""
    return 0 < len(words) <= LONGEST_SENTENCE and "\n" not in words and "Traceback" not in words and words != UNEXPECTED


def percentile(values: list[float], share: float) -> float | None:
    """None without values."""
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 2) if values else None
