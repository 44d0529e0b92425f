"""From a frame as filmed to a frame as the network sees it: the view, the size, the normalisation.

Frames are uint8 [..., H, W, 3], RGB, until `normalise`. Resizing is Pillow's bilinear filter, which averages when it
shrinks; that of the released code, and not `F.interpolate` without antialiasing. torch is imported where tensors begin,
so that the process that decodes for the page (`worker.py`) starts without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from PIL import Image

from tdn.data.sampling import thin

if TYPE_CHECKING:
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

View = Literal["whole", "centre_crop"]
Sampling = Literal["released", "even", "dense"]
Resample = Literal["bilinear", "bilinear without antialiasing", "bicubic"]
OddPixel = Literal["to even", "up and left"]


@dataclass(frozen=True)
class Preprocess:
    """How a video becomes the clip of one network; saved in every checkpoint.

    `view` "centre_crop": the short side resized to `short_side`, then the middle square of `input_size`. "whole": the
    whole picture squashed to that square, whatever its shape, and `short_side` is not used; motion that leaves the
    middle stays visible, which is why the demonstration weights read it.
    `sampling` "released": `sampling.centre_window_starts`; "even": `sampling.even_window_starts`.
    `fps`, `max_frames` and `min_frames` thin the video first (`sampling.thin`); None leaves it as filmed.

    The rest is for networks of others and in no checkpoint of ours: `sampling` "dense" with a `stride`
    (`sampling.dense_frames`); `resize` (height, width), to which a picture is squashed before the middle square is
    taken, in the place of `short_side`; `resample`; `mean` and `std` of the colours; `odd_pixel`, where the middle
    square goes if an odd number of pixels is left over: "to even", as torchvision's CenterCrop, or "up and left".

    Raises ValueError for a value outside these.
    """

    view: View
    short_side: int
    input_size: int
    sampling: Sampling
    fps: float | None = None
    max_frames: int | None = None
    min_frames: int | None = None
    stride: int = 1
    resize: tuple[int, int] | None = None
    resample: Resample = "bilinear"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    odd_pixel: OddPixel = "to even"

    def __post_init__(self) -> None:
        _expect_choice("odd_pixel", self.odd_pixel, get_args(OddPixel))
        _expect_choice("view", self.view, get_args(View))
        _expect_choice("sampling", self.sampling, get_args(Sampling))
        _expect_number("short_side", self.short_side, int)
        _expect_number("input_size", self.input_size, int)
        _expect_choice("resample", self.resample, get_args(Resample))
        for name, values, count in (
            ("resize", self.resize or (), (0, 2)),
            ("mean", self.mean, (3,)),
            ("std", self.std, (3,)),
        ):
            if len(values) not in count:
                raise ValueError(f"preprocess {name}: expected {count[-1]} numbers, got {ascii(values)[:60]}")
        for name, values in (("resize", self.resize or ()), ("std", self.std)):
            for value in values:
                _expect_number(name, value, int if name == "resize" else (int, float))
        _expect_number("stride", self.stride, int)
        if self.fps is not None:
            _expect_number("fps", self.fps, (int, float))
        for name in ("max_frames", "min_frames"):
            if getattr(self, name) is not None:
                _expect_number(name, getattr(self, name), int)
        if self.view == "centre_crop" and min(self.resize or (self.short_side,)) < self.input_size:
            raise ValueError(
                f"preprocess short_side: expected at least input_size {self.input_size}, got {self.short_side}"
            )

    def kept_frames(self, num_frames: int, fps: float) -> np.ndarray:
        """The frames of a video that are left when it is thinned: int64, ascending."""
        return thin(num_frames, fps, self.fps, self.max_frames, self.min_frames)

    @classmethod
    def official(cls) -> Preprocess:
        """One clip, centre crop, as published one-view results. Source: TDN test_models_center_crop.py."""
        return cls(view="centre_crop", short_side=256, input_size=224, sampling="released")

    @classmethod
    def whole(cls, size: int) -> Preprocess:
        """The whole picture, windows spread over all of the video: how the demonstration weights see (our choice).

        Videos come down to 15 frames a second, about what their training clips show, but keep at least 48 frames.
        """
        return cls(view="whole", short_side=size, input_size=size, sampling="even", fps=15, min_frames=48)

    @classmethod
    def all_frames(cls) -> Preprocess:
        """For showing a video, not for a network: as many segments as frames, nothing thinned out."""
        return cls(view="whole", short_side=16, input_size=16, sampling="even")

    def to_dict(self) -> dict[str, Any]:
        """What a checkpoint says; what is for networks of others stands in it only where it is used."""
        usual = {field.name: field.default for field in fields(self) if field.name in FOREIGN}
        return {name: value for name, value in asdict(self).items() if name not in usual or value != usual[name]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocess:
        """Undo `to_dict`; the last three may be missing. Raises ValueError for anything else amiss."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise ValueError(f"preprocess: unknown {', '.join(unknown)[:100]}; expected {', '.join(known)}")
        if missing := sorted({"view", "short_side", "input_size", "sampling"} - set(values)):
            raise ValueError(f"preprocess: {', '.join(missing)} missing; expected {', '.join(known)}")
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


# Fields of `Preprocess` that no checkpoint of ours has.
FOREIGN = ("stride", "resize", "resample", "mean", "std", "odd_pixel")


