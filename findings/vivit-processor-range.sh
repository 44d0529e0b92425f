#!/usr/bin/env bash
# transformers 5.24.0: the value range that the default ViViT image processor gives a network.
#
# Behaviour: the processor scales 0..255 to -1..1 (factor 1/127.5 and an offset of -1) and then normalises with mean
# and deviation 0.5 on top, as if the values were 0..1. Black becomes -3 and white 1. Who feeds a ViViT classifier with
# clips in -1..1, or turns the processor's values back into pictures with mean and deviation 0.5, is off.
#
# Seen: levels 0, 128 and 255 become -3.0, -0.99 and 1.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  transformers==5.24.0 numpy==2.3.5 pillow==12.3.0
"$folder/venv/bin/python" - 2>/dev/null <<'PY'
import numpy as np
from transformers import VivitImageProcessor

processor = VivitImageProcessor()


def value(level):
    frames = [np.full((224, 224, 3), level, np.uint8)] * 2
    return round(float(np.asarray(processor(frames, return_tensors="np")["pixel_values"]).mean()), 2)


seen = [value(level) for level in (0, 128, 255)]
print("0, 128 and 255 become", seen, "- scaled by", processor.rescale_factor, "offset", processor.offset)
assert seen == [-3.0, -0.99, 1.0], "the behaviour has changed"
PY
