"""`focus`: how much of each map lies on what moves, over many clips, beside a baseline and controls."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    import torch

    from tdn.model import TDN

LAYERS = ("res2", "final")
CONTROLS = ("uniform", "center", "frame_difference")
PAIRED = ("lift", "pointing")
SHOWN = ("energy_share", "mask_area", "lift", "lift_of_ceiling", "pointing", "pointing_chance", "pixel_auc")


@dataclass
class MaskedClip:
    """A clip as the networks take it, its class, and what moves and what never does at the centre frames."""

    name: str
    label: str
    tensor: "torch.Tensor"
    moving: "np.ndarray"
    still: "np.ndarray | None"


def focus(
    data: Annotated[str, typer.Argument(help="synthetic, or a folder that `synth` wrote (labels.csv, NAME_mask.npz).")],
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint; the shipped TDN if left out.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Another one; the shipped baseline if left out.")] = None,
    clips: Annotated[int, typer.Option(min=1, help="How many clips in which something moves.")] = 200,
    seed: Annotated[int, typer.Option(help="Of synthetic clips, and of the controls.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Also write the numbers of every clip to this .json file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:0; CUDA is taken where there is one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Motion focus of the maps of two networks, for the clip's own class, with chance levels and controls.

    energy_share is the share of a map's energy on what moves, mask_area what a uniform map has, lift their ratio;
    pointing is how often the brightest place is on it. A number means something only where it beats the controls:
    a Gaussian in the middle, the difference between frames, and the same network with random weights.
    """
    from tqdm import tqdm

    from tdn.device import choose_device
    from tdn.model.inference import inference_copy
    from tdn.weights import load_model
    from tdn.weights.shipped import shipped_pair

    where = choose_device(device)
    files = {"tdn": checkpoint or shipped_pair()[0], "baseline": baseline or shipped_pair()[1]}
    loaded = {role: load_model(path, where) for role, path in files.items()}
    first, other = loaded["tdn"], loaded["baseline"]
    if (first.preprocess, first.num_segments, first.window) != (other.preprocess, other.num_segments, other.window):
        raise ValueError(f"{files['baseline'].name} reads other frames or pixels than {files['tdn'].name}")
    from tdn.explain.controls import random_weights

    networks = {role: inference_copy(model) for role, model in loaded.items()}
    networks["random_weights"] = inference_copy(random_weights(first, seed))
    rows = []
    for clip in tqdm(masked_clips(data, first, clips, seed), total=clips, desc=f"focus {data}", unit="clip"):
        rows.append(measured(clip, networks))
        if len(rows) == clips:
            break
    if len(rows) < clips:
        raise ValueError(f"{data}: something moves in {len(rows)} of its clips only; lower --clips to that")
    report = summary(rows)
    if out is not None:
        out.write_text(json.dumps({**report, "per_clip": rows}))
    if as_json:
        print(json.dumps(report))
    else:
        print_report(report, data, files)


def masked_clips(data: str, model: "TDN", count: int, seed: int) -> Iterator[MaskedClip]:
    """Clips in which something moves at a centre frame, as many as there are."""
    if data == "synthetic":
        yield from _synthetic_clips(model, seed)
    else:
        yield from _clips_of_folder(Path(data), model)


