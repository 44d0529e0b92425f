"""Which clips were cut from one recording, as names and bytes tell: they belong on one side of a split.

A network that has seen one clip of a recording knows its room, light and people, and a validation clip of the same
recording says little of what it has learned.
"""

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdn.data.datasets import DataSet, Item
from tdn.data.names import one_form

# (what it is called, pattern whose first group is the recording). Source of the first: UCF101's naming, "clips of one
# group share features such as background"; of the second: the videos of the Kinetics downloaders; of the third: HMDB51.
CERTAIN = (
    ("_gNN_cNN", re.compile(r"(.*(?<![a-z])g\d+)_c\d+", re.IGNORECASE)),
    ("YouTube id and times", re.compile(r"([\w-]{11})[_-]\d{6}[_-]\d{6}")),
    ("HMDB51's marks", re.compile(r"(.+?)_[a-z_]+_[a-z]_(?:cm|nm)_np\d_(?:ba|fr|le|ri)_(?:goo|med|bad)_\d+")),
)
# In these, the end may as well count a person's clips: they count only where a class falls into several recordings.
LIKELY = (
    (
        "a part's number",
        re.compile(r"(.+?)[ _.-]*(?:clip|part|seg|segment|scene|cut|chunk|piece|shot|c)[ _.-]?\d+", re.I),
    ),
    ("a beginning and an end", re.compile(r"(.+?)[_-](?P<begin>\d+(?:\.\d+)?)[_-](?P<end>\d+(?:\.\d+)?)")),
)
COPY = re.compile(
    r"(?:copy of )?(.+?)(?:[ _-]*\(\d+\)|[ _-]+(?:copy|kopie|copie|copia)(?:[ _-]?\(?\d+\)?)?)?", re.IGNORECASE
)
GLOBAL = ("YouTube id and times",)


@dataclass(frozen=True)
class Recordings:
    """`of[i]` is the number of the recording of clip i; `told` counts clips by what tells that they share one.

    `equal` are pairs of clips with the same bytes.
    """

    of: tuple[int, ...]
    told: dict[str, int]
    equal: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        count = len(set(self.of))
        if count == len(self.of):
            return f"{count} clips, no two of one recording as far as names and bytes tell"
        ways = ", ".join(f"{way}: {clips} clips" for way, clips in self.told.items())
        return f"{len(self.of)} clips of {count} recordings ({ways})"


def recordings(items: Sequence[Item], read_bytes: bool = True) -> Recordings:
    """Group clips by their names and, with `read_bytes`, by equal contents; only files of equal size are read."""
    parent = list(range(len(items)))

    def root(one: int) -> int:
        while parent[one] != one:
            one = parent[one]
        return one

    told: Counter[str] = Counter()
    for way, groups in _by_name(items).items():
        for group in groups:
            told[way] += len(group)
            for other in group[1:]:
                parent[max(root(group[0]), root(other))] = min(root(group[0]), root(other))
    equal = _equal(items) if read_bytes else []
    for one, other in equal:
        parent[max(root(one), root(other))] = min(root(one), root(other))
    if equal:
        told["equal bytes"] = len({place for pair in equal for place in pair})
    return Recordings(tuple(map(root, range(len(items)))), dict(told), tuple(equal))


def _by_name(items: Sequence[Item]) -> dict[str, list[list[int]]]:
    """Groups of two clips or more by what tells them."""
    found: dict[str, list[list[int]]] = {}
    stems = [one_form(_stem(item)) for item in items]
    rest = set(range(len(items)))
    for way, pattern in CERTAIN:
        groups = _matched(items, stems, rest, pattern, way in GLOBAL)
        rest -= {place for group in groups.values() for place in group}
        found[way] = [group for group in groups.values() if len(group) > 1]
    there = {(item.label, stem): place for place, (item, stem) in enumerate(zip(items, stems, strict=True))}
    endings: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, (item, stem) in enumerate(zip(items, stems, strict=True)):
        endings[item.label, str(Path(one_form(item.id)).parent / stem)].append(place)
    found["one name, several endings"] = [group for group in endings.values() if len(group) > 1]
    # "clip (1)" is a copy where "clip" is there too; without it, somebody named all clips so.
    copies: dict[int, list[int]] = defaultdict(list)
    for place, (item, stem) in enumerate(zip(items, stems, strict=True)):
        match = COPY.fullmatch(stem)
        if match and match[1] != stem and (original := there.get((item.label, match[1]))) is not None:
            copies[original].append(place)
    found["copies by name"] = [[original, *group] for original, group in copies.items()]
    for way, pattern in LIKELY:
        groups = _matched(items, stems, rest, pattern, False)
        per_class = Counter(items[group[0]].label for group in groups.values())
        all_of_class = Counter(items[place].label for place in rest)
        kept = [
            group
            for group in groups.values()
            if per_class[items[group[0]].label] > 1 or len(group) < all_of_class[items[group[0]].label]
        ]
        rest -= {place for group in kept for place in group}
        found[way] = [group for group in kept if len(group) > 1]
    return {way: groups for way, groups in found.items() if groups}


