"""Words of others in our sentences: one line, without codes for terminals, cut between words."""

import re
import unicodedata

# Colours and movements of terminals, links in terminals, and what is left of a code that was cut off.
_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|\[?[0-9;]*$)")
_DRAWN = ("Cc", "Cs", "Zl", "Zp")


def one_line(words: object, longest: int | None = None) -> str:
    """The words in one line; where they are longer than `longest` characters they end in "..." after a whole word."""
    text = _CODES.sub("", str(words))
    text = "".join(" " if unicodedata.category(character) in _DRAWN else character for character in text)
    text = " ".join(text.split())
    if longest is None or len(text) <= longest:
        return text
    kept = text[: longest - 3]
    if text[longest - 3] != " " and " " in kept:
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip(" ,;:.([{'\"") + " ..."


def markdown(words: object) -> str:
    """The words as Markdown shows them literally, also in a cell of a table."""
    text = re.sub(r"([\\`*{}\[\]<>#|~$&])", r"\\\1", one_line(words))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def first_line(error: BaseException, longest: int = 160) -> str:
    """What an error says first, or its name where it says nothing."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return one_line(lines[0], longest) if lines else type(error).__name__
