"""The document as the server sends it: whoever shares an address sees what it opens, and not Gradio's own words."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from gradio.route_utils import get_root_url
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.links.places import NAME, OPENING, PLACES, Place, asked_for, qr_code
from app.server.ahead import with_code_ahead

CARDS = Path(__file__).resolve().parents[2] / "assets" / "cards"
CARD_SIZE = 1200, 630
# Gradio's own, of which there are two sets.
TAGS = re.compile(r'\s*<meta\s+(?:property="og:|name="(?:twitter:|description"))[^>]*>')
# What a link to a sample says, beside the opening's words (page.js writes it).
SAMPLE = "sample class versus method tdn baseline change segment layers scale colours opacity signed".split()
DAY = "public, max-age=86400"


class Documents:
    """Middleware: the page's document with the title, description and picture of what its address opens; and these
    pictures (`cards/NAME.jpg`) and QR codes (`qr.svg?lab=...`) of the page's own addresses.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = inner_path(scope)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif path == "/":
            await self.app(scope, receive, Rewritten(send, scope).send)
        elif path == "/qr.svg":
            place = asked_for(dict(parse_qsl(scope["query_string"].decode("latin-1"))))
            code = qr_code(address(root_of(scope), place.query))
            await Response(code, media_type="image/svg+xml")(scope, receive, send)
        elif (card := re.fullmatch(r"/cards/([\w-]+)\.jpg", path)) and card[1] in {place.card for place in PLACES}:
            headers = {"Cache-Control": DAY}
            await FileResponse(CARDS / f"{card[1]}.jpg", headers=headers)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Rewritten:
    """Holds a document back until it is whole, and sends it with other tags in its head."""

    def __init__(self, send: Send, scope: Scope):
        self._send, self._scope = send, scope
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        if self._body and any(name.lower() == b"content-type" and b"text/html" in value for name, value in headers):
            self._body = with_code_ahead(with_tags(self._body.decode(), self._scope)).encode()
        if self._body:  # the answer to HEAD has none, whatever its length
            headers.append((b"content-length", str(len(self._body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": self._body})


def with_tags(document: str, scope: Scope) -> str:
    """The document with the tags of the place that is asked for, in front of its first script."""
    given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    head, script, rest = document.partition("<script")
    return TAGS.sub("", head) + tags(asked_for(given), root_of(scope), given) + script + rest


def tags(place: Place, root: str, given: dict[str, str]) -> str:
    """Title, description, Open Graph and Twitter tags of a place, with whole addresses."""
    query = place.query
    if place == OPENING:
        query = urlencode({name: given[name] for name in SAMPLE if name in given})
    said = {
        "og:type": "website",
        "og:site_name": NAME,
        "og:title": place.title,
        "og:description": place.description,
        "og:url": address(root, query),
        "og:image": f"{root}/cards/{place.card}.jpg",
        "og:image:width": str(CARD_SIZE[0]),
        "og:image:height": str(CARD_SIZE[1]),
        "og:image:alt": place.title,
        "twitter:card": "summary_large_image",
        "twitter:title": place.title,
        "twitter:description": place.description,
        "twitter:image": f"{root}/cards/{place.card}.jpg",
    }
    lines = [f"<title>{html.escape(place.title)}</title>", _tag("name", "description", place.description)]
    lines += [_tag("property" if name.startswith("og:") else "name", name, value) for name, value in said.items()]
    return "\n".join([*lines, ""])


def _tag(kind: str, name: str, value: str) -> str:
    return f'<meta {kind}="{name}" content="{html.escape(value)}">'


def address(root: str, query: str) -> str:
    return f"{root}/?{query}" if query else f"{root}/"


def root_of(scope: Scope) -> str:
    """The page's address as its visitors write it, behind a proxy too; without a stroke at the end."""
    return get_root_url(Request(scope), inner_path(scope), scope.get("root_path"))


def inner_path(scope: Scope) -> str:
    """The path without the one that the whole page lies under."""
    return scope.get("path", "").removeprefix(scope.get("root_path", "")) or "/"
