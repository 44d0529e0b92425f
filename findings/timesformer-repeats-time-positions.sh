#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.13.0): TimeSformer given another number of frames than it is configured for.
#
# Behaviour: the model takes any number of frames and stretches its learnt positions in time by nearest neighbour, not
# by interpolation and without a word. With twice the frames every two neighbours share one position, so their order is
# not told to the network; with half as many every second position is used.
#
# Seen, configured for 8 frames, position i made the number i: 16 frames get 0 0 1 1 2 2 ... 7 7; 12 frames get
# 0 0 1 2 2 3 4 4 5 6 6 7; 4 frames get 0 2 4 6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 torch==2.13.0 numpy==2.3.5
"$folder/venv/bin/python" -W error::UserWarning - <<'PY'
import torch
from transformers import TimesformerConfig, TimesformerForVideoClassification

network = TimesformerForVideoClassification(
    TimesformerConfig(
        image_size=32,
        patch_size=16,
        num_frames=8,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
).eval()
embeddings = network.timesformer.embeddings
with torch.no_grad():
    for parameter in embeddings.parameters():
        parameter.zero_()
    embeddings.time_embeddings.copy_(torch.arange(8.0)[None, :, None].expand_as(embeddings.time_embeddings))
    seen = {}
    for frames in (4, 8, 12, 16):
        tokens = embeddings(torch.zeros(1, frames, 3, 32, 32))  # [1, 1 + patches * frames, 32], frames fastest
        seen[frames] = [int(value) for value in tokens[0, 1 : 1 + frames, 0]]
        print(f"{frames:2} frames get the positions {seen[frames]}")
    network(torch.rand(1, 16, 3, 32, 32))  # and the whole network answers without a warning
assert seen == {
    4: [0, 2, 4, 6],
    8: [0, 1, 2, 3, 4, 5, 6, 7],
    12: [0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7],
    16: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7],
}, "the behaviour has changed"
PY
