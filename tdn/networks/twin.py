"""A network for one caller: modules of its own over the tensors of another.

Whatever is hung on its modules, or set in them, is nobody else's: any number of threads may look into one network at
the same time, each through its own twin. Making one takes about a millisecond.
"""

from typing import Any

import torch
from torch import Tensor, nn


def twin_of(module: nn.Module) -> nn.Module:
    """`module` in eval mode with frozen parameters, in modules of its own; it shares the tensors, so sees new weights.

    Hooks of `module` run in the twin too. Layers that write over their input (`inplace=True`) don't in the twin: what
    was taken before them stays. Raises ValueError for a scripted or traced module, which has no modules to copy.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise ValueError(
            f"a {type(module).__name__}: expected the network before torch.jit, whose layers can be reached"
        )
    return _copied(module, {})


def _copied(module: nn.Module, done: dict[int, nn.Module]) -> nn.Module:
    if id(module) in done:
        return done[id(module)]
    twin = done[id(module)] = module.__new__(type(module))
    # Copies of the dicts in which PyTorch keeps parameters, buffers, modules and hooks.
    twin.__dict__ = {name: _own(value, done) for name, value in vars(module).items()}
    twin._parameters = {name: _frozen(value) for name, value in module._parameters.items()}
    twin._buffers = {name: _frozen(value) for name, value in module._buffers.items()}
    twin._modules = {name: inner if inner is None else _copied(inner, done) for name, inner in module._modules.items()}
    twin._compiled_call_impl = None  # by `module.compile()`, which would run the other's modules
    twin.training = False
    if getattr(twin, "inplace", False) is True:
        twin.inplace = False
    return twin


def _own(value: Any, done: dict[int, nn.Module]) -> Any:
    """A container of its own; modules that stand in a plain list or attribute are those of the twin."""
    if isinstance(value, nn.Module):
        return _copied(value, done)
    if type(value) in (list, tuple) and any(isinstance(one, nn.Module) for one in value):
        return type(value)(_copied(one, done) if isinstance(one, nn.Module) else one for one in value)
    return value.copy() if isinstance(value, dict) else value


def _frozen(tensor: Tensor | None) -> Tensor | None:
    if tensor is None or not (tensor.requires_grad or tensor.is_inference()):
        return tensor
    # What was made in inference mode can't be part of a graph; a copy can.
    tensor = tensor.clone() if tensor.is_inference() else tensor.detach()
    return nn.Parameter(tensor, requires_grad=False)
