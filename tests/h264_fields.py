"""An H.264 stream whose pictures are two fields each, as AVCHD camcorders write, of macroblocks without compression.

x264 codes fields together, as one packet, so this writes the bits itself (ITU-T H.264, 7.3): every sample as it is.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


class Bits:
    def __init__(self):
        self.text = ""

    def put(self, value: int, count: int) -> "Bits":
        self.text += f"{value:0{count}b}" if count else ""
        return self

    def golomb(self, value: int) -> "Bits":
        code = f"{value + 1:b}"
        self.text += "0" * (len(code) - 1) + code
        return self

    def bytes(self) -> bytes:
        """With nothing but whole bytes so far, or the closing bit of a unit."""
        padded = self.text + "0" * (-len(self.text) % 8)
        return int(padded, 2).to_bytes(len(padded) // 8, "big")


def unit(kind: int, payload: bytes) -> bytes:
    assert b"\0\0" not in payload  # no bytes that would need an escape
    return b"\0\0\0\1" + bytes([kind]) + payload


def headers(width: int, height: int) -> bytes:
    sequence = Bits().put(77, 8).put(0, 8).put(40, 8)
    for value in (0, 0, 0, 4, 1):  # id, bits of frame numbers, order by a counter of 8 bits, one reference
        sequence.golomb(value)
    sequence.put(0, 1).golomb(width // 16 - 1).golomb(height // 32 - 1)
    sequence.put(0b001001, 6)  # fields, not by macroblock, 8x8 inference, no crop, no more; the closing bit
    picture = Bits().golomb(0).golomb(0).put(0, 2).golomb(0).golomb(0).golomb(0).put(0, 3)
    for _ in range(3):
        picture.golomb(0)
    picture.put(0b1001, 4)
    return unit(0x67, sequence.bytes()) + unit(0x68, picture.bytes())


def field(grey: np.ndarray, number: int, is_bottom: bool) -> bytes:
    """One field, uint8 [H, W], of picture `number`."""
    head = Bits().golomb(0).golomb(7).golomb(0).put(0, 4).put(1, 1).put(is_bottom, 1)
    if not is_bottom:
        head.golomb(number % 2)
    head.put(is_bottom, 8).put(0, 1 if is_bottom else 2)
    head.golomb(0).golomb(1)
    data = b""
    for y in range(0, grey.shape[0], 16):
        for x in range(0, grey.shape[1], 16):
            data += head.golomb(25).bytes() + grey[y : y + 16, x : x + 16].tobytes() + bytes([128] * 128)
            head = Bits()
    return unit(0x41 if is_bottom else 0x65, data + b"\x80")


def write_fields(path: Path, pictures: list[np.ndarray], rate: int = 25) -> None:
    """Pictures uint8 [H, W], grey from 16 up, sides divisible by 32; a packet each for their even and odd lines."""
    raw = path.with_suffix(".h264")
    start = headers(pictures[0].shape[1], pictures[0].shape[0])
    raw.write_bytes(
        b"".join(
            start + field(picture[0::2], number, False) + field(picture[1::2], number, True)
            for number, picture in enumerate(pictures)
        )
    )
    with av.open(str(raw)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(packet for packet in source.demux(video=0) if packet.size):
            packet.time_base = Fraction(1, 2 * rate)
            packet.pts = packet.dts = number
            packet.duration = 1
            packet.stream = stream
            target.mux(packet)
    raw.unlink()
