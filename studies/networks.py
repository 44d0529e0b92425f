"""The table of docs/networks.md, as `python -m studies.networks` prints it: what each network reads, where its maps
are, what it costs.

Every network is built without weights and run on the meta device, so nothing is computed, allocated or fetched: shapes
are those of its own forward pass, multiply-adds those of `torch.utils.flop_counter` (convolutions and matrix products),
halved, for one clip.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tdn.data.transforms import Preprocess
from tdn.explain.forward_pass import recorded
from tdn.model import FAMILY, without_values
from tdn.networks import Network, Reads
from tdn.networks.tdn import network_of
from tdn.networks.torchvision import PUBLISHED, published_weights, reads_of
from tdn.networks.torchvision import network_of as of_torchvision

OURS = ("tdn_small_8f", "tdn_resnet50_8f", "tsm_resnet50_8f")


def main() -> None:
    print(
        "| network | reads | usual layers: maps x rows x columns | reads off its last layer | G mult-adds | M values |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, network in networks():
        print(row(name, network))


def row(name: str, network: Network) -> str:
    """One line of the table."""
    module, taken, _ = recorded(network, network.layers)
    reads = network.reads
    clip = torch.empty(1, reads.frames, reads.window, 3, reads.size, reads.size, device="meta")
    with torch.no_grad():
        module(network.arrange(clip))
        with FlopCounterMode(display=False) as counter:
            network.module(network.arrange(clip))
    shapes = ", ".join(
        f"`{layer}` {' x '.join(map(str, network.taps[layer].volume(taken[layer]).shape[2:]))}"
        for layer in network.layers
    )
    values = sum(parameter.numel() for parameter in network.module.parameters()) / 1e6
    cost = counter.get_total_flops() / 2e9
    return f"| {name} | {rule(reads)} | {shapes} | {head(network)} | {cost:.1f} | {values:.1f} |"


def rule(reads: Reads) -> str:
    """How a network reads, in a few words."""
    if reads.rule == "windows":
        frames = f"{reads.frames} segments" + (f" of {reads.window} frames" if reads.window > 1 else "")
        return f"{frames}, {reads.size} px"
    apart = "spread" if reads.stride > 1000 else f"{reads.stride} apart"
    return f"{reads.frames} frames" + (f" at {reads.fps:g} fps" if reads.fps else f", {apart}") + f", {reads.size} px"


def head(network: Network) -> str:
    """What its classifier takes of the last layer that is shown."""
    if network.exact_head is not None:
        return "the mean: exact sum"
    return "a class token" if network.taps[network.layers[-1]].class_tokens else "not the plain mean"


def networks() -> Iterator[tuple[str, Network]]:
    """Ours, torchvision's and those of transformers, on the meta device."""
    for name in OURS:
        value = FAMILY[name]
        architecture = replace(value.architecture, window=1) if name.startswith("tsm") else value.architecture
        model = without_values(architecture).eval()
        model.preprocess = replace(Preprocess.official(), input_size=value.input_size)
        yield f"{name} (ours)", network_of(model)
    from torchvision.models import get_model

    for name, published in PUBLISHED.items():
        weights = published_weights(name).DEFAULT
        with torch.device("meta"):
            module = get_model(name, weights=None)
        reads = reads_of(weights, published.frames, published.fps)
        yield f"`torchvision:{name}`", of_torchvision(module, weights.meta["categories"], reads)
    yield from of_transformers()


def of_transformers() -> Iterator[tuple[str, Network]]:
    """One of each family, by the configuration that the library has of it, which is that of its first paper."""
    import transformers

    from tdn.networks.transformer_families import FAMILIES, sizes_of, stride_of, taps_of

    for kind, family in FAMILIES.items():
        config = transformers.AutoConfig.for_model(kind, num_labels=400)
        config._attn_implementation = "eager"
        with torch.device("meta"):
            module: nn.Module = getattr(transformers, family.classifier)(config).eval()
        sizes = sizes_of(kind, config)
        reads = Reads(sizes.frames, sizes.side, stride_of(kind, sizes.frames, 400), layout="NTCHW")
        taps = taps_of(family, sizes, module)
        last = len(taps) - 1 - (family.class_tokens > 0)
        layers = (taps[last // 2].name, taps[last].name)
        labels = [str(number) for number in range(400)]
        yield f"`hf:` {family.title} ({config.hidden_size} wide)", Network(module, labels, reads, taps, layers=layers)


if __name__ == "__main__":
    main()
