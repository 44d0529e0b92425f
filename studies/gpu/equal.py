"""Whether a device computes what the CPU computes, and what a cheaper precision changes in scores and in maps."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from studies.gpu.subject import Subject, benchmark_clips, largest_change, likeness, shipped_networks_on
from tdn.explain import ForwardPass
from tdn.networks import Network

# Of the largest value, in float32 with TF32 off: what is asked of any device.
SCORES_WITHIN, MAPS_WITHIN = 1e-4, 1e-3
PRECISIONS = ("float32", "TF32", "bfloat16", "float16", "channels-last")


def equal_to_the_cpu(subject: Subject) -> dict:
    """Scores and maps of the shipped pair in each precision beside those of the CPU in float32.

    By network and precision: `scores`, the largest change as a share of the largest score; `answers`, how many of the
    clips keep their answer; and by layer `change` and `likeness` of its maps (1: the same).
    """
    count = 2 if subject.is_rehearsal else 16
    expected_of = shipped_networks_on(torch.device("cpu"))
    found: dict = {"clips": count, "networks": {}}
    for role, network in shipped_networks_on(subject.device).items():
        clips = benchmark_clips(network, count)
        expected, classes = scores_and_maps(expected_of[role], clips)
        rows = found["networks"][role] = {}
        for precision in PRECISIONS:
            with computed_in(precision, network) as (changed, dtype, layout):
                given = clips.to(subject.device, dtype)
                given = given.flatten(0, 2).to(memory_format=layout).unflatten(0, clips.shape[:3])
                now, _ = scores_and_maps(changed, given, classes)
            rows[precision] = {
                "scores": largest_change(now["scores"], expected["scores"]),
                "answers": int((now["scores"].argmax(1).cpu() == expected["scores"].argmax(1)).sum()),
                "maps": {
                    layer: {
                        "change": largest_change(now[layer], expected[layer]),
                        "likeness": likeness(now[layer], expected[layer]),
                    }
                    for layer in network.layers
                },
            }
    found["is_equal"] = all(
        row["float32"]["scores"] <= SCORES_WITHIN
        and all(one["change"] <= MAPS_WITHIN for one in row["float32"]["maps"].values())
        for row in found["networks"].values()
    )
    return found


def scores_and_maps(
    network: Network, clips: Tensor, classes: list[int] | None = None
) -> tuple[dict[str, Tensor], list[int]]:
    """Scores [N, K] and the signed maps of a class each, by default the top one."""
    taken = ForwardPass(network, network.arrange(clips))
    classes = taken.logits.argmax(1).tolist() if classes is None else classes
    return {"scores": taken.logits, **taken.maps(classes, for_the_last_time=True)}, classes


@contextmanager
def computed_in(precision: str, network: Network) -> Iterator[tuple[Network, torch.dtype, torch.memory_format]]:
    """A copy of the network in one of `PRECISIONS`, with the type and layout of what it is given; TF32 is off after."""
    dtype = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision, torch.float32)
    layout = torch.channels_last if precision == "channels-last" else torch.contiguous_format
    allow_tf32(precision == "TF32")
    try:
        module = copy.deepcopy(network.module).to(dtype=dtype, memory_format=layout)
        yield network.with_module(module), dtype, layout
    finally:
        allow_tf32(False)


def allow_tf32(allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed
