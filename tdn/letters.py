"""Names from outside as literal text in pictures: no mathematics, and in a font that has each character.

DejaVu, which comes with matplotlib, has the Latin, Greek, Cyrillic, Hebrew and Arabic scripts; WenQuanYi Micro Hei, of
requirements.txt, the Chinese, Japanese and Korean ones; any other is looked for among the fonts of the machine. What no
font has is written as its number in Unicode.
"""

import threading
import unicodedata
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, findSystemFonts, fontManager, get_font
from matplotlib.text import Text

LATIN = "DejaVu Sans"
PACKAGED = ("paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc")
# They have a picture of an empty box, or of nothing, for every character.
EMPTY_FONTS = ("lastresort", "last resort", "adobeblank", "notdef")
# What turns the order of letters around: a name in it reads as another one.
TURNING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
NOTHING_DRAWN = ("Cc", "Cn", "Co", "Cs", "Zl", "Zp")
WRITTEN = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "image.composite_image": False}
_LOCK = threading.RLock()


def legible(text: str) -> str:
    """The text with what can't be drawn as numbers, such as "[U+0939 U+093F]"; line breaks stay."""
    found, numbers = [], []
    for character in text:
        if character == "\n" or _font_of(character) is not None:
            if numbers:
                found.append(f"[{' '.join(numbers)}]")
                numbers = []
            found.append(character)
        else:
            numbers.append(f"U+{ord(character):04X}")
    return "".join(found) + (f"[{' '.join(numbers)}]" if numbers else "")


def without_font(text: str) -> list[str]:
    """The characters of a text that no font here can draw, as numbers in Unicode, each once."""
    return [f"U+{ord(one):04X}" for one in dict.fromkeys(text) if one != "\n" and _font_of(one) is None]


def wrapped(text: str, width: int) -> str:
    """The text in lines as wide as `width` Latin letters, one of Chinese, Japanese or Korean counted as two."""
    lines = []
    for paragraph in text.split("\n"):
        line, length = "", 0
        for word in _words(paragraph):
            size = _width(word)
            if line and length + size > width:
                lines.append(line.rstrip())
                line, length, word = "", 0, word.lstrip()
                size = _width(word)
            while length + size > width and len(word) > 1:  # a word longer than a line
                kept = _beginning(word, width - length)
                lines.append(line + kept)
                line, length, word = "", 0, word[len(kept) :]
                size = _width(word)
            line, length = line + word, length + size
        lines.append(line.rstrip())
    return "\n".join(lines)


def set_literally(figure: Figure) -> Figure:
    """Every text of a finished figure as literal text, in fonts that have its characters. Returns the figure."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):  # the labels of ticks are made late, and anew in drawing
            words = [text.get_text() for text in axis.get_ticklabels()]
            if [legible(text) for text in words] != words:
                axis.set_ticks(axis.get_ticklocs(), [legible(text) for text in words])
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_usetex(False)
        words = legible(text.get_text())
        if words != text.get_text():
            text.set_text(words)
        text.set_fontfamily(_families(words))
        if not all(_is_bold_too(character) for character in set(words)):
            text.set_fontweight("normal")
    return figure


def save_figure(figure: Figure, path: Path | str, dpi: float | None = None) -> None:
    """Write a figure, its text literal: in PDF and PostScript as TrueType, which other programs can edit and search,
    in SVG as text. Pictures that are not to be smoothed stay apart, each with its own pixels.
    """
    set_literally(figure)
    # One lock, because matplotlib's settings are those of all threads.
    with _LOCK, matplotlib.rc_context(WRITTEN):
        figure.savefig(path, **({} if dpi is None else {"dpi": dpi}))


@lru_cache(maxsize=64)
def strip(lines: tuple[str, ...], width: int, line_height: int = 14, size: float = 10.5) -> np.ndarray:
    """Lines of text, light on dark, as a picture uint8 [h, width, 3]; a line too long for it is written smaller.

    `size` in pixels, `line_height` too.
    """
    height = line_height * len(lines) + 6
    figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=(24 / 255,) * 3)
    canvas = FigureCanvasAgg(figure)
    texts = [
        figure.text(
            6 / width, 1 - (line_height * (row + 0.9)) / height, " ".join(line.split()), color="0.92", size=size
        )
        for row, line in enumerate(lines)
    ]
    set_literally(figure)
    for text in texts:
        long = text.get_window_extent(canvas.get_renderer()).width
        text.set_fontsize(size * min(1.0, (width - 12) / max(1.0, long)))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _words(line: str) -> list[str]:
    """Pieces that a line may be broken between: after blanks, and at every letter as wide as high."""
    pieces = [""]
    for before, character in zip(" " + line, line, strict=False):
        if (before == " " and character != " ") or _width(character) == 2 or _width(before) == 2:
            pieces.append("")
        pieces[-1] += character
    return [piece for piece in pieces if piece]


def _beginning(word: str, width: int) -> str:
    """As many letters of a word as fit, at least one."""
    kept = 1
    while kept < len(word) and _width(word[: kept + 1]) <= width:
        kept += 1
    return word[:kept]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _families(text: str) -> list[str]:
    """The fonts that a text takes; matplotlib has each character from the first that has it."""
    fonts = (_font_of(character) for character in text if character != "\n")
    return list(dict.fromkeys([LATIN, *(font for font in fonts if font is not None)]))


@lru_cache(maxsize=100_000)
def _font_of(character: str) -> str | None:
    """The name of a font that has a character; None where there is none, or nothing to see."""
    if unicodedata.category(character) in NOTHING_DRAWN or character in TURNING:
        return None
    with _LOCK:
        if _has(findfont(LATIN), character):
            return LATIN
        for path in _other_fonts():
            if _has(path, character):
                return _registered(path)
    return None


@lru_cache(maxsize=100_000)
def _is_bold_too(character: str) -> bool:
    if character == "\n" or _font_of(character) != LATIN:
        return True
    return _has(findfont(FontProperties(family=[LATIN], weight="bold")), character)


def _has(path: str, character: str) -> bool:
    return get_font(path).get_char_index(ord(character)) != 0


@lru_cache(maxsize=1)
def _other_fonts() -> tuple[str, ...]:
    """The packaged font, then those of the machine that a PDF can hold: with outlines, as TrueType has them."""
    spec = find_spec(PACKAGED[0])
    packaged = [str(Path(spec.origin).parent / PACKAGED[1])] if spec and spec.origin else []
    # Not matplotlib's own list of them, which is kept for ever once it is made.
    return tuple(path for path in (*packaged, *sorted(findSystemFonts())) if _can_be_used(path))


def _can_be_used(path: str) -> bool:
    if any(name in Path(path).name.lower() for name in EMPTY_FONTS):
        return False
    try:
        with open(path, "rb") as file:
            kind = file.read(4)
            if kind == b"ttcf":  # a collection: the first font's place stands after the header of 12 bytes
                file.seek(12)
                file.seek(int.from_bytes(file.read(4), "big"))
                kind = file.read(4)
        return kind in (b"\0\1\0\0", b"true") and get_font(path).scalable
    except (OSError, RuntimeError, ValueError):
        return False


def _registered(path: str) -> str:
    """The name by which matplotlib finds the font of a file."""
    for entry in fontManager.ttflist:
        if entry.fname == path:
            return entry.name
    fontManager.addfont(path)
    entry = next(entry for entry in fontManager.ttflist if entry.fname == path)
    # For bold text too: it has no other, and matplotlib would say so each time.
    fontManager.ttflist.append(replace(entry, weight=700))
    return entry.name
