"""Memory that is free between things in use goes back to the system."""

import os
import sys

import numpy as np
import pytest

from app.server.memory import give_back


def resident_mb() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's business")
def test_what_is_free_between_kept_arrays_is_given_back():
    arrays = [np.ones(4000) for _ in range(5000)]
    kept = arrays[::100]
    filled = resident_mb()
    del arrays
    give_back()
    assert filled - resident_mb() > 100
    assert all(array.sum() == 4000 for array in kept)
