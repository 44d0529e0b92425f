"""A server on this machine that answers like the Hugging Face Hub, for the few questions a download asks."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """`files` by repository and name; `claimed` sizes that differ from the true ones; `asked` the requests so far."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.claimed: dict[str, int] = {}
        self.asked: list[str] = []
        self.credentials: list[str | None] = []
        self.url = ""

    def add(self, repository: str, *paths: Path, **contents: bytes) -> None:
        here = self.files.setdefault(repository, {})
        here.update({path.name: path.read_bytes() for path in paths} | contents)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path."""
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            repository, revision = "/".join(parts[2:4]), (parts[5:] or ["main"])[0]
            if repository not in self.files:
                return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
            if revision not in ("main", COMMIT):
                return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
            siblings = [
                {"rfilename": name, "size": self.claimed.get(name, len(content))}
                for name, content in self.files[repository].items()
            ]
            told = {"id": repository, "sha": COMMIT, "siblings": siblings, "private": False}
            return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()
        repository, name = "/".join(parts[:2]), "/".join(parts[4:])
        content = self.files.get(repository, {}).get(name)
        if content is None or parts[2] != "resolve":
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        tag = f'"{hashlib.sha256(content).hexdigest()}"'
        return 200, {"ETag": tag, "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}, content


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """The server on a free port of the loopback address."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(self.path)
            hub.asked.append(f"{self.command} {self.path}")
            hub.credentials.append(self.headers.get("Authorization"))
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *arguments) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
