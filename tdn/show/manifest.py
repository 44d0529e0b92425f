"""What `manifest.json` says: how maps were made, by which networks, of which frames."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tdn import __version__
from tdn.data.clip import Clip
from tdn.explain.explanation import Explanation, Question
from tdn.explain.scale import evidence_share
from tdn.letters import without_font
from tdn.networks import Network, fingerprint
from tdn.networks.source import parse_source
from tdn.show.figures import MapRow
from tdn.show.map_rows import Changes, heading


def manifest(
    clip: Clip,
    file_name: str,
    networks: dict[str, Network],
    explained: dict[str, Explanation],
    files: dict[str, Path | str],
    question: Question,
    changes: Changes,
    rows: Sequence[MapRow],
) -> dict[str, Any]:
    """Of what `write_bundle` is given, and the rows it drew; all but the hashes of the files it wrote."""
    title = heading(file_name, list(explained.values()), question)
    return {
        "video": file_name,
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


def _rounded(logits: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in logits]
