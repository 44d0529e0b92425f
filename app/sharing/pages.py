"""What others see of a shared result: a page of its own without any script, and its pictures."""

import html
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.links.documents import inner_path, root_of
from app.links.places import qr_code
from app.sharing import text
from app.sharing.store import FILM, MAPS, NAME, Shared, Shares

ADDRESS = re.compile(rf"/shared/({NAME.pattern})(?:/([\w.]+))?")
# Nothing on the page can run, be sent elsewhere, or stand in another page; and nobody keeps a copy in between, so that
# what is deleted is gone.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STYLE = """
:root { color-scheme: light dark; font: 16px/1.45 ui-sans-serif, system-ui, sans-serif; }
body { max-width: 900px; margin: 0 auto; padding: 12px 16px 40px; }
h1 { font-size: 22px; margin: 8px 0; } h2 { font-size: 16px; margin: 16px 0 4px; }
video, img { display: block; width: 100%; height: auto; margin: 12px 0; } video { max-width: 640px; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 0 24px; }
ol { list-style: none; margin: 0; padding: 0; } meter { width: 90px; }
li { display: flex; justify-content: space-between; gap: 12px; padding: 3px 0; }
li span:last-child { flex: 0 0 140px; text-align: right; }
.small { font-size: 13px; } button { font-size: 16px; min-height: 44px; padding: 8px 16px; }
"""
LONGEST_FORM = 1000


class SharedPages:
    """Middleware: `shared/NAME`, its pictures, its QR code, and its end by `POST shared/NAME/delete` with the key."""

    def __init__(self, app: ASGIApp, shares: Shares):
        self.app = app
        self.shares = shares

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = inner_path(scope)
        if scope["type"] != "http" or not path.startswith("/shared/"):
            await self.app(scope, receive, send)
            return
        answer = await self._answer(Request(scope, receive), path)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response:
        asked = ADDRESS.fullmatch(path)
        shared = self.shares.find(asked[1]) if asked else None
        if shared is None:
            return _words(text.NOT_THERE, 404)
        name, part = asked[1], asked[2]
        root = root_of(request.scope)
        if request.method == "POST" and part == "delete":
            given = await _form(request)
            is_gone = self.shares.delete(name, given.get("key", ""))
            return _words(text.DELETED, 200) if is_gone else _words(text.WRONG_KEY, 403)
        if request.method not in ("GET", "HEAD"):
            return _words(text.NOT_THERE, 405)
        if part is None:
            key = request.query_params.get("key", "")
            has_film = self.shares.file(name, FILM) is not None
            page = document(
                shared, f"{root}/shared/{name}", root, has_film, key if self.shares.allows(name, key) else ""
            )
            return HTMLResponse(page, headers=HEADERS)
        if part == "qr.svg":
            return Response(qr_code(f"{root}/shared/{name}"), media_type="image/svg+xml", headers=HEADERS)
        file = self.shares.file(name, part)
        return FileResponse(file, headers=HEADERS) if file else _words(text.NOT_THERE, 404)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, none of one that is longer than ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return {}
    return dict(parse_qsl(body.decode("latin-1")))


def document(shared: Shared, address: str, root: str, has_film: bool, key: str) -> str:
    """The page as HTML. With `key` it can delete itself."""
    said = html.escape
    where = said(address)
    until = datetime.fromtimestamp(shared.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    about = {
        "og:type": "website",
        "og:title": text.TITLE,
        "og:description": text.description(shared.label, shared.tops),
        "og:url": address,
        "og:image": f"{address}/{MAPS}",
        "twitter:card": "summary_large_image",
    }
    tags = [
        f'<meta {"property" if ":" in name and name[0] == "o" else "name"}="{name}" content="{said(value)}">'
        for name, value in about.items()
    ]
    answers = [
        f"<section><h2>{said(one.network)}</h2><ol>"
        + "".join(
            f'<li><span>{said(label)}</span><span><meter value="{share:.4f}"></meter> {100 * share:.0f}%</span></li>'
            for label, share in one.top
        )
        + "</ol></section>"
        for one in shared.said
    ]
    film = (
        f'<video src="{where}/{FILM}" controls loop muted playsinline preload="metadata"></video>' if has_film else ""
    )
    form = (
        f'<form method="post" action="{where}/delete"><input type="hidden" name="key" value="{said(key)}">'
        f"<button>{text.DELETE}</button></form>"
        if key
        else ""
    )
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text.TITLE} · TDN Lens</title>",
            *tags,
            f"<style>{STYLE}</style></head><body>",
            f"<h1>{text.TITLE}</h1><p>{said(text.lead(shared.label))}</p>",
            f'<div class="answers">{"".join(answers)}</div>',
            film,
            f'<img src="{where}/{MAPS}" alt="{said(text.lead(shared.label))}">',
            f'<p class="small">{said(shared.caption)}</p><p class="small">{said(shared.warning)}</p>',
            f"<p>{said(text.until(until))}</p>{form}",
            f'<p>{text.FROM}. <a href="{said(root)}/">{text.OTHERS}</a></p></body></html>',
        ]
    )


def _words(words: str, status: int) -> Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>TDN Lens</title><style>{STYLE}</style></head><body><p>{words}</p></body></html>"
    )
    return HTMLResponse(page, status, headers=HEADERS)