def _matched(
    items: Sequence[Item], stems: Sequence[str], places: set[int], pattern: re.Pattern, across_classes: bool
) -> dict[tuple[int, str], list[int]]:
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place in sorted(places):
        match = pattern.fullmatch(stems[place])
        if match is None:
            continue
        if "begin" in match.groupdict() and not float(match["begin"]) < float(match["end"]):
            continue
        groups[-1 if across_classes else items[place].label, match[1]].append(place)
    return groups


def _stem(item: Item) -> str:
    return Path(item.id).name if item.path.is_dir() and "." not in item.id[-5:] else Path(item.id).stem


def _equal(items: Sequence[Item]) -> list[tuple[int, int]]:
    """Pairs of clips with equal contents, each with the first of its kind."""
    pairs, same = [], _same(range(len(items)), lambda place: _size(items[place].path))
    for group in same:
        for equal in _same(group, lambda place: _digest(items[place].path)):
            pairs += [(equal[0], other) for other in equal[1:]]
    return pairs


def _same(places: Sequence[int], value: Callable[[int], object]) -> list[list[int]]:
    """Groups of two or more with one value; None is nobody's value."""
    groups: dict[object, list[int]] = defaultdict(list)
    for place in places:
        if (own := value(place)) is not None:
            groups[own].append(place)
    return [group for group in groups.values() if len(group) > 1]


def _size(path: Path) -> object:
    try:
        if path.is_dir():
            with os.scandir(path) as entries:
                return tuple(sorted(entry.stat().st_size for entry in entries if entry.is_file()))
        return path.stat().st_size or None  # empty files are no clips at all
    except OSError:
        return None


def _digest(path: Path) -> bytes | None:
    digest = hashlib.sha256()
    try:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as opened:
                    for block in iter(lambda opened=opened: opened.read(1 << 20), b""):
                        digest.update(block)
    except OSError:
        return None
    return digest.digest()


def shared_between(parts: Sequence[DataSet], read_bytes: bool = True) -> list[str]:
    """Sentences on clips that an earlier part has too: the same file, equal bytes, or others of the recording."""
    items = [item for part in parts for item in part.items]
    part_of = [number for number, part in enumerate(parts) for _ in part.items]
    found = recordings(items, read_bytes)
    paths: dict[Path, int] = {}
    same_file = {}
    for place, item in enumerate(items):
        other = paths.setdefault(item.path.resolve(), place)
        if part_of[other] < part_of[place]:
            same_file[place] = other
    equal = {other: one for one, other in found.equal if part_of[one] < part_of[other] and other not in same_file}
    first: dict[tuple[int, int], int] = {}
    alike = {}
    for place, number in enumerate(found.of):
        earlier = [first[number, part] for part in range(part_of[place]) if (number, part) in first]
        if earlier and place not in same_file and place not in equal:
            alike[place] = earlier[0]
        first.setdefault((number, part_of[place]), place)
    sentences = []
    for number, part in enumerate(parts):
        for shared, said in (
            (same_file, "are in another part too"),
            (equal, "are equal byte for byte to clips of another part"),
            (alike, "are of a recording that another part has clips of"),
        ):
            own = [place for place in shared if part_of[place] == number]
            if own:
                example = items[own[0]].id
                other = f" ({items[shared[own[0]]].id} of {parts[part_of[shared[own[0]]]].name})"
                sentences.append(f"{len(own)} of {len(part.items)} clips {said}, such as {example}{other}")
    return sentences


def held_out_places(dataset: DataSet, share: float, found: Recordings) -> set[int]:
    """Which clips to hold out: every n-th recording of each class, so that about `share` of its clips go.

    A class keeps at least one recording for training. Where recordings have several clips, the largest of a class
    stays. Without any, these are every n-th clip of a class.
    """
    step, of = max(2, round(1 / share)), found.of
    by_class: dict[int, Counter[int]] = defaultdict(Counter)
    for item, number in zip(dataset.items, of, strict=True):
        by_class[item.label][number] += 1
    is_held_out: dict[int, bool] = {}
    for counts in sorted(by_class.values(), key=len):
        order = list(counts)
        if len(set(counts.values())) > 1:
            order.sort(key=lambda number: number != counts.most_common(1)[0][0])
        seen = gone = 0
        for number in order:
            is_held_out.setdefault(number, seen > 0 and gone * step <= seen - 1)
            gone += counts[number] if is_held_out[number] else 0
            seen += counts[number]
    return {place for place, number in enumerate(of) if is_held_out[number]}
