"""Checkpoints that visitors bring: checked before they are taken, seen by nobody else, deleted after their time."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import own_text
from tdn.output import sha256
from tdn.weights import Card, CheckpointError, load_model, read_card
from tdn.weights.hub import HubId, fetch
from tdn.weights.limits import expect_affordable
from tdn.weights.store import SHARD

# Files a visitor has at a time (first and second network), and all visitors together.
FILES_EACH, FILES_IN_ALL = 2, 24
SAFETENSORS, OFFICIAL = (".safetensors",), (".pth", ".pth.tar")
CONVERT_SECONDS, CONVERT_MB = 180, 6144
ROOT = Path(__file__).resolve().parents[1]
# A pickle is read in a process that may take only so much memory, time and disk, and knows none of our secrets.
CONVERT = """
import sys
megabytes, seconds, *sys.argv = int(sys.argv[1]), int(sys.argv[2]), "tdn", *sys.argv[3:]
try:
    import resource
    for what, most in (("AS", megabytes * 2**20), ("CPU", seconds), ("FSIZE", 2**30), ("CORE", 0)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))
except ImportError:
    pass  # Windows
from tdn.cli import main
main()
"""


@dataclass(frozen=True)
class Brought:
    """A visitor's checkpoint: the file on this server, what it says of itself, and the SHA-256 of its content."""

    visitor: str
    path: Path
    card: Card
    digest: str


class OwnWeights:
    """The checkpoints of all visitors, each under a name that can't be guessed, kept for `keep_sec` seconds.

    They lie in a folder of their own that nothing is served from, and that goes when this object does.
    """

    def __init__(self, max_mb: int = 100, keep_sec: float = 3600, environment: Mapping[str, str] = os.environ):
        self.max_mb = max_mb
        self.keep_sec = keep_sec
        self.environment = environment
        self._folder = tempfile.TemporaryDirectory(prefix="tdn-own-", ignore_cleanup_errors=True)
        self._files: dict[str, Brought] = {}
        self._timers: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()

    def bring_file(self, visitor: str | None, path: Path, num_segments: int | None = None) -> str:
        """Take a copy of an uploaded file and return its name for requests.

        With `num_segments` an official .pth may come too; it is converted. Raises CheckpointError or FileNotFoundError.
        """
        endings = SAFETENSORS + (OFFICIAL if num_segments else ())
        file = plain_name(path.name)
        if not file.endswith(endings):
            raise CheckpointError(f"{file}: expected a file ending in {' or '.join(endings)}")
        if path.is_symlink() or not path.is_file():
            raise CheckpointError(f"{file}: expected a file")
        self._expect_size(file, path)
        folder = self._new_folder()
        try:
            copy = Path(shutil.copyfile(path, folder / file, follow_symlinks=False))
            if file.endswith(OFFICIAL):
                copy = self._converted(copy, num_segments)
            return self._take(visitor, copy)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def bring_from_hub(self, visitor: str | None, hub_id: str) -> str:
        """As `bring_file`, from the Hugging Face Hub, without this server's credentials."""
        wanted = HubId.parse(hub_id.strip())
        folder = self._new_folder()
        try:
            fetched = fetch(wanted, self.max_mb, cache=folder / "hub", token=False)
            file = folder / plain_name(fetched.name)
            fetched.resolve().replace(file)
            shutil.rmtree(folder / "hub")
            return self._take(visitor, file)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def find(self, name: str) -> Brought | None:
        """The file behind a name; None where the name is nobody's, or its time is over."""
        return self._files.get(name)

    def of(self, visitor: str | None) -> dict[str, Card]:
        """The cards of a visitor's files, by name."""
        return {name: one.card for name, one in list(self._files.items()) if visitor and one.visitor == visitor}

    def forget(self, name: str) -> None:
        """Delete a file; no error where that has happened already."""
        with self._lock:
            gone, timer = self._files.pop(name, None), self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        if gone is not None:
            shutil.rmtree(gone.path.parent, ignore_errors=True)

    def _take(self, visitor: str | None, path: Path) -> str:
        """Check a file whole, and keep it if a page can offer it."""
        if not visitor:
            raise CheckpointError(own_text.NO_SESSION)
        if SHARD.search(path.stem):
            raise CheckpointError(f"{path.name}: one part of a checkpoint; bring it in a single file")
        self._expect_size(path.name, path)
        card = read_card(path)
        try:
            expect_affordable(card.architecture, card.preprocess)
        except ValueError as error:
            raise CheckpointError(f"{path.name}: {error}") from None
        load_model(path)
        digest = sha256(path)
        name = f"{secrets.token_urlsafe(16)}/{path.name}"
        with self._lock:
            if len(self._files) >= FILES_IN_ALL:
                raise CheckpointError(own_text.FULL)
            mine = [other for other, one in self._files.items() if one.visitor == visitor]
            self._files[name] = Brought(visitor, path, card, digest)
            self._timers[name] = threading.Timer(self.keep_sec, self.forget, [name])
            self._timers[name].daemon = True
            self._timers[name].start()
        for old in mine[: max(0, len(mine) + 1 - FILES_EACH)]:
            self.forget(old)
        return name

    def _converted(self, official: Path, num_segments: int) -> Path:
        """One of ours from a released .pth, made by a process of its own; the original is deleted."""
        ours = official.with_name(official.name.removesuffix(".tar").removesuffix(".pth") + ".safetensors")
        limits = (str(CONVERT_MB), str(CONVERT_SECONDS))
        convert = ("convert", str(official), str(ours), "--num-segments", str(num_segments))
        secretless = {k: v for k, v in self.environment.items() if not re.search("TOKEN|SECRET|KEY|PASSWORD", k)}
        try:
            done = subprocess.run(
                [sys.executable, "-c", CONVERT, *limits, *convert],
                cwd=ROOT,
                env={**secretless, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                timeout=CONVERT_SECONDS,
                check=False,
            )
            said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        except subprocess.TimeoutExpired:
            done, said = None, [f"error: {official.name}: not converted within {CONVERT_SECONDS} seconds"]
        official.unlink()
        if done is None or done.returncode != 0 or not ours.is_file():
            reason = f"{official.name}: can't be converted; its process needed too much memory or crashed"
            raise CheckpointError(said[-1].removeprefix("error: ") if said else reason)
        return ours

    def _expect_size(self, file: str, path: Path) -> None:
        if path.stat().st_size > self.max_mb * 2**20:
            raise CheckpointError(own_text.too_large(file, self.max_mb))

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder.name))


def plain_name(file: str) -> str:
    """A file's name in letters that need no care anywhere, its ending kept where it is one of ours."""
    ending = next((ending for ending in (*SAFETENSORS, *OFFICIAL[::-1]) if file.endswith(ending)), "")
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", file.removesuffix(ending))[-60:].strip("_")
    return (stem or "own") + ending
