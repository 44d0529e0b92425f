"""What is compared: ours against the plain way with the same libraries. TDN-ResNet50, 8 x 224, random weights.

Plain is the released arithmetic module by module (studies.speed.plain), pytorch-grad-cam with default settings once a
layer and network, and decord frame by frame.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studies.speed.measure import Case
from studies.speed.plain import PlainTDN
from tdn.data.sampling import even_window_starts, train_window_starts, windows
from tdn.explain import ForwardPass, grad_cam
from tdn.model import FAMILY, TDN
from tdn.model.cost import multiply_adds
from tdn.model.inference import inference_copy
from tdn.weights.official import official_name

if TYPE_CHECKING:
    from tdn.data.transforms import Preprocess

PAIR = {"tdn": "tdn_resnet50_8f", "baseline": "tconv_baseline_resnet50_8f"}
CLASS, OTHER_CLASS = 3, 7
VIDEOS = Path("runs/benchmark")
VIDEO_SIZE, VIDEO_FPS, GROUP = (1920, 1080), 30, 250


def clip() -> Tensor:
    return torch.randn(1, 8, 5, 3, 224, 224, generator=torch.Generator().manual_seed(0))


@cache
def network(role: str) -> TDN:
    """Random weights with statistics and norms away from their start."""
    torch.manual_seed(0)
    model = TDN(FAMILY[PAIR[role]].architecture).eval()
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point() and "bn" in name:
            value.add_(0.1 * torch.randn_like(value))
    return model


@cache
def plain_network(role: str) -> PlainTDN:
    """The same weights in the plain network."""
    ours = network(role)
    model = PlainTDN(ours.architecture.num_classes, s_tdm=role == "tdn", l_tdm=role == "tdn").eval()
    model.load_state_dict({official_name(name): tensor for name, tensor in ours.state_dict().items()})
    return model


@cache
def fast_network(role: str) -> TDN:
    return inference_copy(network(role))


def forward_fp32() -> Case:
    """Class scores of one clip, as the page computes them."""
    ours, plain, x = fast_network("tdn"), plain_network("tdn"), clip()
    return Case(_inference(ours, x), _inference(plain, x), multiply_adds(ours.architecture, 224))


def forward_bf16() -> Case:
    """The same in bfloat16; plain stays in float32."""
    ours, plain, x = inference_copy(network("tdn")).bfloat16(), plain_network("tdn"), clip()
    return Case(_inference(ours, x.bfloat16()), _inference(plain, x), multiply_adds(ours.architecture, 224))


def maps_pair() -> Case:
    """Res2 and final maps of TDN and T-Conv for one class and clip."""
    x = clip()

    def ours() -> None:
        for role in PAIR:
            grad_cam(fast_network(role), x, CLASS)

    def plain() -> None:
        for role in PAIR:
            plain_maps(plain_network(role), x, CLASS)

    for role in PAIR:
        fast_network(role), plain_network(role)
    return Case(ours, plain, sum(map(_arithmetic_of_maps, PAIR)))


def class_switch_res2() -> Case:
    """The Res2 map of another class, the first analysis kept; plain: our first analysis."""
    model, x = fast_network("tdn"), clip()
    kept = ForwardPass(model, x)
    return Case(lambda: kept.maps([OTHER_CLASS], ["res2"]), lambda: ForwardPass(model, x).maps([CLASS]))


def class_switch_final() -> Case:
    """The final map of another class, the first analysis kept; plain: our first analysis."""
    model, x = fast_network("tdn"), clip()
    kept = ForwardPass(model, x)
    return Case(lambda: kept.maps([OTHER_CLASS], ["final"]), lambda: ForwardPass(model, x).maps([CLASS]))


def several_classes() -> Case:
    """Gradients of four classes at Res2, one backward pass after another; plain: torch's batched backward pass."""
    model, classes = fast_network("tdn"), (1, 2, 3, 4)
    kept = ForwardPass(model, clip(), ["res2"])
    chosen = torch.zeros(len(classes), *kept.logits.shape)
    chosen[range(len(classes)), 0, classes] = 1

    def batched() -> object:
        return torch.autograd.grad(
            kept._scores, [kept._taken["res2"]], chosen, retain_graph=True, is_grads_batched=True
        )

    return Case(lambda: [kept.maps([one]) for one in classes], batched)


def train_step() -> Case:
    """Forward, backward and SGD on one clip at 112 pixels: bfloat16 and channels last against plain float32."""
    x, label = clip()[..., :112, :112].contiguous(), torch.tensor([CLASS])
    ours = TDN(network("tdn").architecture).train().to(memory_format=torch.channels_last)
    plain = PlainTDN(ours.architecture.num_classes).train()
    return Case(step(ours, x, label, torch.bfloat16), step(plain, x, label, None))


