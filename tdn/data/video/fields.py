"""Pictures that H.264 stores as two packets, a field each, as AVCHD camcorders do: which packet is the second half.

FFmpeg 8.1.2 gives two such packets as one woven picture, while an MP4 file counts both as frames. What a packet holds
stands in its first slice header (ITU-T H.264, 7.3.3), which is found by way of the sequence header (7.3.2.1.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

SEQUENCE_HEADER = 7
SLICES = (1, 5)
# Profiles whose sequence header says how colour is stored, and may bring scaling lists.
HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
# Enough of a slice for its header, and of an Annex B packet for everything before its first slice.
HEADER_BYTES = 32
SEARCHED_BYTES = 65_536


def second_field_finder(stream: av.video.stream.VideoStream) -> Callable[[av.Packet], bool] | None:
    """A function to be asked of each packet in the order of the file; None where pictures have a packet each."""
    context = stream.codec_context
    if context.name != "h264":
        return None
    extradata = bytes(context.extradata or b"")
    units = _units_of_avcc(extradata) if extradata[:1] == b"\1" else _units_of_annex_b(extradata)
    header = next((unit for unit in units if unit and unit[0] & 31 == SEQUENCE_HEADER), None)
    try:
        sequence = _sequence(header) if header else None
    except IndexError:  # cut short; what can be decoded will show it
        return None
    if sequence is None or sequence.only_frames:
        return None
    return _Pairs(sequence, extradata[4] % 4 + 1 if extradata[:1] == b"\1" else None).is_second


@dataclass(frozen=True)
class _Sequence:
    only_frames: bool
    frame_number_bits: int
    has_colour_planes: bool


class _Pairs:
    """A field of the other parity with the frame number of the field before it completes that picture."""

    def __init__(self, sequence: _Sequence, length_bytes: int | None):
        self.sequence, self.length_bytes = sequence, length_bytes
        self.waiting: tuple[int, int] | None = None

    def is_second(self, packet: av.Packet) -> bool:
        field = self._field(memoryview(packet))
        if field is not None and self.waiting == (field[0], 1 - field[1]):
            self.waiting = None
            return True
        self.waiting = field
        return False

    def _field(self, data: memoryview) -> tuple[int, int] | None:
        """Frame number and parity (1: bottom) of a packet with a field; None for a whole frame."""
        units = _units_of_annex_b(bytes(data[:SEARCHED_BYTES])) if self.length_bytes is None else self._units(data)
        for unit in units:
            if unit and unit[0] & 31 in SLICES:
                try:
                    return self._slice(unit)
                except IndexError:
                    return None
        return None

    def _units(self, data: memoryview):
        at = 0
        while at + self.length_bytes < len(data):
            length = int.from_bytes(data[at : at + self.length_bytes], "big")
            at += self.length_bytes
            yield bytes(data[at : at + min(length, HEADER_BYTES)])
            at += length

    def _slice(self, unit: bytes) -> tuple[int, int] | None:
        bits = _Bits(unit[1:HEADER_BYTES])
        for _ in ("first_mb_in_slice", "slice_type", "pic_parameter_set_id"):
            bits.golomb()
        if self.sequence.has_colour_planes:
            bits.take(2)
        number = bits.take(self.sequence.frame_number_bits)
        return (number, bits.take(1)) if bits.take(1) else None


def _sequence(unit: bytes) -> _Sequence:
    bits = _Bits(unit[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    planes = False
    if profile in HIGH_PROFILES:
        chroma = bits.golomb()
        planes = chroma == 3 and bool(bits.take(1))
        bits.golomb(), bits.golomb(), bits.take(1)
        if bits.take(1):
            for number in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _pass_scaling_list(bits, 16 if number < 6 else 64)
    frame_number_bits = bits.golomb() + 4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1), bits.golomb(), bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb(), bits.take(1), bits.golomb(), bits.golomb()
    return _Sequence(bool(bits.take(1)), frame_number_bits, planes)


def _pass_scaling_list(bits: _Bits, size: int) -> None:
    last = after = 8
    for _ in range(size):
        if after:
            code = bits.golomb()
            after = (last + (code + 1) // 2 * (1 if code % 2 else -1)) % 256
        last = after or last


class _Bits:
    """Bits of a unit from its first on; raises IndexError past its end."""

    def __init__(self, data: bytes):
        data = data.replace(b"\0\0\3", b"\0\0")  # bytes put in so that no start code appears by chance
        self.value, self.left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise IndexError("the unit ends")
        return self.value >> self.left & (1 << count) - 1

    def golomb(self) -> int:
        """Exp-Golomb code, unsigned (9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def _units_of_annex_b(data: bytes) -> list[bytes]:
    return [unit for unit in data.split(b"\0\0\1")[1:]]


def _units_of_avcc(data: bytes) -> list[bytes]:
    """Sequence headers of the decoder configuration of MP4 and Matroska files (ISO 14496-15, 5.3.3.1)."""
    units, at = [], 6
    for _ in range(data[5] & 31 if len(data) > 5 else 0):
        length = int.from_bytes(data[at : at + 2], "big")
        units.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return units
