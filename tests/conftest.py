"""Tiny networks and the real clips, for every room's tests."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch

from tdn.model import FAMILY, TDN, TINY, TINY_MOBILENET, Architecture, on_backbone

SHARED_CLIPS = Path(__file__).resolve().parents[2] / "shared" / "clips"
TINY_SIZE = 64

# The same examples every time, however busy the machine is.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.load_profile("suite")


def tiny(name: str = "tdn_resnet50_8f", num_classes: int = 6, **changes) -> Architecture:
    """A row of the family on the smallest backbone of its kind."""
    architecture = FAMILY[name].architecture
    smallest = TINY_MOBILENET if architecture.backbone.block == "inverted" else TINY
    return replace(on_backbone(architecture, smallest), num_classes=num_classes, dropout=0.0, **changes)


def network(architecture: Architecture, seed: int = 0) -> TDN:
    """A network with every parameter and statistic away from its start, in eval mode: nothing is zero by chance."""
    torch.manual_seed(seed)
    model = TDN(architecture)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point():
            value.add_(0.1 * torch.randn_like(value))
    return model.eval()


def random_clip(architecture: Architecture, size: int = TINY_SIZE, num_clips: int = 1, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num_clips, architecture.num_segments, architecture.window, 3, size, size, generator=generator)


def logits_and_maps(model, clip, target=None, layers=None, **settings) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Logits [N, K] and the maps of `tdn.explain.grad_cam`."""
    from tdn.explain import ForwardPass, grad_cam

    return ForwardPass(model, clip, layers).logits, grad_cam(model, clip, target, layers, **settings)


def torchvision_mobilenet(width: float = 1.0, seed: int = 0) -> torch.nn.Module:
    """torchvision's own mobilenet_v2 with fresh weights."""
    from tdn.weights import torchvision_ops  # noqa: F401, I001 (before torchvision)
    from torchvision.models import mobilenet_v2

    torch.manual_seed(seed)
    return mobilenet_v2(weights=None, width_mult=width)


@pytest.fixture(autouse=True)
def usual_priority():
    """SVT-AV1 (in PyAV 18.1) makes root's process a real-time one, and all others wait for it."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch):
    """Training ends without its picture of the confusion matrix, which takes longer than training a tiny network."""
    monkeypatch.setattr("tdn.train.run.draw_confusion", lambda path: None)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared_clips() -> Path:
    """The folder of real clips; tests that need it are skipped where it is missing."""
    if not SHARED_CLIPS.is_dir():
        pytest.skip("no ../shared/clips beside this checkout")
    return SHARED_CLIPS