def train_pipeline() -> Case:
    """Two clips of 112 pixels from the ten-minute file to moved weights, decoding and cropping included."""
    from tdn.data.crops import cut, draw_crop
    from tdn.data.datasets import DataSet, Item
    from tdn.data.loading import TrainClips
    from tdn.data.transforms import normalise, normalise_tensor

    path, label = long_video(60), torch.tensor([CLASS, CLASS])
    items = tuple(Item(str(number), path, CLASS) for number in range(2))
    clips = TrainClips(DataSet("benchmark", ("a",) * 8, items), 8, 5, input_size=112, flip=False)
    ours_network = TDN(network("tdn").architecture).train().to(memory_format=torch.channels_last)
    plain_network_ = PlainTDN(ours_network.architecture.num_classes).train()

    def ours() -> None:
        views = torch.stack([clips[number][0] for number in range(2)])  # [N, T, L, 3, H, W]
        step(ours_network, normalise_tensor(views), label, torch.bfloat16)()

    def plain() -> None:
        import decord

        views = []
        for number in range(2):
            rng = np.random.default_rng([0, 0, number])
            reader = decord.VideoReader(str(path), num_threads=1)
            wanted = windows(train_window_starts(len(reader), 8, rng), len(reader))
            box = draw_crop("multi_scale", *VIDEO_SIZE, 112, rng)
            frames = [cut(reader[int(index)].asnumpy(), box, 112) for index in wanted.flat]
            views.append(normalise(np.stack(frames)).unflatten(0, (8, 5)))
        step(plain_network_, torch.stack(views), label, None)()

    return Case(ours, plain)


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


CASES: dict[str, Callable[[], Case]] = {
    make.__name__: make
    for make in (
        forward_fp32,
        forward_bf16,
        maps_pair,
        class_switch_res2,
        class_switch_final,
        several_classes,
        read_10min,
        read_1min,
        analysis,
        encode,
        train_step,
        train_pipeline,
    )
}


# Without the longest: these take some seven minutes.
QUICK = [name for name in CASES if name not in ("analysis", "encode", "several_classes", "read_1min")]


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


def plain_maps(model: PlainTDN, x: Tensor, target: int) -> list[np.ndarray]:
    """pytorch-grad-cam with its defaults, once a layer."""
    from pytorch_grad_cam import GradCAM  # after tdn.explain.gradcam, which mends torchvision's import
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    maps = []
    for layer in (model.base_model.res2, model.base_model.layer4_bak[-1]):
        with GradCAM(model, [layer]) as cam:
            maps.append(cam(input_tensor=x.flatten(0, 1).flatten(1, 2), targets=[ClassifierOutputTarget(target)]))
    return maps


def long_video(duration_sec: int) -> Path:
    """A 1080p H.264 file with B-frames and a keyframe each 250 frames: one such group again and again."""
    import av

    path, group = VIDEOS / f"moving_{duration_sec}s.mp4", VIDEOS / "group.mp4"
    if path.exists():
        return path
    VIDEOS.mkdir(parents=True, exist_ok=True)
    _write_group(group)
    unfinished = path.with_suffix(".partial.mp4")
    with av.open(str(unfinished), "w", format="mp4") as container:
        stream = None
        for repeat in range(duration_sec * VIDEO_FPS // GROUP):
            with av.open(str(group)) as source:
                template = source.streams.video[0]
                stream = stream or container.add_stream_from_template(template)
                shift = round(repeat * GROUP / VIDEO_FPS / template.time_base)
                for packet in source.demux(template):
                    if packet.dts is not None:  # the last one only ends the stream
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                        container.mux(packet)
    unfinished.rename(path)
    return path


def _write_group(path: Path) -> None:
    """One group of pictures: a keyframe and 249 frames that move."""
    import av

    ground = np.kron(np.random.default_rng(0).integers(0, 255, (27, 48, 3), np.uint8), np.ones((40, 40, 1), np.uint8))
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=VIDEO_FPS)
        stream.width, stream.height, stream.pix_fmt = *VIDEO_SIZE, "yuv420p"
        stream.options = {"preset": "superfast", "bf": "2", "g": str(GROUP), "sc_threshold": "0"}
        for number in range(GROUP):
            frame = av.VideoFrame.from_ndarray(np.roll(ground, 4 * number, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


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


def _inference(model: torch.nn.Module, x: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.inference_mode():
            return model(x)

    return run


def step(model: torch.nn.Module, x: Tensor, label: Tensor, precision: torch.dtype | None) -> Callable[[], None]:
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)

    def run() -> None:
        with torch.autocast("cpu", precision, enabled=precision is not None), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss = torch.nn.functional.cross_entropy(model(x).float(), label)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return run


def _arithmetic_of_maps(role: str) -> float:
    """Forward, and the data gradients of stages 3 to 5: as many multiply-adds as their forward."""
    from torch.utils.flop_counter import FlopCounterMode

    model = network(role)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(clip())
    later = sum(sum(counter.flop_counts[f"TDN.{stage}"].values()) for stage in ("res3", "res4", "res5"))
    return counter.get_total_flops() / 2 + later / 2
