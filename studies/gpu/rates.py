"""How fast a device answers: scores, the four maps of a pair, another class; beside what it could compute at best."""

import copy
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from studies.gpu.equal import allow_tf32
from studies.gpu.subject import Subject
from tdn.explain import ForwardPass
from tdn.model.cost import multiply_adds
from tdn.networks import Network

BATCHES = (1, 16)
# Of the forward pass: 32-bit with and without TF32, and 16-bit.
FORMS = (("float32", torch.float32, False), ("TF32", torch.float32, True), ("bfloat16", torch.bfloat16, True))


def rates(subject: Subject) -> dict:
    """Milliseconds a clip (median) and peak memory, by batch and form; shares of the matrix rate of the same device."""
    best = {name: matrix_rate(subject, dtype, tf32) for name, dtype, tf32 in FORMS}
    found: dict = {"matrix_teraflops": {name: rate / 1e12 for name, rate in best.items()}, "rows": []}
    pair = subject.random_pair()
    arithmetic = 2 * multiply_adds(pair["tdn"].module.architecture, subject.side)
    found["gigaflop_a_clip"] = arithmetic / 1e9
    for batch in BATCHES[: 1 if subject.is_rehearsal else None]:
        for name, dtype, tf32 in FORMS:
            allow_tf32(tf32)
            clip = subject.random_clip(batch).to(dtype)
            fast = {role: _cast(network.for_inference(), dtype) for role, network in pair.items()}
            for act, call in _calls(fast, clip, subject):
                try:
                    seconds, peak = _timed(call, subject)
                except RuntimeError as error:  # no compiler, or what a graph can't hold
                    found["rows"].append({"act": act, "form": name, "batch": batch, "error": str(error)[:200]})
                    continue
                row = {"act": act, "form": name, "batch": batch, "ms_a_clip": 1e3 * seconds / batch, "peak_mb": peak}
                if act.startswith("scores"):
                    row["share_of_matrix_rate"] = arithmetic * batch / seconds / best[name]
                found["rows"].append(row)
            allow_tf32(False)
    return found


def _cast(network: Network, dtype: torch.dtype) -> Network:
    return network.with_module(copy.deepcopy(network.module).to(dtype))


def _calls(pair: dict[str, Network], clip: Tensor, subject: Subject) -> list[tuple[str, Callable[[], object]]]:
    """What is timed, by name; what must be made ready for it is made at the first call."""
    module = pair["tdn"].module

    @torch.inference_mode()
    def eager() -> Tensor:
        return module(clip)

    compiled = torch.compile(copy.deepcopy(module), backend="eager" if subject.is_rehearsal else "inductor")

    @torch.no_grad()
    def by_compiler() -> Tensor:
        return compiled(clip)

    def four_maps() -> dict[str, dict[str, Tensor]]:
        found = {}
        for role, network in pair.items():
            taken = ForwardPass(network, clip)
            found[role] = taken.maps(taken.logits.argmax(1).tolist(), for_the_last_time=True)
        return found

    kept = ForwardPass(pair["tdn"], clip)
    others = ((kept.logits.argmax(1) + 1) % kept.logits.shape[1]).tolist()
    calls = [
        ("scores, eager", eager),
        ("scores, compiled", by_compiler),
        ("four maps of the pair", four_maps),
        ("another class, both layers", lambda: kept.maps(others)),
    ]
    if clip.device.type == "cuda":
        calls.insert(2, ("scores, CUDA graph", _captured(module, clip)))
    return calls


def _captured(module: torch.nn.Module, clip: Tensor) -> Callable[[], object]:
    """The forward pass recorded once and replayed."""
    recorded: list[torch.cuda.CUDAGraph] = []

    @torch.no_grad()
    def replay() -> None:
        if not recorded:
            beside = torch.cuda.Stream()
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                for _ in range(3):
                    module(clip)
            torch.cuda.current_stream().wait_stream(beside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                module(clip)
            recorded.append(graph)
        recorded[0].replay()

    return replay


def _timed(call: Callable[[], object], subject: Subject) -> tuple[float, float | None]:
    """Median seconds of a call after two that warm up, and the most megabytes it takes on a GPU."""
    for _ in range(2):
        call()
    subject.wait()
    on_gpu = subject.device.type == "cuda"
    before = 0
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(subject.device)
        before = torch.cuda.memory_allocated(subject.device)
    seconds = []
    for _ in range(subject.calls):
        began = time.perf_counter()
        call()
        subject.wait()
        seconds.append(time.perf_counter() - began)
    peak = (torch.cuda.max_memory_allocated(subject.device) - before) / 2**20 if on_gpu else None
    return statistics.median(seconds), peak


def matrix_rate(subject: Subject, dtype: torch.dtype, tf32: bool) -> float:
    """Operations a second of one large matrix product: what the device computes at best."""
    side = 256 if subject.is_rehearsal else 8192
    allow_tf32(tf32)
    one = torch.randn(side, side, device=subject.device).to(dtype)
    seconds, _ = _timed(lambda: one @ one, subject)
    allow_tf32(False)
    return 2 * side**3 / seconds
