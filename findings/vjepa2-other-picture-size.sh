#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.13.0): V-JEPA 2 given pictures of another size than `crop_size`.
#
# Behaviour: the model takes them without a word, and computes each token's place (moment, row, column) from the grid
# of the configuration. With larger pictures rows are taken for moments: two moments of 3 x 3 patches become five
# moments of 2 x 2. It also drops the last frame of an odd number of frames, and shows a single frame twice.
#
# Seen, configured for 32 pixels in patches of 16 and 4 frames in pairs: at 48 pixels the 18 tokens get the moments
# 0 0 0 0 1 1 1 1 2 2 2 2 3 3 3 3 4 4 and no row above 1; 3 frames give exactly the features of the first 2; 1 frame
# gives 4 tokens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 torch==2.13.0 numpy==2.3.5
"$folder/venv/bin/python" -W error::UserWarning - <<'PY'
import torch
from transformers import VJEPA2Config, VJEPA2Model

network = VJEPA2Model(
    VJEPA2Config(
        patch_size=16,
        crop_size=32,
        frames_per_clip=4,
        tubelet_size=2,
        hidden_size=48,
        num_attention_heads=2,
        num_hidden_layers=1,
        mlp_ratio=2,
        pred_hidden_size=48,
        pred_num_attention_heads=2,
        pred_num_hidden_layers=1,
        pred_num_mask_tokens=1,
    )
).eval()


def features(clip):
    with torch.no_grad():
        return network(clip, skip_predictor=True).last_hidden_state


def places(tokens):
    moment, row, _ = network.encoder.layer[0].attention.get_position_ids(tokens)
    return torch.as_tensor(moment).int().tolist(), torch.as_tensor(row).int().tolist()


torch.manual_seed(0)
right = places(features(torch.rand(1, 4, 3, 32, 32)))
wrong = places(features(torch.rand(1, 4, 3, 48, 48)))
odd = torch.rand(1, 3, 3, 32, 32)
dropped = torch.equal(features(odd), features(odd[:, :2]))
single = features(odd[:, :1]).shape[1]
print("32 pixels, moments:", right[0], "rows:", right[1])
print("48 pixels, moments:", wrong[0], "rows:", wrong[1])
print("3 frames as the first 2:", dropped, "- tokens of 1 frame:", single)
assert right[0] == [0] * 4 + [1] * 4
assert wrong[0] == [index // 4 for index in range(18)] and max(wrong[1]) == 1, "the behaviour has changed"
assert dropped and single == 4, "the behaviour has changed"
PY
