"""The video networks of torchvision as `Network` values, with the weights, classes and pictures torchvision gives them.

    torchvision:r2plus1d_18                                 Kinetics-400, fetched once by torchvision
    torchvision:r2plus1d_18=mine.pth                        a state dict of one's own
    torchvision:r2plus1d_18?weights=none&frames=8&size=64   drawn at random

Times of cells are the middles of what they see, by the arithmetic of strides and padding: a convolution over three
frames with a stride of two puts cell i at frame 2i, not at the middle of an equal part. Random weights show the same
(`tests/test_torchvision_networks.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from tdn.networks.network import Network, Reads, Tap
from tdn.networks.source import Source, state_of
from tdn.weights import torchvision_ops  # noqa: F401 (before torchvision)
from tdn.weights.store import CheckpointError, expect_finite, mismatch
from tdn.words import one_line


@dataclass(frozen=True)
class Published:
    """How torchvision's own accuracy of a network was measured (`_docs` of its weights): frames a clip, frames a
    second; and the title of the network in captions.
    """

    title: str
    frames: int
    fps: float


PUBLISHED = {
    "r3d_18": Published("R3D-18", 16, 15),
    "mc3_18": Published("MC3-18", 16, 15),
    "r2plus1d_18": Published("R(2+1)D-18", 16, 15),
    "s3d": Published("S3D", 128, 15),
    "mvit_v1_b": Published("MViT-B", 16, 7.5),
    "mvit_v2_s": Published("MViTv2-S", 16, 7.5),
    "swin3d_t": Published("Video Swin-T", 32, 15),
    "swin3d_s": Published("Video Swin-S", 32, 15),
    "swin3d_b": Published("Video Swin-B", 32, 15),
}
LICENCE = "BSD-3-Clause; the videos of Kinetics-400 have their owners' terms"


def torchvision_network(source: Source, device: str | torch.device = "cpu") -> Network:
    """The network that a source of this family means, in eval mode, on `device`.

    Options: `weights` (a name in torchvision, or none for random ones), `frames`, `size`, `classes` (of random
    weights), `labels` (a file of names, one a line). Raises FileNotFoundError, CheckpointError for weights that do not
    fit or can't be fetched, ValueError for a network that does not exist.
    """
    weights = published_weights(source.name)
    source.expect_options("weights", "frames", "size", "classes", "labels")
    _expect_sizes(source)
    chosen = source.options.get("weights", "DEFAULT")
    if source.file or chosen == "none":
        state = state_of(source.file) if source.file else None
        count = _num_classes(state, source) if state else source.number("classes") or 400
        module = _built(source, count)
        if state is not None:
            load_all(module, state, source.file)
        trained = f"the file {source.short}" if state else "nothing: random weights"
    else:
        if chosen not in weights.__members__:
            raise ValueError(f"{source.name}: no weights {chosen!r}; expected none or {', '.join(weights.__members__)}")
        found = weights[chosen]
        count = len(found.meta["categories"])
        module = _built(source, count)
        load_all(module, _fetched(found, source.name), found.url)
        trained = f"Kinetics-400 ({found})"
    published = PUBLISHED[source.name]
    return network_of(
        module.to(device),
        source.labels(count, weights.DEFAULT.meta["categories"]),
        reads_of(weights.DEFAULT, source.number("frames") or published.frames, published.fps, source.number("size")),
        title=published.title + ("" if source.file or chosen != "none" else " (random weights)"),
        facts={"trained_on": trained, "licence": LICENCE},
    )


def published_weights(name: str) -> Any:
    """torchvision's list of weights of a network. Raises ValueError where there is no such network."""
    from torchvision.models import get_model_weights

    if name not in PUBLISHED:
        raise ValueError(f"torchvision:{name[:40]}: expected one of {', '.join(PUBLISHED)}")
    return get_model_weights(name)


def reads_of(weights: Any, frames: int, fps: float, size: int | None = None) -> Reads:
    """How a network of torchvision reads: the numbers of `weights.transforms()`, scaled where `size` is another."""
    transforms = weights.transforms()
    (usual, _), box = transforms.crop_size, transforms.resize_size
    size = size or usual
    resize = tuple(max(size, round(side * size / usual)) for side in box)
    return Reads(
        frames=frames,
        size=size,
        fps=fps,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        layout="NCTHW",
        resize=resize[0] if len(resize) == 1 else resize,
        resample="bilinear without antialiasing",
    )


