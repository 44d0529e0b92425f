"""The parts of the page that have an address of their own."""

import html
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import segno

from app import text
from app.lab.steps import STEPS
from app.studio.text import TAB as TAB_FIGURE

HERE = Path(__file__).parent
NAME = "TDN Lens"
# On a phone the lab begins with its picture: the page's own head steps back. Gradio would put a name of its own before
# this rule, where no rule about the whole document matches any more; so it stands in the head.
ON_A_PHONE = """
@media (max-width: 700px) {
  :root[data-tab=lab] #head p { display: none; }
  :root[data-tab=lab] #head h1 { font-size: 15px !important; }
}
"""
ADDRESS_OF_STEP = "Address and QR code of this step"
QR_CODE = "QR code of this step's address"
ONLY_HERE = "This address leads to this machine only; started with HOST=0.0.0.0 the page has one for others, too."


@dataclass(frozen=True)
class Place:
    """What `query` opens: the tab named `tab` and, in the lab, its step `step`, both as `ui` and `lab.tab` name them.

    `title`, `description` and the picture `card` (a file of assets/cards) are what a shared link shows.
    """

    query: str
    tab: str
    step: str
    title: str
    description: str
    card: str


OPENING = Place(
    "",
    "analyse",
    "",
    text.TITLE,
    "Two video networks watch the same clip, and maps show where each finds its evidence. Try a clip of your own.",
    "page",
)
# The opening first.
PLACES = (
    OPENING,
    *(
        Place(f"lab={step.slug}", "lab", step.slug, f"{step.title} · {NAME}", step.description, f"lab-{step.slug}")
        for step in STEPS
    ),
    Place(
        "tab=figure",
        "figure-tab",
        "",
        f"{TAB_FIGURE} · {NAME}",
        "Put results aside and draw the figure of a paper from them: maps of several clips, at the width of a column.",
        "figure",
    ),
    Place(
        "tab=about",
        "about",
        "",
        f"{text.TAB_ABOUT} · {NAME}",
        "What these networks know, how often they are right, and what a map of evidence can and cannot show.",
        "about",
    ),
)


def asked_for(given: Mapping[str, str]) -> Place:
    """The place that the parameters of an address name, a step of the lab by its number too; else the opening."""
    steps = [place for place in PLACES if place.step]
    lab = given.get("lab", "")
    for number, place in enumerate(steps, 1):
        if lab in (place.step, str(number)):
            return place
    return next((place for place in PLACES if place.query == f"tab={given.get('tab')}"), OPENING)


def head() -> str:
    """What the document's head needs, so that the address follows the tabs, and the tabs the address."""
    places = json.dumps([asdict(place) for place in PLACES]).replace("<", "\\u003c")
    return (
        f"<style>{ON_A_PHONE}</style><script>window.pagePlaces = {places};\n{(HERE / 'links.js').read_text()}</script>"
    )


def address_box(place: Place) -> str:
    """HTML: a fold with the place's address and QR code, which links.js fills in when it is opened."""
    query = html.escape(place.query)
    return (
        f'<details class="address" data-query="{query}"><summary>{ADDRESS_OF_STEP}</summary>'
        f'<img alt="{QR_CODE}" width="264" height="264"><p><a href="?{query}"></a></p>'
        f'<p class="only-here" hidden>{ONLY_HERE}</p></details>'
    )


def qr_code(address: str) -> str:
    """An address as a QR code: SVG, black on white, whatever the page's colours."""
    made = io.BytesIO()
    segno.make(address, error="m", micro=False).save(made, kind="svg", light="#fff", omitsize=True, xmldecl=False)
    return made.getvalue().decode()
