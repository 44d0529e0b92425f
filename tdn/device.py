"""Where models run."""

import ctypes
import os
import platform

import torch

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h


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


def keep_freed_memory() -> None:
    """Let this process keep the memory of freed tensors for the next ones: for training on a CPU. glibc only.

    As it comes, glibc returns large tensors to the kernel, which clears every page again for the next step: a fifth to
    a quarter of a training step (MobileNetV2 at 112 pixels, 8 clips, one core). The peak stays what it was.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 2**26)):
            mallopt(parameter, value)
