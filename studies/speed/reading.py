"""Where the time of reading 40 frames of a long 1080p video goes, and how long other libraries take for the same.

    python -m studies.speed.reading [--rounds 3] [--json] [--save]

Other ways are first held against our frames, then timed. torchcodec is none of our requirements and needs FFmpeg as
shared libraries; where it cannot be loaded, it is left out and its error printed. The CPU builds up to 0.13 also run
with PyAV's FFmpeg:

    pip install --no-deps --target TORCHCODEC torchcodec==0.13.0
    for file in .venv/lib/python3*/site-packages/av.libs/lib{av,sw}*; do      # under the names that it looks for
        ln -s $PWD/$file TORCHCODEC/$(basename $file | sed -E 's/-[0-9a-f]+(\\.so\\.[0-9]+).*/\\1/'); done
    LD_LIBRARY_PATH=TORCHCODEC:.venv/lib/python3.11/site-packages/av.libs PYTHONPATH=TORCHCODEC \\
        python -m studies.speed.reading
"""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch

from studies import report
from studies.speed.measure import seconds
from studies.speed.videos import long_video
from tdn.data.sampling import even_window_starts, windows
from tdn.data.transforms import Preprocess, to_view
from tdn.data.video import decode_frames, frames, probe

VIDEOS = {"10 min, keyframe each 250": (600, None), "1 min, keyframe each 30": (60, 30)}
PER_FRAME = "decord, frame by frame"
# Without these no library gives the right pixels at any size.
LEAST = ("packets from the file", "decode", "convert")
VIEW = Preprocess.official()
SHORT_SIDE = (455, 256)  # of 1080p, before the middle square is taken


class Stages:
    """Processor seconds of the reader's stages, and what went through them."""

    def __init__(self) -> None:
        self.seconds, self.counts = Counter(), Counter()

    def timed(self, stage: str, call: Callable) -> Callable:
        def run(*given: object, **named: object) -> object:
            began = time.process_time()
            try:
                return call(*given, **named)
            finally:
                self.seconds[stage] += time.process_time() - began

        return run

    @contextmanager
    def open_video(self, path: Path, max_pixels: int) -> Iterator[tuple]:
        """As the reader's own, of a file and a decoder whose calls are timed."""
        with ExitStack() as stack:
            opening = _open_video(path, max_pixels)
            container, stream, decoder = self.timed("open, index", stack.enter_context)(opening)
            watched = SimpleNamespace(
                seek=self.timed("seek", container.seek), demux=lambda stream: self._packets(container, stream)
            )
            yield watched, stream, _Decoder(decoder, self)

    def _packets(self, container: object, stream: object) -> Iterator:
        packets = container.demux(stream)
        following = self.timed("packets from the file", lambda: next(packets, None))
        while (packet := following()) is not None:
            yield packet


_open_video = frames.open_video


class _Decoder:
    """A decoder that notes how long it takes."""

    def __init__(self, decoder: object, stages: Stages) -> None:
        self.decoder, self.stages, self.name, self.skip_frame = decoder, stages, decoder.name, "DEFAULT"
        self.flush_buffers = decoder.flush_buffers

    def decode(self, packet: object) -> list:
        self.decoder.skip_frame = self.skip_frame
        decoded = self.stages.timed("decode", self.decoder.decode)(packet)
        self.stages.counts["packets"] += 1
        self.stages.counts["decoded"] += len(decoded)
        return decoded


def stages(path: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds by stage of one reading by our reader, and how many packets went in and frames came out."""
    watch = Stages()
    began = time.process_time()
    info = watch.timed("open, index", probe)(path)
    wanted = wanted_frames(info.num_frames)
    changes = {"open_video": watch.open_video, "picture_of": watch.timed("convert", frames.picture_of)}
    with mock.patch.multiple(frames, **changes):
        for _, frame in decode_frames(path, wanted, info):
            watch.timed("resize", to_view)(frame, VIEW)
    whole = time.process_time() - began
    return {**watch.seconds, "rest": whole - watch.seconds.total(), "in all": whole}, dict(watch.counts)


def wanted_frames(count: int) -> list[int]:
    return windows(even_window_starts(count, 8), count).ravel().tolist()


def ours(path: Path) -> np.ndarray:
    info = probe(path)
    return np.stack([to_view(frame, VIEW) for _, frame in decode_frames(path, wanted_frames(info.num_frames), info)])


def decord_each(path: Path) -> np.ndarray:
    import decord

    reader = decord.VideoReader(str(path), num_threads=1)
    return np.stack([to_view(reader[index].asnumpy(), VIEW) for index in wanted_frames(len(reader))])


def decord_batch(path: Path) -> np.ndarray:
    """All frames at once, made small by decord itself."""
    import decord

    reader = decord.VideoReader(str(path), num_threads=1, width=SHORT_SIDE[0], height=SHORT_SIDE[1])
    return reader.get_batch(wanted_frames(len(reader))).asnumpy()[:, 16:240, 116:340]


def torchcodec_batch(path: Path) -> np.ndarray:
    from torchcodec.decoders import VideoDecoder

    reader = VideoDecoder(str(path), dimension_order="NHWC", num_ffmpeg_threads=1)
    pictures = reader.get_frames_at(wanted_frames(len(reader))).data.numpy()
    return np.stack([to_view(picture, VIEW) for picture in pictures])


WAYS = {
    "ours": ours,
    PER_FRAME: decord_each,
    "decord, get_batch at 455 x 256": decord_batch,
    "torchcodec, get_frames_at": torchcodec_batch,
}


def agreement(own: np.ndarray, theirs: np.ndarray) -> dict:
    """How many pictures are nearest to our picture of the same number, and how far they are in grey levels."""
    small = [pictures[:, ::4, ::4].astype(np.int16) for pictures in (own, theirs)]
    apart = np.array([np.abs(small[0] - picture).mean((1, 2, 3)) for picture in small[1]])
    right = np.isclose(apart.diagonal(), apart.min(1))
    return {"right": int(right.sum()), "difference": round(float(apart.diagonal().mean()), 2)}


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(row[name] for row in rows), 4) for name in rows[0]}


def measure(path: Path, rounds: int) -> dict:
    """Stages and ways on one file, all in turns; a way that cannot be loaded is left out."""
    own, ways = ours(path), {}
    for name, way in WAYS.items():
        try:
            ways[name] = agreement(own, way(path))
        except (ImportError, RuntimeError) as error:
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
    staged, timed = [], []
    for _ in range(rounds):
        parts, counts = stages(path)
        staged.append(parts)
        timed.append({name: seconds(lambda name=name: WAYS[name](path)) for name in ways})
    for name, taken in medians(timed).items():
        to_decord = statistics.median(row[name] / row[PER_FRAME] for row in timed)
        ways[name] |= {"seconds": taken, "to_decord": round(to_decord, 3)}
    least = [sum(parts[stage] for stage in LEAST) / row[PER_FRAME] for parts, row in zip(staged, timed, strict=True)]
    return {
        "stages": medians(staged),
        "counts": {**counts, "wanted": len(own)},
        "ways": ways,
        "least_to_decord": round(statistics.median(least), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = {name: measure(long_video(*how), arguments.rounds) for name, how in VIDEOS.items()}
    for table in ("reading", "reading ways", "reading floor"):
        print(json.dumps(found) if arguments.json else report.table(table, found))
        if arguments.json:
            break
    if arguments.save:
        report.save("performance", "reading", found)


if __name__ == "__main__":
    main()
