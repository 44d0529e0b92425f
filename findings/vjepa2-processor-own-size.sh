#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.13.0): the `size` of VJEPA2VideoProcessor.
#
# Behaviour: whatever `size` the processor is made with, or its file says, it takes crop_size * 256 / 224 instead,
# without a word: 292 for a crop of 256. A square video that should be seen whole loses 18 pixels in 292 at every side.
# Other processors of videos keep their `size`. Given with a call it is followed.
#
# Seen: made with shortest_edge 256 and crop 256, and saved and loaded again, the size is 292 both times; of a white
# frame 12 pixels wide around a black picture of 256 x 256 nothing is left, and all of it where the call says 256.
# VideoMAEVideoProcessor keeps 256, and the frame.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  transformers==5.24.0 torch==2.13.0 torchvision==0.28.0 numpy==2.3.5 pillow==12.3.0
# Beside a torch built for the CPU torchvision can't load its compiled operators: declare the two that importing needs.
DECLARE=0; "$folder/venv/bin/python" -c "import torchvision" 2>/dev/null || DECLARE=1
export DECLARE
"$folder/venv/bin/python" -W error::UserWarning - <<'PY'
import logging
import os
import tempfile

import numpy as np
import torch

if os.environ["DECLARE"] == "1":
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from transformers import VideoMAEVideoProcessor, VJEPA2VideoProcessor

said = []
listener = logging.Handler(logging.WARNING)
listener.emit = lambda record: said.append(record.getMessage())
logging.getLogger("transformers").addHandler(listener)

whole = {"shortest_edge": 256}
video = np.full((2, 256, 256, 3), 255, np.uint8)  # white
video[:, 12:-12, 12:-12] = 0  # but for a black picture inside


def frame_left(processor, **said):
    """Whether anything of the white frame is in what the network gets."""
    values = processor(list(video), return_tensors="pt", do_normalize=False, **said)
    return bool(next(iter(values.values())).max() > 0)


made = VJEPA2VideoProcessor(size=whole, crop_size=256)
with tempfile.TemporaryDirectory() as folder:
    VJEPA2VideoProcessor(size=whole, crop_size=256).save_pretrained(folder)
    text = open(f"{folder}/video_preprocessor_config.json").read().replace("292", "256")
    open(f"{folder}/video_preprocessor_config.json", "w").write(text)
    loaded = VJEPA2VideoProcessor.from_pretrained(folder)
other = VideoMAEVideoProcessor(size=whole, crop_size={"height": 256, "width": 256})
sizes = [processor.size.shortest_edge for processor in (made, loaded, other)]
frames = [frame_left(made), frame_left(loaded), frame_left(made, size=whole), frame_left(other)]
print("shortest edge, asked for 256: made", sizes[0], "- loaded", sizes[1], "- VideoMAE's", sizes[2])
print("the white frame is seen: made", frames[0], "- loaded", frames[1], "- size in the call", frames[2], end="")
print(" - VideoMAE's", frames[3])
print("warnings:", said)
assert sizes == [292, 292, 256] and frames == [False, False, True, True] and not said, "the behaviour has changed"
PY
