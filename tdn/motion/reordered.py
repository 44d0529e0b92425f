"""A scene whose frames are shown in another order, again, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tdn.motion.scene import Scene
from tdn.motion.v3 import scene as v3

# A frame of version 2, of the probe sets and of most new splits stands for a fifteenth of a second.
FPS = 15


@dataclass(frozen=True)
class Reordered:
    """Frame `i` is frame `order[i]` of the scene; `label_index` is what that shows."""

    scene: "Scene | v3.Scene | v3.Repeated"
    order: Sequence[int]
    label_index: int
    fps: float = FPS

    @property
    def num_frames(self) -> int:
        return len(self.order)

    def image(self, index: int) -> np.ndarray:
        return self.scene.image(self.order[index])

    def mask(self, index: int) -> np.ndarray:
        return self.scene.mask(self.order[index])

    def still_mask(self, index: int) -> np.ndarray:
        return self.scene.still_mask(self.order[index])