def _synthetic_clips(model: "TDN", seed: int) -> Iterator[MaskedClip]:
    """The validation clips of the procedural set, without end."""
    import itertools

    import numpy as np

    from tdn.data.pool import pool_scene
    from tdn.data.synthetic import LABELS
    from tdn.data.transforms import normalise, to_view

    for index in itertools.count():
        scene, places = pool_scene("val", seed, index, 112, model.num_segments, model.window)
        centres = places[:, model.window // 2]
        moving = np.stack([scene.mask(int(frame)) for frame in centres])
        if not moving.any():
            continue
        frames = np.stack([to_view(scene.image(int(frame)), model.preprocess) for frame in places.flat])
        tensor = normalise(frames).unflatten(0, places.shape)[None]  # [1, T, L, 3, H, W]
        still = np.stack([scene.still_mask(int(frame)) for frame in centres])
        yield MaskedClip(f"val_{seed}_{index:05d}", LABELS[scene.label_index], tensor, moving, still)


def _clips_of_folder(folder: Path, model: "TDN") -> Iterator[MaskedClip]:
    """The clips of labels.csv with a mask beside them; networks that see a crop get the masks cropped alike."""
    import numpy as np

    from tdn.data.clip import load_clip
    from tdn.data.datasets import open_dataset

    dataset = open_dataset(folder)
    with_masks = [item for item in dataset.items if _mask_path(item.path).exists()]
    if not with_masks:
        raise ValueError(f"{folder}: no masks found; expected NAME_mask.npz beside each video, as `synth` writes them")
    for item in with_masks:
        with np.load(_mask_path(item.path)) as stored:
            masks = {name: stored[name] for name in stored.files}
        clip = load_clip(item.path, model)
        centres = clip.frames[:, model.window // 2]
        if masks["mask"].shape[0] != clip.info.num_frames:
            raise ValueError(
                f"{item.id}: {clip.info.num_frames} frames but {len(masks['mask'])} masks; one mask a frame is needed"
            )
        height, width = masks["mask"].shape[1:]
        # The part of the picture that the network sees, in pixels of the mask.
        shown_height, shown_width = clip.centre_frames.shape[1:3]
        x0, y0, x1, y1 = clip.seen_box
        rows = slice(round(y0 * height / shown_height), round(y1 * height / shown_height))
        columns = slice(round(x0 * width / shown_width), round(x1 * width / shown_width))
        moving = masks["mask"][centres][:, rows, columns]
        if moving.any():
            still = masks["still"][centres][:, rows, columns] if "still" in masks else None
            yield MaskedClip(item.id, dataset.labels[item.label], clip.tensor, moving, still)


def _mask_path(video: Path) -> Path:
    return video.with_name(f"{video.stem}_mask.npz")


def measured(clip: MaskedClip, networks: dict[str, "TDN"]) -> dict[str, Any]:
    """The numbers of one clip: by network and layer, by control, and whether each network was right."""
    from tdn.explain import controls
    from tdn.explain.bundle import find_label
    from tdn.explain.focus import focus_of_clip
    from tdn.explain.kept import KeptPass

    size = len(clip.moving), *clip.moving.shape[1:]
    found: dict[str, Any] = {"name": clip.name, "label": clip.label, "right": {}}
    for role, network in networks.items():
        target = find_label(network.labels, clip.label)
        kept = KeptPass(network, clip.tensor, LAYERS)
        maps = kept.maps([target])
        found["right"][role] = int(kept.logits.argmax()) == target
        found[role] = {
            layer: focus_of_clip(maps[layer][0].float().cpu().numpy(), clip.moving, clip.still) for layer in LAYERS
        }
    made = (controls.uniform(*size), controls.centre(*size), controls.frame_difference(clip.tensor))
    for name, maps in zip(CONTROLS, made, strict=True):
        found[name] = focus_of_clip(maps, clip.moving, clip.still)
    return found


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over all clips, over those both networks get right, and the paired intervals of TDN minus baseline."""
    both = [row for row in rows if row["right"]["tdn"] and row["right"]["baseline"]]
    return {
        "clips": len(rows),
        **_means(rows),
        "top1": {role: 100 * sum(row["right"][role] for row in rows) / len(rows) for role in ("tdn", "baseline")},
        "both_right": {"clips": len(both), **(_means(both) if both else {})},
        "target": "the clip's own class",
        "method": "Grad-CAM, weights per frame, ReLU, logit before softmax",
    }


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    from tdn.explain.focus import mean_over_clips, paired_interval

    def layers(role: str) -> dict[str, dict[str, float]]:
        return {layer: _finite(mean_over_clips([row[role][layer] for row in rows])) for layer in LAYERS}

    def interval(layer: str, name: str) -> list[float]:
        ours, others = ([row[role][layer][name] for row in rows] for role in ("tdn", "baseline"))
        return list(paired_interval(ours, others))

    return {
        "models": {role: layers(role) for role in ("tdn", "baseline")},
        "controls": {
            **{name: _finite(mean_over_clips([row[name] for row in rows])) for name in CONTROLS},
            "random_weights": layers("random_weights"),
        },
        "paired": {layer: {name: interval(layer, name) for name in PAIRED} for layer in LAYERS},
    }


def _finite(numbers: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {name: None if value != value else value for name, value in numbers.items()}


def print_report(report: dict[str, Any], data: str, files: dict[str, Path]) -> None:
    """A table, and what it says in one sentence."""
    from rich.console import Console
    from rich.table import Table

    table = Table("map", *SHOWN, title=f"{report['clips']} clips of {data}; {report['target']}")
    lines = [
        (f"{files[role].stem} {layer}", report["models"][role][layer]) for role in report["models"] for layer in LAYERS
    ]
    lines += [(name.replace("_", " "), report["controls"][name]) for name in CONTROLS]
    lines += [(f"random weights {layer}", report["controls"]["random_weights"][layer]) for layer in LAYERS]
    for name, numbers in lines:
        table.add_row(name, *("" if numbers[key] is None else f"{numbers[key]:.3f}" for key in SHOWN))
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    for layer in LAYERS:
        print(reading(report, layer))


def reading(report: dict[str, Any], layer: str) -> str:
    """What the numbers of a layer say, in words that claim no more."""
    low, high = report["paired"][layer]["lift"]
    ours, others = (report["models"][role][layer]["lift"] for role in ("tdn", "baseline"))
    difference = (
        f"{ours:.2f} against {others:.2f} times chance, 95% interval of the difference {low:+.2f} to {high:+.2f}"
    )
    if low > 0:
        return f"At {layer} the first network's maps lie more on what moves than the second's ({difference})."
    if high < 0:
        return f"At {layer} the second network's maps lie more on what moves than the first's ({difference})."
    return f"At {layer} these clips show no difference between the two networks ({difference})."
