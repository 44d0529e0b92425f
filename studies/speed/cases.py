"""What is compared: ours against the plain way with the same libraries. TDN-ResNet50, 8 x 224, random weights.

Plain is the released arithmetic module by module (studies.speed.plain), pytorch-grad-cam with default settings once a
layer and network, and decord frame by frame.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from studies.speed.measure import Case
from studies.speed.networks import (
    CLASS,
    OTHER_CLASS,
    PAIR,
    arithmetic_of_maps,
    clip,
    fast_network,
    network,
    plain_maps,
    plain_network,
    step,
)
from studies.speed.plain import PlainTDN
from studies.speed.video_cases import analysis, encode, read_1min, read_10min
from studies.speed.videos import VIDEO_SIZE, long_video
from tdn.data.sampling import train_window_starts, windows
from tdn.explain import ForwardPass, grad_cam
from tdn.model import TDN
from tdn.model.cost import multiply_adds
from tdn.model.inference import inference_copy


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
    return Case(ours, plain, sum(map(arithmetic_of_maps, PAIR)))


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


def _inference(model: torch.nn.Module, x: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.inference_mode():
            return model(x)

    return run
