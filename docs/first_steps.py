"""What does TDN see in a clip, and does it need the motion? Run from the repository's root:

    .venv/bin/python -m docs.first_steps [VIDEO]

It prints what the network says of the clip as it is, frozen, reversed and without S-TDM, and writes first_steps.png:
the centre frames, and under them where the evidence lies.
"""

import sys

from tdn.explain import explain
from tdn.explain.scale import scale_per_clip
from tdn.networks import open_network
from tdn.show.figures import MapRow, side_by_side

video = sys.argv[1] if len(sys.argv) > 1 else "assets/lab/spinning_counter_clockwise.mp4"
network = open_network("checkpoints/tdn_small_8f.safetensors")
clip = network.clip(video)  # 8 windows of 5 frames

# 1. What does it say?
seen = explain(network, clip)
print(f"{seen.label}: {100 * seen.probabilities[seen.target]:.0f}%")

# 2. Does it need the motion? The same class, after one thing was changed.
for change in ("freeze windows", "reverse", "S-TDM off"):
    after = explain(network, clip, seen.target, change=change)
    print(f"  {change}: {100 * after.probabilities[seen.target]:.0f}%, now says {after.top()[0][0]!r}")

# 3. Where is the evidence? Raw maps, [T, h, w], brighter means more of the class's score.
rows = []
for layer, maps in seen.maps.items():
    scaled = scale_per_clip(maps)
    note = f"scale {scaled.rule}, max {scaled.maximum:.3g}"
    rows.append(MapRow(f"{seen.title} · {seen.layers[layer].title}", seen.label, note, scaled))
figure = side_by_side(
    clip.centre_frames, clip.times_sec, rows, clip.seen_box, f"{clip.info.name}: Grad-CAM, {seen.label}"
)
figure.savefig("first_steps.png")
print("wrote first_steps.png")
