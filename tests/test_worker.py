"""Decoding in another process: the same clips, and a decoder that misbehaves costs one request one sentence."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tdn.data.clip import load_clip, read_pictures
from tdn.data.decoding import ARRAYS
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import TooManyFrames, UnreadableVideo, UnsuitablePicture, write_mp4
from tdn.data.worker import DecoderFailed, DecodingOutOfMemory, DecodingTimeout, DecodingWorker

ROOT = Path(__file__).resolve().parents[1]
MISBEHAVING = (sys.executable, "-m", "tests.misbehaving")
MODEL = SimpleNamespace(num_segments=8, window=5, preprocess=Preprocess("centre_crop", 64, 48, "even"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_mp4(path, np.random.default_rng(0).integers(0, 255, (30, 96, 128, 3), np.uint8))
    return path


@pytest.fixture(scope="module")
def worker():
    opened = DecodingWorker()
    yield opened
    opened.close()


@pytest.fixture
def misbehaving():
    opened = DecodingWorker(seconds=2, memory_mb=128, program=MISBEHAVING)
    yield opened
    opened.close()


def test_the_clip_is_that_of_decoding_here(worker: DecodingWorker, clip: Path):
    there, here = worker.load_clip(clip, MODEL), load_clip(clip, MODEL)
    assert (there.tensor == here.tensor).all()
    assert (there.centre_frames == here.centre_frames).all() and (there.times_sec == here.times_sec).all()
    assert (there.frames == here.frames).all() and there.seen_box == here.seen_box and there.note == here.note
    assert (there.info.name, there.info.num_frames, there.info.fps) == ("clip.mp4", 30, here.info.fps)


def test_a_repeated_clip_is_that_of_decoding_here_and_no_limit_refuses_it(clip: Path):
    strict = DecodingWorker(max_frames=30)
    there, here = strict.load_clip(clip, MODEL, repeat=7, part=0.5), load_clip(clip, MODEL, repeat=7, part=0.5)
    assert (there.tensor == here.tensor).all() and (there.frames == here.frames).all()
    assert (there.note, there.seam_windows, there.showing) == (here.note, here.seam_windows, here.showing)
    showings = [Showing(part=1 / 3), Showing(), Showing(repeat=16)]
    pictures, same = strict.read_pictures(clip, MODEL, showings, 48), read_pictures(clip, MODEL, showings, 48)
    for name in ARRAYS:
        assert (getattr(pictures, name) == getattr(same, name)).all()
    assert pictures.shown.shape[1:] == (48, 64, 3) and list(pictures.showings) == showings
    strict.close()


def test_what_is_said_of_a_video_comes_back(worker: DecodingWorker, tmp_path: Path):
    times = [0, 0.1, 0.2, 9.2, 9.3]
    write_mp4(tmp_path / "paused.mp4", np.zeros((5, 48, 64, 3), np.uint8), fps=10, times_sec=times)
    there = worker.load_clip(tmp_path / "paused.mp4", MODEL)
    assert there.note == load_clip(tmp_path / "paused.mp4", MODEL).note and "pauses once" in there.note
    assert there.info.duration_sec == pytest.approx(9.4)


@pytest.mark.parametrize(
    ("file", "error", "says"),
    [
        ("sleep.mp4", DecodingTimeout, r"sleep\.mp4: reading it took longer than 2 seconds; "),
        ("allocate.mp4", DecodingOutOfMemory, r"allocate\.mp4: reading it takes more than 128 MB of memory"),
        ("kill.mp4", DecoderFailed, r"kill\.mp4: the decoder broke down on this file; "),
        ("segfault.mp4", DecoderFailed, r"segfault\.mp4: the decoder broke down on this file; "),
        ("fail.mp4", DecoderFailed, r"fail\.mp4: the decoder failed on this file; "),
    ],
)
def test_a_decoder_that_misbehaves_costs_one_sentence_and_is_replaced(
    misbehaving: DecodingWorker, file: str, error: type, says: str
):
    before = misbehaving.pid
    with pytest.raises(error, match="^" + says) as caught:
        misbehaving.load_clip(Path(file), MODEL)
    assert "\n" not in str(caught.value)
    assert misbehaving.pid != before and not alive(before)
    assert misbehaving.load_clip(Path("good.mp4"), MODEL).tensor.shape == (1, 8, 5, 3, 48, 48)


def test_a_process_that_dies_between_two_requests_costs_none(worker: DecodingWorker, clip: Path):
    worker.load_clip(clip, MODEL)
    os.kill(worker.pid, signal.SIGKILL)
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert worker.load_clip(clip, MODEL).info.num_frames == 30


def test_memory_that_is_not_given_back_costs_the_process_its_place(misbehaving: DecodingWorker):
    before = misbehaving.pid
    misbehaving.load_clip(Path("keep.mp4"), MODEL)
    assert misbehaving.pid != before


def test_what_a_library_prints_is_no_answer(misbehaving: DecodingWorker):
    assert misbehaving.load_clip(Path("chatter.mp4"), MODEL).info.num_frames == 1


def test_requests_at_the_same_time_get_their_own_clips(worker: DecodingWorker, tmp_path: Path):
    paths = [tmp_path / f"{number}.mp4" for number in range(6)]
    for number, path in enumerate(paths):
        write_mp4(path, np.full((number + 1, 48, 64, 3), 40 * number, np.uint8))
    found = {}
    threads = [
        threading.Thread(target=lambda path=path: found.update({path: worker.load_clip(path, MODEL)})) for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, path in enumerate(paths):
        assert found[path].info.num_frames == number + 1
        assert (found[path].tensor == load_clip(path, MODEL).tensor).all()


def test_a_real_video_that_needs_more_memory_than_allowed_is_refused_for_that(tmp_path: Path):
    # H.264 keeps a picture of 4096 x 2304 at 14 MB several times over.
    write_mp4(tmp_path / "large.mp4", [np.zeros((2304, 4096, 3), np.uint8)] * 2)
    small = DecodingWorker(memory_mb=100)
    with pytest.raises(DecodingOutOfMemory, match="more than 100 MB of memory"):
        small.load_clip(tmp_path / "large.mp4", MODEL)
    small.close()


def test_limits_on_frames_and_pixels_hold(clip: Path, tmp_path: Path):
    strict = DecodingWorker(max_pixels=96 * 128, max_frames=29)
    with pytest.raises(TooManyFrames, match=r"clip\.mp4: holds more than 29 frames"):
        strict.load_clip(clip, MODEL)
    write_mp4(tmp_path / "wide.mp4", [np.zeros((96, 160, 3), np.uint8)])
    with pytest.raises(UnsuitablePicture, match=r"160x96 pixels are more .*at most 12288"):
        strict.load_clip(tmp_path / "wide.mp4", MODEL)
    strict.close()


def test_errors_of_the_file_arrive_as_they_are_and_keep_the_process(worker: DecodingWorker, tmp_path: Path):
    before = worker.pid
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnreadableVideo, match=r"^text\.mp4: not a readable video"):
        worker.load_clip(tmp_path / "text.mp4", MODEL)
    with pytest.raises(FileNotFoundError, match=r"^gone\.mp4: no such file"):
        worker.load_clip(tmp_path / "gone.mp4", MODEL)
    assert worker.pid == before


def test_a_process_that_cannot_start_is_told_apart_from_a_bad_file(clip: Path):
    with pytest.raises(RuntimeError, match="does not start"):
        DecodingWorker(program=(sys.executable, "-c", "raise SystemExit(1)")).load_clip(clip, MODEL)


@pytest.mark.parametrize("end", ["del worker", "worker.close()", "", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_process_is_left_behind(end: str):
    program = f"""
import os, signal
from tdn.data.worker import DecodingWorker
worker = DecodingWorker()
print(worker.pid, flush=True)
{end}
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    gone(int(done.stdout))


def test_decoding_needs_no_torch():
    program = "import sys, tdn.data.decoding; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> None:
    """Wait, at most ten seconds, until a process that isn't ours has ended."""
    ended = threading.Event()
    for _ in range(200):
        if not alive(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        ended.wait(0.05)
    raise AssertionError(f"process {pid} still runs")
