#!/usr/bin/env bash
# Pillow 12.3.0, read back with PyAV 18.1.0: the rate of a GIF cut out of a film.
#
# Behaviour: GIF stores delays in hundredths of a second, and Pillow cuts the milliseconds it is given down to them
# instead of rounding. The 67 ms of a film at 15 frames a second become 60: the copy runs at 16.7 frames a second, eleven
# percent too fast, and a network that reads at a fixed rate is given other frames of the copy than of the film. To round,
# or to give a list of durations in which the error evens out (60, 70, 70, ...), would keep the rate.
#
# Seen: durations of 33, 40, 67 and 69 ms become 30, 40, 60 and 60 ms, and without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==12.3.0 av==18.1.0 numpy==2.3.5
"$folder/venv/bin/python" -W error - "$folder/film.gif" <<'PY'
import sys

import av
import numpy as np
from PIL import Image

path = sys.argv[1]
pictures = [Image.fromarray(np.full((32, 32, 3), 20 * n, np.uint8)) for n in range(10)]


def read_back(asked):
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=asked)
    with av.open(path) as film:
        times = [float(frame.time) for frame in film.decode(video=0)]
    steps = {round(1000 * (later - earlier)) for earlier, later in zip(times, times[1:])}
    assert len(times) == 10 and len(steps) == 1, (times, steps)
    return steps.pop()


seen = {asked: read_back(asked) for asked in (33, 40, 67, 69)}
print("milliseconds asked and stored:", seen)
assert seen == {33: 30, 40: 40, 67: 60, 69: 60}, "the behaviour has changed"
PY
