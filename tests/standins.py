"""The five published data sets in miniature, in the files and folders they ship in; and videos for any other."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tdn.data.video import write_mp4


def video(path: Path, num_frames: int = 14, size: tuple[int, int] = (48, 64)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(path.name))
    write_mp4(path, rng.integers(0, 255, (num_frames, *size, 3), np.uint8))
    return path


def frame_folder(folder: Path, num_frames: int = 14, name: str = "{:05d}.jpg", first: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(num_frames):
        Image.new("RGB", (64, 48), (number * 10, 0, 0)).save(folder / name.format(first + number), quality=95)
    return folder


def something_v1(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    # The order of the file, as the one of the data set, is not the sorted one.
    labels = ["Pushing something from right to left", "Holding something", "Pushing something from left to right"]
    stem = root / "something-something-v1"
    Path(f"{stem}-labels.csv").write_text("\n".join(labels) + "\n")
    Path(f"{stem}-train.csv").write_text(f"1;{labels[0]}\n2;{labels[1]}\n")
    Path(f"{stem}-validation.csv").write_text(f"3;{labels[2]}\n4;{labels[1]}\n")
    for number in (1, 2, 3):
        frame_folder(root / "20bn-something-something-v1" / str(number))
    return root


def something_v2(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    labels = {"Putting something behind something": "1", "Approaching something with your camera": "0"}
    (root / "labels").mkdir()
    (root / "labels" / "labels.json").write_text(json.dumps(labels))
    for word, number, template in (
        ("train", 7, "Putting [something] behind [something]"),
        ("validation", 8, "Approaching [something] with your camera"),
    ):
        clip = {"id": str(number), "label": "putting a cup behind a box", "template": template, "placeholders": ["a"]}
        (root / "labels" / f"{word}.json").write_text(json.dumps([clip]))
        video(root / "20bn-something-something-v2" / f"{number}.webm.mp4").rename(
            root / "20bn-something-something-v2" / f"{number}.webm"
        )
    return root


def kinetics(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    head = "label,youtube_id,time_start,time_end,split\n"
    (root / "train.csv").write_text(head + '"abseiling",aaaaaaaaaaa,1,11,train\nzumba,bbbbbbbbbbb,20,30,train\n')
    (root / "validate.csv").write_text(head + "zumba,ccc-_cccccc,3,13,val\narm wrestling,gone1234567,3,13,val\n")
    for path in ("train/abseiling/aaaaaaaaaaa_000001_000011", "train/zumba/bbbbbbbbbbb_000020_000030"):
        video(root / f"{path}.mp4")
    video(root / "val" / "zumba" / "ccc-_cccccc_000003_000013.mp4")
    return root


def ucf101(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    lists = root / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 HandstandWalking\r\n2 HandstandPushups\r\n")
    for split in (1, 2, 3):
        (lists / f"trainlist0{split}.txt").write_text(f"HandstandWalking/v_HandstandWalking_g0{split}_c01.avi 1\r\n")
        (lists / f"testlist0{split}.txt").write_text("HandstandPushups/v_HandStandPushups_g09_c01.avi\r\n")
        video(root / "UCF-101" / "HandstandWalking" / f"v_HandstandWalking_g0{split}_c01.avi")
    video(root / "UCF-101" / "HandstandPushups" / "v_HandStandPushups_g09_c01.avi")
    return root


def hmdb51(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    names = {"wave": "a&b#1!(x).avi", "brush_hair": "c d.avi"}
    (root / "testTrainMulti_7030_splits").mkdir()
    for label, name in names.items():
        for split in (1, 2, 3):
            use = {1: 1, 2: 2, 3: 0}[split]
            path = root / "testTrainMulti_7030_splits" / f"{label}_test_split{split}.txt"
            path.write_text(f"{name} {use} \nother_{name} {3 - max(use, 1)} \n")
        video(root / "hmdb51_org" / label / name)
        video(root / "hmdb51_org" / label / f"other_{name}")
    return root


STANDINS = {
    "something-v1": something_v1,
    "something-v2": something_v2,
    "kinetics400": kinetics,
    "ucf101": ucf101,
    "hmdb51": hmdb51,
}
