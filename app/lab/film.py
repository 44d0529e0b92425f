"""A button that counts to three, films for three seconds, and uploads the film."""

from pathlib import Path

import gradio as gr
from gradio.data_classes import GradioModel

from app.analysis import RequestError
from app.lab import text
from app.server.errors import one_sentence
from app.server.sweeping import is_upload
from app.viewer.component import Drawn


class Filmed(GradioModel):
    """Nothing: the browser alone knows what the camera sees."""


class FilmButton(Drawn):
    """Its event `filmed` brings `{"path": where the film was uploaded to}`."""

    name = "film"
    data_model = Filmed

    def film_of(self, event: gr.EventData) -> str:
        """The upload that an event names. Raises gr.Error for anything that is no upload of this server."""
        with one_sentence():
            named = event._data.get("path") if isinstance(event._data, dict) else None
            path = Path(named).resolve() if isinstance(named, str) else None
            if path is None or not is_upload(path) or not path.is_relative_to(Path(self.GRADIO_CACHE).resolve()):
                raise RequestError(text.NO_FILM)
            return str(path)
