"""Several processes of one command, as torchrun and `accelerate launch` start them: each takes its share of the clips.

What each finds comes together in the main process, which alone writes files and speaks. Without a launcher there is one
process, and everything here is plain.
"""

import atexit
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def process_count() -> int:
    """How many processes the launcher started; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", 1))


def rank() -> int:
    """This process's number, from 0."""
    return int(os.environ.get("RANK", 0))


def is_main() -> bool:
    return rank() == 0


def share(items: Sequence[Item]) -> list[Item]:
    """This process's own of `items`: every n-th of them."""
    return list(items[rank() :: process_count()])


def gathered(value: Result) -> list[Result]:
    """The values of all processes, in order of rank, the same list in each. All of them must call this."""
    if process_count() == 1:
        return [value]
    from accelerate.utils import gather_object

    _connect()
    return gather_object([value])


def in_turn(items: Iterable[Item], work: Callable[[Item], Result]) -> Iterator[tuple[Item, Result]]:
    """Each of `items` with what `work` makes of it, in order and in every process; each process works on its own.

    Items are handed out a round at a time, one a process, so that their number need not be known.
    """
    items = iter(items)
    while block := list(islice(items, process_count())):
        own = work(block[rank()]) if rank() < len(block) else None
        yield from zip(block, gathered(own), strict=False)


def _connect() -> None:
    """Let the processes speak to each other, over NCCL where there are GPUs, else gloo; until this one ends."""
    from accelerate import PartialState

    if not torch.distributed.is_initialized():
        PartialState(cpu=not torch.cuda.is_available())
        # Left open, the threads of gloo now and then abort a process that ends (torch 2.13).
        atexit.register(_close)


def _close() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
