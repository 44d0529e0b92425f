"""Figures as files that a publisher takes: PNG, SVG and PDF of exact size, with TrueType fonts inside."""

import base64
import io
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont

from tdn.letters import save_figure

FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 300


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as the ending of `path` says. Raises ValueError for another one than FORMATS.

    Pictures in SVG and PDF keep their own pixels. An SVG holds the letters it uses as a font of its own.
    """
    kind = path.suffix[1:]
    if kind not in FORMATS:
        raise ValueError(f"{path.name}: expected a name ending in {', '.join(FORMATS)}")
    save_figure(figure, path, DOTS_PER_INCH)
    if kind == "svg":
        path.write_text(with_fonts(path.read_text()))


def with_fonts(svg: str) -> str:
    """An SVG as matplotlib writes it, its fonts put inside, each with no more letters than the picture has."""
    used: dict[tuple[str, str], set[str]] = {}
    for style, words in re.findall(r'<text style="([^"]*)"[^>]*>(.*?)</text>', svg, re.DOTALL):
        weight = "bold" if re.search(r"\b(?:bold|700)\b", style) else "normal"
        letters = set(re.sub(r"<[^>]*>|&[a-z]+;", "", words)) | set("&<>")
        for family in re.findall(r"'([^']+)'", style):
            used.setdefault((family, weight), set()).update(letters)
    faces = [_face(family, weight, letters) for (family, weight), letters in used.items()]
    return svg.replace("<defs>", f'<defs>\n  <style type="text/css">{"".join(faces)}</style>', 1)


def _face(family: str, weight: str, letters: set[str]) -> str:
    file = findfont(FontProperties(family=[family], weight=weight))
    number = 0 if file.endswith(".ttc") else -1
    font = TTFont(file, fontNumber=number, recalcTimestamp=False)
    cut = subset.Subsetter(
        subset.Options(notdef_outline=True, layout_features=[], drop_tables=["FFTM", *subset.Options().drop_tables])
    )
    cut.populate(text="".join(letters))
    cut.subset(font)
    written = io.BytesIO()
    font.save(written)
    data = base64.b64encode(written.getvalue()).decode()
    return (
        f"@font-face{{font-family:'{family}';font-weight:{weight};"
        f"src:url(data:font/ttf;base64,{data}) format('truetype')}}"
    )
