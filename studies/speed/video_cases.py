"""What is compared, from a file or to one; see `cases`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studies.speed.measure import Case
from studies.speed.networks import PAIR, fast_network, plain_maps, plain_network
from studies.speed.videos import VIDEOS, long_video
from tdn.data.sampling import even_window_starts, windows
from tdn.explain import ForwardPass

if TYPE_CHECKING:
    from tdn.data.transforms import Preprocess


def read_10min() -> Case:
    """The 40 frames of a clip from ten minutes of 1080p, short side 256; plain: decord, one frame at a time."""
    return _reading(long_video(600))


def read_1min() -> Case:
    """The same of one minute."""
    return _reading(long_video(60))


def analysis() -> Case:
    """A visitor's whole wait without the network's wire: the pair's scores, four maps and their pictures from a file.

    Ours is what the page does: it sends values and frames, and the browser lays them over each other. Plain draws every
    overlay in Python with the library's own function and saves it as PNG.
    """
    import io

    from PIL import Image

    from tdn.data.clip import load_clip
    from tdn.data.transforms import Preprocess, to_view
    from tdn.explain.scale import scale_per_clip

    path, seen = long_video(60), _Taker(Preprocess.official())
    for role in PAIR:
        fast_network(role), plain_network(role)

    def ours() -> list[bytes]:
        read, sent = load_clip(path, seen), []
        for role in PAIR:
            kept = ForwardPass(fast_network(role), read.tensor)
            maps = kept.maps(kept.logits.argmax(1).tolist())
            sent += [
                (255 * scale_per_clip(one[0].relu().numpy()).values).round().astype(np.uint8).tobytes()
                for one in maps.values()
            ]
        row = io.BytesIO()
        Image.fromarray(np.concatenate(read.centre_frames, axis=1)).save(row, "JPEG", quality=85)
        return [*sent, row.getvalue()]

    def plain() -> list[bytes]:
        import decord
        from pytorch_grad_cam.utils.image import show_cam_on_image

        reader = decord.VideoReader(str(path), num_threads=1)
        wanted = windows(even_window_starts(len(reader), 8), len(reader))
        views = np.stack([to_view(reader[int(index)].asnumpy(), seen.preprocess) for index in wanted.flat])
        frames = views.reshape(8, 5, 224, 224, 3)[:, 2] / np.float32(255)
        x, sent = _normalised(views), []
        for role in PAIR:
            model = plain_network(role)
            with torch.inference_mode():
                target = int(model(x).argmax())
            for maps in plain_maps(model, x, target):
                for frame, one in zip(frames, maps, strict=True):
                    picture = io.BytesIO()
                    Image.fromarray(show_cam_on_image(frame, one, use_rgb=True)).save(picture, "PNG")
                    sent.append(picture.getvalue())
        return sent

    return Case(ours, plain)


def encode() -> Case:
    """The side-by-side video of four maps as H.264; plain: the library's overlays and OpenCV's MPEG-4 writer."""
    import cv2

    from tdn.data.video import write_mp4
    from tdn.explain.scale import scale_per_clip
    from tdn.show.figures import MapRow, grid_video

    rng = np.random.default_rng(0)
    frames = np.kron(rng.integers(0, 255, (8, 9, 16, 3), np.uint8), np.ones((1, 40, 40, 1), np.uint8))
    maps = [rng.random((8, side, side)).astype(np.float32) for side in (56, 7, 56, 7)]
    VIDEOS.mkdir(parents=True, exist_ok=True)

    def ours() -> None:
        rows = [MapRow("TDN", "class", "per clip", scale_per_clip(one)) for one in maps]
        write_mp4(VIDEOS / "ours.mp4", grid_video(frames, rows, (140, 0, 500, 360)), fps=4)

    def plain() -> None:
        from pytorch_grad_cam.utils.image import show_cam_on_image

        writer = cv2.VideoWriter(str(VIDEOS / "plain.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 4, (1280, 720))
        for segment, frame in enumerate(frames):
            tiles = [
                show_cam_on_image(frame / np.float32(255), cv2.resize(one[segment], (640, 360)), use_rgb=True)
                for one in maps
            ]
            grid = np.concatenate([np.concatenate(tiles[:2], 1), np.concatenate(tiles[2:], 1)])
            writer.write(cv2.cvtColor(grid, cv2.COLOR_RGB2BGR))
        writer.release()

    return Case(ours, plain)


@dataclass(frozen=True)
class _Taker:
    """What `load_clip` asks of a network."""

    preprocess: "Preprocess"
    num_segments: int = 8
    window: int = 5


def _normalised(views: np.ndarray) -> Tensor:
    """uint8 [T*L, H, W, 3] -> a clip [1, T, L, 3, H, W]."""
    from tdn.data.transforms import normalise

    return normalise(views).unflatten(0, (1, 8, 5))


def _reading(path: Path) -> Case:
    from tdn.data.transforms import Preprocess, to_view
    from tdn.data.video import decode_frames, probe

    view = Preprocess.official()
    count = probe(path).num_frames
    wanted = windows(even_window_starts(count, 8), count)  # [8, 5]

    def ours() -> list[np.ndarray]:
        return [to_view(frame, view) for _, frame in decode_frames(path, wanted.flat)]

    def plain() -> list[np.ndarray]:
        import decord

        reader = decord.VideoReader(str(path), num_threads=1)
        return [to_view(reader[int(index)].asnumpy(), view) for index in wanted.flat]

    return Case(ours, plain)
