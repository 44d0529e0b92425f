"""One clip explained by one or two models, written as a folder that can be cited."""

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tdn import __version__
from tdn.data.clip import Clip
from tdn.data.video import write_mp4
from tdn.explain.figures import MapRow, grid_video, side_by_side
from tdn.explain.gradcam import explain_logits
from tdn.explain.scale import scale_per_clip
from tdn.model import TDN, Architecture, system_name

LAYERS = ("res2", "final")
LAYER_TITLES = {"res2": "Res2", "final": "final"}


@dataclass(frozen=True)
class Explained:
    """What one model says of a clip: logits [K], raw maps {layer: float32 [T, h, w]} of class `target`."""

    title: str
    logits: np.ndarray
    target: int
    label: str
    maps: dict[str, np.ndarray]

    @property
    def probabilities(self) -> np.ndarray:
        shifted = np.exp(self.logits - self.logits.max())
        return shifted / shifted.sum()


def explain_clip(model: TDN, clip: Clip, title: str, target: int | None = None) -> Explained:
    """Raw maps of `target` (None: the model's top class) at Res2 and the final stage. `title` names the model."""
    logits, maps = explain_logits(model, clip.tensor, target, LAYERS)
    chosen = int(logits.argmax()) if target is None else target
    raw = {layer: values[0].float().cpu().numpy() for layer, values in maps.items()}
    return Explained(title, logits[0].float().cpu().numpy(), chosen, model.labels[chosen], raw)


def find_label(labels: list[str], wanted: str) -> int:
    """The index of a class given by its label (any case) or its number. Raises ValueError naming close labels."""
    lowered = [label.lower() for label in labels]
    if wanted.lower() in lowered:
        return lowered.index(wanted.lower())
    if wanted.lstrip("-").isdigit() and 0 <= int(wanted) < len(labels):
        return int(wanted)
    words = set(wanted.lower().split())
    close = sorted(labels, key=lambda label: -len(words & set(label.lower().split())))[:3]
    raise ValueError(
        f"target {wanted!r}: no such class; expected an index from 0 to {len(labels) - 1} or a label such as "
        + ", ".join(repr(label) for label in close)
    )


def titles(architectures: dict[str, Architecture], files: dict[str, str]) -> dict[str, str]:
    """Names of networks for captions, by role; two of one kind are told apart by the names of their files."""
    names = {role: system_name(architecture) for role, architecture in architectures.items()}
    if len(set(names.values())) == len(names):
        return names
    return {role: f"{name} {Path(files[role]).stem}" for role, name in names.items()}


def map_rows(explained: list[Explained]) -> list[MapRow]:
    """Model by model, layer by layer, each with its own scale per clip."""
    rows = []
    for one in explained:
        for layer in LAYERS:
            scaled = scale_per_clip(one.maps[layer])
            note = f"scale {scaled.rule},\nmax {scaled.maximum:.3g}"
            rows.append(MapRow(f"{one.title} · {LAYER_TITLES[layer]}", one.label, note, scaled))
    return rows


def heading(file_name: str, explained: list[Explained]) -> str:
    """Clip, class and what each model gives it."""
    given = ", ".join(f"{one.title} {100 * one.probabilities[one.target]:.0f}%" for one in explained)
    return f"{file_name}: Grad-CAM for “{explained[0].label}” ({given})"


def write_bundle(
    out: Path,
    clip: Clip,
    file_name: str,
    models: dict[str, TDN],
    explained: dict[str, Explained],
    files: dict[str, Path],
) -> None:
    """Write maps.npz, overlay.mp4, figure.png, figure.pdf and, last, manifest.json into `out`.

    Keys of the dicts are "tdn" and "baseline"; `files` are their checkpoints.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = map_rows(list(explained.values()))
    arrays = {f"{role}_{layer}": one.maps[layer] for role, one in explained.items() for layer in LAYERS}
    np.savez_compressed(out / "maps.npz", frames=clip.centre_frames, **arrays)
    write_mp4(out / "overlay.mp4", grid_video(clip.centre_frames, rows, clip.seen_box), fps=4)
    title = heading(file_name, list(explained.values()))
    figure = side_by_side(clip.centre_frames, clip.times_sec, rows, clip.seen_box, title)
    figure.savefig(out / "figure.png", dpi=300)
    figure.savefig(out / "figure.pdf")
    manifest = {
        "video": file_name,
        "target": {"index": explained["tdn"].target, "label": explained["tdn"].label},
        "method": "Grad-CAM, weights per frame, ReLU, logit before softmax",
        "scale": {"rule": rows[0].scaled.rule, "maximum": {row.title: row.scaled.maximum for row in rows}},
        "frames": np.asarray(clip.frames).tolist(),
        "times_sec": [round(float(t), 4) for t in clip.times_sec],
        "models": {
            role: {
                "title": one.title,
                "file": files[role].name,
                "sha256": hashlib.sha256(files[role].read_bytes()).hexdigest(),
                "architecture": models[role].architecture.to_dict(),
                "preprocess": models[role].preprocess.to_dict(),
                "trained_on": models[role].card.trained_on,
                "top": top_scores(one.probabilities, models[role].labels),
                "logits": [round(float(v), 6) for v in one.logits],
            }
            for role, one in explained.items()
        },
        "versions": {
            "tdn_lens": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "grad-cam", "numpy", "av")},
        },
    }
    unfinished = out / "manifest.json.partial"
    unfinished.write_text(json.dumps(manifest, indent=1))
    unfinished.replace(out / "manifest.json")


def top_scores(probabilities: np.ndarray, labels: list[str], count: int = 5) -> list[tuple[str, float]]:
    """The likeliest classes with their probabilities, best first."""
    return [(labels[i], float(probabilities[i])) for i in np.argsort(-probabilities)[:count]]
