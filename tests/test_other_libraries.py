"""What pytorch-grad-cam 1.5.7 does with a clip, and what ours does there, as docs/networks.md says."""

import numpy as np
import pytest
import torch
from torch import nn

from tdn.explain import grad_cam
from tdn.explain.scale import over_windows
from tdn.networks import Network, Reads, Tap

from pytorch_grad_cam import GradCAM  # isort: skip (after tdn.explain, which mends its import)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # isort: skip


class Lit(nn.Module):
    """Its only layer keeps the light of 8 x 8 pixels in 2 frames; the class is their sum. `layout` of what it takes."""

    def __init__(self, layout: str = "NCTHW"):
        super().__init__()
        self.layout = layout
        self.cells = nn.Conv3d(3, 1, (2, 8, 8), stride=(2, 8, 8), bias=False)
        nn.init.ones_(self.cells.weight)
        self.head = nn.Linear(1, 2)
        nn.init.ones_(self.head.weight)

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        clip = clip.transpose(1, 2) if self.layout == "NTCHW" else clip
        return self.head(self.cells(clip).mean((2, 3, 4)))


def clip_with_light(cell: tuple[int, int, int]) -> torch.Tensor:
    """8 frames of 32 x 48 pixels, dark but for one cell: [1, 3, 8, 32, 48]."""
    time, row, column = cell
    clip = torch.zeros(1, 3, 8, 32, 48)
    clip[:, :, 2 * time : 2 * time + 2, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = 1
    return clip


def theirs(module: Lit, clip: torch.Tensor, **settings) -> np.ndarray:
    with GradCAM(module, [module.cells]) as cam:
        return cam(clip, [ClassifierOutputTarget(0)], **settings)[0]


def ours(clip: torch.Tensor) -> np.ndarray:
    network = Network(Lit(), ["lit", "dark"], Reads(8, 32), [Tap("cells", "cells")])
    return over_windows(grad_cam(network, clip, 0)["cells"], *clip.shape[2:])[0].numpy()


def test_of_frames_in_front_of_colours_it_takes_three_for_the_time():
    """Source: base_cam.py `get_target_width_height`, the last three sizes whatever they are."""
    clip = clip_with_light((1, 1, 2))
    assert theirs(Lit(), clip).shape == (8, 32, 48)
    assert theirs(Lit("NTCHW"), clip.transpose(1, 2)).shape == (3, 32, 48)
    network = Network(Lit("NTCHW"), ["lit", "dark"], Reads(8, 32, layout="NTCHW"), [Tap("cells", "cells")])
    assert grad_cam(network, clip.transpose(1, 2), 0)["cells"].shape == (1, 4, 4, 6)


@pytest.mark.parametrize("cell", [(0, 0, 0), (3, 3, 5), (0, 1, 2)])
def test_it_pins_the_outer_cells_to_the_border_and_ours_keep_their_middles(cell):
    """Source: utils/image.py `scale_cam_image`, scipy's zoom, whose first and last samples are the cells themselves."""
    wanted = [size * place + (size - 1) / 2 for size, place in zip((2, 8, 8), cell, strict=True)]
    found = [np.unravel_index(ours(clip_with_light(cell)).argmax(), (8, 32, 48))]
    their = np.unravel_index(theirs(Lit(), clip_with_light(cell)).argmax(), (8, 32, 48))
    half = (1.0, 4.0, 4.0)
    assert all(abs(a - b) <= h for a, b, h in zip(found[0], wanted, half, strict=True))
    edges = [(place == 0, place == last) for place, last in zip(cell, (3, 3, 5), strict=True)]
    for (first, last), peak, size in zip(edges, their, (8, 32, 48), strict=True):
        if first or last:  # half a cell from the middle of the first or the last one
            assert peak == (0 if first else size - 1)


def test_its_smoothing_by_augmentation_shows_the_clip_upside_down():
    """Source: base_cam.py `forward_augmentation_smoothing` with ttach's flip of axis 3: rows, in a clip."""
    seen, module = [], Lit()
    module.register_forward_pre_hook(lambda inner, inputs: seen.append(inputs[0].clone()))
    clip = torch.rand(1, 3, 8, 32, 48, generator=torch.Generator().manual_seed(0))
    theirs(module, clip, aug_smooth=True)
    assert any(torch.allclose(one, clip.flip(3)) for one in seen)
    assert not any(torch.allclose(one, clip.flip(4)) for one in seen)
