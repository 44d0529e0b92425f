#!/usr/bin/env bash
# decord 0.6.0, input written with PyAV 18.1.0 (libx264): frames of a video with open groups of pictures.
#
# Behaviour: `VideoReader.get_batch` with gaps between the indices returns other frames than asked for, without an error
# or a warning, when the H.264 stream has open groups of pictures (B-frames that lean on the next key frame, as
# broadcast and many camera files have). The same frames come out right when all indices are asked for in a row.
# Who samples one window per segment, as video networks do, classifies other moments than the file's.
#
# Seen: asked for 1 3 5 7 9, got 1 3 8 10 12; asked for 0 to 23, got 0 to 23. PyAV decodes 0 to 23 in order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check decord==0.6.0 av==18.1.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import av
import numpy as np
from decord import VideoReader

COUNT, STEP = 24, 10  # frame i is a plane of grey level 10 i, so a picture says which frame it is
with av.open("open_gop.mp4", "w") as out:
    stream = out.add_stream("libx264", rate=24)
    stream.width = stream.height = 128
    stream.pix_fmt = "yuv420p"
    stream.options = {"x264-params": "keyint=8:open-gop=1:bframes=3"}
    for index in range(COUNT):
        plane = np.full((128, 128, 3), STEP * index, np.uint8)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(plane, format="rgb24")))
    out.mux(stream.encode())


def numbers(pictures):
    return [round(float(picture.mean()) / STEP) for picture in pictures]


with av.open("open_gop.mp4") as file:
    decoded = numbers(frame.to_ndarray(format="rgb24") for frame in file.decode(video=0))
asked = [1, 3, 5, 7, 9]
spread = numbers(VideoReader("open_gop.mp4").get_batch(asked).asnumpy())
in_a_row = numbers(VideoReader("open_gop.mp4").get_batch(list(range(COUNT))).asnumpy())
print("PyAV, in order:      ", decoded)
print("decord, all in a row:", in_a_row)
print("decord, asked", asked, "got", spread)
assert decoded == list(range(COUNT)) and in_a_row == decoded
assert spread == [1, 3, 8, 10, 12], "the behaviour has changed"
PY
