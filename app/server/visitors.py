"""Who asks, and how often: at most so many analyses a minute for one session, and for all sessions of one address."""

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count

import gradio as gr
from starlette.types import ASGIApp, Receive, Scope, Send

from app import text
from app.analysis import RequestError

WINDOW_SEC = 60
NAMES_KEPT = 10_000


class RateLimit:
    """At most `rate` calls a minute in one session and `address_rate` from one address, 0 for no limit.

    A school's pupils share an address, and a session costs nothing to begin: neither limit does without the other. The
    loopback address is never limited.
    """

    def __init__(self, rate: int, address_rate: int = 0, clock: Callable[[], float] = time.monotonic):
        self.limits = {"session": rate, "address": address_rate}
        self.clock = clock
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def expect_room(self, request: gr.Request | None) -> None:
        """Count a call. Raises RequestError where it is one too many."""
        if exceeded := self.exceeded(address(request), visitor(request)):
            raise RequestError(text.too_many(self.limits[exceeded], exceeded))

    def exceeded(self, address: str | None, session: str | None) -> str:
        """Count a call, unless a limit is reached: then say which, "session" or "address"."""
        if address is None or is_loopback(address):
            return ""
        with self._lock:
            names = {"session": session or address, "address": address}
            full = [kind for kind, name in names.items() if self._is_full(kind, name)]
            if not full:
                for kind, name in names.items():
                    self._calls[kind, name].append(self.clock())
        return full[0] if full else ""

    def _is_full(self, kind: str, name: str) -> bool:
        calls = self._calls.pop((kind, name), deque())
        while calls and self.clock() - calls[0] >= WINDOW_SEC:
            calls.popleft()
        self._calls[kind, name] = calls  # last again: the first of the dict is the longest silent
        while len(self._calls) > NAMES_KEPT:
            del self._calls[next(iter(self._calls))]
        return 0 < self.limits[kind] <= len(calls)


class Arrivals:
    """Numbers requests as they come. The functions that answer them run in threads, which may overtake each other."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["arrived"] = next(self._numbers)
        await self.app(scope, receive, send)


def arrived(request: gr.Request | None) -> int:
    """The number of a request in the order of arrival; 0 where nobody counts."""
    scope = getattr(getattr(request, "request", None), "scope", None)
    return scope.get("arrived", 0) if isinstance(scope, dict) else 0


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def visitor(request: gr.Request | None) -> str | None:
    """The session of a page, or of a program's client; None where there is none, as in tests."""
    return getattr(request, "session_hash", None)


def address(request: gr.Request | None) -> str | None:
    """The visitor's address; None where there is no visitor, as in tests."""
    client = request.client if request else None
    return client.host if client else None
