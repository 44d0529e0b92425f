"""What goes wrong as one sentence for the visitor."""

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from app import text
from app.analysis import RequestError
from tdn.data.video import VideoError
from tdn.weights import CheckpointError

EXPECTED_ERRORS = (RequestError, VideoError, CheckpointError, FileNotFoundError)

log = logging.getLogger(__name__)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn every error into one sentence for the visitor; what nobody expected goes to the log as well."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        raise sentence(" ".join(str(error).split())) from None
    except Exception:
        log.exception("an analysis failed")
        raise sentence(text.UNEXPECTED) from None


def as_markdown(error: gr.Error) -> str:
    """What `one_sentence` raised, to stand in the page."""
    return text.plain(html.unescape(error.message))


def sentence(message: str) -> gr.Error:
    """Gradio shows the message as HTML, and names of files stand in it."""
    return gr.Error(html.escape(message, quote=False), print_exception=False)
