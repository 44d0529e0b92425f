"""What a page open to everyone refuses: links instead of files, proxying, floods."""

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable

import gradio as gr
from gradio_client import utils as client_utils
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app import text

WINDOW_SEC = 60
ADDRESSES_KEPT = 10_000


class LocalVideo(gr.Video):
    """A video input that takes uploaded files only.

    Gradio would fetch a link whole into memory, whatever `max_file_size` says.
    """

    is_template = True  # or the browser looks for a component of this class's name

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | None) -> str | None:
        _refuse_link(url_or_file_path)
        return await super().async_move_resource_to_block_cache(url_or_file_path)


class LocalFile(gr.File):
    """A file input that takes uploaded files only, as above."""

    is_template = True

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | None) -> str | None:
        _refuse_link(url_or_file_path)
        return await super().async_move_resource_to_block_cache(url_or_file_path)


def _refuse_link(url_or_file_path: str | None) -> None:
    if url_or_file_path and client_utils.is_http_url_like(str(url_or_file_path)):
        raise gr.Error(text.LINK_REFUSED, print_exception=False)


class AnyChoice(gr.Radio):
    """A choice that the handler checks: Gradio would answer an unknown one without the sentence, by HTTP status 400."""

    is_template = True  # as above

    def preprocess(self, payload: str | None) -> str | None:
        return payload


class RefuseProxying:
    """Answers 404 where Gradio would fetch other servers' files, run ffmpeg, or send 31 MB of it to the browser."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _refused(scope["path"].lower()):
            # An empty body: the browser runs ffmpeg-core.js, whatever the status says.
            await PlainTextResponse("", 404)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _refused(path: str) -> bool:
    if "/proxy=" in path or "/static/ffmpeg/" in path or path.rstrip("/").endswith("/process_recording"):
        return True
    asked = [path.split(mark, 1)[1].lstrip("/") for mark in ("/file=", "/file/") if mark in path]
    return any(name.startswith(("http:", "https:")) for name in asked)


class RateLimit:
    """At most `rate` calls a minute from one address; 0 for no limit. The loopback address is never limited."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic):
        self.rate = rate
        self.clock = clock
        self._calls: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def allows(self, address: str | None) -> bool:
        """Count a call from `address` and say whether it may go on."""
        if not self.rate or address is None or _is_loopback(address):
            return True
        now = self.clock()
        with self._lock:
            calls = self._calls.pop(address, deque())
            while calls and now - calls[0] >= WINDOW_SEC:
                calls.popleft()
            allowed = len(calls) < self.rate
            if allowed:
                calls.append(now)
            self._calls[address] = calls  # last again: the first of the dict is the longest silent
            while len(self._calls) > ADDRESSES_KEPT:
                del self._calls[next(iter(self._calls))]
        return allowed


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
