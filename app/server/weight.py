"""What the browser is sent, made light: the document compressed, no player for a kind of film that no page shows."""

import re
from functools import cache
from pathlib import Path

import gradio
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

FRONTEND = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
HLS = re.compile(r"/assets/(hls-[\w-]+\.js)$")
EXPORTS = re.compile(r"export\s*\{([^}]*)\}\s*;?\s*$")


class LightPages:
    """Sends the document compressed, and in the place of hls.js (156 KB, for live streams) a module of its names only:
    Gradio's video asks it whether such streams can be played, and hears no.
    """

    def __init__(self, app: ASGIApp):
        self.app = app
        self.compressed = GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif (found := HLS.search(path)) and (module := without_streams(found[1])):
            headers = {"Cache-Control": "public, max-age=86400"}
            await Response(module, media_type="text/javascript", headers=headers)(scope, receive, send)
        elif "/gradio_api/" in path or "." in path.rsplit("/", 1)[-1]:  # streams, films, what Gradio compresses itself
            await self.app(scope, receive, send)
        else:
            await self.compressed(scope, receive, send)


@cache
def without_streams(name: str) -> str | None:
    """A module that exports what Gradio's `name` does, functions that answer false; None for a file that isn't there
    or ends in another way.
    """
    path = FRONTEND / name
    found = EXPORTS.search(path.read_text()[-400:]) if path.is_file() else None
    if found is None:
        return None
    names = ", ".join(f"no as {one.split(' as ')[-1].strip()}" for one in found[1].split(","))
    return f"const no = () => false; export {{ {names} }};"
