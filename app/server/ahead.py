"""The code that the page will want, named in its document: Gradio asks for it bit by bit, each after the one before."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import gradio

FRONTEND = Path(gradio.__file__).parent / "templates" / "frontend"
ENTRY = re.compile(r'src="\./assets/(index-[\w-]+\.js)"')
# What Vite writes: a list of files, and for each import that comes later the numbers of those that it needs.
LIST = re.compile(r"m\.f\|\|\(m\.f=\[(.*?)\]\)")
NEEDS = r"[^\]]*?__vite__mapDeps\(\[([\d,]+)\]\)"
TYPE = re.compile(r'"type":"([a-z]+)"')
# Asked for last, and by Gradio itself: a module of no weight (weight.py), and a page that nobody is shown.
LEFT_OUT = ("hls-", "Login-")


def with_code_ahead(document: str) -> str:
    """Gradio's document with the styles of its page and of the components that it describes, and `<link>` tags for
    their code.

    As it was where the frontend is written in another way than that of Gradio 6.31; the page then loads as ever.
    """
    head, end, rest = document.partition("</head>")
    return head + _tags(frozenset(TYPE.findall(document))) + end + rest


@cache
def _tags(types: frozenset[str]) -> str:
    names = [name for name in files(types) if not name.startswith(LEFT_OUT)]
    styles = [name for name in names if name.endswith(".css")]
    together = "".join((FRONTEND / "assets" / name).read_text() for name in styles)
    return "".join(
        [
            f"<style>{together}</style>" if styles else "",
            # Vite asks for no style that the document has a link to; one that is disabled costs nothing.
            *(f'<link rel="stylesheet" disabled href="./assets/{name}">' for name in styles),
            *(f'<link rel="modulepreload" href="./assets/{name}">' for name in names if name not in styles),
        ]
    )


def files(types: Iterable[str]) -> list[str]:
    """The names of the files, each once, in the order in which the page asks for them."""
    entry = ENTRY.search((FRONTEND / "index.html").read_text())
    page = _needed(entry[1], r"import\(`\./Index-[\w-]+\.js`\)") if entry else []
    layout = _needed(page[0], r"import\(`\./Blocks-[\w-]+\.js`\)") if page else []
    core = next((name for name in page if name.startswith("core-") and name.endswith(".js")), None)
    found = [*page, *layout]
    for kind in sorted(types) if core else ():
        found += _needed(core, rf"\b{re.escape(kind)}:\{{(?:(?!\}}).)*?component:")
    return [name for name in dict.fromkeys(found) if not name.startswith("index-")]  # the document has these


def _needed(file: str, imported: str) -> list[str]:
    """The file that the import `imported` (a pattern) of a file names, and those it needs; none where there is none."""
    source = (FRONTEND / "assets" / file).read_text()
    listed, found = LIST.search(source), re.search(imported + NEEDS, source)
    if listed is None or found is None:
        return []
    names = re.findall(r'"\./([^"]+)"', listed[1])
    return [names[int(number)] for number in found[1].split(",")]
