"""Released checkpoints of TSM and TSN (github.com/mit-han-lab/temporal-shift-module) as `Network` values.

    TSM_kinetics_RGB_resnet50_shift8_blockres_avg_segment8_e50.pth      8 spread segments
    TSM_kinetics_RGB_resnet50_shift8_blockres_avg_segment8_e100_dense.pth   8 frames of a clip of 64, 8 apart
    TSM_kinetics_RGB_resnet50_avg_segment5_e50.pth                      TSN: no shift; 8 segments, as its tests take

They are networks of our family: the shift sits on the residual branch's input ("blockres"), in every second block of a
ResNet-101. What a file's tensors can't say, its name does, as in the released `test_models.py`, or options:
`FILE?segments=16&sampling=dense&labels=names.txt`. Their convolutions have no bias; ours is zero there.
"""

import re
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tdn.data.transforms import Preprocess
from tdn.model import TDN, Architecture, without_values
from tdn.model.baselines import TemporalShift
from tdn.model.family import MOBILENET, Backbone
from tdn.networks.network import Network, Reads
from tdn.networks.source import Source, state_of
from tdn.networks.tdn import network_of
from tdn.weights.limits import MAX_CLASSES
from tdn.weights.store import CheckpointError, expect_finite, mismatch

# MobileNetV2: the first of their `features` in each later stage, and the layers of a block with and without expansion.
FEATURES = {2: 2, 3: 4, 4: 7, 5: 14}
EXPANDED = {"conv1": 0, "bn1": 1, "conv2": 3, "bn2": 4, "conv3": 6, "bn3": 7}
PLAIN = {"conv2": 0, "bn2": 1, "conv3": 3, "bn3": 4}
# Frames that a dense clip spans. Source: TSM ops/dataset.py `_get_test_indices`.
DENSE_SPAN = 64
LICENCE = "code and weights MIT (mit-han-lab); the videos they were trained on have their owners' terms"
REFUSED = (
    (r"base_model\.layer1_bak\.", "a TDN of the released code; convert it first, with python -m tdn convert"),
    (r".*\.nl\.", "it has non-local blocks, which are not built here; take the file without _nl"),
    (r"base_model\.layer\d\.\d+\.net\.", "its shift moves whole blocks, shortcut too; files with blockres are read"),
    (r"base_model\.(?:inception|conv1_7x7)", "a BNInception; files with resnet or mobilenetv2 are read"),
)


def released_network(source: Source, device: str | torch.device = "cpu") -> Network:
    """The network of a released file, in eval mode, on `device`.

    Options: `segments` and `shift` (numbers), `sampling` (segments or dense), `labels` (a file of names, one a line).
    Raises FileNotFoundError, CheckpointError for a file that is not one of TSM's or TSN's, or whose name leaves out
    what must be known.
    """
    source.expect_options("segments", "shift", "sampling", "labels")
    name, state = Path(source.file).name, state_of(source.file)
    state = {_our_head(one): tensor for one, tensor in state.items()}
    _expect_released(state, name)
    shifted = any(one.endswith(".net.weight") for one in state)
    segments = source.number("segments") or (_in_name(name, "segment") if shifted else 8)
    if not segments:
        raise CheckpointError(f"{name}: the file can't tell its number of segments; write {name}?segments=8")
    model = _filled(state, name, segments, shifted, source.number("shift") or _in_name(name, "shift") or 8)
    labels = source.labels(model.architecture.num_classes, _kinetics_labels())
    model.labels, model.preprocess = labels, Preprocess.official()
    network = network_of(model.to(device))
    sampling = source.options.get("sampling") or ("dense" if "_dense" in name else "segments")
    if sampling not in ("segments", "dense"):
        raise ValueError(f"{name}: sampling={sampling[:40]}: expected segments or dense")
    facts = {**network.facts, "trained_on": f"unknown (the file {name})", "licence": LICENCE}
    if sampling == "segments":
        return replace(network, family="segments", facts=facts)
    reads = Reads(segments, 224, max(1, DENSE_SPAN // segments), layout="NTLCHW", resize=256)
    return replace(network, reads=reads, family="segments", facts=facts, title=f"{network.title} (dense clip)")


def _our_head(name: str) -> str:
    """TSN without dropout keeps its classifier in the backbone."""
    return re.sub(r"^base_model\.(?:fc|classifier)\.(weight|bias)$", r"new_fc.\1", name)


def _expect_released(state: dict[str, Tensor], file: str) -> None:
    for pattern, why in REFUSED:
        if any(re.match(pattern, one) for one in state):
            raise CheckpointError(f"{file}: {why}")
    first = next(
        (state[one] for one in ("base_model.conv1.weight", "base_model.features.0.0.weight") if one in state), None
    )
    if first is None or first.ndim != 4 or state.get("new_fc.weight", first).ndim != 2:
        raise CheckpointError(f"{file}: no network of TSM or TSN inside; expected base_model. and new_fc. in its names")
    if first.shape[1] != 3:
        raise CheckpointError(f"{file}: it reads optical flow ({first.shape[1]} channels); files with RGB are read")
    if not 1 <= len(state["new_fc.weight"]) <= MAX_CLASSES:
        raise CheckpointError(f"{file}: a classifier of {len(state['new_fc.weight'])} classes")


def _in_name(file: str, word: str) -> int | None:
    """The number behind a word in a file's name, such as 8 of segment8."""
    found = re.findall(rf"(?<![a-z]){word}(\d+)(?!\d)", file)
    return int(found[0]) if len(found) == 1 and 1 <= int(found[0]) <= 128 else None


def _filled(state: dict[str, Tensor], file: str, segments: int, shifted: bool, share: int) -> TDN:
    """Our network of these sizes with the file's tensors. Raises CheckpointError unless just these fit."""
    architecture = Architecture(
        _backbone(state, file),
        len(state["new_fc.weight"]),
        segments,
        window=1,
        s_tdm_stages=0,
        l_tdm_stages=(),
        temporal="tsm" if shifted else "none",
        temporal_stages=(2, 3, 4, 5) if shifted else (),
    )
    model = without_values(architecture)
    shifts = {name for name, module in model.named_modules() if isinstance(module, TemporalShift)}
    for name in shifts:
        model.get_submodule(name).share = share
    filled, used, missing = {}, set(), []
    for ours, wanted in model.state_dict().items():
        theirs = released_name(ours, shifts, architecture.backbone.block == "inverted")
        if theirs in state:
            if state[theirs].shape != wanted.shape:
                shapes = f"{list(state[theirs].shape)}, expected {list(wanted.shape)}"
                raise CheckpointError(f"{file}: {theirs} has shape {shapes}")
            filled[ours] = state[theirs].to(wanted.dtype)
            used.add(theirs)
        elif ours.endswith("num_batches_tracked") or re.search(r"conv\d?\.bias$", ours):
            filled[ours] = torch.zeros(wanted.shape, dtype=wanted.dtype)
        else:
            missing.append(theirs)
    unexpected = [one for one in state if one not in used]
    if missing or unexpected:
        raise CheckpointError(f"{file}: {mismatch(missing, unexpected)}")
    expect_finite(filled, file)
    model.load_state_dict(filled, assign=True)
    return model.eval()


def _backbone(state: dict[str, Tensor], file: str) -> Backbone:
    """The ResNet of any depth, or MobileNetV2, whose tensors these are."""
    if "base_model.features.0.0.weight" in state:
        return replace(MOBILENET, last_stride=2)
    counts = []
    for stage in (1, 2, 3, 4):
        numbers = [int(m[1]) for one in state if (m := re.match(rf"base_model\.layer{stage}\.(\d{{1,2}})\.", one))]
        counts.append(max(numbers, default=-1) + 1)
    if min(counts) < 1:
        raise CheckpointError(f"{file}: no ResNet with four stages inside")
    block = "bottleneck" if "base_model.layer1.0.conv3.weight" in state else "basic"
    depth = sum(counts) * (3 if block == "bottleneck" else 2) + 2
    return Backbone(f"resnet{depth}", block, tuple(counts), width=state["base_model.conv1.weight"].shape[0])


def released_name(ours: str, shifts: set[str], inverted: bool = False) -> str:
    """The released code's name of one of our tensors.

    `shifts` are the names of our shifts, around whose convolution theirs puts `net`; `inverted` is MobileNetV2.
    """
    if ours.startswith("head."):
        return ours.replace("head.", "new_fc.")
    place, layer, tensor = ours.rsplit(".", 2)  # res2.0, conv1, weight
    net = ".net" if f"{place}.temporal" in shifts and layer == "conv1" else ""
    stage = int(place[3])
    if not inverted:
        theirs = {"res1.conv": "conv1", "res1.bn": "bn1"}.get(f"{place}.{layer}")
        block = place.replace(f"res{stage}", f"layer{stage - 1}").replace(".shortcut", ".downsample")
        if ".downsample" in block:
            layer = {"conv": "0", "bn": "1"}[layer]
        return f"base_model.{theirs or f'{block}.{layer}'}{net}.{tensor}"
    if layer in ("conv", "bn"):  # the first and the last convolution
        inner = {"conv": 0, "bn": 1}[layer]
        return f"base_model.features.{0 if stage == 1 else 18}.{inner}.{tensor}"
    if stage == 1:
        return f"base_model.features.1.conv.{PLAIN[layer]}.{tensor}"
    number = FEATURES[stage] + int(place.split(".")[1])
    return f"base_model.features.{number}.conv.{EXPANDED[layer]}{net}.{tensor}"


def _kinetics_labels() -> list[str]:
    """The 400 classes in alphabetical order, as both torchvision and the released lists count them."""
    from tdn.networks.torchvision import published_weights

    return published_weights("r3d_18").DEFAULT.meta["categories"]
