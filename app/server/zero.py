"""ZeroGPU of Hugging Face Spaces: `gpu` marks the functions that borrow a GPU; elsewhere it changes nothing."""

import functools
import inspect
import math
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

try:
    import spaces  # before CUDA is touched
except ImportError:
    spaces = None

import gradio as gr

Function = TypeVar("Function", bound=Callable)

ON_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
# What `spaces` calls the errors of a visitor who has used up the day's time (spaces/zero/client.py of 0.51).
NO_TIME_LEFT = ("ZeroGPU quota exceeded", "ZeroGPU pending credits exceeded")
ON_CPU_INSTEAD = "Your GPU time on this Space is used up for today, so the networks run on its CPU, more slowly."
# A GPU is counted from the start of the process that borrows it. Forward and backward passes are counted alike.
START_SEC = 4
PASS_SEC = 0.25
LONGEST_SEC = 10


def seconds(passes: float) -> int:
    """How long to ask for: a visitor who is not logged in has 120 seconds a day, and longer calls wait longer."""
    return min(LONGEST_SEC, START_SEC + math.ceil(PASS_SEC * passes))


def gpu(passes: Callable[..., float] | float, on_cpu: Callable) -> Callable[[Function], Function]:
    """Borrow a GPU for a call. `passes` are those through a network that it takes, or a function of its arguments that
    says so; `on_cpu` stands in once the visitor's time is used up, and the visitor is told.

    The function runs in another process there: its arguments and results are pickled, so they may hold no CUDA tensors,
    modules or locks. Networks have to be loaded before the call, or every call loads them anew.
    """

    def duration(*given: Any) -> int:
        return seconds(passes(*given) if callable(passes) else passes)

    def mark(function: Function) -> Function:
        if spaces is None:
            return function
        borrowing = spaces.GPU(duration=duration)(function)

        @functools.wraps(function)
        def whole(*given: Any) -> Any:
            try:
                return borrowing(*given)
            except gr.Error as error:
                _expect_no_time_left(error)
            return on_cpu(*given)

        @functools.wraps(function)
        def in_parts(*given: Any) -> Iterator[Any]:
            try:
                yield from borrowing(*given)
                return
            except gr.Error as error:  # before the first part: time is asked for as a whole
                _expect_no_time_left(error)
            yield from on_cpu(*given)

        return in_parts if inspect.isgeneratorfunction(function) else whole

    return mark


def _expect_no_time_left(error: gr.Error) -> None:
    if getattr(error, "title", "") not in NO_TIME_LEFT:
        raise error
    gr.Info(ON_CPU_INSTEAD)
