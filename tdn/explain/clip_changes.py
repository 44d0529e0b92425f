"""What can be done to a clip [N, T, L, 3, H, W]: frozen, reversed, put in another order, covered.

A dense clip is one of T windows of a single frame.
"""

import torch
from torch import Tensor

# Frames of a dense clip that become one where its motion is to go: a third of a second or so.
HELD = 4

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as shares of width and height


def freeze_windows(clip: Tensor) -> Tensor:
    """Every window becomes five times its centre frame: S-TDM sees nothing, the order of segments stays."""
    centre = clip.shape[2] // 2
    return clip[:, :, centre : centre + 1].expand_as(clip).contiguous()


def freeze_clip(clip: Tensor) -> Tensor:
    """Every frame becomes the centre frame of the middle segment: a photograph, as long as the clip."""
    segment, centre = clip.shape[1] // 2, clip.shape[2] // 2
    return clip[:, segment : segment + 1, centre : centre + 1].expand_as(clip).contiguous()


def hold(clip: Tensor, frames: int) -> Tensor:
    """Each run of so many frames of a dense clip becomes its middle one: motion within a run is gone, the order stays.

    What freezing windows is to segments; with a run as long as the clip it is a photograph.
    """
    places = torch.arange(clip.shape[1])
    middles = (places // frames) * frames + frames // 2
    return clip[:, middles.clamp(max=clip.shape[1] - 1)]


def still(clip: Tensor) -> Tensor:
    """Without its motion, as far as that goes without another picture: windows frozen, or a dense clip held."""
    return freeze_windows(clip) if clip.shape[2] > 1 else hold(clip, HELD)


def reverse(clip: Tensor) -> Tensor:
    """Time runs backwards, between segments and inside windows."""
    return clip.flip(1, 2)


def reverse_inside(clip: Tensor) -> Tensor:
    """Time runs backwards inside each window: centre frames and their order stay, so S-TDM alone can see it."""
    return clip.flip(2)


def shuffle_segments(clip: Tensor, seed: int = 0) -> Tensor:
    """Segments in another order, each window whole: what L-TDM compares is no longer in order, what S-TDM sees is."""
    return clip[:, _other_order(clip.shape[1], seed)]


def shuffle_inside(clip: Tensor, seed: int = 0) -> Tensor:
    """Frames inside each window in another order, around the centre frame, which stays: short-term order is lost."""
    window = clip.shape[2]
    around = [index for index in range(window) if index != window // 2]
    if len(around) < 2:
        return clip.clone()
    places = torch.arange(window)
    places[around] = torch.tensor(around)[_other_order(len(around), seed)]
    return clip[:, :, places]


def expect_box(box: Box) -> None:
    """Raises ValueError for a box outside the picture or without area."""
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError(
            f"blank {box}: expected x0,y0,x1,y1 as shares of the picture, 0 to 1, with x0 < x1 and y0 < y1"
        )


def blank(clip: Tensor, box: Box) -> Tensor:
    """A region in the mean colour, in all frames alike, so that its edges do not move. Raises as `expect_box`."""
    expect_box(box)
    x0, y0, x1, y1 = box
    height, width = clip.shape[-2:]
    blanked = clip.clone()
    blanked[..., round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)] = 0
    return blanked


def freeze_where(clip: Tensor, where: Tensor) -> Tensor:
    """Where `where` (bool [N, T, H, W]) holds, the clip is `still`: frames of a window become its centre frame."""
    return torch.where(where[:, :, None, None], still(clip), clip)


def _other_order(count: int, seed: int) -> Tensor:
    """A permutation that is not the identity."""
    generator = torch.Generator().manual_seed(seed)
    while count > 1:
        order = torch.randperm(count, generator=generator)
        if not torch.equal(order, torch.arange(count)):
            return order
    return torch.arange(count)
