"""Hostile files for `studies.abuse.fuzz`: each kind of `KINDS` makes one of sound videos, by the draws of `rng`."""

import gzip
import io
import json
import os
import pickle
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder talks

import av  # isort: skip
import numpy as np
from PIL import Image

REAL = Path(__file__).resolve().parents[3] / "shared" / "clips"
SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif", ".ts", ".mpg", ".flv", ".wmv", ".ogv", ".h264", ".ivf")
EXTREMES = (0, 1, 2, 15, 16, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

# File name: codec, pixel format. Small, of every container that the page opens.
SYNTHETIC = {
    "h264.mp4": ("libx264", "yuv420p"),
    "h264.mkv": ("libx264", "yuv420p"),
    "h264.avi": ("libx264", "yuv420p"),
    "h264.ts": ("libx264", "yuv420p"),
    "h264.flv": ("libx264", "yuv420p"),
    "h264.h264": ("libx264", "yuv420p"),
    "h265.mp4": ("libx265", "yuv420p"),
    "vp8.webm": ("libvpx", "yuv420p"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
    "av1.mp4": ("libsvtav1", "yuv420p"),
    "vp8.ivf": ("libvpx", "yuv420p"),
    "mpeg4.avi": ("mpeg4", "yuv420p"),
    "mpeg4.mov": ("mpeg4", "yuv420p"),
    "mpeg2.mpg": ("mpeg2video", "yuv420p"),
    "wmv2.wmv": ("wmv2", "yuv420p"),
    "flv1.flv": ("flv", "yuv420p"),
    "mjpeg.avi": ("mjpeg", "yuvj420p"),
    "animation.gif": ("gif", "rgb8"),
}
ODD_PIXELS = (
    ("libx264", "yuv444p", ".mp4"),
    ("libx264", "yuv422p10le", ".mkv"),
    ("libx265", "gbrp", ".mp4"),
    ("libx265", "yuv420p12le", ".mkv"),
    ("libvpx-vp9", "yuva420p", ".webm"),
    ("libvpx-vp9", "gbrp", ".mkv"),
    ("ffv1", "yuv411p", ".mkv"),
    ("ffv1", "yuva444p", ".mkv"),
    ("ffv1", "yuv410p", ".avi"),
    ("ffv1", "yuv420p16le", ".mkv"),
    ("huffyuv", "bgra", ".avi"),
    ("png", "rgb48be", ".mov"),
    ("png", "monob", ".avi"),
    ("png", "ya16be", ".mov"),
    ("qtrle", "rgb555be", ".mov"),
    ("rawvideo", "rgb24", ".avi"),
    ("rawvideo", "uyvy422", ".mov"),
    ("rawvideo", "gray", ".mkv"),
    ("prores_ks", "yuva444p10le", ".mov"),
    ("dnxhd", "gbrp10le", ".mov"),
    ("jpeg2000", "gbrp14le", ".mkv"),
    ("cinepak", "gray", ".mov"),
    ("utvideo", "gbrap", ".avi"),
)


def frames(count: int = 20, width: int = 96, height: int = 64) -> Iterable[np.ndarray]:
    """A square that moves over a gradient: uint8 [H, W, 3]."""
    for number in range(count):
        frame = np.empty((height, width, 3), np.uint8)
        frame[:] = np.linspace(40, 200, width, dtype=np.uint8)[:, None]
        left = number * width // count
        frame[height // 4 : height // 2, left : left + 12] = (240, 90, 20)
        yield frame


def encode(
    path: Path,
    codec: str,
    pixels: str,
    pictures: Iterable[np.ndarray] | None = None,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video as PyAV allows; `times` in 1/25 s."""
    with av.open(str(path), "w") as container:
        stream = None
        for number, picture in enumerate(pictures if pictures is not None else frames()):
            if stream is None:
                stream = container.add_stream(codec, rate=25)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = pixels
                stream.options = options or ({"x265-params": "log-level=none"} if codec == "libx265" else {})
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format=pixels)
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if codec == "libsvtav1" and hasattr(os, "SCHED_OTHER"):  # it makes root's process a real-time one: all others wait
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def sources(folder: Path, largest: int = 400_000) -> list[Path]:
    """Sound videos to mutate: small ones made in `folder`, and the real clips beside this checkout where there are."""
    made = [encode(folder / name, *how) for name, how in SYNTHETIC.items()]
    real = [path for path in sorted(REAL.glob("*/*.*")) if path.suffix in SUFFIXES] if REAL.is_dir() else []
    return made + [path for path in real if path.stat().st_size <= largest and has_video(path)]


# Each takes the random draws, the sound videos, and a folder for the one file that it makes.


def unchanged(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    return write(folder, rng.choice(videos))


def bit_flips(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    for _ in range(2 ** rng.randrange(8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return write(folder, path, data)


def header_bit_flips(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """In the first bytes, or where an MP4 keeps its index."""
    path, data = draw(rng, videos)
    begin = max(0, data.find(b"moov"))
    for _ in range(2 ** rng.randrange(6)):
        data[min(len(data) - 1, begin + rng.randrange(1500))] ^= 1 << rng.randrange(8)
    return write(folder, path, data)


def noise_runs(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    for _ in range(rng.randrange(1, 4)):
        begin = rng.randrange(len(data))
        data[begin : begin + rng.randrange(1, 4096)] = rng.randbytes(rng.randrange(1, 4096))
    return write(folder, path, data)


def truncated(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    return write(folder, path, data[: rng.randrange(len(data))])


def spliced(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """The head of one file and the tail of another."""
    path, data = draw(rng, videos)
    _, other = draw(rng, videos)
    at = rng.choice((rng.randrange(1, 512), rng.randrange(len(data))))
    return write(folder, path, data[:at] + other[min(at, len(other) // 2) :])


def appended(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    return write(folder, path, data + rng.choice((draw(rng, videos)[1], rng.randbytes(5000), data)))


def wrong_extension(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    suffix = rng.choice([*SUFFIXES, ".txt", ".html", ".svg", ".exe", ".m3u8", ".py", ""])
    return write(folder, path.with_name(path.stem + suffix), data)


def strange_name(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    names = (
        "a\nb",
        "-i",
        "%s%n%d",
        "concat:a|b",
        "http:__a",
        "'\"<b>&",
        "ünï",
        "x" * 200,
        " ",
        "..",
        "pipe:0",
        "\u202e",
    )
    return write(folder, Path(rng.choice(names) + path.suffix), data)


def absurd_field(rng: random.Random, videos: list[Path], folder: Path, atoms: Sequence[bytes]) -> Path:
    """Extreme numbers in the atoms of an MP4 named, or of whatever follows such letters in another file."""
    path, data = draw(rng, [path for path in videos if path.suffix in (".mp4", ".mov")])
    places = [at for atom in atoms for at in places_of(data, atom)]
    for _ in range(rng.randrange(1, 4)):
        at = rng.choice(places) + 4 * rng.randrange(1, 12)
        data[at : at + 4] = struct.pack(">I", rng.choice(EXTREMES))
    return write(folder, path, data)


def absurd_dimensions(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    return rng.choice((dimensions_of_mp4, dimensions_of_gif, dimensions_of_avi, dimensions_of_ivf, dimensions_of_mkv))(
        rng, videos, folder
    )


def dimensions_of_mp4(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix in (".mp4", ".mov")])
    for entry in (b"avc1", b"hvc1", b"hev1", b"av01", b"mp4v"):
        for at in places_of(data, entry):
            data[at + 28 : at + 32] = struct.pack(">HH", *rng.choices(EXTREMES[:8], k=2))
    for at in places_of(data, b"tkhd"):
        data[at + 80 : at + 88] = struct.pack(">II", *rng.choices(EXTREMES, k=2))
    return write(folder, path, data)


def dimensions_of_gif(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix == ".gif"])
    data[6:10] = struct.pack("<HH", *rng.choices(EXTREMES[:8], k=2))
    return write(folder, path, data)


def dimensions_of_avi(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix == ".avi"])
    at = data.find(b"strf")
    data[at + 12 : at + 20] = struct.pack("<II", *rng.choices(EXTREMES, k=2))
    return write(folder, path, data)


def dimensions_of_ivf(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix == ".ivf"])
    data[12:16] = struct.pack("<HH", *rng.choices(EXTREMES[:8], k=2))
    at = data.find(b"\x9d\x01\x2a")  # the start code of a VP8 keyframe, its size behind it
    data[at + 3 : at + 7] = struct.pack("<HH", *rng.choices(EXTREMES[:6], k=2))
    return write(folder, path, data)


def dimensions_of_mkv(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, [path for path in videos if path.suffix in (".mkv", ".webm")])
    for element in (b"\xb0\x81", b"\xb0\x82", b"\xba\x81", b"\xba\x82"):  # PixelWidth and PixelHeight, 1 or 2 bytes
        at = data.find(element, 0, 2000)
        if at >= 0:
            length = element[1] - 0x80
            data[at + 2 : at + 2 + length] = rng.randbytes(length)
    return write(folder, path, data)


def absurd_durations(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    return absurd_field(rng, videos, folder, (b"mvhd", b"mdhd", b"tkhd", b"elst", b"stts", b"ctts"))


def absurd_tables(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Millions of frames, sizes and places that are not there."""
    return absurd_field(rng, videos, folder, (b"stsz", b"stsc", b"stco", b"stss", b"stsd", b"stts"))


def zero_frames(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """A header with nothing behind it."""
    if rng.random() < 0.3:
        return write(folder, Path("empty.gif"), b"GIF89a" + struct.pack("<HHBBB", 64, 48, 0, 0, 0) + b";")
    if rng.random() < 0.3:
        return write(folder, rng.choice(videos), b"")
    path = rng.choice([path for path in videos if path.suffix in (".mp4", ".mkv", ".avi", ".flv")])
    return remuxed(path, folder, lambda number, packet: False)


def missing_keyframes(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path = rng.choice([path for path in videos if path.suffix in (".mp4", ".mkv", ".avi", ".ts", ".webm", ".flv")])
    every = rng.random() < 0.5
    return remuxed(path, folder, lambda number, packet: not (packet.is_keyframe and (every or number == 0)))


def lost_packets(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path = rng.choice([path for path in videos if path.suffix in (".mp4", ".mkv", ".avi", ".ts", ".webm", ".flv")])
    return remuxed(path, folder, lambda number, packet: rng.random() < 0.6)


def variable_rate(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    longest = rng.choice((3, 25, 25 * 3600, 25 * 3600 * 24 * 365))
    times = np.cumsum([rng.randrange(1, longest + 1) for _ in range(20)]).tolist()
    name, codec = rng.choice((("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx")))
    return encode(folder / name, codec, "yuv420p", times=times, options={"bf": "0"} if codec == "libx264" else {})


def odd_pixels(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    codec, pixels, suffix = rng.choice(ODD_PIXELS)
    # DNxHR wants 256 x 120 at least.
    width, height = (256, 128) if codec == "dnxhd" else rng.choice(((96, 64), (64, 16), (20, 160)))
    options = {"profile": "dnxhr_444"} if codec == "dnxhd" else None
    return encode(folder / f"{pixels}{suffix}", codec, pixels, frames(6, width, height), options=options)


def odd_sizes(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Sizes at and beyond the limits: one pixel, odd sides, thin strips, 4096 x 2304 and more."""
    sizes = ((2, 2), (16, 16), (17, 33), (15, 640), (16, 4000), (8192, 16), (16, 16384), (4096, 2304), (4100, 2304))
    width, height = rng.choice(sizes)
    codec, pixels, suffix = rng.choice(
        (("png", "rgb24", ".mov"), ("ffv1", "bgr0", ".mkv"), ("mjpeg", "yuvj444p", ".avi"))
    )
    return encode(folder / f"{width}x{height}{suffix}", codec, pixels, frames(3, width, height))


def changing_size(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """The picture changes its size in the middle, as a stream may."""
    suffix = rng.choice((".h264", ".ts", ".mpg"))
    codec = "mpeg2video" if suffix == ".mpg" else "libx264"
    parts = []
    for size in rng.sample([(96, 64), (640, 480), (32, 400), (1920, 1080)], 2):
        parts.append(encode(folder / f"part{suffix}", codec, "yuv420p", frames(8, *size)).read_bytes())
    (folder / f"part{suffix}").unlink()
    return write(folder, Path(f"changing{suffix}"), b"".join(parts))


def many_frames(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """A small file of a hundred thousand pictures, about the limit."""
    count = rng.choice((20_000, 99_999, 100_001, 300_000))
    picture = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    )
    head = b"GIF89a" + struct.pack("<HHBBB", 32, 32, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    return write(folder, Path("many.gif"), head + picture * count + b";")


def many_streams(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path = folder / f"streams{rng.choice(('.mkv', '.mp4', '.ts'))}"
    count = rng.choice((2, 9, 60))
    with av.open(str(path), "w") as container:
        streams = [
            container.add_stream("mpeg4" if path.suffix != ".ts" else "mpeg2video", rate=25) for _ in range(count)
        ]
        for number, stream in enumerate(streams):
            stream.width, stream.height, stream.pix_fmt = 64 + 16 * (number % 3), 64, "yuv420p"
        sound = container.add_stream("aac", rate=8000)
        for stream in streams:
            for picture in frames(5, stream.width, 64):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
        for _ in range(5):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            samples.sample_rate = 8000
            container.mux(sound.encode(samples))
        container.mux(sound.encode(None))
    return path


def animated_images(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    suffix = rng.choice((".gif", ".png", ".webp", ".tiff"))
    path = folder / f"animated{rng.choice((suffix, '.mp4', '.gif'))}"
    width, height = rng.choice(((64, 48), (1, 1), (300, 20), (1500, 1000)))
    pictures = [Image.fromarray(frame) for frame in frames(4, width, height)]
    kind = {".gif": "GIF", ".png": "PNG", ".webp": "WEBP", ".tiff": "TIFF"}[suffix]
    times = {} if suffix == ".tiff" else {"duration": rng.choice((0, 10, 60_000))}
    pictures[0].save(path, kind, save_all=True, append_images=pictures[1:], **times)
    return path


def archives(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    path, data = draw(rng, videos)
    inside = rng.choice((bytes(data), bytes(30_000_000)))
    packed = io.BytesIO()
    kind = rng.choice(("zip", "tar", "gz", "zip behind a video"))
    if kind == "tar":
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            link = tarfile.TarInfo("link.mp4")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
    elif kind == "gz":
        packed.write(gzip.compress(inside, 1))
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../clip.mp4", inside)
    return write(folder, path, (data if "behind" in kind else b"") + packed.getvalue())


def playlists(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Text by which FFmpeg would open other files and addresses."""
    other = rng.choice(("/etc/passwd", str(videos[0]), "http://127.0.0.1:9/a.ts", "file:///etc/hostname", "../a.mp4"))
    text = rng.choice(
        (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{other}'\n",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=control:{other}\n",
            f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{other}</BaseURL></MPD>',
            f"[playlist]\nFile1={other}\nNumberOfEntries=1\n",
            f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://{other}">]><a>&b;</a>',
        )
    )
    return write(folder, Path(f"list{rng.choice(SUFFIXES)}"), text.encode())


def no_video(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """Text, pictures, programs, sound, random bytes, and a pickle that would write a file."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "JPEG")
    contents = (
        b"hello\n" * rng.randrange(1, 2000),
        picture.getvalue(),
        b"\x7fELF" + rng.randbytes(3000),
        rng.randbytes(rng.randrange(1, 50_000)),
        bytes(rng.randrange(1, 50_000)),
        json.dumps({"moov": {"mdat": [1] * 500}}).encode(),
        pickle.dumps(WritesAFile(str(folder / "written"))),
        b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    )
    return write(folder, Path(f"none{rng.choice(SUFFIXES)}"), rng.choice(contents))


def costly(rng: random.Random, videos: list[Path], folder: Path) -> Path:
    """One keyframe and then hundreds of large pictures: as dear to read as the limits allow."""
    noise = np.random.default_rng(rng.randrange(2**32)).integers(0, 255, (1080, 1920, 3), np.uint8)
    pictures = (np.roll(noise, 40 * number, axis=1) for number in range(90))
    options = {"g": "9999", "crf": "40", "preset": "ultrafast"}
    return encode(folder / "costly.mp4", "libx264", "yuv420p", pictures, options=options)


KINDS: dict[str, Callable[[random.Random, list[Path], Path], Path]] = {
    "unchanged": unchanged,
    "bit flips": bit_flips,
    "bit flips in the header": header_bit_flips,
    "runs of noise": noise_runs,
    "truncated": truncated,
    "spliced": spliced,
    "appended": appended,
    "wrong extension": wrong_extension,
    "strange name": strange_name,
    "absurd dimensions": absurd_dimensions,
    "absurd durations": absurd_durations,
    "absurd tables": absurd_tables,
    "zero frames": zero_frames,
    "missing keyframes": missing_keyframes,
    "lost packets": lost_packets,
    "variable rate": variable_rate,
    "odd pixels": odd_pixels,
    "odd sizes": odd_sizes,
    "changing size": changing_size,
    "many frames": many_frames,
    "many streams": many_streams,
    "animated images": animated_images,
    "archives": archives,
    "playlists": playlists,
    "no video": no_video,
    "costly": costly,
}
# How often a kind is drawn for each time that the others are: damage has more forms than the rest, and costs less.
WEIGHTS = {"bit flips": 4, "bit flips in the header": 4, "runs of noise": 3, "truncated": 3, "spliced": 3}
RARE = {"costly": 0.1, "many frames": 0.3, "odd sizes": 0.6}


def mutation(number: int, seed: int, videos: list[Path], folder: Path) -> tuple[str, Path]:
    """The kind and the file of one mutation, the same for the same number, seed and videos.

    The first of a run go through all kinds once.
    """
    rng = random.Random(f"{seed} {number}")
    names = list(KINDS)
    shares = [WEIGHTS.get(name, 1) * RARE.get(name, 1) for name in names]
    kind = names[number] if number < len(names) else rng.choices(names, shares)[0]
    try:
        return kind, KINDS[kind](rng, videos, folder)
    except (av.FFmpegError, ValueError) as error:  # this FFmpeg can't write it
        return kind, write(folder, Path("not-made.mp4"), str(error).encode())


def draw(rng: random.Random, videos: list[Path]) -> tuple[Path, bytearray]:
    path = rng.choice(videos)
    return path, bytearray(path.read_bytes() or b"\0")


def write(folder: Path, path: Path, data: bytes | None = None) -> Path:
    """A file in `folder` with the name of `path`, and its bytes unless others are given."""
    target = folder / path.name
    target.write_bytes(path.read_bytes() if data is None else data)
    return target


def has_video(path: Path) -> bool:
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.video)
    except av.FFmpegError:
        return False


def places_of(data: bytes, mark: bytes) -> list[int]:
    places, at = [], data.find(mark)
    while at >= 0:
        places.append(at)
        at = data.find(mark, at + 1)
    return places


def remuxed(path: Path, folder: Path, keep: Callable[[int, av.Packet], bool]) -> Path:
    """A copy that holds those packets of the video stream alone for which `keep` says so."""
    target = folder / path.name
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0], opaque=True)
        container.start_encoding()  # the header, even if nothing follows
        try:
            for number, packet in enumerate(source.demux(source.streams.video[0])):
                if packet.dts is not None and keep(number, packet):
                    packet.stream = stream
                    container.mux(packet)
        except av.FFmpegError:
            pass  # what was written until here is hostile enough
    return target


class WritesAFile:
    """Unpickled, it writes an empty file."""

    def __init__(self, path: str):
        self.path = path

    def __reduce__(self) -> tuple:
        return open, (self.path, "w")
