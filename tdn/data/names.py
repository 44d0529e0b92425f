"""Names in one form: two that look the same are the same, whoever typed, copied or unpacked them."""

import re
import unicodedata
from collections.abc import Iterable

# They join or part letters of Persian and of Indian scripts: part of a name, though nothing of them is seen.
JOINERS = "\u200c\u200d"
# Letters and signs that show nothing, though Unicode does not count them as formatting.
BLANKS = "\u034f\u115f\u1160\u2800\u3164\uffa0"
_LOOK_ALIKE = str.maketrans("аеорсухіјѕԁһκοανρτυι", "aeopcyxijsdhkoavptui")


def one_form(name: str) -> str:
    """Composed letters (NFC), one space for any white space, nothing around it, no characters that show nothing."""
    shown = "".join(character for character in name if character.isspace() or not _shows_nothing(character))
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _shows_nothing(character: str) -> bool:
    return character in BLANKS or (unicodedata.category(character) in ("Cf", "Cc") and character not in JOINERS)


def invisible(name: str) -> list[str]:
    """The characters of a name that show nothing, by code: ["U+200B ZERO WIDTH SPACE"]; each once."""
    found = [
        character
        for character in name
        if character in JOINERS or (_shows_nothing(character) and not character.isspace())
    ]
    return list(dict.fromkeys(map(code, found)))


def code(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'CONTROL CHARACTER')}"


def loose(name: str) -> str:
    """For finding a name that is spelt otherwise: one form, capitals and underscores do not count."""
    return " ".join(one_form(name).replace("_", " ").casefold().split())


def look(name: str) -> str:
    """What a reader sees of a name, roughly: `loose`, letters of other scripts that look alike as one."""
    seen = "".join(character for character in unicodedata.normalize("NFKC", name) if character not in JOINERS)
    return loose(seen).translate(_LOOK_ALIKE)


def difference(one: str, other: str) -> str:
    """What tells apart two spellings that look the same, in words."""
    if codes := sorted(set(invisible(one)) ^ set(invisible(other))):
        return f"invisible characters: {', '.join(codes)}"
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "composed and decomposed letters"
    if "".join(one.split()) == "".join(other.split()):
        return "white space"
    first, second = next(((a, b) for a, b in zip(one, other, strict=False) if a != b), (one[-1:], other[-1:]))
    return f"{code(first)} and {code(second)}" if first and second else "spelling"


def in_one_form(names: Iterable[str], where: str) -> tuple[dict[str, str], list[str]]:
    """The one form of each name, and sentences on what that made equal or left out."""
    spelt: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        spelt.setdefault(one_form(name), []).append(name)
    notes = []
    for form, ways in spelt.items():
        if len(ways) > 1:
            said = difference(ways[0], ways[1])
            notes.append(f"{where}: {form!r} is written in {len(ways)} ways that differ in {said}; taken for one class")
        elif gone := [character for character in invisible(ways[0]) if character not in map(code, JOINERS)]:
            notes.append(f"{where}: the name {form!r} held {', '.join(gone)}, which shows nothing and is left out")
    return {name: form for form, ways in spelt.items() for name in ways}, notes


def expect_told_apart(names: Iterable[str], where: str) -> None:
    """Raises ValueError where two names differ in nothing that can be seen."""
    seen: dict[str, str] = {}
    for name in names:
        bare = "".join(character for character in name if character not in JOINERS)
        if (other := seen.setdefault(bare, name)) != name:
            raise ValueError(
                f"{where}: two classes are called {bare!r} and differ in {difference(other, name)}; give every class "
                f"a name of its own"
            )


def in_class_order(names: Iterable[str]) -> list[str]:
    """Numbers by their value where all names are numbers (1, 2, 10), else by alphabet."""
    names = list(names)
    return sorted(names, key=lambda name: (int(name), name)) if all(map(is_number, names)) else sorted(names)


def is_number(name: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", name) is not None
