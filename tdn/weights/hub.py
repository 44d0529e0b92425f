"""Checkpoints from the Hugging Face Hub: `owner/name`, with `/FILE.safetensors` and `@REVISION` where they are needed.

Of a checkpoint nothing but .safetensors files is fetched, of a model of transformers also its JSON files; none before
its size is known, and every failure is one sentence. Fetched files stay in the cache of huggingface_hub, so what was
used once can be used without a connection.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tdn.weights.store import SHARD, CheckpointError, shard_paths
from tdn.words import one_line

_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
HUB_ID = re.compile(
    rf"(?P<repository>{_WORD}/{_WORD})"
    r"(?P<file>(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,200}){1,6}(?<=\.safetensors))?"
    r"(?:@(?P<revision>refs/pr/[0-9]{1,6}|[A-Za-z0-9_][A-Za-z0-9._-]{0,100}))?"
)
PREFIX = "hub:"
FORM = "owner/name, owner/name/FILE.safetensors or owner/name@REVISION"
MAX_MB = 2048
# Of a model of others: the largest video classifiers have a billion numbers of four bytes.
MAX_MODEL_MB = 8192
MODEL_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
TIMEOUT_SEC = 20


@dataclass(frozen=True)
class HubId:
    """A repository, and where it holds several checkpoints or is not meant as it stands today, which."""

    repository: str
    file: str | None = None
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> "HubId":
        """Raises CheckpointError for anything that is no plain name: links, paths, dots that lead upwards."""
        name = text.removeprefix(PREFIX)
        match = HUB_ID.fullmatch(name)
        if match is None or ".." in name or "--" in match["repository"] or match["repository"].endswith(".git"):
            raise CheckpointError(f"{ascii(text)[:80]}: no repository of the Hugging Face Hub; expected {FORM}")
        return cls(match["repository"], match["file"] and match["file"][1:], match["revision"])


def local_checkpoint(named: Path) -> Path:
    """The file that a person names on the command line: it is there, or it is fetched.

    "hub:owner/name" is fetched always, "owner/name" where there is no such file and no folder "owner".
    """
    text = named.as_posix()
    if text.startswith(PREFIX):
        return fetch(HubId.parse(text))
    is_id = HUB_ID.fullmatch(text) and text.count("/") == 1 and not text.endswith(".safetensors")
    if not is_id or named.exists() or named.parent.exists():
        return named
    try:
        return fetch(HubId.parse(text))
    except CheckpointError as error:
        raise CheckpointError(f"no such file on this machine, and {error}") from None


def fetch(wanted: HubId, max_mb: int = MAX_MB, cache: Path | None = None, token: bool | None = None) -> Path:
    """The path of the (first file of the) checkpoint on this machine, downloaded unless it is in the cache.

    `token` False sends no credentials, whatever the user has stored; `cache` is a folder of its own. The size is looked
    up before anything is downloaded, and must be at most `max_mb` MiB over all shards. Raises CheckpointError.
    """
    place = {"revision": wanted.revision, "cache_dir": cache, "token": token, "endpoint": _endpoint()}
    try:
        sizes = _listed(wanted, token)
    except Exception as error:  # of the Hub, of the connection, of the answer
        folder = _cached(wanted, error, place)
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors")]
        return shard_paths(folder / _chosen(wanted, names)[0])[0]
    return _downloaded(wanted, _chosen(wanted, list(sizes)), sizes, max_mb, place)[0]


def fetch_model(wanted: HubId, beside: Sequence[str], max_mb: int = MAX_MODEL_MB, cache: Path | None = None) -> Path:
    """The folder of a model as transformers saves it: config.json, what it has of `beside`, and its .safetensors.

    Nothing else is downloaded. Sizes and failures as in `fetch`.
    """
    place = {"revision": wanted.revision, "cache_dir": cache, "token": None, "endpoint": _endpoint()}
    if wanted.file is not None:
        raise CheckpointError(f"{wanted.repository}: expected the whole model, not {wanted.file}")
    try:
        sizes = _listed(wanted, None)
    except Exception as error:  # of the Hub, of the connection, of the answer
        return _cached(wanted, error, place)
    weights = [name for name in sizes if MODEL_SHARD.fullmatch(name)]
    if "model.safetensors" in sizes:
        weights = ["model.safetensors"]
    elif weights:
        weights.append("model.safetensors.index.json")
    else:
        pickled = next((name for name in sizes if name.endswith((".bin", ".pt", ".pth", ".h5"))), None)
        raise CheckpointError(
            f"{wanted.repository}: has no model.safetensors"
            + (f", only {pickled}, a pickle, which can run code when it is read" if pickled else "")
            + "; a revision may have one, as in owner/name@refs/pr/1"
        )
    files = [name for name in ("config.json", *beside, *weights) if name in sizes]
    paths = _downloaded(wanted, files, sizes, max_mb, place)
    if len({path.parent for path in paths}) > 1:
        raise CheckpointError(f"{wanted.repository}: changed while it was fetched; try again")
    return paths[0].parent


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _listed(wanted: HubId, token: bool | None) -> dict[str, int | None]:
    """The files of a repository with their sizes, as the Hub tells them."""
    from huggingface_hub import HfApi

    found = HfApi(_endpoint()).model_info(
        wanted.repository, revision=wanted.revision, files_metadata=True, timeout=TIMEOUT_SEC, token=token
    )
    return {file.rfilename: file.size for file in found.siblings or ()}


def _cached(wanted: HubId, error: Exception, place: Mapping[str, Any]) -> Path:
    """The folder that was fetched before, where the Hub can't be asked. Raises CheckpointError on why it can't."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(wanted.repository, local_files_only=True, **place))
    except Exception:
        raise CheckpointError(_sentence(wanted, error)) from None


