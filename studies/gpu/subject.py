"""What is measured on a GPU: the shipped pair on benchmark clips, TDN-ResNet50 and its baseline on random ones."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tdn.data.transforms import normalise_tensor
from tdn.evaluate import Protocol, SyntheticSet
from tdn.evaluate.protocol import SyntheticViews
from tdn.model import FAMILY, TDN
from tdn.networks import Network, open_network
from tdn.networks.tdn import network_of
from tdn.weights.shipped import shipped_pair


@dataclass(frozen=True)
class Subject:
    """A device, and how much is asked of it. `is_rehearsal` stands for tiny networks and few calls."""

    device: torch.device
    is_rehearsal: bool = False

    @property
    def side(self) -> int:
        return 64 if self.is_rehearsal else 224

    @property
    def calls(self) -> int:
        """How often something is timed; the median counts."""
        return 2 if self.is_rehearsal else 30

    def wait(self) -> None:
        """Until the device has done what it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def random_pair(self) -> dict[str, Network]:
        """TDN and the baseline on ResNet-50 for 8 segments of 224 pixels, with the same random weights each time."""
        names = ("tdn_tiny_8f",) * 2 if self.is_rehearsal else ("tdn_resnet50_8f", "tconv_baseline_resnet50_8f")
        return {role: self._random(name) for role, name in zip(("tdn", "baseline"), names, strict=True)}

    def _random(self, name: str) -> Network:
        torch.manual_seed(0)
        return network_of(TDN(FAMILY[name].architecture).eval().to(self.device), name)

    def random_clip(self, batch: int) -> Tensor:
        """[batch, 8, 5, 3, side, side], normalised, on the device."""
        generator = torch.Generator().manual_seed(0)
        return torch.randn(batch, 8, 5, 3, self.side, self.side, generator=generator).to(self.device)


def shipped_networks_on(device: torch.device) -> dict[str, Network]:
    """The networks that the page opens with, by role."""
    files = zip(("tdn", "baseline"), shipped_pair(), strict=True)
    return {role: open_network(Path(path), device) for role, path in files}


def benchmark_clips(network: Network, count: int) -> Tensor:
    """The first clips of `val` as a network of ours reads them: float32 [count, T, L, 3, H, W], on the CPU."""
    views = SyntheticViews(SyntheticSet(count), network.module, Protocol())
    return torch.cat([normalise_tensor(views[index][0]) for index in range(count)])


def largest_change(found: Tensor, expected: Tensor) -> float:
    """The largest difference, as a share of the largest value expected."""
    expected = expected.float().cpu()
    return ((found.float().cpu() - expected).abs().max() / expected.abs().max().clamp(min=1e-12)).item()


def likeness(found: Tensor, expected: Tensor) -> float:
    """The lowest correlation of any map [N, T', h, w] with what it should be, over its cells and times."""
    pairs = [one.flatten(1).double().cpu() for one in (found, expected)]
    return min(torch.corrcoef(torch.stack(pair))[0, 1].item() for pair in zip(*pairs, strict=True))
