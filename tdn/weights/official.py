"""Weights of the released code (github.com/MCG-NJU/TDN): reading, converting, and writing them back.

Their names and ours describe the same layers; `KEY_MAP` is the whole difference. Files written by its `main.py` carry
`module.` in front of every name, published ones do not, and other people's have what their tools put there.
"""

import re
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, is_zipfile

import torch
from torch import Tensor

from tdn.data.transforms import Preprocess
from tdn.lfs import expect_no_pointer
from tdn.model import RESNET50, RESNET101, TDN, Architecture, without_values
from tdn.weights.foreign import chosen_set, read_safely, weight_sets, what_it_is
from tdn.weights.limits import MAX_CLASSES, expect_labels
from tdn.weights.store import Card, CheckpointError, default_labels, expect_finite, mismatch, opened, with_card

# (ours, theirs), tried in this order.
KEY_MAP = (
    ("res1.conv.", "base_model.conv1."),
    ("res1.bn.", "base_model.bn1."),
    ("s_tdm.res1.conv.", "base_model.conv1_5.0."),
    ("s_tdm.res1.bn.", "base_model.conv1_5.1."),
    ("s_tdm.later.res2.", "base_model.resnext_layer1."),
    ("res2.", "base_model.layer1_bak."),
    ("res3.", "base_model.layer2_bak."),
    ("res4.", "base_model.layer3_bak."),
    ("res5.", "base_model.layer4_bak."),
    ("head.", "new_fc."),
)
BLOCK_KEY_MAP = (
    (".temporal.l_tdm.squeeze.", ".mse.conv1."),
    (".temporal.l_tdm.squeeze_bn.", ".mse.bn1."),
    (".temporal.l_tdm.smooth.", ".mse.conv2."),
    (".temporal.l_tdm.response.half_scale.", ".mse.conv3_smallscale2."),
    (".temporal.l_tdm.response.half_scale_bn.", ".mse.bn3_smallscale2."),
    (".temporal.l_tdm.response.full_scale.", ".mse.conv3_smallscale4."),
    (".temporal.l_tdm.response.full_scale_bn.", ".mse.bn3_smallscale4."),
    (".temporal.l_tdm.response.expand.", ".mse.conv3."),
    (".temporal.l_tdm.response.expand_bn.", ".mse.bn3."),
    (".temporal.t_conv.", ".shift.conv."),
    (".shortcut.conv.", ".downsample.0."),
    (".shortcut.bn.", ".downsample.1."),
)
# Parameters of the released network that its forward pass never uses.
DEAD = ("base_model.conv1_temp.", "base_model.conv1_temp1.")
# A bare number is as often an epoch.
SEGMENTS_IN_NAME = re.compile(
    r"(?:(?:segments?|seg|frames?)[_-]?(8|16)|(?<![0-9])(8|16)[_-]?(?:segments?|seg|frames?|f))(?![0-9a-z])",
    re.IGNORECASE,
)


def official_name(ours: str) -> str:
    """The released code's name of one of our tensors."""
    theirs = ours
    for our_part, their_part in KEY_MAP:
        if theirs.startswith(our_part):
            theirs = their_part + theirs[len(our_part) :]
            break
    for our_part, their_part in BLOCK_KEY_MAP:
        theirs = theirs.replace(our_part, their_part)
    return theirs


def read_official(path: Path | str, part: str | None = None) -> dict[str, Tensor]:
    """The tensors of an official `.pth` or `.pth.tar`, or of a file that others made of one, under official names.

    Wrappers' prefixes (`module.`, `_orig_mod.`, Lightning's `model.`) and dead entries are removed, `new_fc` is the
    head. `part` names a set of weights where a file holds more than one (`tdn.weights.foreign`). Never runs code from
    the file. Raises CheckpointError for anything that is not a state dict.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path.name}: no such file")
    expect_no_pointer(path, CheckpointError)
    _expect_no_bomb(path)
    content = _plain_tensors(path) if path.suffix == ".safetensors" else read_safely(path)
    sets = weight_sets(content)
    if not sets:
        raise CheckpointError(f"{path.name}: {what_it_is(content)}; expected the released code's checkpoint")
    state = chosen_set(sets, part, path.name)
    if not all(map(_is_plain, state.values())):
        raise CheckpointError(f"{path.name}: no state dict inside, some of its weights are no ordinary tensors")
    if not any(name.startswith("new_fc.") for name in state):
        state = {name.replace("base_model.fc.", "new_fc."): tensor for name, tensor in state.items()}
    return {name: tensor for name, tensor in state.items() if not name.startswith(DEAD)}


def _plain_tensors(path: Path) -> dict[str, Tensor]:
    """Of a .safetensors file that is not ours."""
    with opened(path) as file:
        if "tdn" in (file.metadata() or {}):
            raise CheckpointError(f"{path.name}: one of our checkpoints already, which needs no conversion")
        return {name: file.get_tensor(name) for name in file.keys()}


def _expect_no_bomb(path: Path) -> None:
    """A .pth since PyTorch 1.6 is a zip archive, and torch never compresses one: what is packed grows when read."""
    if not is_zipfile(path):
        return
    try:
        with ZipFile(path) as archive:
            packed = any(entry.compress_type != ZIP_STORED for entry in archive.infolist())
            size = sum(entry.file_size for entry in archive.infolist())
    except (BadZipFile, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name}: a broken archive ({error}); expected a .pth or .pth.tar") from None
    if packed or size > path.stat().st_size:
        raise CheckpointError(f"{path.name}: a compressed archive; expected a .pth or .pth.tar as torch.save writes it")


def _is_plain(value: object) -> bool:
    """Whether a value is a tensor with memory of its own kind: sparse, quantised and meta tensors are no weights."""
    return (
        isinstance(value, Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not (value.is_quantized or value.is_complex())
    )


def segments_from_name(path: Path | str) -> int | None:
    """8 or 16 where a file's name says so in words (`..._segment8_...`, `..._16f.pth`), else None."""
    found = {"".join(match) for match in SEGMENTS_IN_NAME.findall(Path(path).name)}
    return int(found.pop()) if len(found) == 1 else None


