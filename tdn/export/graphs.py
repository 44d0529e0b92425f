"""A network of ours as two graphs without autograd: clip to scores and features, and the way back to Res2.

A browser's runtime has no autograd, so the backward pass from the score to Res2 is traced once, as a graph of ordinary
operations. What the page turns by hand is an input of the graphs: S-TDM's weight, how much of S-TDM's features becomes
their mean over the clip, and L-TDM's gates (hooks do not survive an export).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch._decomp import core_aten_decompositions
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from tdn.model import TDN
from tdn.model.inference import inference_copy
from tdn.model.l_tdm import LongTermTDM
from tdn.shapes import fold, unfold

aten = torch.ops.aten


@dataclass(frozen=True)
class Graph:
    """A traced function with what its inputs look like: `examples` by name, in the order of the function."""

    module: GraphModule
    examples: dict[str, Tensor]
    outputs: tuple[str, ...]


def trace(model: TDN, size: int) -> dict[str, Graph]:
    """The two graphs of `model` for clips of `size` x `size` pixels, float32, one clip at a time.

    forward   clip [1, T, L, 3, size, size], and of s_tdm_weight, s_tdm_mean, l_tdm_gate [] those the network has
              -> logits [1, K], evidence [K, T, h, w] (the final stage, signed, cells sum to the logit less its bias),
              last [T, C5, h, w] (the input of the classifier), features [T, C, H, W] (Res2), where S-TDM reaches
              stage 3 motion3, and what the lab shows: with S-TDM the means over channels at rgb1, diff1, res1, rgb2,
              diff2, res2 (as `tdn.explain.inside.channel_means`), with L-TDM those of |gate| in the first block of
              each stage, gate3 to gate5, before its dial; each [T, h, w]
    backward  features, class_weight [K] (1 for a class, -1 for one it is compared with), l_tdm_gate, motion3
              -> gradient [T, C, H, W] of the weighted sum of logits with respect to `features`
    """
    network = inference_copy(model.float().cpu()).to(memory_format=torch.contiguous_format)
    dials = _Dials()
    has_gates = _put_dials(network, dials)
    # Every input is a tensor of its own: tracing takes one object for one input.
    forward_inputs = {"clip": torch.zeros(1, network.num_segments, network.window, 3, size, size)}
    if network.s_tdm is not None:
        forward_inputs |= {"s_tdm_weight": torch.ones(()), "s_tdm_mean": torch.zeros(())}
    gate = {"l_tdm_gate": torch.ones(())} if has_gates else {}
    forward_inputs |= gate
    reaches_3 = network.s_tdm is not None and network.architecture.s_tdm_stages >= 3
    names: list[str] = []  # of what `forward` returned

    def forward(*values: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(forward_inputs, values, strict=True))
        dials.gate, dials.sizes = given.get("l_tdm_gate"), {}
        centre, half_windows = network.inputs(given["clip"], None)
        motion = [_dialled(one, given, network.num_segments) for one in network.short_term(half_windows)]
        rgb1 = network.res1(centre)
        first = network.fuse1(rgb1, motion[0])
        rgb2 = network.res2(first)
        features = network.fuse2(rgb2, motion[1])
        last = _upper(network, features, motion[2])
        cells = network.num_segments * last.shape[-2] * last.shape[-1]
        evidence = torch.einsum("kc,nchw->knhw", network.head.weight, last) / cells
        found = {"logits": network.consensus(last), "evidence": evidence, "last": last, "features": features}
        if reaches_3:
            found["motion3"] = motion[2]
        if network.s_tdm is not None:
            points = {"rgb1": rgb1, "diff1": motion[0], "res1": first, "rgb2": rgb2, "diff2": motion[1]}
            points["res2"] = features
            found |= {name: point.mean(1) for name, point in points.items() if point is not None}
        found |= {f"gate{stage}": size for stage, size in dials.sizes.items()}
        names[:] = found
        return tuple(found.values())

    with torch.no_grad():
        values = forward(*forward_inputs.values())
    reached = dict(zip(names, values, strict=True))
    classes = torch.zeros(reached["logits"].shape[1])
    backward_inputs = {"features": torch.rand_like(reached["features"]), "class_weight": classes, **gate}
    if reaches_3:
        backward_inputs["motion3"] = torch.rand_like(reached["motion3"])

    def backward(*values: Tensor) -> Tensor:
        given = dict(zip(backward_inputs, values, strict=True))
        dials.gate = given.get("l_tdm_gate")
        features = given["features"].detach().requires_grad_()
        with torch.enable_grad():
            scores = network.consensus(_upper(network, features, given.get("motion3")))[0]
            return torch.autograd.grad((scores * given["class_weight"]).sum(), features)[0]

    return {
        "forward": _traced(forward, forward_inputs, tuple(names)),
        "backward": _traced(backward, backward_inputs, ("gradient",)),
    }


def _traced(function: Callable[..., object], examples: dict[str, Tensor], outputs: tuple[str, ...]) -> Graph:
    with torch.set_grad_enabled(outputs == ("gradient",)):
        module = make_fx(function, decomposition_table=core_aten_decompositions() | PLAIN)(*examples.values())
    return Graph(module, examples, outputs)


def _upper(network: TDN, features: Tensor, motion3: Tensor | None) -> Tensor:
    return network.res5(network.res4(network.fuse3(network.res3(features), motion3)))


class _Dials:
    """What the gates are multiplied with during one trace, None leaves them as trained; and by stage the mean size of
    those of the first block that was passed.
    """

    def __init__(self):
        self.gate: Tensor | None = None
        self.sizes: dict[int, Tensor] = {}


class _DialledGate(nn.Module):
    """An L-TDM whose gate is multiplied by a dial: 1 as trained, 0 passes the features on."""

    def __init__(self, module: LongTermTDM, dials: _Dials, stage: int):
        super().__init__()
        self.module, self.dials, self.stage = module, dials, stage

    def forward(self, features: Tensor) -> Tensor:
        gate = self.module.gate(features)
        self.dials.sizes.setdefault(self.stage, gate.abs().mean(1))
        return self.module.gated(features, gate * self.dials.gate)


def _put_dials(network: TDN, dials: _Dials) -> bool:
    """Replace every L-TDM by one with a dial; says whether there was any."""
    gates = [(path, module) for path, module in network.named_modules() if isinstance(module, LongTermTDM)]
    for path, module in gates:  # such as res4.0.temporal.l_tdm
        parent, _, name = path.rpartition(".")
        stage = int(path.split(".")[0].removeprefix("res"))
        setattr(network.get_submodule(parent), name, _DialledGate(module, dials, stage))
    return bool(gates)


def _dialled(motion: Tensor | None, given: dict[str, Tensor], num_segments: int) -> Tensor | None:
    if motion is None:
        return None
    clips = unfold(motion, num_segments)
    mean = fold(clips.mean(1, keepdim=True).expand_as(clips))
    share = given["s_tdm_mean"]
    return given["s_tdm_weight"] * ((1 - share) * motion + share * mean)


# Backward operators that runtimes lack, as ordinary operations. All are linear with sizes known when traced.


def _convolution_backward(grad, x, weight, bias, stride, padding, dilation, transposed, output_padding, groups, mask):
    """The gradient of the input alone: a transposed convolution."""
    if transposed or mask[1] or mask[2]:
        raise ValueError("only the gradient of a plain convolution's input can be exported")
    lost = [
        size - ((out - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (kernel - 1) + 1)
        for axis, (size, out, kernel) in enumerate(zip(x.shape[2:], grad.shape[2:], weight.shape[2:], strict=True))
    ]
    return aten.convolution(grad, weight, None, stride, padding, dilation, True, lost, groups), None, None


def _nearest_backward(grad, output_size, input_size, scales_h=None, scales_w=None):
    rows, columns = (
        torch.from_numpy(np.eye(size, dtype=np.float32)[np.arange(out) * size // out])
        for out, size in zip(output_size, input_size[2:], strict=True)
    )
    return rows.t() @ grad @ columns


def _average_pool_backward(grad, x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    if any(padding) or ceil_mode or divisor_override is not None:
        raise ValueError("only average pooling without padding can be exported")
    matrices = []
    for axis, (size, out) in enumerate(zip(x.shape[2:], grad.shape[2:], strict=True)):
        step, width = (stride or kernel)[axis], kernel[axis]
        shares = np.zeros((out, size), np.float32)
        for cell in range(out):
            shares[cell, cell * step : cell * step + width] = 1 / width
        matrices.append(torch.from_numpy(shares))
    return matrices[0].t() @ grad @ matrices[1]


def _slice_scatter(x, source, dim=0, start=None, end=None, step=1):
    """By concatenation: as ONNX's ScatterND it would be slow in a browser."""
    size = x.shape[dim]
    first = 0 if start is None else start + (size if start < 0 else 0)
    last = size if end is None else min(end + (size if end < 0 else 0), size)
    if step != 1:
        raise ValueError("only neighbouring places can be exported")
    parts = [x.narrow(dim, 0, first)] if first else []
    parts.append(source)
    parts += [x.narrow(dim, last, size - last)] if last < size else []
    return torch.cat(parts, dim)


PLAIN = {
    aten.convolution_backward.default: _convolution_backward,
    aten.upsample_nearest2d_backward.default: _nearest_backward,
    aten.avg_pool2d_backward.default: _average_pool_backward,
    aten.slice_scatter.default: _slice_scatter,
}
