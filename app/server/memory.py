"""What glibc holds on to of the memory that is free again. With another C library there is nothing to do."""

import ctypes
import sys
from contextlib import suppress

M_ARENA_MAX = -8


def share_pools() -> None:
    """Two pools of memory for all threads, before the first of them starts.

    glibc gives every few threads a pool of their own, and a pool gives little back: with the threads of a server they
    grow by hundreds of megabytes that nobody uses.
    """
    _tell_glibc("mallopt", M_ARENA_MAX, 2)


def give_back() -> None:
    """Hand what is free between things that are still in use back to the system."""
    _tell_glibc("malloc_trim", 0)


def _tell_glibc(function: str, *values: int) -> None:
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(None), function)(*values)
