"""From activations and gradients [N, C, T', h, w] to a map, by the methods of pytorch-grad-cam that suit videos.

A segment network reads each frame like an image and averages the segments' scores, so there every method works on one
frame as on one image; a network that reads a dense clip is weighed as a whole. What each method is stands in `METHODS`.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from tdn.networks import Network
from tdn.weights import torchvision_ops  # noqa: F401 (before pytorch_grad_cam, which imports torchvision)

METHODS = {
    "grad_cam": "Grad-CAM (Selvaraju et al. 2017): channels weighted by their mean gradient",
    "hirescam": "HiResCAM (Draelos and Carin 2020): gradient times activation, cell by cell",
    "layercam": "LayerCAM (Jiang et al. 2021): positive gradient times activation, cell by cell",
    "grad_cam_pp": "Grad-CAM++ (Chattopadhay et al. 2018): channels weighted by positive gradients",
    "xgradcam": "XGrad-CAM (Fu et al. 2020): gradients weighted by activations",
    "eigencam": "Eigen-CAM (Muhammad and Yeasin 2020): first principal component of the activations; knows no class",
}
_CLASSES = {
    "grad_cam": "GradCAM",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "grad_cam_pp": "GradCAMPlusPlus",
    "xgradcam": "XGradCAM",
}
_SIGNED = ("grad_cam", "hirescam", "xgradcam")
_WEIGHTED = ("grad_cam", "grad_cam_pp", "xgradcam")


@dataclass(frozen=True)
class Rule:
    """How a map is made: `method` of METHODS; `weights` of channels for each "frame" or one for the "clip", None
    for what is usual for a network; `signed` shows negative evidence, which is cut off otherwise.

    Raises ValueError for what a method does not have.
    """

    method: str = "grad_cam"
    weights: str | None = None
    signed: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r}: expected one of {', '.join(METHODS)}")
        if self.weights not in (None, "frame", "clip"):
            raise ValueError(f"weights {self.weights!r}: expected frame or clip")
        if self.weights == "clip" and self.method not in _WEIGHTED:
            raise ValueError(f"weights clip: {self.method} weighs no channels; choose {', '.join(_WEIGHTED)}")
        if self.signed and self.method not in _SIGNED:
            raise ValueError(f"signed: {self.method} has no negative evidence; choose {', '.join(_SIGNED)}")

    @property
    def is_plain(self) -> bool:
        """Whether the map at the final stage is that of the closed form, up to its sign's cut."""
        return self.method in ("grad_cam", "hirescam")

    def __str__(self) -> str:
        sign = "signed" if self.signed else "ReLU"
        weights = f", weights per {self.weights}" if self.method in _WEIGHTED and self.weights else ""
        return f"{METHODS[self.method].split(' (')[0]}{weights}, {sign}, logit before softmax"

    def on(self, network: Network) -> "Rule":
        """The rule as it is on a network: weights for each frame of segments, and for the clip of any other."""
        if self.weights is not None or self.method not in _WEIGHTED:
            return self
        return replace(self, weights="frame" if network.averages else "clip")


GRAD_CAM = Rule()


def weigh(activations: Tensor, gradients: Tensor | None, rule: Rule, segments: int = 1) -> Tensor:
    """Signed maps of one layer: activations and gradients [N, C, T', h, w] -> [N, T', h, w], in their dtype.

    `gradients` are those of the clip's score, which is the mean of the scores of `segments`; Eigen-CAM takes None.
    Methods without negative evidence give none.
    """
    if rule.method == "eigencam":
        return torch.stack([principal_component(clip.transpose(0, 1)) for clip in activations]).relu()
    if rule.method == "grad_cam_pp":
        # Its weights are no multiple of the gradient. A segment's own score has `segments` times the gradient of
        # their mean, and is what one image's score would be.
        gradients = gradients * segments
    count, _, times = activations.shape[:3]
    frames = by_frame(activations)  # [N*T', C, h, w]
    kind = library_class(rule.method)
    if rule.method in _WEIGHTED:
        # By the library's path for images, or that for volumes. The weights are the library's; it would multiply them
        # out into a copy of all activations.
        pair = (activations, gradients) if rule.weights == "clip" else (frames, by_frame(gradients))
        if rule.method == "grad_cam":
            # It takes the mean of the gradients over all cells; a mean of one cell is the same, and on a GPU the
            # features stay there.
            pair = [one.mean(tuple(range(2, one.ndim)), keepdim=True) for one in pair]
        weights = kind.get_cam_weights(None, None, None, None, *(one.cpu().numpy() for one in pair))
        weights = torch.as_tensor(weights, dtype=activations.dtype, device=activations.device)
        if rule.weights == "clip":
            weights = weights.repeat_interleave(times, 0)
        maps = torch.einsum("nc,nchw->nhw", weights, frames)
    else:
        pair = (one.cpu().numpy() for one in (frames, by_frame(gradients)))
        maps = torch.as_tensor(kind.get_cam_image(None, None, None, None, *pair, False))
        maps = maps.to(activations.device, activations.dtype)
    maps = maps.unflatten(0, (count, times))
    return maps if rule.method in _SIGNED else maps.relu()


@cache
def library_class(method: str) -> Any:
    """The class of pytorch-grad-cam, read when a map is first made."""
    import pytorch_grad_cam

    return getattr(pytorch_grad_cam, _CLASSES[method])


def by_frame(volume: Tensor) -> Tensor:
    """[N, C, T', h, w] -> [N*T', C, h, w]."""
    return volume.transpose(1, 2).flatten(0, 1)


def principal_component(activations: Tensor) -> Tensor:
    """Projection of every cell of a clip on the first principal component: [T, C, h, w] -> [T, h, w].

    One component for the clip, so that segments compare; its free sign is the one that goes with strong activation. The
    library's own function takes (T h w)^2 numbers of memory; this is its result from the channels' covariance.
    """
    cells = activations.permute(0, 2, 3, 1).flatten(0, 2).double()  # [T*h*w, C]
    centred = cells - cells.mean(0)
    component = torch.linalg.eigh(centred.T @ centred)[1][:, -1]
    projection = centred @ component
    strength = cells.norm(dim=1)
    if torch.dot(projection, strength - strength.mean()) < 0:
        projection = -projection
    return projection.to(activations.dtype).unflatten(0, (len(activations), *activations.shape[2:]))


def constant_gradient(weight: Tensor, activations: Tensor) -> Tensor:
    """Gradient of a clip's score at the input of an exact head: weight [N, C] -> that of activations [N, C, T', h, w].

    The mean over cells and the head are linear, so it is the same in every cell.
    """
    return (weight / activations[0, 0].numel())[..., None, None, None].expand_as(activations)


def closed_form(weight: Tensor, activations: Tensor) -> Tensor:
    """Signed evidence of one class a clip before an exact head: weight [N, C], [N, C, T', h, w] -> [N, T', h, w]."""
    return torch.einsum("nc,ntchw->nthw", weight, activations.transpose(1, 2)) / activations[0, 0].numel()
