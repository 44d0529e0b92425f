"""What is wrong with an installation, and how to mend it: packages, codecs, devices, folders, checkpoints.

Nothing but the standard library is imported before a check needs it: what is missing or broken is a finding.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from tdn.lfs import is_pointer
from tdn.words import one_line

State = Literal["ok", "note", "broken"]
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
# torchvision's minor version runs this far ahead of torch's: 2.8 with 0.23, 2.13 with 0.28.
VISION_AHEAD = 15
LEAST_FREE_GB = 2
PULL = "run: git lfs install; git lfs pull"
REINSTALL = "run: .venv/bin/pip install -r requirements.txt"
LIBRARY = "a library of the system is missing; for libGL run make demo, which installs the headless OpenCV last"


@dataclass(frozen=True)
class Finding:
    """`state` "broken" stops something from working, "note" is worth knowing; `remedy` is empty where all is well."""

    name: str
    state: State
    said: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Every finding; a check that itself fails is a broken one."""
    found = []
    for check in CHECKS:
        try:
            found += check()
        except Exception as error:
            words = one_line(error) or type(error).__name__
            remedy = LIBRARY if "cannot open shared object file" in words else REINSTALL
            found.append(Finding(check.__name__, "broken", words, remedy))
    return found


def python() -> Iterator[Finding]:
    running = ".".join(map(str, sys.version_info[:3]))
    is_new = sys.version_info >= (3, 10)
    remedy = "" if is_new else "delete .venv and make it with Python 3.10 or newer: PYTHON=python3.12 make demo"
    yield Finding("python", "ok" if is_new else "broken", f"Python {running}", remedy)


def packages() -> Iterator[Finding]:
    """Each line of requirements.txt against what is installed."""
    from packaging.requirements import Requirement

    if not REQUIREMENTS.exists():
        yield Finding("packages", "note", "requirements.txt is not beside the code", "run it from a checkout")
        return
    wrong = []
    for line in REQUIREMENTS.read_text().splitlines():
        if not (text := line.split("#")[0].strip()):
            continue
        wanted = Requirement(text)
        if wanted.marker and not wanted.marker.evaluate():
            continue
        try:
            installed = version(wanted.name)
        except PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(installed.split("+")[0], prereleases=True):
            wrong.append(f"{wanted.name} is {installed}, expected {wanted.specifier}")
    state = "broken" if wrong else "ok"
    yield Finding("packages", state, "; ".join(wrong) or "all of requirements.txt", REINSTALL if wrong else "")


def torch_and_torchvision() -> Iterator[Finding]:
    """Two builds that were not made for each other fail with riddles about missing operators."""
    from packaging.version import Version

    torch_version, vision_version = Version(version("torch")), Version(version("torchvision"))
    fits = vision_version.minor == torch_version.minor + VISION_AHEAD
    said = f"torch {torch_version}, torchvision {vision_version}"
    if not fits:
        expected = f"0.{torch_version.minor + VISION_AHEAD}"
        yield Finding("torchvision", "broken", said, f"run: .venv/bin/pip install 'torchvision=={expected}.*'")
        return
    from tdn.weights import torchvision_ops  # noqa: F401 (before torchvision)

    import torchvision  # noqa: F401 isort: skip

    yield Finding("torchvision", "ok", said)


def opencv() -> Iterator[Finding]:
    """Both OpenCV packages write the same folder: at two versions it holds a mixture."""
    import cv2

    installed = {}
    for name in ("opencv-python", "opencv-python-headless"):
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    said = ", ".join(f"{name} {number}" for name, number in installed.items())
    one = len(set(installed.values())) == 1 and next(iter(installed.values())).startswith(cv2.__version__)
    remedy = "install both at one version, the headless one last: make demo does" if not one else ""
    yield Finding("opencv", "ok" if one else "broken", f"{said}; running {cv2.__version__}", remedy)


def codecs() -> Iterator[Finding]:
    """Write a second of H.264 and read it back; and which usual codecs are not there."""
    import numpy as np

    from tdn.data.video import missing_codecs, read_frames, write_mp4

    frames = np.zeros((12, 48, 64, 3), np.uint8) + np.arange(0, 240, 20, dtype=np.uint8)[:, None, None, None]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.mp4"
        write_mp4(path, frames, fps=12)
        error = np.abs(read_frames(path, range(12)).astype(int) - frames).mean()
    state = "ok" if error < 4 else "broken"
    yield Finding("h264", state, f"PyAV {version('av')} writes and reads H.264", "" if error < 4 else REINSTALL)
    missing = missing_codecs()
    said = f"PyAV can't read {', '.join(missing)}" if missing else "PyAV reads what phones, browsers and cameras write"
    remedy = "install PyAV's own build: .venv/bin/pip install --force-reinstall --only-binary av av" if missing else ""
    yield Finding("codecs", "broken" if missing else "ok", said, remedy)


