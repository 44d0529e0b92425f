"""Loading processes that die or hang: one sentence, never a traceback and never silence."""

import os
import signal
import time
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset

from tdn.data import processes
from tdn.data.processes import batches_of
from tdn.data.video import VideoError


class Clips(Dataset):
    """Three numbers; the second one does what `accident` does."""

    def __init__(self, accident):
        self.accident = accident

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> int:
        if index == 1:
            self.accident()
        return index


def bad_data() -> None:
    raise VideoError("b.mp4: ValueError: no picture in it")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hanging() -> None:
    time.sleep(2)


def nothing() -> None:
    pass


def loaded(accident, **options) -> list[torch.Tensor]:
    return list(batches_of(Clips(accident), batch_size=1, **options))


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_come_in_order(workers):
    assert torch.cat(loaded(nothing, workers=workers)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("workers", [0, 1])
def test_bad_data_end_in_their_own_sentence(workers):
    with pytest.raises(ValueError) as caught:
        loaded(bad_data, workers=workers)
    assert str(caught.value) == "b.mp4: ValueError: no picture in it"


def test_a_killed_process_is_told_with_what_to_do():
    with pytest.raises(ValueError, match=r"a loading process was killed.*use fewer workers"):
        loaded(killed, workers=1)


def test_a_process_that_hangs_where_no_time_limit_reaches_is_told():
    with pytest.raises(ValueError, match=r"sent nothing for 0\.5 seconds.*data check"):
        loaded(hanging, workers=1, quiet_seconds=0.5)


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError, match="Traceback"):
        loaded(lambda: 1 / 0, workers=1)


def test_there_are_no_more_processes_than_shared_memory_has_room_for(monkeypatch, capsys):
    space = os.statvfs_result((4096, 4096, 16384, 16384, 16384, 0, 0, 0, 0, 255))  # 64 MB free
    monkeypatch.setattr(os, "statvfs", lambda path: space)
    monkeypatch.setattr(processes, "SHARED_MEMORY", Path(__file__).parent)
    assert processes.with_room(2, 10 * 2**20) == 2
    assert processes.with_room(8, 10 * 2**20) == 4
    assert "64 MB free and a loading process takes 10 MB of it: 4 processes instead of 8" in capsys.readouterr().err
    assert processes.with_room(2, 45 * 2**20) == 0
    assert torch.cat(loaded(nothing, workers=2, batch_bytes=45 * 2**20, prefetch_factor=1)).tolist() == [0, 1, 2]


def full() -> None:
    raise RuntimeError("unable to write to file </torch_1_2_3>: No space left on device (28)")


def test_full_shared_memory_is_one_sentence_with_the_way_out():
    with pytest.raises(ValueError, match=r"^shared memory is full.*workers=0.*--shm-size=2g$"):
        loaded(full, workers=1)
