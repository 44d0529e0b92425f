"""Where models run."""

import os

import torch


def choose_device(wanted: str | None = None) -> torch.device:
    """`wanted`, else the variable DEVICE, else CUDA where there is one, else the CPU.

    Raises ValueError for a device that is unknown or not there.
    """
    name = wanted or os.environ.get("DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"device {name!r}: expected cpu, cuda or cuda:0") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {name!r}: this machine has {torch.cuda.device_count()} CUDA devices; use cpu")
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device {name!r}: expected cpu, cuda or cuda:0")
    return device


def device_name(device: torch.device) -> str:
    """The device in words: the GPU's name, or the CPU with its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"
