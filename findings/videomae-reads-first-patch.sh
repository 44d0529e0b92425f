#!/usr/bin/env bash
# transformers 5.24.0 (torch 2.13.0): VideoMAEForVideoClassification with `use_mean_pooling=False`.
#
# Behaviour: the documentation says that the classifier then reads "the final hidden state of the [CLS] token". VideoMAE
# has none: the first of its tokens is the patch at the upper left of the first two frames, and the answer is read off
# that one. The library's own conversion script gives this setting to all checkpoints that are not yet fine-tuned, so
# who fine-tunes one of those with its configuration as it stands trains such a classifier. Maps of the last block are
# then blank but for that corner; a classifier with the mean depends on all tokens.
#
# Seen: 4 frames of 32 x 32 pixels in patches of 16 and pairs of frames give 8 tokens, none more. Of the last block's
# tokens the logit has a gradient at token 0 alone; with the mean at all 8. Token 0 is what the first patch of pixels
# moves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 torch==2.13.0 numpy==2.3.5
"$folder/venv/bin/python" -W error::UserWarning - <<'PY'
import torch
from transformers import VideoMAEConfig, VideoMAEForVideoClassification


def network(mean):
    torch.manual_seed(0)
    config = VideoMAEConfig(
        image_size=32,
        patch_size=16,
        num_frames=4,
        tubelet_size=2,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        use_mean_pooling=mean,
    )
    return VideoMAEForVideoClassification(config).eval()


def read(mean, clip):
    output = network(mean)(clip, output_hidden_states=True)
    tokens = output.hidden_states[-1]
    (gradient,) = torch.autograd.grad(output.logits[0, 0], tokens)
    return tokens.shape[1], gradient[0].abs().sum(1).nonzero().flatten().tolist()


clip = torch.rand(1, 4, 3, 32, 32)
count, first = read(False, clip)
_, mean = read(True, clip)
other = clip.clone()
other[:, :2, :, :16, :16] += 1
embeddings = network(False).videomae.embeddings
moved = (embeddings(clip, None) - embeddings(other, None)).abs().sum(2)[0].nonzero().flatten().tolist()
print("tokens:", count, "- read without the mean:", first, "- with the mean:", mean)
print("tokens that the upper left patch of the first two frames moves:", moved)
assert (count, first, mean, moved) == (8, [0], list(range(8)), [0]), "the behaviour has changed"
PY
