"""Folders for results are tried before work begins, so that an hour of it isn't lost at the end."""

import hashlib
import tempfile
from pathlib import Path


class OutputError(ValueError):
    """A folder that takes no results; the message is one sentence for the user."""


def expect_writable(folder: Path | str, option: str = "--out") -> Path:
    """Make a folder and try to write in it; nothing is left there but the folder. Raises OutputError."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"tried")
    except FileExistsError:
        raise OutputError(f"{option} {folder}: a file of this name is there already; name a folder") from None
    except NotADirectoryError:
        raise OutputError(f"{option} {folder}: a file stands in the way of this folder; name another") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise OutputError(f"{option} {folder}: nothing can be written there ({reason}); name another folder") from None
    return folder


def remove_files(folder: Path, names: tuple[str, ...]) -> None:
    """Delete what an earlier call left, so that a folder holds one result; other files stay."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def sha256(*paths: Path) -> str:
    """Of the bytes of files, one after the other, as hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()
