"""From activations and gradients to a map, by the methods of pytorch-grad-cam that suit segment models.

A segment model reads each frame like an image and averages the segments' scores, so every method works on one frame as
on one image. Which methods, and what each needs to stay itself here, stands in `METHODS`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tdn.shapes import fold, unfold
from tdn.weights import torchvision_ops  # noqa: F401 (before pytorch_grad_cam, which imports torchvision)

from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM  # isort: skip

METHODS = {
    "grad_cam": "Grad-CAM (Selvaraju et al. 2017): channels weighted by their mean gradient",
    "hirescam": "HiResCAM (Draelos and Carin 2020): gradient times activation, cell by cell",
    "layercam": "LayerCAM (Jiang et al. 2021): positive gradient times activation, cell by cell",
    "grad_cam_pp": "Grad-CAM++ (Chattopadhay et al. 2018): channels weighted by positive gradients",
    "xgradcam": "XGrad-CAM (Fu et al. 2020): gradients weighted by activations",
    "eigencam": "Eigen-CAM (Muhammad and Yeasin 2020): first principal component of the activations; knows no class",
}
_CLASSES = {
    "grad_cam": GradCAM,
    "hirescam": HiResCAM,
    "layercam": LayerCAM,
    "grad_cam_pp": GradCAMPlusPlus,
    "xgradcam": XGradCAM,
}
_SIGNED = ("grad_cam", "hirescam", "xgradcam")
_WEIGHTED = ("grad_cam", "grad_cam_pp", "xgradcam")


@dataclass(frozen=True)
class Rule:
    """How a map is made: `method` of METHODS; `weights` of channels for each "frame" or one for the "clip"; `signed`
    keeps negative evidence, which is cut off otherwise.

    Raises ValueError for what a method does not have.
    """

    method: str = "grad_cam"
    weights: str = "frame"
    signed: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r}: expected one of {', '.join(METHODS)}")
        if self.weights not in ("frame", "clip"):
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
        weights = f", weights per {self.weights}" if self.method in _WEIGHTED else ""
        return f"{METHODS[self.method].split(' (')[0]}{weights}, {sign}, logit before softmax"


GRAD_CAM = Rule()


def weigh(activations: Tensor, gradients: Tensor | None, rule: Rule, num_segments: int) -> Tensor:
    """Maps of one layer: activations and gradients [N*T, C, h, w] -> [N*T, h, w], in their dtype.

    `gradients` are those of the clip's score; Eigen-CAM takes None.
    """
    if rule.method == "eigencam":
        return torch.cat([principal_component(clip) for clip in activations.split(num_segments)]).relu()
    if rule.method == "grad_cam_pp":
        # Its weights are no multiple of the gradient. A segment's own score has `num_segments` times the gradient of
        # their mean, and is what one image's score would be.
        gradients = gradients * num_segments
    values, slopes = activations.cpu().numpy(), gradients.cpu().numpy()
    if rule.weights == "clip":  # [N, C, T, h, w]: the library's path for 3-D convolutions
        values, slopes = (_as_volume(array, num_segments) for array in (values, slopes))
    kind = _CLASSES[rule.method]
    if rule.method in _WEIGHTED:
        # The weights are the library's; it would multiply them out into a copy of all activations.
        weights = kind.get_cam_weights(None, None, None, None, values, slopes)
        weights = torch.as_tensor(weights, dtype=activations.dtype, device=activations.device)
        if rule.weights == "clip":
            weights = weights.repeat_interleave(num_segments, 0)
        maps = torch.einsum("nc,nchw->nhw", weights, activations)
    else:
        maps = torch.as_tensor(kind.get_cam_image(None, None, None, None, values, slopes, False))
        maps = maps.to(activations.device, activations.dtype)
    return maps if rule.signed else maps.relu()


def _as_volume(array: np.ndarray, num_segments: int) -> np.ndarray:
    """[N*T, C, h, w] -> [N, C, T, h, w]."""
    return array.reshape(-1, num_segments, *array.shape[1:]).swapaxes(1, 2)


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


def constant_gradient(weight: Tensor, activations: Tensor, num_segments: int) -> Tensor:
    """Gradient of a clip's score at the input of the classifier: weight [N, C] -> that of activations [N*T, C, h, w].

    Pooling, classifier and consensus are linear, so it is the same in every cell.
    """
    cells = num_segments * activations.shape[-2] * activations.shape[-1]
    each = weight[:, None].expand(-1, num_segments, -1)  # [N, T, C]
    return (fold(each) / cells)[..., None, None].expand_as(activations)


def closed_form(weight: Tensor, activations: Tensor, num_segments: int) -> Tensor:
    """Signed evidence of one class a clip at the final stage: weight [N, C] -> [N, T, h, w]."""
    features = unfold(activations, num_segments)  # [N, T, C, h, w]
    cells = num_segments * features.shape[-2] * features.shape[-1]
    return torch.einsum("nc,ntchw->nthw", weight, features) / cells
