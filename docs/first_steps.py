"""What does TDN see in a clip, and does it need the motion? Run from the repository's root:

    .venv/bin/python -m docs.first_steps [VIDEO]

It prints what the network says of the clip as it is, frozen, reversed and without S-TDM, and writes first_steps.png:
the centre frames, and under them where the evidence lies.
"""

import sys

from tdn.data.clip import load_clip
from tdn.explain import grad_cam
from tdn.explain.interventions import compare
from tdn.explain.scale import scale_per_clip
from tdn.show.figures import MapRow, side_by_side
from tdn.weights import load_model

video = sys.argv[1] if len(sys.argv) > 1 else "assets/samples/spinning_counter_clockwise.mp4"
model = load_model("checkpoints/tdn_small_8f.safetensors")
clip = load_clip(video, model)  # 8 windows of 5 frames

# 1. What does it say?
probabilities = model(clip.tensor)[0].softmax(0)
best = int(probabilities.argmax())
label = model.labels[best]
print(f"{label}: {100 * probabilities[best]:.0f}%")

# 2. Does it need the motion? The same class, after one thing was changed.
for change in ("freeze windows", "reverse", "S-TDM off"):
    after = compare(model, clip.tensor, change, target=best).after.logits[0].softmax(0)
    now = model.labels[int(after.argmax())]
    print(f"  {change}: {100 * after[best]:.0f}%, now says {now!r}")

# 3. Where is the evidence? Raw maps, [1, T, h, w], brighter means more of the class's score.
rows = []
for layer, maps in grad_cam(model, clip.tensor, target=best).items():
    scaled = scale_per_clip(maps[0].numpy())
    rows.append(MapRow(f"TDN · {layer}", label, f"scale {scaled.rule}, max {scaled.maximum:.3g}", scaled))
figure = side_by_side(clip.centre_frames, clip.times_sec, rows, clip.seen_box, f"{clip.info.name}: Grad-CAM, {label}")
figure.savefig("first_steps.png")
print("wrote first_steps.png")
