"""Git LFS leaves a short text in the place of a file that was not fetched: every reader of files asks here first."""

from pathlib import Path

_BEGINNING = b"version https://git-lfs.github.com/spec/"


class PointerError(ValueError):
    """A file that is not there yet; the message is one sentence for the user."""


def is_pointer(path: Path | str) -> bool:
    """Whether a file is a pointer; False also where nothing can be read."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_BEGINNING)) == _BEGINNING
    except OSError:
        return False


def expect_no_pointer(path: Path | str, kind: type[ValueError] = PointerError) -> None:
    """Raises an error of `kind` for a pointer, with what to do."""
    if is_pointer(path):
        raise kind(f"{Path(path).name}: a Git LFS pointer, not the file itself; fetch it with `git lfs pull`")
