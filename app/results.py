"""Finished analyses, kept for their numbers and files, and what each open page asked for last."""

import secrets
import threading
from dataclasses import dataclass, replace

from app import text
from app.analysis import Analysis, Kept, Prepared, Request, RequestError
from app.latest import Latest
from tdn.data.transforms import denormalise

# Some 12 MB each for ResNet-50, twice that at 16 segments.
ANALYSES_KEPT = 24
PAGES_KEPT = 10_000


class Results:
    """Analyses under names that can't be guessed."""

    def __init__(self):
        self._kept: Latest[str, Kept] = Latest(ANALYSES_KEPT)
        self._kept_for_good: dict[str, Kept] = {}

    def remember(self, analysis: Analysis, prepared: Prepared, for_good: bool = False) -> str:
        """Keep a finished analysis for a while, or `for_good`; returns its name, the token of the page."""
        clip = prepared.clip
        kept = Kept(analysis, prepared.request, clip.info, denormalise(clip.tensor[0]))
        token = secrets.token_urlsafe(16)
        if for_good:
            self._kept_for_good[token] = kept
        else:
            self._kept.put(token, kept)
        return token

    def recall(self, token: str) -> Kept:
        """What `remember` kept. Raises RequestError once it has made room for later ones."""
        kept = self._kept_for_good.get(token) or self._kept.get(token)
        if kept is None:
            raise RequestError(text.RESULT_GONE)
        return kept


@dataclass(frozen=True)
class Asked:
    """What an open page asked for last: a result (None where its clip was taken away), and a change of it; `token` is
    the finished result that it shows, `arrived` the number of the request that asked.
    """

    request: Request | None
    arrived: int = 0
    change: str | None = None
    token: str = ""


class Pages:
    """What each open page asked for last, by session. An answer to anything else comes too late: it would stand beside
    another clip, class or network, so it is dropped.

    Programs have no page; all their answers count.
    """

    def __init__(self):
        self._asked: Latest[str, Asked] = Latest(PAGES_KEPT)
        self._asking = threading.Lock()

    def ask(self, session: str | None, request: Request | None, arrived: int = 0) -> bool:
        """A page wants this result and no other; None: none at all. Whether it does not want a later one already."""
        if not session:
            return True
        with self._asking:
            before = self._asked.get(session)
            if before is not None and arrived < before.arrived:
                return False
            self._asked.put(session, Asked(request, arrived))
        return True

    def ask_change(self, session: str | None, change: str | None) -> None:
        """A page wants to see this change of what it shows."""
        self._put(session, change=change)

    def show(self, session: str | None, token: str) -> None:
        """A page shows the finished result of this name."""
        self._put(session, token=token)

    def _put(self, session: str | None, **news: str | None) -> None:
        """What a page wants besides: a change may be asked for while its result is being shown."""
        with self._asking:
            if session and (asked := self._asked.get(session)):
                self._asked.put(session, replace(asked, **news))

    def completed(self, request: Request) -> Request:
        """A page's request with what it asked for besides: another class to take off, a method."""
        asked = self._asked.get(request.visitor) if request.visitor else None
        if asked is None or asked.request is None or asked.request.plain != request:
            return request
        return asked.request

    def is_late(self, request: Request) -> bool:
        """Whether the page of a request wants something else by now."""
        asked = self._asked.get(request.visitor) if request.visitor else None
        return asked is not None and asked.request != request

    def is_change_late(self, session: str | None, request: Request | None, change: str | None) -> bool:
        """Whether the page wants another change by now, or that of another result; no `request`: of none."""
        asked = self._asked.get(session) if session else None
        return asked is not None and (asked.request, asked.change) != (request, change)

    def shows(self, session: str | None, token: str) -> bool:
        """Whether a page still shows the result of this name."""
        asked = self._asked.get(session) if session else None
        return asked is None or asked.token == token
