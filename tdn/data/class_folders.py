"""A folder with a sub-folder for each class, optionally below train/, val/ and test/."""

from collections.abc import Iterable
from pathlib import Path

from tdn.data.listed import PARTS, TEST_FOR_VAL, Listed, part_in, part_of, such_as
from tdn.data.names import expect_told_apart, in_class_order, in_one_form
from tdn.data.on_disk import VIDEO_SUFFIXES, LeftOut, clips_below, is_junk, is_text, is_video


def read_class_folders(root: Path, kind: str) -> tuple[str, Listed]:
    """The clips of the part `kind` of a folder, and its title. Every part counts the classes of all parts alike.

    Clips may lie in folders of any depth below their class. What is left out stands in the notes. Raises ValueError
    where there is no such part, or nothing says which folders are the classes.
    """
    parts = _parts(root)
    notes: list[str] = []
    folder = root
    if parts:
        folder, notes = _part_folder(root, parts, kind)
        if worded := [f"{path.name} ({part})" for part, path in parts.items() if part_of(path.name) is None]:
            notes.append(f"{root.name}: folders read as parts by a word in their names: {such_as(worded)}")
    title = f"{root.name} {folder.name}" if parts else root.name
    left_out = LeftOut()
    own = _classes(folder, left_out)
    clips = {name: list(clips_below(folder / name, left_out)) for name in own}
    _expect_classes(folder, clips)
    others = [_classes(part, LeftOut()) for part in parts.values() if part != folder]
    elsewhere = {name for other in others for name, path in other.items() if next(clips_below(path), None)}
    filled = [name for name, found in clips.items() if found]
    if empty := [name for name in own if not clips[name] and name not in elsewhere]:
        notes.append(f"{title}: folders without videos are left out: {such_as(empty, 6)}")
    notes += _two_trees(title, folder, clips)
    forms, said = in_one_form([*filled, *elsewhere], root.name)
    labels = in_class_order(set(forms.values()))
    expect_told_apart(labels, root.name)
    places = {label: place for place, label in enumerate(labels)}
    rows = [
        Listed.Row(path.relative_to(folder).as_posix(), path, places[forms[name]])
        for name in filled
        for path in clips[name]
    ]
    if not rows:
        raise ValueError(
            f"{folder}: no videos found{_loose_videos(folder)}; expected a folder for each class with clips"
        )
    notes += [*said, *left_out.notes(title), *_beside(root, folder, parts)]
    return title, Listed(labels, rows, notes=notes)


def holds_class_folders(folder: Path) -> bool:
    """Whether there is a clip in a sub-folder, for a folder that also has a table."""
    return any(next(clips_below(path), None) for path in _classes(folder, LeftOut()).values())


def _classes(folder: Path, left_out: LeftOut) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            continue
        if is_junk(path.name):
            left_out.junk[path.name] += 1
        elif not is_text(path.name):
            left_out.unreadable_names.append(path.name)
        else:
            found[path.name] = path
    return found


def _parts(root: Path) -> dict[str, Path]:
    """The sub-folders that hold parts. One that holds videos itself is a class: somebody films trains.

    Where it holds folders with clips as well, and another part lies beside it, the videos are strays in a part.
    """
    named = [path for path in sorted(root.iterdir()) if path.is_dir() and part_of(path.name) is not None]
    if not named:
        named = _parts_by_word(root)
    flat = [path for path in named if any(map(is_video, path.iterdir()))]
    if len(flat) > 1 and flat == [path for path in sorted(root.iterdir()) if path.is_dir() and not is_junk(path.name)]:
        if not any(holds_class_folders(path) for path in flat):
            raise ValueError(
                f"{root}: {' and '.join(path.name for path in flat)} hold clips, but no folders of classes; expected "
                f"{flat[0].name}/CLASS/ with the clips of each class"
            )
    found: dict[str, Path] = {}
    for path in named:
        part = part_of(path.name) or part_in(path.name)
        if path in flat and (len(named) < 2 or not holds_class_folders(path)):
            continue
        if part in found:
            raise ValueError(
                f"{root}: {found[part].name} and {path.name} are both there for split {part}; put them together, or "
                f"move one away"
            )
        found[part] = path
    return found


def _parts_by_word(root: Path) -> list[Path]:
    """Folders such as training_set and test_set, of two parts or more, each with folders of clips and no loose ones."""
    named = [path for path in sorted(root.iterdir()) if path.is_dir() and part_in(path.name) is not None]
    if len({part_in(path.name) for path in named}) < 2:
        return []
    return named if all(holds_class_folders(path) and not any(map(is_video, path.iterdir())) for path in named) else []


