"""A video network as a value. Everything above this room speaks of `Network`, never of one kind of network.

    network = Network(
        module,                                    # any nn.Module, in eval mode or not
        labels,                                    # [K] names of its classes
        Reads(frames=16, size=112, stride=2),      # how it reads a video
        [Tap("layer1", "layer1"), Tap("layer4", "layer4")],   # where maps are taken, in the order of the forward pass
        exact_head="fc",                           # a Linear that reads the mean over all cells of the last tap
    )

Shapes. Whatever the network, a clip outside of it is [N, T, L, 3, H, W]: T windows of L frames, where a dense clip has
T frames and L = 1. `Network.arrange` turns it into what the module takes (`Reads.layout`), and only that is given to
the module. Whatever the layer, an activation is seen as a volume [N, C, T', h, w]: `Tap.volume` maps it there by
reordering alone, so gradients go the same way. T' differs by layer; `Network.spans` says which of the T windows each
of the T' maps speaks for: they are equal parts of the clip.

A family of networks is a module of this room with a function that returns a `Network`; `opening.open_network` is the
one place that chooses among them. The layers above need nothing else: hooks, gradients, scales and pictures are theirs.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from tdn.data.transforms import Preprocess
from tdn.networks.reads import Reads

if TYPE_CHECKING:
    from tdn.data.clip import Clip

TapLayout = Literal["NCTHW", "NTCHW", "NTHWC", "N(THW)C", "N(HWT)C", "(NT)CHW"]


@dataclass(frozen=True)
class Tap:
    """A place where maps are taken: what goes into or comes out of `module`, a dotted name inside the network.

    `layout` of its values: NCTHW, NTCHW, NTHWC, (NT)CHW for `segments` frames one after the other, or tokens: N(THW)C
    frame by frame, N(HWT)C place by place with time inside, both with `grid` (T, H, W) and `class_tokens` in front.
    `side` "input" takes what goes in; `index` picks from several inputs or from a tuple (a dict's or keyword's name).
    `times` says where in the clip each of the T' cells in time lies, in windows from 0; without, they are equal parts.
    """

    name: str
    module: str
    layout: TapLayout = "NCTHW"
    grid: tuple[int, int, int] | None = None
    class_tokens: int = 0
    side: Literal["output", "input"] = "output"
    index: int | str = 0
    segments: int | None = None
    times: tuple[float, ...] | None = None
    title: str = ""

    def __post_init__(self) -> None:
        if self.layout not in get_args(TapLayout):
            raise ValueError(
                f"tap {self.name!r}: layout {self.layout!r}, expected one of {', '.join(get_args(TapLayout))}"
            )
        if self.is_tokens and (self.grid is None or len(self.grid) != 3):
            raise ValueError(f"tap {self.name!r}: tokens need grid=(T, H, W)")
        if self.layout == "(NT)CHW" and not self.segments:
            raise ValueError(f"tap {self.name!r}: (NT)CHW needs segments=T")
        if self.side not in ("output", "input"):
            raise ValueError(f"tap {self.name!r}: side {self.side!r}, expected output or input")

    @property
    def is_tokens(self) -> bool:
        return self.layout in ("N(THW)C", "N(HWT)C")

    def volume(self, values: Tensor) -> Tensor:
        """Activations or gradients as [N, C, T', h, w]: reordered, class tokens left out, nothing computed.

        Raises ValueError for values that do not have the layout.
        """
        dimensions = {"(NT)CHW": 4}.get(self.layout, 3 if self.is_tokens else 5)
        if values.ndim != dimensions:
            raise ValueError(f"layer {self.name!r}: expected values {self.layout}, got {list(values.shape)}")
        if self.is_tokens:
            time, height, width = self.grid
            tokens = values[:, self.class_tokens :]  # [N, T'*h*w, C]
            if tokens.shape[1] != time * height * width:
                raise ValueError(
                    f"layer {self.name!r}: expected {time} x {height} x {width} tokens and {self.class_tokens} class "
                    f"tokens, got {values.shape[1]}; the clip has another size than the network was built for"
                )
            if self.layout == "N(THW)C":
                return tokens.unflatten(1, (time, height, width)).permute(0, 4, 1, 2, 3)
            return tokens.unflatten(1, (height, width, time)).permute(0, 4, 3, 1, 2)
        if self.layout == "(NT)CHW":
            return values.unflatten(0, (-1, self.segments)).transpose(1, 2)
        return values.permute(
            {"NCTHW": (0, 1, 2, 3, 4), "NTCHW": (0, 2, 1, 3, 4), "NTHWC": (0, 4, 1, 2, 3)}[self.layout]
        )


@dataclass(frozen=True)
class Part:
    """A part of a network that can be weakened or left out: `taps` where its features join the rest, `skipped` the
    modules that hand on their input unchanged where it is off.
    """

    name: str
    taps: tuple[Tap, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Network:
    """A module with what must be known to explain it; see the top of this file.

    `taps` are given as a sequence and kept by name, in the order of the forward pass. `layers` are those shown unless
    others are asked for. `exact_head` names a linear layer that reads the mean over all cells of the last tap: the map
    there then adds up to the logit, and needs no backward pass. `parts` can be changed by name. `stages` are prefixes
    of tensor names from input to output, for drawing weights anew from the top, and `initialise` what else an
    untrained network has. `logits` takes them from what the module returns, where that is no tensor, tuple or object
    with `.logits`. `cheaper` makes a copy for prediction and maps. `note` is a sentence on what its maps can't say,
    `facts` what goes into a manifest.

    Raises ValueError for a tap or a head that the module does not have.
    """

    module: nn.Module
    labels: Sequence[str]
    reads: Reads
    taps: Mapping[str, Tap] | Sequence[Tap]
    title: str = ""
    family: str = "own"
    layers: tuple[str, ...] = ()
    exact_head: str | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    stages: tuple[tuple[str, ...], ...] = ()
    initialise: Callable[[nn.Module], None] | None = None
    logits: Callable[[Any], Tensor] | None = None
    cheaper: Callable[[nn.Module], nn.Module] | None = None
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = list(self.taps.values() if isinstance(self.taps, Mapping) else self.taps)
        by_name = {tap.name: tap for tap in given}
        if not given or len(by_name) != len(given):
            raise ValueError("taps: expected at least one, each with a name of its own")
        modules = dict(self.module.named_modules())
        for tap in given:
            if tap.module not in modules:
                raise ValueError(f"tap {tap.name!r}: the network has no module {tap.module!r}")
        if self.exact_head is not None and getattr(modules.get(self.exact_head), "weight", None) is None:
            raise ValueError(f"exact_head: the network has no linear layer {self.exact_head!r}")
        usual = self.layers or (given[0].name, given[-1].name)
        if unknown := [layer for layer in usual if layer not in by_name]:
            raise ValueError(f"layers: no tap {unknown[0]!r}")
        for name, value in {
            "taps": by_name,
            "labels": list(self.labels),
            "layers": tuple(dict.fromkeys(usual)),
            "title": self.title or type(self.module).__name__,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def last(self) -> str:
        """The last tap: the classifier's input, where there is an exact head."""
        return next(reversed(self.taps))

    @property
    def averages(self) -> bool:
        """Whether its score is the mean of scores of segments, each read like an image."""
        return self.reads.rule == "windows" or self.taps[self.last].layout == "(NT)CHW"

    # What `tdn.data` asks of whoever takes a clip.
    @property
    def num_segments(self) -> int:
        return self.reads.frames

    @property
    def window(self) -> int:
        return self.reads.window

    @property
    def preprocess(self) -> Preprocess:
        return self.reads.preprocess

    def with_module(self, module: nn.Module) -> "Network":
        """The same network over another module with the same names: a copy, a changed one."""
        return replace(self, module=module)

    def for_inference(self) -> "Network":
        """The same network, cheaper to run where there is such a form; its own weights can't be drawn anew."""
        return self if self.cheaper is None else self.with_module(self.cheaper(self.module))

    def whole(self) -> "WholeNetwork":
        """The network as one module from clip to logits, for `tdn.evaluate`."""
        return WholeNetwork(self)

    def arrange(self, clip: Tensor) -> Tensor:
        """A clip [N, T, L, 3, H, W] as the module takes it."""
        return self.reads.arrange(clip)

    def clip(self, path: Path | str, **showing: Any) -> "Clip":
        """The one clip of a video, with its frames; `showing` as `tdn.data.clip.load_clip` takes it."""
        from tdn.data.clip import load_clip

        return load_clip(path, self, **showing)

    def read(self, path: Path | str) -> Tensor:
        """What the module takes of a video: a batch of 1, float32, in the layout of `reads`."""
        return self.arrange(self.clip(path).tensor)

    def scores(self, output: object) -> Tensor:
        """Logits [N, K] from what the module returned. Raises ValueError where there are none."""
        if self.logits is not None:
            output = self.logits(output)
        elif not isinstance(output, Tensor):
            named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
            output = output[0] if named is None and isinstance(output, tuple | list) and output else named
        if not isinstance(output, Tensor) or output.ndim != 2 or output.shape[1] != len(self.labels):
            shape = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
            raise ValueError(f"{self.title}: expected logits [N, {len(self.labels)}], a label each, got {shape}")
        return output

    def knots(self, layer: str, maps: int) -> np.ndarray:
        """Where in the clip each of the T' = `maps` maps of a layer lies, in windows from 0: float64 [T']."""
        times = self.taps[layer].times
        if times is not None and len(times) == maps:
            return np.asarray(times, np.float64)
        return (np.arange(maps) + 0.5) * self.num_segments / maps - 0.5

    def spans(self, maps: int, layer: str = "") -> list[range]:
        """The windows that each of T' = `maps` maps speaks for, at least one each: equal parts of the clip, or, at a
        layer with times, those that are nearer to it than to another.
        """
        edges = [part * self.num_segments // maps for part in range(maps + 1)]
        if layer and self.taps[layer].times is not None:
            between = [math.ceil((one + other) / 2) for one, other in pairwise(self.knots(layer, maps))]
            edges = [0, *between, self.num_segments]
        return [range(start, max(end, start + 1)) for start, end in pairwise(edges)]

    def claim(self, layer: str) -> str:
        """What a map at a layer may claim, in a few words that stand beside it."""
        tap = self.taps[layer]
        if layer == self.last and self.exact_head is not None:
            return "the cells add up to the logit less its bias"
        if tap.class_tokens:
            return "a linearisation at this layer; what went through the class token already is not in it"
        return "a linearisation at this layer"

    def fingerprint(self) -> str:
        """SHA-256 of the names and bytes of all tensors."""
        digest = hashlib.sha256()
        for name, tensor in self.module.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        return digest.hexdigest()


class WholeNetwork(nn.Module):
    """A network that takes clips [N, T, L, 3, H, W] whatever its module takes, and gives logits [N, K]."""

    def __init__(self, network: Network):
        super().__init__()
        self.inner, self.network = network.module, network
        self.labels, self.preprocess = list(network.labels), network.preprocess
        self.num_segments, self.window = network.num_segments, network.window

    def forward(self, clip: Tensor) -> Tensor:
        return self.network.scores(self.inner(self.network.arrange(clip)))


def bare(module: nn.Module, kind: type[nn.Module]) -> nn.Module | None:
    """The module of a `kind` inside DataParallel, DistributedDataParallel or `torch.compile`; None where none is."""
    while not isinstance(module, kind):
        inner = getattr(module, "_orig_mod", None) or getattr(module, "module", None)
        if not isinstance(inner, nn.Module):
            return None
        module = inner
    return module


def device_of(module: nn.Module) -> tuple[torch.device, torch.dtype]:
    """Where a module's numbers are, and what kind they are; a module without any is on the CPU in float32."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            return tensor.device, tensor.dtype
    return torch.device("cpu"), torch.float32
