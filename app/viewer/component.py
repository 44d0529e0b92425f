"""What the components share: static files, and data that never touches a template."""

import inspect
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from gradio.data_classes import GradioModel


class Drawn(gr.HTML):
    """Draws `data_model` in the browser: NAME.html is its fixed skeleton, NAME.js fills it through `textContent`.
    A long script has further parts, NAME.PART.js, which come before it.

    Gradio runs what looks like code in the values of a template, escaped or not, so no value is ever put into one.
    """

    name: ClassVar[str]

    def __init__(self, value: GradioModel | None = None, **settings: Any):
        here = Path(inspect.getfile(type(self))).parent
        settings.setdefault("html_template", (here / f"{self.name}.html").read_text())
        settings.setdefault("css_template", (here / f"{self.name}.css").read_text())
        scripts = [*sorted(here.glob(f"{self.name}.*.js")), here / f"{self.name}.js"]
        settings.setdefault("js_on_load", "\n".join(path.read_text() for path in scripts))
        settings.setdefault("apply_default_css", False)
        super().__init__(value=value, **settings)

    def preprocess(self, payload: GradioModel | None) -> GradioModel | None:
        return payload

    def postprocess(self, value: GradioModel | None) -> GradioModel | None:
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}
