"""Who asks, and how often: at most so many analyses a minute from one address."""

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable

import gradio as gr

WINDOW_SEC = 60
ADDRESSES_KEPT = 10_000


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


def visitor(request: gr.Request | None) -> str | None:
    """The session of a page, or of a program's client; None where there is none, as in tests."""
    return getattr(request, "session_hash", None)


def address(request: gr.Request | None) -> str | None:
    """The visitor's address; None where there is no visitor, as in tests."""
    client = request.client if request else None
    return client.host if client else None
