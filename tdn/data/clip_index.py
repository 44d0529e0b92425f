"""Where the clips of a published data set lie, by their names; of several copies the same is read on every machine."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tdn.data.listed import such_as
from tdn.data.names import loose, one_form
from tdn.data.on_disk import VIDEO_SUFFIXES, is_junk
from tdn.data.source import FRAME_SUFFIXES

# A folder with more entries holds the clips themselves: nobody looks into each of them.
MANY = 1000


class ClipIndex:
    """Every video below a folder by its name without ending, and every folder of frames by its name."""

    def __init__(self, root: Path):
        self.root = root
        self.junk: Counter[str] = Counter()
        self._found: dict[str, list[Path]] = defaultdict(list)
        for place, folders, files in os.walk(root):
            self.junk.update(name for name in folders if is_junk(name))
            folders[:] = sorted(name for name in folders if not is_junk(name))
            here = Path(place)
            endings = {os.path.splitext(name)[1].lower() for name in files if not is_junk(name)}
            if endings & FRAME_SUFFIXES and not endings & VIDEO_SUFFIXES:
                # UCF101's frames often lie in folders that are called .avi.
                is_named_so = here.suffix.lower() in VIDEO_SUFFIXES
                self._found[one_form(here.stem if is_named_so else here.name)].append(here)
                folders.clear()
                continue
            for name in sorted(files):
                stem, ending = os.path.splitext(name)
                if ending.lower() in VIDEO_SUFFIXES and not is_junk(name):
                    self._found[one_form(stem)].append(here / name)

    def places(self, wanted: Sequence[tuple[tuple[str, ...], str]]) -> tuple[list[Path | None], list[str]]:
        """Where each clip lies, given its possible names without ending and its class; and notes.

        Of several copies that count which lies in a folder of the class's name, then the one in the tree that holds
        most of the clips.
        """
        options = [self._options(names, label) for names, label in wanted]
        labels = [label for _, label in wanted]
        trees = Counter(
            tree
            for found, label in zip(options, labels, strict=True)
            for tree in {_tree(path, label) for path in found}
        )
        chosen: list[Path | None] = []
        passed: Counter[Path] = Counter()
        for found, label in zip(options, labels, strict=True):
            best = min(found, key=lambda path, label=label: (-trees[_tree(path, label)], str(path)), default=None)
            chosen.append(best)
            passed.update(_tree(path, label) for path in found if path != best)
        notes = []
        if passed:
            used = Counter(_tree(path, label) for path, label in zip(chosen, labels, strict=True) if path is not None)
            notes.append(
                f"{sum(passed.values())} clips are there twice: those in {self._shown(used)} are read, those in "
                f"{self._shown(passed)} are not"
            )
        if self.junk:
            notes.append(f"left out as hidden or made by a system: {such_as(sorted(self.junk), 6)}")
        return chosen, notes

    def _options(self, names: Iterable[str], label: str) -> list[Path]:
        found = next((paths for name in names if (paths := self._found.get(one_form(name)))), [])
        of_class = [path for path in found if loose(path.parent.name) == loose(label)]
        return of_class or found

    def _shown(self, trees: Counter[Path]) -> str:
        ranked = [path for path, _ in trees.most_common()]
        return such_as([str(path.relative_to(self.root)) if path != self.root else self.root.name for path in ranked])


def _tree(path: Path, label: str) -> Path:
    """The folder that holds the folders of the classes."""
    return path.parent.parent if loose(path.parent.name) == loose(label) else path.parent


def side_by_side(root: Path, ids: Sequence[str], usual: str) -> tuple[dict[str, Path], list[str]]:
    """Video file or frame folder by id, where all lie side by side in `usual`, in `root` or in folders of it; notes."""
    wanted, found, passed = set(ids), {}, Counter()
    inside = sorted(path for path in root.iterdir() if path.is_dir() and path.name != usual and not is_junk(path.name))
    for folder in (root / usual, root, *inside):
        if not folder.is_dir():
            continue
        names = sorted(name for name in os.listdir(folder) if not is_junk(name))
        for name in names:
            stem, ending = os.path.splitext(name)
            clip = stem if ending.lower() in VIDEO_SUFFIXES else name
            if clip in wanted and found.setdefault(clip, folder / name) != folder / name:
                passed[f"{folder.name}/*{ending}" if found[clip].parent == folder else folder.name] += 1
        if folder == root and len(names) > MANY:
            break
    notes = [f"{count} clips are there twice: those in {place} are not read" for place, count in passed.items()]
    return found, notes
