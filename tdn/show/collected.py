"""One result as a figure or a film needs it: a clip, what it shows, and the maps of one class. Arrays, no network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tdn.explain.scale import SCALES, ScaledMap, evidence_share, scale_per_clip, scale_per_frame
from tdn.show.overlay import COLOUR_MAPS, Box, blend, colour_table, place_in_frame

LAYER_NAMES = {"final": "final stage", **{f"res{stage}": f"Res{stage}" for stage in range(1, 5)}}


@dataclass(frozen=True)
class Look:
    """How maps are coloured: the settings of the page's viewer.

    `colours` names one of COLOUR_MAPS, `scale` one of SCALES, `opacity` is 0 to 1; `signed` shows what speaks against
    the class too. Raises ValueError for anything else.
    """

    colours: str = "inferno"
    scale: str = "clip"
    opacity: float = 0.8
    signed: bool = False

    def __post_init__(self) -> None:
        if self.colours not in COLOUR_MAPS:
            colour_table(self.colours)  # it knows the words, but for those of signed maps
            raise ValueError(f"colours {self.colours!r}: expected one of {', '.join(COLOUR_MAPS)}")
        if self.scale not in SCALES:
            raise ValueError(f"scale {self.scale!r}: expected one of {', '.join(SCALES)}")
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity {self.opacity}: expected a number from 0 to 1")


@dataclass(frozen=True)
class CollectedMap:
    """One network's map at one layer: `signed` float32 [T, h, w], raw, below zero what speaks against the class.

    `probability` is what the network gives the class, `file` its checkpoint.
    """

    network: str
    layer: str
    probability: float
    signed: np.ndarray
    file: str = ""


@dataclass(frozen=True)
class Collected:
    """A clip as it is or after a `change`, and the maps of the class `label`.

    `frames` uint8 [T, H, W, 3] are the centre frames, shown at `times_sec` [T], their places in the video `numbers`
    [T]; `box` is what the networks see of them. `name` is the file's. Results of one `source` share a scale where that
    is asked for. `segment` is the one to show where there is room for one; None is the one with most evidence.
    """

    source: str
    name: str
    label: str
    frames: np.ndarray
    times_sec: Sequence[float]
    numbers: Sequence[int]
    box: Box
    maps: tuple[CollectedMap, ...]
    change: str = ""
    method: str = "Grad-CAM"
    segment: int | None = None

    def at(self, layers: Sequence[str], networks: Sequence[str] = ()) -> "Collected":
        """With the maps of these layers and networks alone; of all networks where none is named."""
        maps = [one for one in self.maps if one.layer in layers and (not networks or one.network in networks)]
        return replace(self, maps=tuple(maps))

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.layer for one in self.maps))

    @property
    def networks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.network for one in self.maps))

    @property
    def shown_segment(self) -> int:
        """`segment`, else the one in which all maps together have most of their evidence."""
        if self.segment is not None:
            return self.segment
        return int(sum(evidence_share(one.signed) for one in self.maps).argmax())


def scaled(results: Sequence[Collected], look: Look) -> list[list[ScaledMap]]:
    """The maps of each result by the rule of `look`, in their order.

    A shared scale is one for all networks, and for before and after a change, of one clip at one layer.
    """
    raw = [[one.signed if look.signed else one.signed.clip(min=0) for one in result.maps] for result in results]
    if look.scale != "shared":
        rule = scale_per_frame if look.scale == "frame" else scale_per_clip
        return [[rule(values) for values in maps] for maps in raw]
    most: dict[tuple[str, str], float] = {}
    for result, maps in zip(results, raw, strict=True):
        for one, values in zip(result.maps, maps, strict=True):
            key = result.source, one.layer
            most[key] = max(most.get(key, 0.0), float(np.abs(values).max()))
    return [
        [scale_per_clip(values, most[result.source, one.layer]) for one, values in zip(result.maps, maps, strict=True)]
        for result, maps in zip(results, raw, strict=True)
    ]


def painted(frames: np.ndarray, values: np.ndarray, box: Box, look: Look) -> np.ndarray:
    """Scaled values [T, h, w] over frames uint8 [T, H, W, 3], as the page's viewer paints them."""
    placed = place_in_frame(values, *frames.shape[1:3], box)
    return blend(frames, placed, look.opacity, look.colours, look.signed)
