"""Shared results on the disk: a folder each, so that they outlive a restart of the server, but never their time."""

import hashlib
import hmac
import json
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from app.analysis import RequestError
from app.sharing import text

NAME = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16): 128 bits by chance
RESULT, FILM, MAPS = "result.json", "film.mp4", "maps.jpg"
# Together at most 800 MB of the disk.
MOST, MOST_BYTES = 100, 8 * 2**20
# From one address, which a school shares: two classes.
MOST_EACH = 60
UNFINISHED_SEC = 3600


@dataclass(frozen=True)
class Said:
    """One network's likeliest classes with their probabilities, best first."""

    network: str
    top: list[tuple[str, float]]


@dataclass(frozen=True)
class Shared:
    """What others see, in words; `until` in seconds since 1970, `key` the SHA-256 of what allows deleting."""

    label: str
    said: list[Said]
    caption: str
    warning: str
    until: float
    key: str

    @property
    def tops(self) -> dict[str, str]:
        return {one.network: one.top[0][0] for one in self.said}


class Shares:
    """At most MOST results in `folder`, for `hours` each; two servers may use one folder."""

    def __init__(self, folder: Path, hours: int, clock: Callable[[], float] = time.time):
        self.folder = folder
        self.hours = hours
        self.clock = clock
        self._by_address: dict[str, str] = {}
        self._lock = threading.Lock()

    def expect_room(self, address: str | None) -> None:
        """Raises RequestError where there are as many as can be; `address` is None for whom no limit holds."""
        self.sweep()
        there = {path.name for path in self._all()}
        if len(there) >= MOST:
            raise RequestError(text.FULL)
        self._by_address = {name: who for name, who in self._by_address.items() if name in there}
        if address is not None and list(self._by_address.values()).count(address) >= MOST_EACH:
            raise RequestError(text.FULL_FOR_ADDRESS)

    def add(
        self,
        label: str,
        said: list[Said],
        caption: str,
        warning: str,
        write: Callable[[Path], None],
        address: str | None = None,
    ) -> tuple[str, str, Shared]:
        """Keep a result, whose pictures `write` puts into a folder. Returns its name and the key that deletes it.

        Raises RequestError where there is no room; a film above MOST_BYTES is left out.
        """
        with self._lock:
            self.expect_room(address)
            name, key = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
            shared = Shared(label, said, caption, warning, self.clock() + 3600 * self.hours, _digest(key))
            unfinished = self.folder / f"unfinished-{name}"
            unfinished.mkdir(parents=True)
            try:
                write(unfinished)
                if (film := unfinished / FILM).exists() and film.stat().st_size > MOST_BYTES:
                    film.unlink()
                (unfinished / RESULT).write_text(json.dumps(asdict(shared)))
                unfinished.rename(self.folder / name)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
            if address is not None:
                self._by_address[name] = address
        return name, key, shared

    def find(self, name: str) -> Shared | None:
        """A result that is there and not over yet."""
        if not NAME.fullmatch(name):
            return None
        try:
            given = json.loads((self.folder / name / RESULT).read_text())
        except FileNotFoundError:
            return None
        said = [Said(one["network"], [(label, share) for label, share in one["top"]]) for one in given.pop("said")]
        shared = Shared(**given, said=said)
        return shared if shared.until > self.clock() else None

    def file(self, name: str, file: str) -> Path | None:
        """A picture or film of a result; None where there is none."""
        path = self.folder / name / file
        return path if file in (FILM, MAPS) and self.find(name) and path.is_file() else None

    def allows(self, name: str, key: str) -> bool:
        """Whether a key deletes a result."""
        found = self.find(name)
        return found is not None and hmac.compare_digest(_digest(key), found.key)

    def delete(self, name: str, key: str) -> bool:
        """Delete a result, if the key is its own."""
        if not self.allows(name, key):
            return False
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return True

    def sweep(self) -> None:
        """Delete what is over, and what a server that was killed left unfinished."""
        for path in self._all():
            if self.find(path.name) is None:
                shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob("unfinished-*"):
            with suppress(FileNotFoundError):
                if self.clock() - path.stat().st_mtime > UNFINISHED_SEC:
                    shutil.rmtree(path, ignore_errors=True)

    def _all(self) -> list[Path]:
        """Nothing else that may lie in the folder is ever counted, shown or deleted."""
        return [path for path in self.folder.glob("*") if NAME.fullmatch(path.name) and (path / RESULT).exists()]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