def network_of(module: nn.Module, labels: list[str], reads: Reads, title: str = "", **about: Any) -> Network:
    """A network around any VideoResNet, S3D, MViT or SwinTransformer3d of torchvision, whatever its sizes and weights.

    Raises ValueError for another module.
    """
    kind = type(module).__name__
    if kind not in PARTS:
        raise ValueError(f"a {kind}: expected a {', '.join(PARTS)} of torchvision.models.video")
    taps, layers, head, note = PARTS[kind](module, reads)
    return Network(
        module=module.eval(),
        labels=labels,
        reads=reads,
        taps=taps,
        title=title or kind,
        family="torchvision",
        layers=layers,
        exact_head=head,
        note=note,
        **about,
    )


Described = tuple[list[Tap], tuple[str, ...], str | None, str]


@dataclass(frozen=True)
class Sampled:
    """Cells in time: cell i sees frames around `start` + i * `jump`; there are `count`."""

    count: int
    start: float = 0.0
    jump: float = 1.0

    def after(self, kernel: int, stride: int, padding: int) -> "Sampled":
        """What a convolution or a pooling over time makes of them."""
        return Sampled(
            (self.count + 2 * padding - kernel) // stride + 1,
            self.start + self.jump * ((kernel - 1) / 2 - padding),
            self.jump * stride,
        )

    @cached_property
    def times(self) -> tuple[float, ...]:
        return tuple(self.start + self.jump * cell for cell in range(self.count))


def _resnet(module: nn.Module, reads: Reads) -> Described:
    time, taps = Sampled(reads.frames), []
    for number in (1, 2, 3, 4):
        first = module.get_submodule(f"layer{number}.0")
        if first.downsample is not None:
            time = time.after(3, first.downsample[0].stride[0], 1)
        taps.append(Tap(f"layer{number}", f"layer{number}", times=time.times, title=f"layer{number}"))
    return taps, ("layer1", "layer4"), "fc", _halved(reads.frames, time)


def _s3d(module: nn.Module, reads: Reads) -> Described:
    time, taps = Sampled(reads.frames), []
    for name, layer in module.features.named_children():
        for step in _over_time(layer):
            time = time.after(*step)
        if type(layer).__name__ in ("TemporalSeparableConv", "SepInceptionBlock3D"):
            taps.append(Tap(f"features.{name}", f"features.{name}", times=time.times, title=f"features.{name}"))
    # Its mean is over pairs of neighbours first: with more than two maps those at the ends count half.
    note = f"Its last stage has {time.count} maps for {reads.frames} frames, and what they have seen overlaps."
    head = "classifier.1" if time.count == 2 and reads.size in range(209, 241) else None  # 7 x 7 cells
    if time.count > 2:
        note += " Before its mean over time come means over two neighbours, so the first and the last map count half."
    return taps, (taps[1].name, taps[-1].name), head, note


