"""Probe sets, each a question of its own: what checkpoints say of them, and where their maps lie.

    python -m studies.motion.probes [CHECKPOINT...] [--clips N] [--json] [--save]

`right` is top-1 in percent: for "pan" and "flicker" the right answer is that something is held still, for "opposite" it
is the direction of the main thing (its twin goes the other way, so half is chance between the two). Of the maps for the
right class: `lift` over the area of what moves, `pointing`, `selectivity` between what moves and what does not, and for
"opposite" `named_share`, how much of the energy on both things lies on the one that the class names (half by chance).
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from studies import report
from tdn.explain import ForwardPass
from tdn.measure.focus import energy_share, focus_of_clip, resized
from tdn.measure.masks import RENDERED, SyntheticClips
from tdn.model import TDN
from tdn.model.inference import inference_copy
from tdn.motion import LABELS, PROBES
from tdn.motion.pool import windowed_clip
from tdn.networks.tdn import LAYERS
from tdn.weights import load_model
from tdn.weights.shipped import shipped_pair

SHOWN = ("lift", "pointing", "selectivity")


def probed(model: TDN, probe: str, num_clips: int) -> dict:
    """What one network makes of one probe set."""
    clips = SyntheticClips(0, probe)
    said, right, focus = Counter(), 0, {layer: [] for layer in LAYERS}
    for index in range(num_clips):
        clip = clips.read(index, model)
        target = model.labels.index(clip.label)
        taken = ForwardPass(model, clip.tensor, LAYERS)
        answer = int(taken.logits.argmax())
        said[model.labels[answer]] += 1
        right += answer == target
        if not clip.moving.any():
            continue
        for layer, maps in taken.maps([target]).items():
            values = maps[0].relu().float().cpu().numpy()
            numbers = focus_of_clip(values, clip.moving, clip.still)
            if probe == "opposite":
                numbers["named_share"] = named_share(values, clip.moving, index, model)
            focus[layer].append(numbers)
    found = {"clips": num_clips, "right": round(100 * right / num_clips, 1), "said": dict(said.most_common(3))}
    for layer, rows in focus.items():
        if rows:
            shown = [name for name in (*SHOWN, "named_share") if name in rows[0]]
            found[layer] = {name: mean(row[name] for row in rows) for name in shown}
    return found


def named_share(values, moving, index: int, model: TDN) -> float:
    """Share of the energy on what moves that lies on the main thing; NaN where there is none at all."""
    scene, places = windowed_clip("opposite", 0, index, RENDERED, model.num_segments, model.window)
    seen = resized(values, *moving.shape[1:])
    main = [scene.main_mask(int(frame)) for frame in places[:, model.window // 2]]
    on_both = (seen * moving).sum()
    return energy_share(seen * moving, main) if on_both > 0 else float("nan")


def mean(values) -> float | None:
    numbers = [value for value in values if value == value]
    return round(sum(numbers) / len(numbers), 3) if numbers else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", type=Path, default=list(shipped_pair()))
    parser.add_argument("--clips", type=int, default=100, help="of each probe set")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    arguments = parser.parse_args()
    found = {}
    for path in arguments.checkpoints:
        model = inference_copy(load_model(path))
        if set(model.labels) != set(LABELS):
            raise SystemExit(f"error: {path.name}: its classes are not those of the procedural clips")
        names = tqdm(PROBES, desc=path.stem, unit="set")
        found[path.stem] = {name: probed(model, name, arguments.clips) for name in names}
    print(json.dumps(found, indent=1) if arguments.json else report.table("probes", found))
    if arguments.save:
        report.save("benchmark", "probes", found)


if __name__ == "__main__":
    main()
