"""Deletes uploads and results after their time, whatever became of the requests that they belong to.

Gradio deletes the files that it knows of. It does not know of pictures whose request failed before it was answered,
uploads that broke off, or what a server that was killed left behind; and an upload in the wrong moment ends its task of
deleting for good.
"""

import logging
import os
import re
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gradio as gr

from app.server.memory import give_back

# Gradio names the folder of a file by the SHA-256 of its content and an upload under way as Python's tempfile does;
# ours (`views`) are named by chance.
OURS = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}|tmp[a-z0-9_]{8}")

log = logging.getLogger(__name__)


def tidy_on_schedule(
    page: gr.Blocks, folder: Path, keep_sec: float, every_sec: float, also: Callable[[], None] = lambda: None
) -> None:
    """Sweep the folder, do what is `also` to be done, and give memory back, every so often, until the page is gone."""
    threading.Thread(
        target=_tidy_until_gone, args=(weakref.ref(page), folder, keep_sec, every_sec, also), daemon=True
    ).start()


def _tidy_until_gone(
    page: weakref.ref, folder: Path, keep_sec: float, every_sec: float, also: Callable[[], None]
) -> None:
    while (there := page()) is not None:
        try:
            sweep(folder, keep_sec, shown_by(there))
            also()
        except Exception:  # whatever it was, files that come later have to go in their time
            log.exception("old files were not deleted")
        del there
        give_back()
        time.sleep(every_sec)


def shown_by(page: gr.Blocks) -> set[Path]:
    """The files that the page itself shows."""
    return {Path(file) for block in page.blocks.values() for file in getattr(block, "keep_in_cache", ())}


def sweep(folder: Path, keep_sec: float, needed: set[Path] = frozenset()) -> None:
    """Delete what in `folder` is older than `keep_sec`; files in `needed` stay young."""
    for path in needed:
        with suppress(FileNotFoundError):
            os.utime(path)
    for entry in list(folder.iterdir()) if folder.is_dir() else []:
        if not OURS.fullmatch(entry.name) or entry.is_symlink():
            continue
        if _age(entry) > keep_sec:
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def is_upload(path: Path) -> bool:
    """Whether a file lies, or lay, in a folder that is emptied here."""
    return OURS.fullmatch(path.parent.name) is not None


def _age(entry: Path) -> float:
    """Seconds since the newest of an entry and what lies in it was made or changed."""
    newest, inside = 0.0, []
    with suppress(NotADirectoryError, FileNotFoundError):
        inside = list(entry.iterdir())
    for path in [entry, *inside]:
        with suppress(FileNotFoundError):
            newest = max(newest, path.lstat().st_ctime)
    return time.time() - newest if newest else 0.0
