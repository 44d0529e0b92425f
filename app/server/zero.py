"""ZeroGPU of Hugging Face Spaces: `gpu` marks the functions that borrow a GPU; elsewhere it changes nothing."""

import os
from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)

try:
    import spaces
except ImportError:
    spaces = None

ON_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def gpu(duration: int) -> Callable[[Function], Function]:
    """Ask for a GPU for at most `duration` seconds a call. The function runs in another process there: its arguments
    and results are pickled, so they may hold no CUDA tensors, modules or locks.
    """
    if spaces is None:
        return lambda function: function
    return spaces.GPU(duration=duration)
