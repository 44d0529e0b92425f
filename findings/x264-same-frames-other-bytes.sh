#!/usr/bin/env bash
# PyAV 18.1.0, its encoder libx264, on x86-64.
#
# Behaviour: with one thread and the same options the same frames do not always give the same file: written again and
# again in one process, a clip comes out in several versions, whose decoded pictures differ too. x264's macroblock tree
# (`mbtree`, on in every preset but ultrafast) makes the difference; with mbtree=0, or without assembly (asm=0), all
# files are equal. So a data set of small clips that is made anew from its seed has other checksums.
#
# Seen, 112 x 112, crf 20, veryfast, four clips written 40 times each: 2, 2, 1 and 3 different files; with mbtree=0 always 1.
set -euo pipefail
[ "$(uname -m)" = x86_64 ] || { echo "seen on x86-64 only"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - 2>/dev/null <<'PY'
import hashlib
import io

import av
import numpy as np


def film(seed):
    """A square that crosses a noisy, shaken wall of coloured tiles."""
    rng = np.random.default_rng(seed)
    wall = rng.integers(0, 255, (20, 20, 3)).astype(np.uint8).repeat(12, 0).repeat(12, 1)
    for index, (y, x) in enumerate((np.cumsum(rng.integers(-3, 4, (60, 2)), 0) + 60).clip(0, 120)):
        frame = wall[y : y + 112, x : x + 112].astype(int) + rng.integers(-6, 7, (112, 112, 3))
        frame[30:60, 20 + index : 50 + index] = 250, 30, 40
        yield frame.clip(0, 255).astype(np.uint8)


def written(frames, **options):
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width = stream.height = 112
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "20", "preset": "veryfast", **options}
        stream.codec_context.thread_count = 1
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    return hashlib.sha256(file.getvalue()).hexdigest()


films = [list(film(seed)) for seed in range(4)]
usual = [len({written(frames) for _ in range(40)}) for frames in films]
without = [len({written(frames, mbtree="0") for _ in range(40)}) for frames in films]
print("different files of one clip, as usual:", usual, "with mbtree=0:", without)
assert max(usual) > 1 and max(without) == 1, "the behaviour has changed"
PY
