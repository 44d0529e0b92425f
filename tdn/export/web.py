"""Checkpoints as files for a browser: graphs in ONNX, one file of weights that they share, and a description."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tdn.export.graphs import Graph, trace
from tdn.model import TDN
from tdn.weights import load_model

# Tensors smaller than this stay inside the graph.
SHARED_FROM = 256
# Maps of the exported graphs stay as close as this to those of torch, as a share of their maximum. Half-precision
# weights would not: a weight that is off by little moves a few features across a ReLU's zero, and the gradient jumps
# there (measured on the samples: up to 3% at Res2; 16-bit whole numbers with a scale a channel, 0.8%).
MAP_TOLERANCE = 1e-3
MANTISSA = 23  # bits of a float32 behind the point
WEIGHTS = "weights.bin"
PACKED = "weights.packed"


@dataclass(frozen=True)
class Difference:
    """Largest differences between the exported graphs and torch: of logits, and of maps as shares of their maximum."""

    logits: float
    final: float
    res2: float


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, its size in bytes, and the self-check."""

    folder: Path
    bytes: int
    difference: Difference


def export_web(checkpoint: str | Path, out: str | Path, clips: int = 3, mantissa: int = MANTISSA) -> Exported:
    """Write OUT/NAME with forward.onnx, backward.onnx, weights.packed and network.json, and compare them with torch.

    NAME is the checkpoint's file name without its ending. `clips` random clips go through both. Weights are rounded to
    `mantissa` bits behind the point, all of them if left out: packed, a bit less is a bit less. Raises ImportError
    where onnx is not installed, ValueError where maps differ by more than MAP_TOLERANCE, and as `load_model` does.
    """
    model = load_model(checkpoint)
    folder = Path(out) / Path(checkpoint).stem
    folder.mkdir(parents=True, exist_ok=True)
    graphs = {name: _to_onnx(graph) for name, graph in trace(model, model.preprocess.input_size).items()}
    _write(folder, graphs, mantissa)
    difference = compare_with_torch(folder, model, clips)
    if not max(difference.final, difference.res2) <= MAP_TOLERANCE:
        raise ValueError(
            f"{checkpoint}: maps of the exported graphs differ from torch by "
            f"{max(difference.final, difference.res2):.1e} of their maximum, expected {MAP_TOLERANCE:.0e} at most; "
            "this network can't be exported"
        )
    inputs = {name: [value.name for value in graph.graph.input] for name, graph in graphs.items()}
    (folder / "network.json").write_text(json.dumps(_description(model, checkpoint, inputs, difference), indent=1))
    return Exported(folder, sum(path.stat().st_size for path in folder.iterdir()), difference)


def write_site(out: str | Path, pair: Sequence[str], samples: Path) -> Path:
    """Write OUT/site.json: what the page without a server draws with, from the same sources as the page with one.

    `pair` are the stems of the two networks the page loads, TDN first; `samples` is the folder with samples.json.
    """
    from tdn.networks.tdn import LAYER_TITLES
    from tdn.show.overlay import COLOUR_MAPS, SIGNED_COLOURS, colour_table

    site = {
        "pair": list(pair),
        "layers": {layer: LAYER_TITLES[layer] for layer in ("res2", "final")},
        "colours": {name: colour_table(name).ravel().tolist() for name in COLOUR_MAPS},
        "signed_colours": colour_table(SIGNED_COLOURS).ravel().tolist(),
        "samples": json.loads((samples / "samples.json").read_text()),
    }
    for entry in site["samples"]:
        masks = samples / f"{Path(entry['file']).stem}_mask.npz"
        if masks.is_file():
            entry["mask"] = f"{masks.stem}.json"
            (Path(out) / entry["mask"]).write_text(json.dumps(_packed_masks(masks)))
    path = Path(out) / "site.json"
    path.write_text(json.dumps(site))
    return path


def _packed_masks(path: Path) -> dict:
    """What moves in each frame of a sample, a bit a pixel in base64."""
    mask = np.load(path)["mask"]
    return {"shape": list(mask.shape), "bits": base64.b64encode(np.packbits(mask)).decode()}