def _mvit(module: nn.Module, reads: Reads) -> Described:
    project = module.conv_proj
    time = Sampled(reads.frames).after(project.kernel_size[0], project.stride[0], project.padding[0])
    grid, taps = (module.pos_encoding.temporal_size, *module.pos_encoding.spatial_size), []
    for number, block in enumerate(module.blocks):
        if block.attn.pool_q is not None:
            pool = block.attn.pool_q.pool
            sizes = zip(grid, pool.kernel_size, pool.stride, pool.padding, strict=True)
            grid = tuple((side + 2 * padding - kernel) // stride + 1 for side, kernel, stride, padding in sizes)
            time = time.after(pool.kernel_size[0], pool.stride[0], pool.padding[0])
        name = f"blocks.{number}"
        taps.append(
            Tap(name, name, "N(THW)C", grid=grid, class_tokens=1, times=time.times, title=f"block {number + 1}")
        )
    # After the last block only the class token is read: no place has a gradient there.
    note = "Its classifier reads a class token: a map shows what the token takes from places in the blocks that follow."
    return taps, (taps[0].name, taps[-2].name), None, note


def _swin(module: nn.Module, reads: Reads) -> Described:
    stages = [f"features.{number}" for number in range(0, len(module.features), 2)]
    taps = [
        Tap(name, name, "NTHWC", title=f"stage {number}") for number, name in enumerate(stages, 1)
    ]  # time in equal parts: its patches do not overlap
    taps.append(Tap("norm", "norm", "NTHWC", title="final"))
    patch = module.patch_embed.tuple_patch_size[0]
    return taps, (stages[0], "norm"), "head", f"Each of its maps in time speaks for {patch} frames."


PARTS: dict[str, Callable[[nn.Module, Reads], Described]] = {
    "VideoResNet": _resnet,
    "S3D": _s3d,
    "MViT": _mvit,
    "SwinTransformer3d": _swin,
}


def _over_time(layer: nn.Module) -> Iterator[tuple[int, int, int]]:
    """Kernel, stride and padding in time of what a layer of S3D does one after the other; its blocks keep time."""
    if type(layer).__name__ == "TemporalSeparableConv":
        inner = layer[1][0]
    elif isinstance(layer, nn.MaxPool3d):
        inner = layer
    else:
        return
    sizes = (inner.kernel_size, inner.stride, inner.padding)
    yield tuple(size[0] if isinstance(size, tuple) else size for size in sizes)


def _halved(frames: int, time: Sampled) -> str:
    if time.count == frames:
        return ""
    if time.count == 1:
        return f"Its last stage has one map for all {frames} frames: it tells places apart, no moments."
    return (
        f"Its last stage has {time.count} maps for {frames} frames, and each of them has seen most of the clip: they "
        f"tell places apart, hardly moments."
    )


def _expect_sizes(source: Source) -> None:
    """Raises ValueError for frames and sizes that a network can't take, or takes wrongly without a word."""
    frames, size = source.number("frames"), source.number("size")
    if source.name.startswith("mvit") and (frames not in (None, 16) or size not in (None, 224)):
        raise ValueError(
            f"{source.name}: its positions are those of 16 frames at 224 pixels; leave frames and size out"
        )
    if source.name == "s3d" and ((frames or 16) < 13 or (size or 224) < 209):
        raise ValueError(
            "s3d: it pools over 2 x 7 x 7 cells; expected frames of at least 13 and a size of at least 209"
        )
    if source.name.startswith("swin3d") and ((frames or 2) % 2 or (size or 32) % 32):
        raise ValueError(
            f"{source.name}: it fills up what does not fit its patches, and maps would be shifted; expected an even "
            f"number of frames and a size that is a multiple of 32"
        )


def _built(source: Source, classes: int) -> nn.Module:
    """The network with weights drawn from a fixed seed."""
    from torchvision.models import get_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return get_model(source.name, weights=None, num_classes=classes)


def _num_classes(state: dict[str, torch.Tensor], source: Source) -> int:
    """As many as the last layer of a state dict has."""
    for name in ("fc.weight", "classifier.1.weight", "head.1.weight", "head.weight"):
        if name in state:
            return len(state[name])
    raise CheckpointError(f"{source.file}: no classifier of {source.name} inside; expected its whole state dict")


def load_all(module: nn.Module, state: dict[str, torch.Tensor], file: str) -> None:
    """Load every tensor. Raises CheckpointError unless names and shapes are those of the module."""
    own, name = module.state_dict(), file.rsplit("/", 1)[-1]
    missing = [one for one in own if one not in state and not one.endswith("num_batches_tracked")]
    unexpected = [one for one in state if one not in own]
    if missing or unexpected:
        raise CheckpointError(f"{name}: {mismatch(missing, unexpected)}")
    for one, tensor in state.items():
        if tensor.shape != own[one].shape:
            raise CheckpointError(f"{name}: {one} has shape {list(tensor.shape)}, expected {list(own[one].shape)}")
    expect_finite(state, name)
    module.load_state_dict(state, strict=False)


def _fetched(weights: Any, name: str) -> dict[str, torch.Tensor]:
    """The tensors of torchvision's published file, from torch's cache or by download; none of its code runs."""
    try:
        return weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except Exception as error:  # of the connection, the disk, the file
        reason = one_line(error, 120) or type(error).__name__
        raise CheckpointError(
            f"torchvision:{name}: its weights can't be fetched ({reason}); put a file of them there by hand, as "
            f"torchvision:{name}=FILE.pth, or try random ones with torchvision:{name}?weights=none"
        ) from None