def fonts() -> Iterator[Finding]:
    """Whether names in Chinese, Japanese and Korean can be written in figures."""
    from tdn.letters import without_font

    missing = without_font("向みア한")
    said = "figures have Latin, Greek, Cyrillic, Hebrew and Arabic letters"
    if missing:
        yield Finding("fonts", "note", f"{said}; Chinese, Japanese and Korean ones are written as numbers", REINSTALL)
    else:
        yield Finding("fonts", "ok", f"{said}, and Chinese, Japanese and Korean ones")


def device() -> Iterator[Finding]:
    import torch

    from tdn.device import choose_device, device_name, has_bfloat16

    try:
        chosen = choose_device()
    except ValueError as error:
        yield Finding("device", "broken", str(error), "unset DEVICE, or set it to cpu")
        return
    if chosen.type == "cuda":
        torch.ones(1, device=chosen) + 1
        yield Finding("device", "ok", device_name(chosen))
        yield _bfloat16(has_bfloat16(chosen))
        return
    built = torch.version.cuda
    remedy = "a CUDA build of torch finds no GPU: check the driver with nvidia-smi" if built else ""
    yield Finding("device", "note", f"no GPU; networks run on {device_name(chosen)}", remedy)
    yield _bfloat16(has_bfloat16(chosen))


def _bfloat16(native: bool) -> Finding:
    if native:
        return Finding("bfloat16", "ok", "the device has instructions for it")
    return Finding("bfloat16", "note", "the device has no instructions for it; recipes in bf16 train in float32 here")


def folders() -> Iterator[Finding]:
    """Where uploads and results go has to be writable and roomy; the cache of the Hub is only convenient."""
    place = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        yield Finding("cache", "broken", f"{place}: {reason}", "set GRADIO_TEMP_DIR to a folder that can be written")
        return
    free = shutil.disk_usage(place).free / 2**30
    enough = free >= LEAST_FREE_GB
    remedy = "" if enough else f"free at least {LEAST_FREE_GB} GiB, or set GRADIO_TEMP_DIR to another disk"
    yield Finding("cache", "ok" if enough else "broken", f"{place}: {free:.1f} GiB free", remedy)
    from huggingface_hub.constants import HF_HUB_CACHE

    there = next(folder for folder in (Path(HF_HUB_CACHE), *Path(HF_HUB_CACHE).parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        said = f"{HF_HUB_CACHE}: can't be written, so checkpoints of the Hugging Face Hub can't be fetched"
        yield Finding("hub cache", "note", said, "set HF_HOME to a folder that can be written")


def checkpoints() -> Iterator[Finding]:
    """Every checkpoint of the folder is read; the shipped pair has to be there."""
    from tdn.weights import load_model
    from tdn.weights.shipped import checkpoint_folder, shipped_pair
    from tdn.weights.store import SHARD

    folder = checkpoint_folder()
    missing = [path.name for path in shipped_pair() if not path.exists()]
    if missing:
        remedy = f"fetch the repository's files anew: git checkout {folder.name}; or unset TDN_CHECKPOINTS"
        yield Finding("checkpoints", "broken", f"{folder}: no {' and no '.join(missing)}", remedy)
    for path in sorted(folder.glob("*.safetensors")):
        shard = SHARD.search(path.stem)
        if shard and int(shard.group(1)) != 1:
            continue
        try:
            model = load_model(path)
        except Exception as error:
            words = re.sub(rf"^{re.escape(path.name)}: ", "", one_line(error))
            remedy = PULL if is_pointer(path) else "delete the file, or fetch it anew"
            yield Finding(path.name, "broken", words, remedy)
            continue
        yield Finding(path.name, "ok", f"{len(model.labels)} classes, {model.num_segments} segments")


def git_lfs() -> Iterator[Finding]:
    """Files of the checkout that Git LFS has not fetched; checkpoints are named one by one above."""
    root = REQUIREMENTS.parent
    files = [path for folder in ("assets", "docs") for path in sorted((root / folder).rglob("*")) if path.is_file()]
    if pointers := [path.name for path in files if is_pointer(path)]:
        few = ", ".join(pointers[:3]) + (" ..." if len(pointers) > 3 else "")
        yield Finding("git lfs", "broken", f"{len(pointers)} files are Git LFS pointers ({few})", PULL)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    python,
    packages,
    torch_and_torchvision,
    opencv,
    codecs,
    fonts,
    device,
    folders,
    checkpoints,
    git_lfs,
)
