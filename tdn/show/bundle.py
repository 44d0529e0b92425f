"""One clip explained by one or two models, written as a folder that can be cited."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from tdn import __version__
from tdn.data.clip import Clip, load_clip
from tdn.data.source import decode_frames
from tdn.data.video import write_mp4
from tdn.explain.classes import find_label
from tdn.explain.gradcam import explain_logits
from tdn.explain.interventions import changed, other_showing, segments_shown
from tdn.explain.methods import GRAD_CAM, METHODS, Rule
from tdn.explain.scale import evidence_share, scale_together
from tdn.letters import save_figure, without_font
from tdn.model import TDN, Architecture, system_name
from tdn.output import expect_writable, remove_files, sha256
from tdn.show.figures import MapRow, grid_video, side_by_side, timeline_video
from tdn.weights.store import shard_paths

LAYERS = ("res2", "final")
# Of a folder that `write_bundle` fills.
FILES = ("manifest.json", "maps.npz", "overlay.mp4", "figure.png", "figure.pdf", "timeline.mp4")
LAYER_TITLES = {
    **{f"res{stage}": f"Res{stage}" for stage in range(1, 5)},
    **{f"rgb{stage}": f"Res{stage} before S-TDM" for stage in range(1, 4)},
    **{f"diff{stage}": f"S-TDM at Res{stage}" for stage in range(1, 4)},
    "final": "final",
}


@dataclass(frozen=True)
class Question:
    """What is asked of a clip but the class: it stands beside every picture.

    `layers` are points of the network, `rule` the method, `versus` a label whose score is taken off, `scale` one of
    `tdn.explain.scale.SCALES`.
    """

    layers: tuple[str, ...] = LAYERS
    rule: Rule = GRAD_CAM
    versus: str | None = None
    scale: str = "clip"

    @property
    def method(self) -> str:
        """Its name, and what differs from the usual."""
        name = METHODS[self.rule.method].split(" (")[0]
        return name + ", weights per clip" * (self.rule.weights == "clip") + ", signed" * self.rule.signed


USUAL = Question()


@dataclass(frozen=True)
class Explained:
    """What one model says of a clip: logits [K], raw maps {layer: float32 [T, h, w]} of class `target`.

    `frames` are the centre frames that it saw where those are not the clip's, uint8 [T, H, W, 3]. Where the video was
    read again, `numbers` are the frames of the video in each window, [T][L], and `note` what to know about that clip.
    """

    title: str
    logits: np.ndarray
    target: int
    label: str
    maps: dict[str, np.ndarray]
    frames: np.ndarray | None = None
    note: str = ""
    numbers: list[list[int]] | None = None

    @property
    def probabilities(self) -> np.ndarray:
        shifted = np.exp(self.logits - self.logits.max())
        return shifted / shifted.sum()


def explain_clip(
    model: TDN, clip: Clip, title: str, target: int | None = None, question: Question = USUAL
) -> Explained:
    """Raw maps of `target` (None: the model's top class). `title` names the model."""
    return _explained(model, clip.tensor, title, target, question)


def explain_changed(
    model: TDN, clip: Clip, name: str, before: Explained, question: Question = USUAL, video: Path | None = None
) -> Explained:
    """The same class after the intervention `name`; one that shows the `video` in another way reads it again."""
    if showing := other_showing(name, clip.showing):
        other = load_clip(video, model, **asdict(showing))
        found = _explained(model, other.tensor, before.title, before.target, question)
        numbers = np.asarray(other.frames).tolist()
        return replace(found, frames=other.centre_frames, note=other.note, numbers=numbers)
    network, tensor = changed(model, clip.tensor, name)
    found = _explained(network, tensor, before.title, before.target, question)
    return replace(found, frames=clip.centre_frames[segments_shown(name, len(clip.centre_frames))])


def _explained(model: TDN, tensor: Tensor, title: str, target: int | None, question: Question) -> Explained:
    versus = None if question.versus is None else find_label(model.labels, question.versus)
    reached = model.architecture.s_tdm_stages
    # A network without S-TDM is shown at the other layers; with none left, the first one says what it lacks.
    layers = [name for name in question.layers if not name.startswith("diff") or int(name[-1:] or 0) <= reached]
    logits, maps = explain_logits(model, tensor, target, layers or question.layers, question.rule, versus)
    chosen = int(logits.argmax()) if target is None else target
    raw = {layer: values[0].float().cpu().numpy() for layer, values in maps.items()}
    return Explained(title, logits[0].float().cpu().numpy(), chosen, model.labels[chosen], raw)


def titles(architectures: dict[str, Architecture], files: dict[str, str]) -> dict[str, str]:
    """Names of networks for captions, by role; two of one kind are told apart by the names of their files."""
    names = {role: system_name(architecture) for role, architecture in architectures.items()}
    if len(set(names.values())) == len(names):
        return names
    names = {role: f"{name} {Path(files[role]).stem}" for role, name in names.items()}
    if len(set(names.values())) == len(names):
        return names
    return {role: f"{name} ({role})" for role, name in names.items()}


Changes = dict[str, dict[str, Explained]]


def map_rows(
    explained: Sequence[Explained], question: Question = USUAL, changes: Changes | None = None
) -> list[MapRow]:
    """Model by model, layer by layer; then, for each change, the same after it."""
    looks = [(one, "") for one in explained]
    looks += [(one, name) for name, after in (changes or {}).items() for one in after.values()]
    maps = {((one.title, name), layer): raw for one, name in looks for layer, raw in one.maps.items()}
    scaled = scale_together(maps, question.scale)
    label = explained[0].label + (f" less {question.versus}" if question.versus else "")
    rows = []
    for one, name in looks:
        for layer in one.maps:
            found = scaled[((one.title, name), layer)]
            title = f"{one.title} · {LAYER_TITLES[layer]}" + (f"\n{name}" if name else "")
            note = f"scale {found.rule},\nmax {found.maximum:.3g}"
            if name:
                note += f",\nclass now {100 * one.probabilities[one.target]:.0f}%"
            rows.append(MapRow(title, label, note, found, one.frames))
    return rows


def heading(file_name: str, explained: Sequence[Explained], question: Question = USUAL) -> str:
    """Clip, class and what each model gives it."""
    given = ", ".join(f"{one.title} {100 * one.probabilities[one.target]:.0f}%" for one in explained)
    less = f" less “{question.versus}”" if question.versus else ""
    return f"{file_name}: {question.method} for “{explained[0].label}”{less} ({given})"


def write_bundle(
    out: Path,
    clip: Clip,
    file_name: str,
    models: dict[str, TDN],
    explained: dict[str, Explained],
    files: dict[str, Path],
    question: Question = USUAL,
    changes: Changes | None = None,
    timeline_of: Path | None = None,
) -> None:
    """Write maps.npz, overlay.mp4, figure.png, figure.pdf and, last, manifest.json into `out`.

    Keys of the dicts are "tdn" and "baseline"; `files` are their checkpoints. `changes` holds what each says after an
    intervention, by its name; their maps are `ROLE_LAYER_after_NAME`. With a video for `timeline_of` there is
    timeline.mp4 too. A folder holds one result: files of these names from an earlier call are deleted first, all others
    stay. The manifest has the hash of every file.
    """
    expect_writable(out)
    remove_files(out, FILES)
    changes = changes or {}
    rows = map_rows(list(explained.values()), question, changes)
    arrays = {f"{role}_{layer}": raw for role, one in explained.items() for layer, raw in one.maps.items()}
    arrays |= {
        f"{role}_{layer}_after_{name.replace(' ', '_')}": raw
        for name, after in changes.items()
        for role, one in after.items()
        for layer, raw in one.maps.items()
    }
    np.savez_compressed(out / "maps.npz", frames=clip.centre_frames, **arrays)
    write_mp4(out / "overlay.mp4", grid_video(clip.centre_frames, rows, clip.seen_box), fps=4)
    title = heading(file_name, list(explained.values()), question)
    figure = side_by_side(clip.centre_frames, clip.times_sec, rows, clip.seen_box, title)
    save_figure(figure, out / "figure.png", dpi=300)
    save_figure(figure, out / "figure.pdf")
    if timeline_of is not None:
        write_timeline(out / "timeline.mp4", timeline_of, clip, explained["tdn"], question)
    manifest = {
        "video": file_name,
        "files": {name: sha256(out / name) for name in FILES if (out / name).exists()},
        "target": {"index": explained["tdn"].target, "label": explained["tdn"].label},
        "versus": question.versus,
        "method": str(question.rule),
        "scale": {"rule": rows[0].scaled.rule, "maximum": {row.title: row.scaled.maximum for row in rows}},
        "evidence_share": {
            f"{role}_{layer}": [round(float(share), 4) for share in evidence_share(raw)]
            for role, one in explained.items()
            for layer, raw in one.maps.items()
        },
        "changes": {
            name: {
                role: {
                    **{"logits": _rounded(one.logits), "target": one.label, "note": one.note},
                    **({"frames": one.numbers} if one.numbers else {}),
                }
                for role, one in after.items()
            }
            for name, after in changes.items()
        },
        "written_as_numbers": without_font(title + "".join(row.title + row.label for row in rows)),
        "frames": np.asarray(clip.frames).tolist(),
        "times_sec": [round(float(t), 4) for t in clip.times_sec],
        "notes": clip.notes,
        "models": {
            role: {
                "title": one.title,
                "file": files[role].name,
                "sha256": sha256(*shard_paths(files[role])),
                "architecture": models[role].architecture.to_dict(),
                "preprocess": models[role].preprocess.to_dict(),
                "trained_on": models[role].card.trained_on,
                "top": top_scores(one.probabilities, models[role].labels),
                "logits": _rounded(one.logits),
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


def write_timeline(path: Path, video: Path, clip: Clip, explained: Explained, question: Question = USUAL) -> None:
    """The first layer's map of one model over the whole video, between its windows interpolated, as H.264."""
    row = map_rows([explained], question)[0]
    info = clip.info
    height, width = clip.centre_frames.shape[1:3]
    pictures = (
        cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        for _, frame in decode_frames(video, range(info.num_frames), info)
    )
    knots = clip.frames[:, clip.frames.shape[1] // 2]
    painted = timeline_video(pictures, row, knots, info.num_frames, clip.seen_box)
    write_mp4(path, painted, fps=info.fps, times_sec=info.times_sec)


def _rounded(logits: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in logits]


def top_scores(probabilities: np.ndarray, labels: list[str], count: int = 5) -> list[tuple[str, float]]:
    """The likeliest classes with their probabilities, best first."""
    return [(labels[i], float(probabilities[i])) for i in np.argsort(-probabilities)[:count]]
