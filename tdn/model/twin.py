"""A network for one caller: modules of its own over the tensors of another.

Whatever is hung on its modules, or set in them, is nobody else's: any number of threads may look into one network at
the same time, each through its own twin. Making one takes about a millisecond.
"""

from torch import Tensor, nn

from tdn.model.tdn import TDN


def twin_of(model: nn.Module) -> TDN:
    """`model` in eval mode with frozen parameters, in modules of its own; it shares the tensors, so sees new weights.

    A network inside DataParallel, DistributedDataParallel or `torch.compile` is taken out of it. Hooks of `model` run
    in the twin too. Raises ValueError for anything that is no TDN.
    """
    return _copied(bare(model), {})


def bare(model: nn.Module) -> TDN:
    """The network inside its wrappers. Raises ValueError where there is none of ours."""
    while not isinstance(model, TDN):
        inner = getattr(model, "_orig_mod", None) or getattr(model, "module", None)
        if not isinstance(inner, nn.Module):
            raise ValueError(f"a {type(model).__name__}: expected a network as tdn.weights.load_model returns it")
        model = inner
    return model


def _copied(module: nn.Module, done: dict[int, nn.Module]) -> nn.Module:
    if id(module) in done:
        return done[id(module)]
    twin = done[id(module)] = module.__new__(type(module))
    # Copies of the dicts in which PyTorch keeps parameters, buffers, modules and hooks.
    twin.__dict__ = {name: value.copy() if isinstance(value, dict) else value for name, value in vars(module).items()}
    twin._parameters = {name: _frozen(value) for name, value in module._parameters.items()}
    twin._buffers = {name: _frozen(value) for name, value in module._buffers.items()}
    twin._modules = {name: inner if inner is None else _copied(inner, done) for name, inner in module._modules.items()}
    twin._compiled_call_impl = None  # by `module.compile()`, which would run the other's modules
    twin.training = False
    return twin


def _frozen(tensor: Tensor | None) -> Tensor | None:
    if tensor is None or not (tensor.requires_grad or tensor.is_inference()):
        return tensor
    # What was made in inference mode can't be part of a graph; a copy can.
    tensor = tensor.clone() if tensor.is_inference() else tensor.detach()
    return nn.Parameter(tensor, requires_grad=False)