def convert_official(
    path: Path | str,
    num_segments: int | None = None,
    labels: list[str] | None = None,
    legacy_backward: bool = False,
    part: str | None = None,
) -> TDN:
    """Load an official checkpoint as one of our networks, in eval mode, with its card.

    8- and 16-segment files hold the same names and shapes but need different alpha and beta, so `num_segments` must be
    given unless the file's name tells it; `part` as in `read_official`. `legacy_backward` is for files trained before
    March 2021 (TDN#6). Raises CheckpointError, naming missing and unexpected tensors, unless every tensor of the
    network is there and no other.
    """
    path = Path(path)
    tensors = read_official(path, part)
    num_segments = num_segments or segments_from_name(path)
    if num_segments is None:
        raise CheckpointError(f"{path.name}: the file can't tell its number of segments; pass --num-segments 8 or 16")
    head = tensors.get("new_fc.weight")
    if head is None or head.ndim != 2:
        raise CheckpointError(f"{path.name}: no classifier (new_fc or base_model.fc); expected a whole TDN checkpoint")
    if not 1 <= len(head) <= MAX_CLASSES:
        raise CheckpointError(f"{path.name}: a classifier of {len(head)} classes; expected 1 to {MAX_CLASSES}")
    is_101 = any(name.startswith("base_model.layer3_bak.22.") for name in tensors)
    architecture = Architecture(
        RESNET101 if is_101 else RESNET50, len(head), num_segments, legacy_backward=legacy_backward
    )
    if labels is not None and len(labels) != len(head):
        raise CheckpointError(f"{path.name}: weights for {len(head)} classes, but {len(labels)} labels were given")
    expect_labels(labels or [], len(labels or []))
    if twice := next((label for label in labels or [] if labels.count(label) > 1), None):
        raise CheckpointError(f"{path.name}: two of the labels are {twice!r}; give every class a name of its own")
    model = without_values(architecture)
    filled = match_official(tensors, model, path.name)
    expect_finite(filled, path.name)
    model.load_state_dict(filled, assign=True)
    card = Card(
        architecture,
        Preprocess.official(),
        labels or default_labels(len(head)),
        trained_on=f"unknown (converted from {path.name})",
        command=f"python -m tdn convert {path.name} --num-segments {num_segments}"
        + (f" --part {part}" if part else ""),
        protocol="not evaluated here",
    )
    return with_card(model, card)


def match_official(tensors: dict[str, Tensor], model: TDN, file_name: str) -> dict[str, Tensor]:
    """Official tensors under our names. Raises CheckpointError unless names and shapes match exactly."""
    wanted = {official_name(name): name for name in model.state_dict()}
    expected = model.state_dict()
    # Files from before PyTorch 0.4.1 lack the counters; they decide nothing at a fixed momentum.
    missing = [name for name in wanted if name not in tensors and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in tensors if name not in wanted]
    if missing or unexpected:
        raise CheckpointError(f"{file_name}: {mismatch(missing, unexpected)}")
    filled = {}
    for theirs, ours in wanted.items():
        tensor = tensors.get(theirs, torch.zeros((), dtype=torch.int64))
        if tensor.shape != expected[ours].shape:
            raise CheckpointError(
                f"{file_name}: {theirs} has shape {list(tensor.shape)}, expected {list(expected[ours].shape)}"
            )
        if tensor.is_floating_point() != expected[ours].is_floating_point():
            raise CheckpointError(f"{file_name}: {theirs} holds {tensor.dtype}, another kind of number")
        filled[ours] = tensor.float() if tensor.is_floating_point() else tensor
    return filled


def export_official(model: TDN, path: Path | str) -> None:
    """Write a released-layout TDN as the released `main.py` saves it, `conv1_temp` included, for its `--resume`.

    Raises ValueError for networks the released code can't hold.
    """
    a = model.architecture
    if a != Architecture(a.backbone, a.num_classes, a.num_segments, dropout=a.dropout) or a.backbone not in (
        RESNET50,
        RESNET101,
    ):
        raise ValueError("only TDN as released, on ResNet-50 or -101, can be written in the official layout")
    state = {f"module.{official_name(name)}": tensor.cpu() for name, tensor in model.state_dict().items()}
    state["module.base_model.conv1_temp.weight"] = model.res1.conv.weight.detach().cpu().clone()
    state["module.base_model.conv1_temp.bias"] = model.res1.conv.bias.detach().cpu().clone()
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    torch.save({"epoch": 0, "arch": a.backbone.name, "state_dict": state, "best_prec1": 0.0}, partial)
    partial.replace(path)
