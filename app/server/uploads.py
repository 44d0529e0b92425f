"""Inputs that take what visitors send: files and no links, choices that the handler checks."""

import gradio as gr
from gradio_client import utils as client_utils

from app import text


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
