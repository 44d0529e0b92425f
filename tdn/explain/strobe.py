"""The stroboscope: what networks answer as a video is shown over and over, or only in part.

A network with sparse sampling sees one window a segment, far apart in time. Show a short film k times over and the
segments become a stroboscope: with 8 segments and k = 7, each looks an eighth of the film earlier than the one before,
so between segments everything runs backwards. Only what looks inside the windows can tell. The answers over all k say
which network believes the segments; below 1 the film is cut, which is the same question with nothing repeated.

Steps share what they can: every frame is decoded once, and what a network makes of a window before segments meet (Res1,
Res2 and S-TDM) is computed once however many steps show that window.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.data.clip import Pictures
from tdn.data.film import MAX_REPEAT, Showing
from tdn.data.transforms import Preprocess, normalise
from tdn.networks import Network, as_network
from tdn.networks.network import device_of
from tdn.networks.twin import twin_of

PARTS = (1 / 3, 1 / 2, 3 / 4)
REPEATS = range(1, MAX_REPEAT + 1)
# Of windows kept for later steps, all networks together; beyond it a window is computed again.
KEPT_MB = 256

Window = tuple[int, ...]  # frame numbers


@dataclass(frozen=True)
class Step:
    """One point of the curve: how the video was shown, and the answer of each network, logits {name: float32 [K]}.

    `frames` int64 [T, L] are the numbers of the video's frames that all networks were given; `seam_windows` of the T
    windows cross a seam between two rounds.
    """

    showing: Showing
    frames: np.ndarray
    seam_windows: int
    logits: dict[str, np.ndarray]

    @property
    def probabilities(self) -> dict[str, np.ndarray]:
        """{name: float32 [K]}, the softmax of the logits."""
        return {name: torch.from_numpy(logits).softmax(0).numpy() for name, logits in self.logits.items()}


def steps(repeats: Sequence[int] = REPEATS, parts: Sequence[float] = PARTS) -> list[Showing]:
    """The showings of a curve, from left to right: parts of the video once, then all of it 1 to 16 times over."""
    return [*(Showing(part=part) for part in parts), *(Showing(repeat=repeat) for repeat in repeats)]


def curve(networks: Mapping[str, Network | nn.Module], pictures: Pictures) -> Iterator[Step]:
    """Yield what each network says of each showing of a video, in the order of `pictures.showings`.

    `pictures` come from `tdn.data.clip.read_pictures`, or from `DecodingWorker.read_pictures`, with `steps()`; all
    networks must read the same frames at the same size, as those they were read for. Inference copies are fastest
    (`tdn.model.inference`). The logits are those of `model(load_clip(...).tensor)` but for rounding. All work happens
    between two steps, in the thread that asks for the next: who stops asking, or closes the generator, has cancelled
    it. The networks are used through twins (`tdn.networks.twin`) and stay as they are.

    Raises ValueError for a network that takes other clips.
    """
    values = {name: as_network(given) for name, given in networks.items()}
    for name, network in values.items():
        _expect_same_clips(name, network, pictures)
    twins = {name: network.with_module(twin_of(network.module)) for name, network in values.items()}
    frames = _Frames(pictures, next(iter(values.values())).preprocess) if values else None
    kept: dict[str, dict[Window, list[Tensor | None]]] = {name: {} for name in networks}
    order = [[tuple(window) for window in windows] for windows in pictures.windows.tolist()]
    last_use = {window: place for place, windows in enumerate(order) for window in windows}
    for place, windows in enumerate(order):
        logits = {name: _logits(network, windows, kept[name], frames) for name, network in twins.items()}
        _drop(kept, place, last_use)
        yield Step(
            showing=pictures.showings[place],
            frames=pictures.windows[place],
            seam_windows=int(pictures.seam_windows[place]),
            logits={name: values[0].float().cpu().numpy() for name, values in logits.items()},
        )


def _logits(
    network: Network, windows: list[Window], kept: dict[Window, list[Tensor | None]], frames: "_Frames"
) -> Tensor:
    """Logits [1, K] of the clip of these windows; `kept` is what the network made of windows, and grows."""
    model = network.module
    device, dtype = device_of(model)
    with torch.inference_mode():
        if not getattr(model, "windows_meet_late", False):
            clip = frames.whole[frames.places(windows)][None].to(device, dtype)
            return network.scores(model(network.arrange(clip)))
        new = [window for window in dict.fromkeys(windows) if window not in kept]
        if new:
            places = frames.places(new)
            centre = frames.whole[places[:, places.shape[1] // 2]].to(device, dtype)  # [W, 3, H, W]
            halves = None if model.s_tdm is None else frames.half[places].to(device, dtype)  # [W, L, 3, H/2, W/2]
            made = model.within_windows(centre, halves)
            for place, window in enumerate(new):
                # Copies: a slice would keep the windows beside it in memory.
                kept[window] = [None if part is None else part[place : place + 1].clone() for part in made]
        parts = zip(*(kept[window] for window in windows), strict=True)
        return model.across_segments(*(None if part[0] is None else torch.cat(part) for part in parts))


def _drop(kept: dict[str, dict[Window, list[Tensor | None]]], place: int, last_use: dict[Window, int]) -> None:
    """Forget windows that no later step shows, and the rest as well once they take too much."""
    room = KEPT_MB * 2**20
    for windows in kept.values():
        for window in list(windows):
            room -= sum(part.numel() * part.element_size() for part in windows[window] if part is not None)
            if last_use[window] <= place or room < 0:
                del windows[window]


class _Frames:
    """The frames of a video as networks take them, normalised once, and at half resolution for S-TDM."""

    def __init__(self, pictures: Pictures, preprocess: Preprocess):
        self.numbers = pictures.numbers
        self.whole = normalise(pictures.views, preprocess)  # [U, 3, H, W]

    @cached_property
    def half(self) -> Tensor:  # [U, 3, H/2, W/2]
        return nnf.avg_pool2d(self.whole, 2)

    def places(self, windows: Sequence[Window]) -> Tensor:
        """Where the frames of windows lie in `whole` and `half`: int64 [W, L]."""
        return torch.from_numpy(np.searchsorted(self.numbers, np.array(windows)))


def _expect_same_clips(name: str, model: Network, pictures: Pictures) -> None:
    taken = (model.num_segments, model.window, model.preprocess.input_size)
    read = (*pictures.windows.shape[1:], pictures.views.shape[1])
    if taken != read:
        raise ValueError(
            f"{name} takes {taken[0]} windows of {taken[1]} frames at {taken[2]} pixels, these were read as {read[0]} "
            f"of {read[1]} at {read[2]}; read the video again for this network"
        )
