#!/usr/bin/env bash
# decord 0.6.0, OpenCV 4.13.0.92, PyAV 18.1.0 (FFmpeg 8.1.2): H.264 whose fields are pictures of their own.
#
# Behaviour: interlaced H.264 may code each field as a picture, a packet each, as AVCHD camcorders do. FFmpeg weaves two
# into one frame, but the frame count of an MP4 file counts packets: PyAV's `stream.frames` and OpenCV's
# CAP_PROP_FRAME_COUNT say 32 for 16 pictures. decord's `len` says 32 too, at twice the rate, and gives a picture for
# every number: even ones twice as early as asked, and where the number is that of a second field, lines of two
# different pictures woven into one. Nothing fails. Seeking to a number by OpenCV lands elsewhere, too.
#
# Seen: PyAV 32 said, 16 decoded; OpenCV 32 said; decord len 32 at 50 fps, frame 4 is picture 2, frame 15 is half
# picture 7 and half picture 8.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    opencv-python-headless==4.13.0.92 decord==0.6.0 av==18.1.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from fractions import Fraction

import av
import cv2
import numpy as np
from decord import VideoReader

PICTURES, SIDE = 16, 64


class Bits:
    def __init__(self):
        self.text = ""

    def put(self, value, count):
        self.text += f"{value:0{count}b}"
        return self

    def ue(self, *values):  # Exp-Golomb, ITU-T H.264 9.1
        for value in values:
            code = f"{value + 1:b}"
            self.text += "0" * (len(code) - 1) + code
        return self

    def data(self):
        text = self.text + "0" * (-len(self.text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def unit(kind, data):
    return b"\0\0\0\1" + bytes([kind]) + data


# Main profile, no B pictures, frame_mbs_only_flag 0: fields allowed (7.3.2.1.1, 7.3.2.2).
sps = Bits().put(77, 8).put(0, 8).put(40, 8).ue(0, 0, 0, 4, 1).put(0, 1).ue(SIDE // 16 - 1, SIDE // 32 - 1)
sps.put(0b001001, 6)
pps = Bits().ue(0, 0).put(0, 2).ue(0, 0, 0).put(0, 3).ue(0, 0, 0).put(0b1001, 4)


def field(grey, number, bottom):
    """A field of one grey as macroblocks without compression (I_PCM, 7.3.5)."""
    head = Bits().ue(0, 7, 0).put(0, 4).put(1, 1).put(bottom, 1)
    if not bottom:
        head.ue(number % 2)
    head.put(bottom, 8).put(0, 1 if bottom else 2).ue(0, 1)
    data = b""
    for _ in range(SIDE // 16 * SIDE // 32):
        data += head.ue(25).data() + bytes([grey] * 256 + [128] * 128)
        head = Bits()
    return unit(0x41 if bottom else 0x65, data + b"\x80")


start = unit(0x67, sps.data()) + unit(0x68, pps.data())
with open("fields.h264", "wb") as file:
    for number in range(PICTURES):
        file.write(start + field(20 + 12 * number, number, 0) + field(20 + 12 * number, number, 1))
with av.open("fields.h264") as raw, av.open("fields.mp4", "w") as out:
    stream = out.add_stream_from_template(raw.streams.video[0])
    for number, packet in enumerate(packet for packet in raw.demux(video=0) if packet.size):
        packet.time_base, packet.duration, packet.stream = Fraction(1, 50), 1, stream
        packet.pts = packet.dts = number
        out.mux(packet)


def picture(frame):
    """Which picture a line belongs to, of the first two lines."""
    return [round((float(line.mean()) * 219 / 255 + 16 - 20) / 12) for line in frame[:2]]


with av.open("fields.mp4") as file:
    told, decoded = file.streams.video[0].frames, len(list(file.decode(video=0)))
by_opencv = cv2.VideoCapture("fields.mp4").get(cv2.CAP_PROP_FRAME_COUNT)
reader = VideoReader("fields.mp4")
rate, lines = reader.get_avg_fps(), {number: picture(reader[number].asnumpy()) for number in (4, 15)}
print(f"PyAV {told} told, {decoded} decoded; OpenCV {by_opencv:.0f}; decord {len(reader)} at {rate:g} fps, lines {lines}")
assert (told, decoded, by_opencv, len(reader), rate) == (32, 16, 32, 32, 50), "the behaviour has changed"
assert lines[4] == [2, 2] and sorted(lines[15]) == [7, 8], "the behaviour has changed"
PY
