"""One clip explained by one or two models, written as a folder that can be cited."""

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from tdn import __version__
from tdn.data.clip import Clip
from tdn.data.source import decode_frames
from tdn.data.video import write_mp4
from tdn.explain.explanation import USUAL, Explanation, Question
from tdn.explain.scale import evidence_share, scale_together
from tdn.letters import save_figure, without_font
from tdn.networks import Network, fingerprint, short_name
from tdn.networks.source import parse_source
from tdn.output import expect_writable, remove_files, sha256
from tdn.show.figures import MapRow, grid_video, side_by_side, timeline_video

# Of a folder that `write_bundle` fills.
FILES = ("manifest.json", "maps.npz", "overlay.mp4", "figure.png", "figure.pdf", "timeline.mp4")


def titles(names: dict[str, str], files: dict[str, Path | str]) -> dict[str, str]:
    """Names of networks for captions, by role, from their titles; two of one kind are told apart by their files."""
    if len(set(names.values())) == len(names):
        return names
    told = {role: f"{name} {short_name(files[role])}" for role, name in names.items()}
    if len(set(told.values())) == len(names):
        return told
    return {role: f"{name} ({role})" for role, name in told.items()}


Changes = dict[str, dict[str, Explanation]]


def map_rows(
    explained: Sequence[Explanation],
    question: Question = USUAL,
    changes: Changes | None = None,
    times_sec: Sequence[float] = (),
) -> list[MapRow]:
    """Model by model, layer by layer; then, for each change, the same after it. `times_sec` [T] are those of the clip.

    Raises ValueError for a scale shared by networks that have no layer in common.
    """
    if question.scale == "shared" and len(explained) > 1 and not set(explained[0].signed) & set(explained[1].signed):
        raise ValueError("scale shared: cells of different layers differ in number and meaning; choose clip or frame")
    looks = [(one, "") for one in explained]
    looks += [(one, name) for name, after in (changes or {}).items() for one in after.values()]
    maps = {((one.title, name), layer): raw for one, name in looks for layer, raw in one.shown(question).items()}
    scaled = scale_together(maps, question.scale)
    is_mixed = any(one.times_sec is not None or _is_coarser(one) for one in explained)
    rows = []
    for one, name in looks:
        times = times_sec if one.times_sec is None else one.times_sec
        for layer, about in one.layers.items():
            found = scaled[((one.title, name), layer)]
            title = f"{one.title} · {one.layers[layer].title}" + (f"\n{name}" if name else "")
            note = f"scale {found.rule},\nmax {found.maximum:.3g}"
            if name:
                note += f",\nclass now {100 * one.probabilities[one.target]:.0f}%"
            label = one.label + (f" less {question.versus}" if one.versus else "")
            which = tuple(map(about.map_of, range(len(times)))) if len(about.knots) < len(times) else None
            at_sec = tuple(np.interp(about.knots, np.arange(len(times)), times)) if is_mixed and len(times) else None
            own = (one.pictures, one.times_sec, one.box, which, at_sec)
            rows.append(MapRow(title, label, note, found, *own, claim=about.claim))
    return rows


def _is_coarser(one: Explanation) -> bool:
    """Whether it has maps that speak for several of the moments that were read."""
    return any(len(windows) > 1 for about in one.layers.values() for windows in about.windows)


def heading(file_name: str, explained: Sequence[Explanation], question: Question = USUAL) -> str:
    """Clip, class and what each model gives it."""
    label = explained[0].label
    given = ", ".join(
        f"{one.title} {100 * one.probabilities[one.target]:.0f}%"
        + (f" for “{one.label}”" if one.label != label else "")
        for one in explained
    )
    less = f" less “{question.versus}”" if question.versus else ""
    return f"{file_name}: {question.method} for “{explained[0].label}”{less} ({given})"


def write_bundle(
    out: Path,
    clip: Clip,
    file_name: str,
    networks: dict[str, Network],
    explained: dict[str, Explanation],
    files: dict[str, Path | str],
    question: Question = USUAL,
    changes: Changes | None = None,
    timeline_of: Path | None = None,
) -> None:
    """Write maps.npz, overlay.mp4, figure.png, figure.pdf and, last, manifest.json into `out`.

    Keys of the dicts are "tdn" and "baseline", the first network and the second; `files` name them, as
    `tdn.networks.source` says. `changes` holds what each says after an
    intervention, by its name; their maps are `ROLE_LAYER_after_NAME`. With a video for `timeline_of` there is
    timeline.mp4 too. A folder holds one result: files of these names from an earlier call are deleted first, all others
    stay. The manifest has the hash of every file.
    """
    expect_writable(out)
    remove_files(out, FILES)
    changes = changes or {}
    rows = map_rows(list(explained.values()), question, changes, clip.times_sec)
    arrays = {f"{role}_{layer}": raw for role, one in explained.items() for layer, raw in one.shown(question).items()}
    arrays |= {
        f"{role}_{layer}_after_{name.replace(' ', '_')}": raw
        for name, after in changes.items()
        for role, one in after.items()
        for layer, raw in one.shown(question).items()
    }
    # Frames of a network that read at other moments.
    arrays |= {f"{role}_frames": one.pictures for role, one in explained.items() if one.times_sec is not None}
    np.savez_compressed(out / "maps.npz", frames=clip.centre_frames, **arrays)
    together = grid_video(clip.centre_frames, rows, clip.seen_box, times_sec=clip.times_sec)
    write_mp4(out / "overlay.mp4", together, fps=4)
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
        "method": str(next(iter(explained.values())).rule),
        "maps": [
            {
                "key": f"{role}_{layer}",
                "network": one.title,
                "role": role,
                "layer": layer,
                "target": one.label,
                "frames": one.layers[layer].frames,
                "claim": one.layers[layer].claim,
            }
            for role, one in explained.items()
            for layer in one.signed
        ],
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
                    **({"frames": one.frames} if one.frames else {}),
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
                "file": parse_source(files[role]).shown,
                "sha256": (
                    fingerprint(files[role]) if networks[role].family == "tdn" else networks[role].fingerprint()
                ),
                **networks[role].facts,
                "family": networks[role].family,
                "preprocess": networks[role].preprocess.to_dict(),
                "note": networks[role].note,
                **({} if one.times_sec is None else {"times_sec": [round(float(t), 4) for t in one.times_sec]}),
                "top": one.top(),
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


def write_timeline(path: Path, video: Path, clip: Clip, explained: Explanation, question: Question = USUAL) -> None:
    """The first layer's map of one model over the whole video, between its windows interpolated, as H.264."""
    row = map_rows([explained], question)[0]
    info = clip.info
    height, width = clip.centre_frames.shape[1:3]
    pictures = (
        cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        for _, frame in decode_frames(video, range(info.num_frames), info)
    )
    centres = clip.frames[:, clip.frames.shape[1] // 2]
    knots = np.round(np.interp(next(iter(explained.layers.values())).knots, np.arange(len(centres)), centres))
    painted = timeline_video(pictures, row, knots.astype(int), info.num_frames, clip.seen_box)
    write_mp4(path, painted, fps=info.fps, times_sec=info.times_sec)


def _rounded(logits: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in logits]
