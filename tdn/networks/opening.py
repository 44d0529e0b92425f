"""One syntax wherever a network is named (`tdn.networks.source`): the one place that chooses among the families."""

from pathlib import Path

import torch
from torch import nn

from tdn.model import TDN
from tdn.networks.network import Network, bare
from tdn.networks.source import parse_source
from tdn.networks.tdn import network_of, open_checkpoint
from tdn.output import sha256
from tdn.weights.hub import local_checkpoint
from tdn.weights.store import shard_paths


def open_network(name: Path | str, device: str | torch.device = "cpu", run_code: bool = True) -> Network:
    """The network that `name` means, in eval mode, on `device`; `tdn.networks.source` says how names are written.

    `my_module.py:build` runs that file. Whoever opens what a stranger named must say `run_code` False. Raises
    FileNotFoundError, or ValueError with one sentence, which says what to install where something is missing.
    """
    source = parse_source(name)
    if source.family == "module":
        if not run_code:
            raise ValueError(f"{source.short}: code is run on the command line and in Python only")
        from tdn.networks.modules import module_network

        return module_network(source, device)
    if source.family == "torchvision":
        from tdn.networks.torchvision import torchvision_network

        return torchvision_network(source, device)
    if source.family == "segments":
        from tdn.networks.segments import released_network

        return released_network(source, device)
    if source.family == "hf":
        from tdn.networks.huggingface import huggingface_network

        network = huggingface_network(source.name)
        network.module.to(device)
        return network
    return open_checkpoint(name, device)


def resolved(name: Path | str) -> str:
    """The same name with a checkpoint of the Hub fetched: what is opened, hashed and named in a manifest."""
    return str(local_checkpoint(Path(name))) if parse_source(name).family == "tdn" else str(name)


def short_name(name: Path | str) -> str:
    """A few letters for tables and names of files, such as r2plus1d_18 or tdn_small_8f."""
    return parse_source(name).short


def fingerprint(name: Path | str) -> str:
    """SHA-256 of what a name means: of all files of a checkpoint, or of the tensors of any other network."""
    if parse_source(name).family != "tdn":
        return open_network(name).fingerprint()
    path = local_checkpoint(Path(name))
    return sha256(*shard_paths(path)) if path.suffix == ".safetensors" else open_network(name).fingerprint()


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
