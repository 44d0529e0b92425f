"""The words of the figure studio and of the files."""

from tdn.show.collected import Collected

TAB = "Figure"
DOWNLOADS = {"pdf": "PDF", "svg": "SVG", "png": "PNG", "mp4": "Film", "zip": "All (ZIP)"}
ADD = "Add to figure"
ADD_BOTH = "Add before and after to figure"
LEAD = (
    "## A figure of several results\nPut results aside with “Add to figure” below the maps, of as many clips as you "
    "like; they are drawn here at the size of a paper, in the colours, scale and opacity that the maps have now."
)
EMPTY = "The figure is empty: choose a clip in “Analyse”, and press “Add to figure” below its maps."
RESULTS = "Results in the figure"
KIND = "Layout"
KINDS = [
    ("one moment a clip (as Figures 4 and 5 of TDN)", "moments"),
    ("all segments, clip below clip (as Figures 6 and 7)", "segments"),
]
WIDTH = "Width"
WIDTHS = [("one column, 8.26 cm", "one"), ("two columns, 17.46 cm", "two")]
LAYERS = "Layers"
NETWORKS = "Networks"
SEGMENTS = "Segments, in the layout with all"
SEGMENTS_HINT = "all, or such as 1, 3-5"
SCORES = "Write each network's probability of the class"
TITLE = "Title"
TITLE_HINT = "none"
FORGET = "Empty the figure"
PREVIEW = "The figure"
CAPTION = "Caption"
BIBTEX = "BibTeX"
OTHER_RESULT = "The page shows another result by now; the file of the one before was dropped."
NOT_YET = "There is no result yet; analyse a clip first."
COMPARISON_GONE = "This comparison is no longer kept on the server; choose the change again."


def tab(count: int) -> str:
    """The button that adds, with how many results there are."""
    return f"{ADD} ({count})" if count else ADD


def added(count: int) -> str:
    return f"{'1 result is' if count == 1 else f'{count} results are'} in the figure; the tab “{TAB}” draws it."


def collected(one: Collected, number: int) -> str:
    change = f", {one.change}" if one.change else ""
    return f"({chr(97 + number)}) {one.name}: {one.label}{change}"


def full(most: int) -> str:
    return f"The figure has {most} results already; empty it, or take another one for the rest."


def film_too_long(frames: int, most: int) -> str:
    return (
        f"A film of {frames} frames is too much for this page, which makes {most} at most; "
        "`python -m tdn explain VIDEO --out FOLDER --timeline` writes it."
    )


def not_segments(words: str) -> str:
    return f"Segments {words[:40]!r}: expected numbers from 1, such as 1, 3-5, or nothing for all."
