"""One syntax wherever a network is named: the one place that chooses among the families."""

from pathlib import Path

import torch
from torch import nn

from tdn.model import TDN
from tdn.networks.network import Network, bare
from tdn.networks.tdn import network_of, open_checkpoint
from tdn.output import sha256
from tdn.weights.hub import local_checkpoint
from tdn.weights.store import shard_paths


def open_network(name: Path | str, device: str | torch.device = "cpu") -> Network:
    """The network that `name` means, in eval mode, on `device`.

    A checkpoint of ours: `FILE.safetensors`, `owner/name` or `hub:owner/name`. Raises FileNotFoundError, or ValueError
    with one sentence.
    """
    return open_checkpoint(name, device)


def fingerprint(name: Path | str) -> str:
    """SHA-256 of what a name means: of all files of a checkpoint, or of the tensors of any other network."""
    path = local_checkpoint(Path(name))
    if path.suffix == ".safetensors":
        return sha256(*shard_paths(path))
    return open_network(name).fingerprint()


def reads_alike(one: Network, other: Network) -> bool:
    """Whether one clip serves both."""
    return (one.preprocess, one.num_segments, one.window) == (other.preprocess, other.num_segments, other.window)


def as_network(given: Network | nn.Module) -> Network:
    """`given` itself, or the network value of a TDN in memory. Raises ValueError for any other module."""
    if isinstance(given, Network):
        return given
    model = bare(given, TDN)
    if model is None:
        raise ValueError(
            f"a {type(given).__name__}: expected a network as tdn.weights.load_model or tdn.networks.open_network "
            f"returns it"
        )
    return network_of(model)
