#!/usr/bin/env bash
# PyAV 18.1.0, its encoder libsvtav1 (SVT-AV1), on Linux with the right to set priorities (root, as in most containers).
#
# Behaviour: opening the AV1 encoder gives the thread that calls it the real-time policy SCHED_FIFO at priority 99, the
# highest there is, and it stays so after the file is closed. Everything that the process computes afterwards on that
# thread pushes ordinary processes of the machine aside: a data-set script that writes one AV1 clip and then trains, or
# a server that does so, starves the rest. Without the right a line is printed and nothing is changed.
#
# Seen, as root: policy 0 (SCHED_OTHER), priority 0 before; policy 1 (SCHED_FIFO), priority 99 after eight frames.
set -euo pipefail
[ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || { echo "run as root on Linux: others may not set priorities"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - 2>/dev/null <<'PY'
import os

import av
import numpy as np


def policy():
    return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority


before = policy()
with av.open("clip.mp4", "w") as out:
    stream = out.add_stream("libsvtav1", rate=24)
    stream.width = stream.height = 128
    stream.pix_fmt = "yuv420p"
    for index in range(8):
        plane = np.full((128, 128, 3), 10 * index, np.uint8)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(plane, format="rgb24")))
    out.mux(stream.encode())
after = policy()
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
print("policy and priority before:", before, "after:", after)
assert before == (os.SCHED_OTHER, 0) and after == (os.SCHED_FIFO, 99), "the behaviour has changed"
PY
