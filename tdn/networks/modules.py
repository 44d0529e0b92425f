"""A network of one's own: `my_module.py:build` is a function without arguments that returns a `Network`.

The file is run as Python, with all that it may do, so this is for one's own code, on the command line and in Python.
"""

import importlib.util
import sys
from pathlib import Path

import torch

from tdn.networks.network import Network
from tdn.networks.source import Source
from tdn.words import first_line


def module_network(source: Source, device: str | torch.device = "cpu") -> Network:
    """Run the file, call the function, and take its network in eval mode to `device`.

    The file may import what lies beside it. Raises FileNotFoundError, or ValueError with one sentence on what failed.
    """
    path = Path(source.file).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"{source.file}: no such file of Python")
    beside = str(path.parent)
    added = beside not in sys.path
    if added:
        sys.path.insert(0, beside)
    try:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        build = getattr(module, source.name, None)
        if not callable(build):
            raise ValueError(f"it has no function {source.name}")
        network = build()
    except Exception as error:  # any at all: it is somebody's code
        kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
        raise ValueError(f"{path.name}:{source.name}: {kind}{first_line(error)}") from error
    finally:
        if added:
            sys.path.remove(beside)
    if not isinstance(network, Network):
        raise ValueError(
            f"{path.name}:{source.name}: returned a {type(network).__name__}; expected a tdn.networks.Network"
        )
    network.module.to(device).eval()
    return network
