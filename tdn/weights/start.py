"""Where training starts from: ImageNet weights for any network of the family, or another trained network."""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tdn.model import TDN
from tdn.weights.store import CheckpointError, mismatch


@dataclass(frozen=True)
class Started:
    """Names of tensors that were taken over, and of those that kept their fresh start."""

    kept: list[str]
    fresh: list[str]


def imagenet_state(backbone: str, path: Path | str | None = None) -> dict[str, Tensor]:
    """torchvision's ResNet V1 weights, from a file in its format or downloaded ("resnet50", "resnet101")."""
    if path is not None:
        return torch.load(path, map_location="cpu", weights_only=True)
    from tdn.weights import torchvision_ops  # noqa: F401 (before torchvision)

    if backbone == "resnet50":
        from torchvision.models import ResNet50_Weights

        return ResNet50_Weights.IMAGENET1K_V1.get_state_dict(progress=True)
    if backbone == "resnet101":
        from torchvision.models import ResNet101_Weights

        return ResNet101_Weights.IMAGENET1K_V1.get_state_dict(progress=True)
    raise ValueError(f"{backbone}: ImageNet weights exist for resnet50 and resnet101")


def start_from_imagenet(model: TDN, state: dict[str, Tensor]) -> Started:
    """Fill Res1 to Res5, and S-TDM's own copies of them, from a torchvision ResNet state dict.

    Convolution biases, which torchvision's ResNet lacks, become zero. Raises CheckpointError, changing nothing, when a
    stage is missing or of another shape.
    """
    theirs = {_our_name(name): tensor for name, tensor in state.items() if not name.startswith("fc.")}
    return _fill_trunk(model, theirs, "ImageNet weights")


def start_from_trunk(model: TDN, trained: TDN) -> Started:
    """As `start_from_imagenet`, from the 2-D backbone of a trained network: none of its temporal parts, no classifier.

    So every network of the family starts alike, whatever the trained one was.
    """
    theirs = {name: tensor for name, tensor in trained.state_dict().items() if _is_backbone(name)}
    return _fill_trunk(model, theirs, "the trunk")


def _fill_trunk(model: TDN, theirs: dict[str, Tensor], source: str) -> Started:
    """S-TDM's stem is the RGB stem's mean over colours, repeated for each input channel and not rescaled (released
    `tdn_net.py:25-30`); its batch norm stays fresh.
    """
    own = model.state_dict()
    filled, missing = {}, []
    for name, tensor in own.items():
        plain = name.removeprefix("s_tdm.later.")
        if plain in theirs and not name.startswith("s_tdm.res1."):
            filled[name] = theirs[plain]
        elif name == "s_tdm.res1.conv.weight" and "res1.conv.weight" in theirs:
            filled[name] = theirs["res1.conv.weight"].mean(1, keepdim=True).expand(-1, tensor.shape[1], -1, -1)
        elif plain.endswith(("conv.bias", "conv1.bias", "conv2.bias", "conv3.bias")):
            filled[name] = torch.zeros_like(tensor)
        elif _is_backbone(plain):
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


def _our_name(torchvision_name: str) -> str:
    name = re.sub(r"^layer(\d)\.", lambda m: f"res{int(m.group(1)) + 1}.", torchvision_name)
    name = name.replace(".downsample.0.", ".shortcut.conv.").replace(".downsample.1.", ".shortcut.bn.")
    return re.sub(r"^conv1\.", "res1.conv.", re.sub(r"^bn1\.", "res1.bn.", name))


def _is_backbone(name: str) -> bool:
    return re.match(r"res\d\.", name) is not None and ".temporal." not in name
