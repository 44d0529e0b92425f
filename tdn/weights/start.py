"""Where training starts from: ImageNet weights for any network of the family, or another trained network."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from tdn.model import TDN
from tdn.weights.store import CheckpointError, mismatch


@dataclass(frozen=True)
class Started:
    """Names of tensors that were taken over, and of those that kept their fresh start."""

    kept: list[str]
    fresh: list[str]

    @property
    def fresh_parts(self) -> list[str]:
        """The fresh tensors by the largest parts of the network that are fresh altogether, such as "s_tdm"."""
        begun = {name[:end] for name in self.kept for end in _ends(name)}
        largest = (next(name[:end] for end in _ends(name) if name[:end] not in begun) for name in self.fresh)
        return list(dict.fromkeys(largest))


def start_from_imagenet(model: TDN, state: dict[str, Tensor]) -> Started:
    """Fill Res1 to Res5, and S-TDM's own copies of them, from a torchvision ResNet or MobileNetV2 state dict.

    Convolution biases, which these lack, become zero. Raises CheckpointError, changing nothing, when a stage is missing
    or of another shape.
    """
    trunk = {name: tensor for name, tensor in state.items() if not name.startswith(("fc.", "classifier."))}
    our_name = _of_mobilenet if model.architecture.backbone.block == "inverted" else _of_resnet
    theirs = {our_name(name): tensor for name, tensor in trunk.items()}
    return _fill_trunk(model, theirs, "ImageNet weights")


def start_from_trunk(model: TDN, trained: TDN) -> Started:
    """As `start_from_imagenet`, from the 2-D backbone of a trained network: none of its temporal parts, no classifier.

    So every network of the family starts alike, whatever the trained one was.
    """
    theirs = {name: tensor for name, tensor in trained.state_dict().items() if is_backbone(name)}
    return _fill_trunk(model, theirs, "the trunk")


def _fill_trunk(model: TDN, theirs: dict[str, Tensor], source: str) -> Started:
    """S-TDM's stem is the RGB stem's mean over colours, repeated for each input channel and not rescaled (released
    `tdn_net.py:25-30`); its batch norm stays fresh. An S-TDM of a width of its own stays fresh altogether.
    """
    own = model.state_dict()
    filled, missing = {}, []
    for name, tensor in own.items():
        if name.startswith("s_tdm.") and model.architecture.s_tdm_width is not None:
            continue
        plain = name.removeprefix("s_tdm.later.")
        if name.startswith("s_tdm.res1.block."):
            plain = name.removeprefix("s_tdm.")
        if plain in theirs and not name.startswith("s_tdm.res1.bn."):
            filled[name] = theirs[plain]
        elif name == "s_tdm.res1.conv.weight" and "res1.conv.weight" in theirs:
            filled[name] = theirs["res1.conv.weight"].mean(1, keepdim=True).expand(-1, tensor.shape[1], -1, -1)
        elif plain.endswith(("conv.bias", "conv1.bias", "conv2.bias", "conv3.bias")):
            filled[name] = torch.zeros_like(tensor)
        elif is_backbone(plain):
            missing.append(name)
    wrong = [name for name, tensor in filled.items() if tensor.shape != own[name].shape]
    unused = [name for name in theirs if name not in own]
    if missing or wrong or unused:
        raise CheckpointError(f"{source}: {mismatch(missing + wrong, unused)}")
    model.load_state_dict({**own, **filled})
    return Started(kept=list(filled), fresh=[name for name in own if name not in filled])


def start_from_network(model: TDN, trained: TDN) -> Started:
    """Copy every tensor of `trained` whose name and shape exist in `model`; say which were kept and which are fresh."""
    own, theirs = model.state_dict(), trained.state_dict()
    kept = [name for name, tensor in own.items() if name in theirs and theirs[name].shape == tensor.shape]
    model.load_state_dict({**own, **{name: theirs[name] for name in kept}})
    return Started(kept=kept, fresh=[name for name in own if name not in kept])


def _of_resnet(torchvision_name: str) -> str:
    name = re.sub(r"^layer(\d)\.", lambda m: f"res{int(m.group(1)) + 1}.", torchvision_name)
    name = name.replace(".downsample.0.", ".shortcut.conv.").replace(".downsample.1.", ".shortcut.bn.")
    return re.sub(r"^conv1\.", "res1.conv.", re.sub(r"^bn1\.", "res1.bn.", name))


# The first of torchvision's `features` in each stage, and what it calls the layers of a block with expansion.
_FIRST_FEATURE = {5: 14, 4: 7, 3: 4, 2: 2}
_LAYERS = {"0.0": "conv1", "0.1": "bn1", "1.0": "conv2", "1.1": "bn2", "2": "conv3", "3": "bn3"}
_LAYERS_OF_FEATURE_1 = {"0.0": "conv2", "0.1": "bn2", "1": "conv3", "2": "bn3"}


def _of_mobilenet(torchvision_name: str) -> str:
    """A name of another network is returned as it is, and so fits nowhere."""
    match = re.fullmatch(r"features\.(\d+)\.(?:conv\.)?([\d.]+)\.(\w+)", torchvision_name)
    if match is None:
        return torchvision_name
    feature, layer, last = int(match[1]), match[2], match[3]
    if feature in (0, 18):
        stem_or_end = "res1" if feature == 0 else "res5.4"
        return f"{stem_or_end}.{'conv' if layer == '0' else 'bn'}.{last}"
    if feature == 1:
        return f"res1.block.{_LAYERS_OF_FEATURE_1.get(layer, layer)}.{last}"
    stage = next(stage for stage, first in _FIRST_FEATURE.items() if feature >= first)
    return f"res{stage}.{feature - _FIRST_FEATURE[stage]}.{_LAYERS.get(layer, layer)}.{last}"


def _ends(name: str) -> list[int]:
    """Where the parts of a dotted name end, the largest part first."""
    return [match.start() for match in re.finditer(r"\.|$", name)]


def is_backbone(name: str) -> bool:
    """Whether a tensor of this name belongs to the 2-D trunk: no temporal part, no S-TDM, no classifier."""
    return re.match(r"res\d\.", name) is not None and ".temporal." not in name