def _downloaded(
    wanted: HubId, files: list[str], sizes: Mapping[str, int | None], max_mb: int, place: Mapping[str, Any]
) -> list[Path]:
    """The files on this machine, where they are together as large as they may be, and as large as was said."""
    from huggingface_hub import hf_hub_download

    unknown = [name for name in files if not isinstance(sizes[name], int)]
    megabytes = sum(sizes[name] or 0 for name in files) / 2**20
    if unknown or megabytes > max_mb:
        told = f"{megabytes:.0f} MB" if not unknown else "a file of unknown size"
        raise CheckpointError(f"{wanted.repository}: {told}; up to {max_mb} MB are taken")
    try:
        paths = [Path(hf_hub_download(wanted.repository, name, **place)) for name in files]
    except Exception as error:
        raise CheckpointError(_sentence(wanted, error)) from None
    for name, path in zip(files, paths, strict=True):
        if path.stat().st_size != sizes[name]:
            raise CheckpointError(f"{wanted.repository}: {name} changed while it was fetched; try again")
    return paths


def _chosen(wanted: HubId, names: list[str]) -> list[str]:
    """The file asked for, or the only checkpoint there is; all shards of it, in their order."""
    plain = [name for name in names if HUB_ID.fullmatch(f"{wanted.repository}/{name}") and ".." not in name]
    checkpoints: dict[str, list[str]] = {}
    for name in sorted(plain):
        checkpoints.setdefault(SHARD.sub("", name.removesuffix(".safetensors")), []).append(name)
    if wanted.file is not None:
        files = checkpoints.get(SHARD.sub("", wanted.file.removesuffix(".safetensors")), [])
        if wanted.file not in files:
            raise CheckpointError(f"{wanted.repository}: has no {wanted.file}")
        return files
    if not checkpoints:
        raise CheckpointError(f"{wanted.repository}: has no .safetensors file")
    if len(checkpoints) > 1:
        some = ", ".join(PurePosixPath(files[0]).as_posix() for files in list(checkpoints.values())[:5])
        raise CheckpointError(
            f"{wanted.repository}: has {len(checkpoints)} checkpoints ({some}); name one, as in "
            f"{wanted.repository}/FILE.safetensors"
        )
    return next(iter(checkpoints.values()))


def _sentence(wanted: HubId, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    if isinstance(error, GatedRepoError):
        return f"{wanted.repository}: its owner asks for consent first; give it on the Hub and log in"
    if isinstance(error, RepositoryNotFoundError):
        return f"{wanted.repository}: no such repository on the Hugging Face Hub, or a private one"
    if isinstance(error, RevisionNotFoundError):
        return f"{wanted.repository}: has no revision {wanted.revision}"
    reason = one_line(error, 150) or type(error).__name__
    return f"{wanted.repository}: can't be fetched from the Hugging Face Hub ({reason}); try again later"
