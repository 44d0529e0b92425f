"""Does optical flow less the camera's motion find what really moves? Flow masks against masks drawn by hand.

    python -m studies.motion.flow FOLDER [--save]

FOLDER holds sequences as DAVIS has them: NAME/images/*.jpg and NAME/masks/*.png, a mask a frame. The clip is the one
that the shipped networks are shown. The files are not part of the project.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from studies import report
from tdn.data.clip import load_clip
from tdn.data.film import ClipTaker
from tdn.data.source import frame_files
from tdn.measure.flow import flow_of_windows, moving_by_flow
from tdn.measure.focus import pixel_auc
from tdn.weights import load_model
from tdn.weights.shipped import shipped_pair


def compared(sequence: Path, model: ClipTaker) -> dict[str, float]:
    """Flow against the true masks of one sequence, over the eight centre frames.

    `area` and `flow_area` are shares of the picture, `precision` the share of the flow mask that is true, `recall` the
    share of the truth that it covers, `lift` precision over area, `auc` that of the speeds as a map.
    """
    clip = load_clip(sequence / "images", model)
    files = frame_files(sequence / "masks")
    side = model.preprocess.input_size
    masks = [np.asarray(Image.open(files[number]).convert("L"), np.float32) / 255 for number in clip.frames[:, 2]]
    true = np.stack([cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA) > 0.5 for mask in masks])
    speeds = flow_of_windows(clip.tensor)
    found = moving_by_flow(speeds)
    both = (found & true).sum()
    return {
        "area": float(true.mean()),
        "flow_area": float(found.mean()),
        "precision": float(both / max(1, found.sum())),
        "recall": float(both / true.sum()),
        "lift": float(both / max(1, found.sum()) / true.mean()),
        "auc": pixel_auc(speeds, true),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    arguments = parser.parse_args()
    model = load_model(shipped_pair()[0])
    sequences = sorted(path for path in arguments.folder.iterdir() if (path / "masks").is_dir())
    found = {path.name: compared(path, model) for path in sequences}
    if arguments.save:
        report.save("benchmark", "flow", found)
    print(report.table("flow", found))


if __name__ == "__main__":
    main()
