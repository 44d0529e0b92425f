#!/usr/bin/env bash
# OpenCV 4.13.0.92, decord 0.6.0, PyAV 18.1.0 (FFmpeg 8.1.2): a video whose display matrix mirrors it.
#
# Behaviour: the matrix of an MP4 file may mirror as well as turn, as front cameras and "flip" in an editor write it.
# ffmpeg and players mirror the picture. OpenCV and decord reduce the matrix to an angle, find 180 degrees and show the
# picture upside down; `VideoFrame.rotation` of PyAV says -180 (and -90 for a transposed picture), so whoever turns by
# it does the same. Something that falls rises for the network that sees it, without an error or a warning.
#
# Seen: drawn top left, to be shown top right; OpenCV 180.0 and bottom right, decord bottom right, PyAV rotation -180;
# transposed: PyAV rotation -90, as a quarter turn has it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    opencv-python-headless==4.13.0.92 decord==0.6.0 av==18.1.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import av
import cv2
import numpy as np
from decord import VideoReader

ONE = 1 << 16
MATRICES = {
    "mirrored": [-ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30],
    "transposed": [0, ONE, 0, ONE, 0, 0, 0, 0, 1 << 30],
    "quarter turn": [0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30],
}
picture = np.full((64, 96, 3), 40, np.uint8)
picture[:32, :48] = 220  # bright at the top left
for name, matrix in MATRICES.items():
    with av.open(f"{name}.mp4", "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        stream.set_display_matrix(matrix)
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


def place(shown):
    y, x = np.nonzero(shown[..., 0] > 130)
    return f"{'top' if y.mean() < shown.shape[0] / 2 else 'bottom'} {'left' if x.mean() < shown.shape[1] / 2 else 'right'}"


rotations = {}
for name in MATRICES:
    with av.open(f"{name}.mp4") as file:
        rotations[name] = next(file.decode(video=0)).rotation
capture = cv2.VideoCapture("mirrored.mp4")
angle, by_opencv = capture.get(cv2.CAP_PROP_ORIENTATION_META), place(capture.read()[1])
by_decord = place(VideoReader("mirrored.mp4")[0].asnumpy())
print(f"expected top right; OpenCV {angle} {by_opencv}; decord {by_decord}; PyAV rotations {rotations}")
assert (angle, by_opencv, by_decord) == (180.0, "bottom right", "bottom right"), "the behaviour has changed"
assert rotations == {"mirrored": -180, "transposed": -90, "quarter turn": -90}, "the behaviour has changed"
PY
