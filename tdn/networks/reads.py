"""How a network reads a video: which frames, which part of the picture, in which order of axes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from torch import Tensor

from tdn.data.transforms import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from tdn.shapes import expect_shape

InputLayout = Literal["NTLCHW", "NTCHW", "NCTHW"]


@dataclass(frozen=True)
class Reads:
    """How a network reads a video.

    `rule` "dense": `frames` frames, `stride` apart, from the middle of the video; one too short for that is spread
    over them evenly. "windows": `frames` segments with `window` consecutive frames in the middle of each, by the rules
    of `windows_by` (`tdn.data.sampling`). `fps` thins a faster video first.

    The picture: squashed to `size` x `size`; with `resize` a number, its short side is brought to that and the middle
    square of `size` taken; with `resize` (height, width), it is squashed to those first. `resample` "bilinear" averages
    where it shrinks, as Pillow does; "bilinear without antialiasing" is `F.interpolate`'s default; "bicubic".
    `odd_pixel` says where the square goes if an odd number of pixels is left over: "to even" or "up and left".
    Pixels are divided by 255, less `mean`, over `std`. `layout` is what the module takes: NCTHW, NTCHW, or NTLCHW.

    Raises ValueError for what makes no sense.
    """

    frames: int
    size: int
    stride: int = 1
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    layout: InputLayout = "NCTHW"
    rule: Literal["dense", "windows"] = "dense"
    window: int = 1
    resize: int | tuple[int, int] | None = None
    resample: str = "bilinear"
    odd_pixel: str = "to even"
    fps: float | None = None
    windows_by: Preprocess | None = None

    def __post_init__(self) -> None:
        for name in ("frames", "size", "stride", "window"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"Reads {name}: expected a whole number of at least 1, got {value!r}")
        if self.layout not in get_args(InputLayout):
            raise ValueError(f"Reads layout {self.layout!r}: expected one of {', '.join(get_args(InputLayout))}")
        if self.rule not in ("dense", "windows"):
            raise ValueError(f"Reads rule {self.rule!r}: expected dense or windows")
        if self.window > 1 and (self.rule == "dense" or self.layout != "NTLCHW"):
            raise ValueError(f"Reads window {self.window}: only windows in the layout NTLCHW hold several frames")
        self.preprocess  # noqa: B018 (refuses what makes no sense)

    @cached_property
    def preprocess(self) -> Preprocess:
        """The same in the words of `tdn.data`, which decodes and resizes."""
        if self.windows_by is not None:
            return self.windows_by
        box = self.resize if isinstance(self.resize, tuple) else None
        return Preprocess(
            view="whole" if self.resize is None else "centre_crop",
            short_side=self.size if self.resize is None else min(box) if box else self.resize,
            input_size=self.size,
            sampling="dense" if self.rule == "dense" else "even",
            fps=self.fps,
            stride=self.stride,
            resize=box,
            resample=self.resample,
            odd_pixel=self.odd_pixel,
            mean=tuple(self.mean),
            std=tuple(self.std),
        )

    def arrange(self, clip: Tensor) -> Tensor:
        """A clip [N, T, L, 3, H, W] as the module takes it. Raises ValueError for another number of frames."""
        expect_shape(clip, "clip", ("N", self.frames, self.window, 3, "H", "W"))
        if self.layout == "NTLCHW":
            return clip
        return clip[:, :, 0] if self.layout == "NTCHW" else clip[:, :, 0].transpose(1, 2).contiguous()

    def expect(self, inputs: Tensor) -> None:
        """Raises ValueError unless `inputs` are clips as the module takes them."""
        sizes = {"N": "N", "T": self.frames, "L": self.window, "C": 3, "H": "H", "W": "W"}
        expect_shape(inputs, "clip", [sizes[letter] for letter in self.layout])
