"""The networks that are compared, ours and plain, on one random clip."""

import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import Tensor

from studies.speed.plain import PlainTDN
from tdn.model import FAMILY, TDN
from tdn.model.inference import inference_copy
from tdn.weights.official import official_name

PAIR = {"tdn": "tdn_resnet50_8f", "baseline": "tconv_baseline_resnet50_8f"}


CLASS, OTHER_CLASS = 3, 7


def clip() -> Tensor:
    return torch.randn(1, 8, 5, 3, 224, 224, generator=torch.Generator().manual_seed(0))


@cache
def network(role: str) -> TDN:
    """Random weights with statistics and norms away from their start."""
    torch.manual_seed(0)
    model = TDN(FAMILY[PAIR[role]].architecture).eval()
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point() and "bn" in name:
            value.add_(0.1 * torch.randn_like(value))
    return model


@cache
def plain_network(role: str) -> PlainTDN:
    """The same weights in the plain network."""
    ours = network(role)
    model = PlainTDN(ours.architecture.num_classes, s_tdm=role == "tdn", l_tdm=role == "tdn").eval()
    model.load_state_dict({official_name(name): tensor for name, tensor in ours.state_dict().items()})
    return model


@cache
def fast_network(role: str) -> TDN:
    return inference_copy(network(role))


def plain_maps(model: PlainTDN, x: Tensor, target: int) -> list[np.ndarray]:
    """pytorch-grad-cam with its defaults, once a layer."""
    from pytorch_grad_cam import GradCAM  # after tdn.explain.gradcam, which mends torchvision's import
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    maps = []
    for layer in (model.base_model.res2, model.base_model.layer4_bak[-1]):
        with GradCAM(model, [layer]) as cam:
            maps.append(cam(input_tensor=x.flatten(0, 1).flatten(1, 2), targets=[ClassifierOutputTarget(target)]))
    return maps


def arithmetic_of_maps(role: str) -> float:
    """Forward, and the data gradients of stages 3 to 5: as many multiply-adds as their forward."""
    from torch.utils.flop_counter import FlopCounterMode

    model = network(role)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(clip())
    later = sum(sum(counter.flop_counts[f"TDN.{stage}"].values()) for stage in ("res3", "res4", "res5"))
    return counter.get_total_flops() / 2 + later / 2


def step(model: torch.nn.Module, x: Tensor, label: Tensor, precision: torch.dtype | None) -> Callable[[], None]:
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)

    def run() -> None:
        with torch.autocast("cpu", precision, enabled=precision is not None), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss = torch.nn.functional.cross_entropy(model(x).float(), label)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return run
