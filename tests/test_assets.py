"""`assets fetch`: what is taken of a package, what is left out, and going on where it was stopped."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from tdn.motion import assets
from tdn.motion.assets import Package
from tdn.motion.photos import fetched_photos


def picture(path: Path, side: int, cut_out: bool = False, seed: int = 0) -> bytes:
    """A picture of coarse noise, opaque or in the middle alone."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(60, 200, (8, 8, 4), np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    image[..., 3] = 0 if cut_out else 255
    if cut_out:
        cv2.circle(image, (side // 2, side // 2), side // 3, (40, 90, 160, 255), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
    return path.read_bytes()


@pytest.fixture
def things(tmp_path) -> Package:
    root = tmp_path / "unpacked" / "stamps"
    for number, name in enumerate(("animals/cat", "animals/cartoon/dog", "symbols/a", "food/apple", "food/plate")):
        picture(root / f"{name}.png", 120, cut_out=name != "food/plate", seed=number)
    (root / "food" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    return Package("stamps", "GPL-2", "things", "stamps", without=("symbols", "cartoon"))


def test_left_out_are_folders_that_are_named_opaque_pictures_and_broken_ones(things, tmp_path):
    names = [name for name, _ in assets._files(things, tmp_path / "unpacked" / "stamps")]
    assert names == ["cat.png", "apple.png", "broken.png", "plate.png"]
    found = assets._pictures(things, tmp_path / "unpacked")
    assert found.shape == (2, 192, 192, 4)


def test_textures_come_out_of_archives_and_maps_of_them_are_left_out(tmp_path):
    (tmp_path / "games").mkdir()
    with zipfile.ZipFile(tmp_path / "games" / "pak.pk3", "w") as archive:
        archive.writestr("textures/wall.png", picture(tmp_path / "w.png", 128, seed=1))
        archive.writestr("textures/wall_norm.png", picture(tmp_path / "n.png", 128, seed=2))
        archive.writestr("textures/small.png", picture(tmp_path / "s.png", 64, seed=3))
    found = assets._pictures(Package("pak", "GPL-2", "textures", "games"), tmp_path)
    assert found.shape == (1, 160, 160, 3)


def test_no_evaluation_photo_is_trained_on():
    package = Package("openclipart-png", "CC0", "things", "")
    names = ("food/pear.png", "Bridge_by_Sander_Klootwijk.jpg", "food/quince.png", "food/apple.png")
    wanted = [assets._is_wanted(package, assets.PurePosixPath(name), 30_000) for name in names]
    assert wanted == [False, False, True, True]


def test_a_machine_without_apt_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(ValueError, match=r"no apt-get and no dpkg-deb.*clips stay drawn"):
        next(assets.fetch())


def test_a_fetch_that_was_stopped_goes_on_with_the_next_package(things, tmp_path, monkeypatch):
    """apt-get and dpkg-deb are played by copying; what is kept is asked for again by version alone."""
    scenes = Package("views", "CC0", "scenes", "views")
    textures = Package("walls", "GPL-2", "textures", "walls")
    picture(tmp_path / "unpacked" / "views" / "hill.png", 400, seed=7)
    picture(tmp_path / "unpacked" / "walls" / "brick_red.png", 200, seed=8)
    asked = []

    def played(command, cwd=None, **_):
        asked.append(command[:3])
        if "--print-uris" in command:
            return subprocess.CompletedProcess(command, 0, f"'http://mirror' {command[-1]}_1%3a2_all.deb 9 SHA\n", "")
        if command[0] == "apt-get" and command[-1] == "walls" and not (tmp_path / "online").exists():
            return subprocess.CompletedProcess(command, 100, "", "E: no network")
        if command[0] == "apt-get":
            (Path(cwd) / f"{command[-1]}.deb").touch()
        else:
            shutil.copytree(tmp_path / "unpacked", Path(cwd) / command[-1])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(assets, "PACKAGES", (things, scenes, textures))
    monkeypatch.setattr(shutil, "which", lambda tool: f"/usr/bin/{tool}")
    monkeypatch.setattr(assets.subprocess, "run", played)
    monkeypatch.setenv("TDN_ASSETS", str(tmp_path / "kept"))
    with pytest.raises(ValueError, match=r"walls: apt-get download failed .*no network"):
        list(assets.fetch())
    assert assets.listed() is None and fetched_photos() is None
    (tmp_path / "online").touch()
    asked.clear()
    taken = list(assets.fetch())
    assert [command[2] for command in asked if command[:2] == ["apt-get", "download"] and command[2][0] != "-"] == [
        "walls"
    ]
    assert [(one.package.name, one.version, one.count) for one in taken] == [
        ("stamps", "1:2", 2),
        ("views", "1:2", 1),
        ("walls", "1:2", 1),
    ]
    photos = fetched_photos()
    assert photos.checksum == assets.listed()["checksum"] and len(photos.things) == 2 and len(photos.scenes) == 1
    assert assets.listed()["pictures"] == {"things": 2, "scenes": 1, "textures": 1}
    assert [one["package"] for one in assets.listed()["packages"]] == ["stamps", "views", "walls"]


def test_own_pictures_are_listed_where_nothing_was_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("TDN_ASSETS", str(tmp_path))
    picture(tmp_path / "photos" / "scenes" / "room.png", 320)
    found = assets.listed()
    assert found["pictures"] == {"things": 0, "scenes": 1, "textures": 0} and found["packages"] == []
    assert found["checksum"] == fetched_photos().checksum
