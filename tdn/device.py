"""Where models run."""

import os
import platform

import torch


def choose_device(wanted: str | None = None) -> torch.device:
    """`wanted`, else the variable DEVICE, else CUDA where there is one, else the CPU.

    "cuda" is this process's own GPU where a launcher started several. Raises ValueError for a device that is unknown or
    not there.
    """
    name = wanted or os.environ.get("DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"device {name!r}: expected cpu, cuda or cuda:0") from None
    if device.type == "cuda" and device.index is None and "LOCAL_RANK" in os.environ:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
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


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device has instructions for bfloat16.

    PyTorch computes in it everywhere, but where there are none a training step of ours takes eight times as long as in
    float32 (torch 2.13 on a processor with AVX2 alone), without a word.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if platform.machine().lower() in ("x86_64", "amd64"):
        return torch.cpu._is_avx512_bf16_supported()
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()
