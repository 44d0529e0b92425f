"""Which addresses of Gradio a page open to everyone does not answer."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


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