def compare_with_torch(folder: Path, model: TDN, clips: int = 3) -> Difference:
    """Run random clips (seeds 0, 1, ...) through the files of `folder` and through torch, and compare."""
    import onnxruntime

    from tdn.explain import grad_cam

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as unpacked:
        (Path(unpacked) / WEIGHTS).write_bytes(unpack((folder / PACKED).read_bytes()))
        sessions = []
        for name in ("forward", "backward"):
            graph = shutil.copy(folder / f"{name}.onnx", unpacked)
            sessions.append(onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"]))
    forward, backward = sessions
    size, differences = model.preprocess.input_size, []
    for seed in range(clips):
        generator = torch.Generator().manual_seed(seed)
        clip = torch.randn(1, model.num_segments, model.window, 3, size, size, generator=generator)
        logits, maps = model(clip).detach()[0], grad_cam(model, clip)
        target = int(logits.argmax())
        reached = _run(forward, {"clip": clip.numpy()})
        weight = np.zeros(len(logits), np.float32)
        weight[target] = 1
        gradient = _run(backward, {**reached, "class_weight": weight})["gradient"]
        res2 = np.einsum("tc,tchw->thw", gradient.mean((2, 3)), reached["features"]).clip(min=0)
        differences.append(
            Difference(
                float(np.abs(reached["logits"][0] - logits.numpy()).max()),
                _share(reached["evidence"][target].clip(min=0), maps["final"][0]),
                _share(res2, maps["res2"][0]),
            )
        )
    return Difference(*(max(getattr(one, name) for one in differences) for name in ("logits", "final", "res2")))


def _share(found: np.ndarray, wanted: Tensor) -> float:
    wanted = wanted.numpy()
    return float(np.abs(found - wanted).max() / max(float(wanted.max()), 1e-12))


def _run(session, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All outputs by name; dials that are not given stand as trained."""
    dials = {"s_tdm_weight": 1.0, "s_tdm_mean": 0.0, "l_tdm_gate": 1.0}
    feed = {
        value.name: given[value.name] if value.name in given else np.array(dials[value.name], np.float32)
        for value in session.get_inputs()
    }
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def _to_onnx(graph: Graph):
    """The graph as an onnx ModelProto whose inputs and outputs have our names."""
    with _quiet():
        program = torch.onnx.export(
            graph.module,
            tuple(graph.examples.values()),
            dynamo=True,
            input_names=list(graph.examples),
            output_names=list(graph.outputs),
            verbose=False,
        )
    return program.model_proto


def _write(folder: Path, graphs: dict, mantissa: int) -> None:
    """Graphs with their large tensors in one file: a tensor that both use is stored once."""
    import onnx
    from onnx import numpy_helper

    stored, places = bytearray(), {}
    for name, graph in graphs.items():
        model = onnx.ModelProto()
        model.CopyFrom(graph)
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.size < SHARED_FROM:
                continue
            if values.dtype == np.float32:
                values = rounded(values, mantissa)
            key = (values.dtype.str, values.tobytes())
            if key not in places:
                places[key] = len(stored)
                stored.extend(key[1] + bytes(-len(key[1]) % 8))
            _point_to(tensor, values, places[key])
        del model.graph.value_info[:]
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    (folder / PACKED).write_bytes(pack(bytes(stored)))


def rounded(values: np.ndarray, mantissa: int) -> np.ndarray:
    """Float32 values with so many of the 23 bits behind the point, the nearest ones, halves to even."""
    lost = np.uint32(MANTISSA - mantissa)
    if lost == 0:
        return values
    words = np.ascontiguousarray(values).view(np.uint32)
    half_less = np.uint32((1 << (lost - 1)) - 1)
    kept = (words + half_less + ((words >> lost) & np.uint32(1))) >> lost << lost
    return kept.view(np.float32)


def pack(weights: bytes) -> bytes:
    """Float32 weights made smaller without loss: all first bytes, all second bytes, ... then zlib."""
    return zlib.compress(b"".join(weights[place::4] for place in range(4)), 9)


def unpack(packed: bytes) -> bytes:
    """What `pack` was given."""
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(4, -1).T.tobytes()


def _point_to(tensor, values: np.ndarray, offset: int) -> None:
    """Make `tensor` stand for a place in the unpacked file of weights."""
    del tensor.float_data[:], tensor.int64_data[:], tensor.int32_data[:]
    tensor.ClearField("raw_data")
    tensor.data_location = tensor.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", offset), ("length", values.nbytes)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)


def _description(model: TDN, checkpoint: str | Path, inputs: dict[str, list[str]], difference: Difference) -> dict:
    """What a page has to know of the network: how to read a clip for it, its classes, and its card."""
    from tdn.data.opposites import opposite
    from tdn.model import system_name

    opposites = {label: opposite(label, model.labels) for label in model.labels}
    return {
        "file": Path(checkpoint).name,
        "system": system_name(model.architecture),
        "num_segments": model.num_segments,
        "window": model.window,
        "input_size": model.preprocess.input_size,
        "preprocess": asdict(model.preprocess),
        "labels": list(model.labels),
        "opposites": {label: other for label, other in opposites.items() if other},
        "inputs": inputs,
        "other_orders": _other_orders(model),
        "head": model.head.weight.tolist(),
        "card": json.loads(model.card.to_json()),
        "difference_from_torch": asdict(difference),
    }


def _other_orders(model: TDN) -> dict[str, list[int]]:
    """The orders that shuffling takes: of segments, and of the frames inside a window."""
    from tdn.explain.clip_changes import shuffle_inside, shuffle_segments

    segments = torch.arange(model.num_segments).view(1, -1, 1, 1, 1, 1)
    inside = torch.arange(model.window).view(1, 1, -1, 1, 1, 1)
    return {
        "segments": shuffle_segments(segments).flatten().tolist(),
        "inside": shuffle_inside(inside).flatten().tolist(),
    }


class _quiet:
    """torch.onnx warns of its own internals, and its constant folder logs; the self-check says what matters."""

    def __enter__(self):
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")
        self._level = logging.getLogger("onnxscript").level
        logging.getLogger("onnxscript").setLevel(logging.CRITICAL)

    def __exit__(self, *error: object):
        logging.getLogger("onnxscript").setLevel(self._level)
        self._warnings.__exit__(*error)