def to_view(frame: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """The part of a frame that the network sees, at its size: uint8 [H, W, 3] -> [input_size, input_size, 3]."""
    size = preprocess.input_size
    if preprocess.view == "whole":
        return _resize(frame, size, size, preprocess.resample)
    height, width = frame.shape[:2]
    new_width, new_height = _before_crop(width, height, preprocess)
    left, top = _crop_corner(new_width, new_height, preprocess)
    x0, x1 = _exact_span(width, new_width, left, left + size)
    y0, y1 = _exact_span(height, new_height, top, top + size)
    around = _resize(frame, new_width, new_height, preprocess.resample, (x0, y0, x1, y1))
    return around[top - y0 :, left - x0 :][:size, :size]


def seen_box(width: int, height: int, preprocess: Preprocess) -> tuple[float, float, float, float]:
    """The box (x0, y0, x1, y1) of a picture of `width` x `height` that the network sees, in pixels of that picture."""
    if preprocess.view == "whole":
        return 0.0, 0.0, float(width), float(height)
    new_width, new_height = _before_crop(width, height, preprocess)
    left, top = _crop_corner(new_width, new_height, preprocess)
    x_scale, y_scale = width / new_width, height / new_height
    size = preprocess.input_size
    return left * x_scale, top * y_scale, (left + size) * x_scale, (top + size) * y_scale


def _before_crop(width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
    """Width and height of a picture from whose middle the network's square is taken."""
    if preprocess.resize is not None:
        return preprocess.resize[1], preprocess.resize[0]
    return _short_side_to(width, height, preprocess.short_side)


def shrink(frame: np.ndarray, short_side: int) -> np.ndarray:
    """Make the short side of uint8 [H, W, 3] at most `short_side`, keeping the shape; a smaller frame stays.

    The long side becomes at most four times that: a picture of 20 x 400 000 pixels is small by its short side alone.
    """
    height, width = frame.shape[:2]
    if max(height, width) > 4 * max(short_side, min(height, width)):
        scale = 4 * short_side / max(height, width)
        return _resize(frame, max(1, round(width * scale)), max(1, round(height * scale)))
    return frame if min(height, width) <= short_side else resized_to(frame, short_side)


def resized_to(frame: np.ndarray, short_side: int) -> np.ndarray:
    """Resize uint8 [H, W, 3] until its short side is `short_side`, keeping the shape."""
    height, width = frame.shape[:2]
    return _resize(frame, *_short_side_to(width, height, short_side))


def normalise(frames: np.ndarray, preprocess: Preprocess | None = None) -> Tensor:
    """Scale to a mean and deviation, ImageNet's by default: uint8 [..., H, W, 3] -> float32 [..., 3, H, W]."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, -3).contiguous()
    return normalise_tensor(pixels, preprocess)


def normalise_tensor(pixels: Tensor, preprocess: Preprocess | None = None) -> Tensor:
    """As `normalise`, channels already in place and on any device: uint8 [..., 3, H, W] -> float32."""
    mean, std = (values.to(pixels.device) for values in _colours(preprocess))
    return pixels.float().div_(255).sub_(mean).div_(std)


def denormalise(clips: Tensor, preprocess: Preprocess | None = None) -> np.ndarray:
    """Undo `normalise`: [..., 3, H, W] on any device -> uint8 [..., H, W, 3]."""
    mean, std = _colours(preprocess)
    pixels = clips.detach().float().cpu() * std + mean
    return pixels.mul(255).round().clamp(0, 255).byte().movedim(-3, -1).contiguous().numpy()


def _colours(preprocess: Preprocess | None) -> tuple[Tensor, Tensor]:
    """Mean and deviation, each [3, 1, 1]."""
    import torch

    pair = (IMAGENET_MEAN, IMAGENET_STD) if preprocess is None else (preprocess.mean, preprocess.std)
    return torch.tensor(pair[0])[:, None, None], torch.tensor(pair[1])[:, None, None]


def _exact_span(length: int, new_length: int, first: int, end: int) -> tuple[int, int]:
    """The shortest part around `first` to `end` of a resized side that can be resized alone to the same pixels.

    Its ends lie at eighths of a pixel of the side as filmed, so that Pillow, which takes them as float32, computes with
    the same numbers as for the whole side.
    """
    step = new_length // math.gcd(8 * length, new_length)
    return first // step * step, min(new_length, -(-end // step) * step)


def _resize(
    frame: np.ndarray,
    width: int,
    height: int,
    resample: Resample = "bilinear",
    part: tuple[int, int, int, int] | None = None,
) -> np.ndarray:
    """uint8 [H, W, 3] -> [height, width, 3]; of the result only `part` (x0, y0, x1, y1), if given."""
    x0, y0, x1, y1 = part or (0, 0, width, height)
    if resample == "bilinear without antialiasing":
        import cv2

        return cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)[y0:y1, x0:x1]
    kernel = Image.Resampling.BICUBIC if resample == "bicubic" else Image.Resampling.BILINEAR
    x_scale, y_scale = frame.shape[1] / width, frame.shape[0] / height
    box = x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale
    return np.asarray(Image.fromarray(frame).resize((x1 - x0, y1 - y0), kernel, box))


def _short_side_to(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Width and height with the short side at `short_side`; the long one rounded down, as torchvision's Resize."""
    if width <= height:
        return short_side, short_side * height // width
    return short_side * width // height, short_side


def _crop_corner(width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
    """Left and top of the middle square."""
    halves = ((width - preprocess.input_size) / 2, (height - preprocess.input_size) / 2)
    return tuple(int(half) if preprocess.odd_pixel == "up and left" else round(half) for half in halves)


def _expect_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"preprocess {name}: expected {' or '.join(choices)}, got {ascii(value)[:60]}")


def _expect_number(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    # bool is an int to Python, and NaN is not above 0.
    if not isinstance(value, kind) or isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError(f"preprocess {name}: expected a number above 0, got {ascii(value)[:60]}")