def _part_folder(root: Path, parts: dict[str, Path], kind: str) -> tuple[Path, list[str]]:
    if kind in parts:
        return parts[kind], []
    if kind == "val" and "test" in parts:
        return parts["test"], [f"{root.name}: {TEST_FOR_VAL}"]
    raise ValueError(f"{root}: has {', '.join(p.name for p in parts.values())} but nothing for split {kind}")


def _expect_classes(folder: Path, clips: dict[str, list[Path]]) -> None:
    """Raises ValueError where the folders are not the classes but one level above or below them."""
    words: dict[str, set[str]] = {}
    for name, found in clips.items():
        inside = {path.relative_to(folder / name).parts[0] for path in found if path.parent != folder / name}
        words[name] = {part for word in inside if (part := part_of(word))}
    if any(len(parts) > 1 for parts in words.values()):
        name = next(name for name, parts in words.items() if len(parts) > 1)
        if len(clips) == 1:
            raise ValueError(f"{folder}: its parts {_listed(words[name])} lie one folder deeper; give {folder / name}")
        raise ValueError(
            f"{folder}: the class {name!r} has folders {_listed(words[name])} in it; put those above the folders of "
            f"the classes, as train/{name}/, val/{name}/"
        )
    filled = {name: found for name, found in clips.items() if found}
    if len(filled) == 1:
        ((name, found),) = filled.items()
        deeper = {path.relative_to(folder / name).parts[0] for path in found if path.parent != folder / name}
        if all(path.parent != folder / name for path in found) and len(deeper) > 1:
            raise ValueError(
                f"{folder}: holds one folder with clips, {name}, and in it the folders {such_as(sorted(deeper))}; if "
                f"those are the classes, give {folder / name}"
            )


def _two_trees(title: str, folder: Path, clips: dict[str, list[Path]]) -> list[str]:
    """A note where all folders hold folders of the same names: copies, people or folds of one data set, or classes."""
    inside = {
        name: {path.relative_to(folder / name).parts[:-1][:1] for path in found}
        for name, found in clips.items()
        if found
    }
    first = next(iter(inside.values()), set())
    if len(inside) < 2 or any(names != first for names in inside.values()) or len(first) < 2 or () in first:
        return []
    names = sorted(name for (name,) in first)
    return [
        f"{title}: the folders {such_as(list(inside))} hold the same names, {such_as(names)}, and are taken for "
        f"classes; if {names[0]} is a class, put the folders of one name together, or give one of the trees"
    ]


def _listed(parts: Iterable[str]) -> str:
    return " and ".join(part for part in PARTS if part in parts)


def _loose_videos(folder: Path) -> str:
    loose = _videos_in(folder)
    if not loose:
        loose = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and is_video(path)]
    return f", but {len(loose)} clips without a class, such as {loose[0]}" if loose else ""


def _videos_in(folder: Path) -> list[str]:
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_file() and path.suffix.lower() in VIDEO_SUFFIXES and not is_junk(path.name)
    )


def _beside(root: Path, folder: Path, parts: dict[str, Path]) -> list[str]:
    """Notes on what lies beside the folders that were read: videos without a class, tables, folders of no part."""
    notes = []
    if loose := sorted({*_videos_in(root), *_videos_in(folder)}):
        notes.append(
            f"{root.name}: {len(loose)} videos lie beside the folders of the classes: {such_as(loose)}; left out"
        )
    tables = [path.name for path in sorted(root.iterdir()) if path.is_file() and _is_table(path)]
    if tables:
        notes.append(f"{root.name}: beside the folders, not read: {such_as(tables)}; give one as the data to read it")
    if parts:
        others = [path.name for path in _classes(root, LeftOut()).values() if path not in parts.values()]
        counts = {name: sum(1 for _ in clips_below(root / name)) for name in others}
        if said := [f"{name} ({count} clips)" for name, count in counts.items() if count]:
            notes.append(f"{root.name}: folders of no part, left out: {such_as(said)}")
    return notes


def _is_table(path: Path) -> bool:
    suffixes = (".csv", ".tsv", ".txt", ".json", ".xlsx", ".xls", ".pkl", ".parquet", ".xml", ".yaml", ".yml", ".md")
    # Our own list of what cannot be read is no table.
    return not is_junk(path.name) and path.suffix.lower() in suffixes and path.name != "tdn-skip.txt"
