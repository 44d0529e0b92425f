"""Motion focus of one analysis: how much of each map lies on what moves, beside maps that know nothing."""

from dataclasses import dataclass

import numpy as np

from app import focus_text
from app.analysis import Kept
from tdn.explain.scale import NOTHING
from tdn.measure import controls
from tdn.measure.flow import flow_of_windows, moving_by_flow
from tdn.measure.focus import focus_of_clip
from tdn.measure.masks import known_masks, mask_path


@dataclass(frozen=True)
class MotionFocus:
    """The numbers of `tdn.measure.focus.focus_of_clip`: `maps` by (role, layer), None where a map has no evidence;
    `controls` by name; `area` is the share of the picture that moves, `by_flow` whether optical flow says so.

    `refused` is the sentence that stands in their place where there are none.
    """

    maps: dict[tuple[str, str], dict[str, float] | None]
    controls: dict[str, dict[str, float]]
    area: float
    by_flow: bool
    refused: str = ""


def motion_focus(kept: Kept) -> MotionFocus:
    """Measure what `kept` shows. Masks beside a sample clip count; else flow says what moves."""
    clip = kept.clip
    by_flow = not mask_path(kept.video).exists()
    if by_flow and clip.frames.shape[1] < 3:
        return MotionFocus({}, {}, 0.0, by_flow, focus_text.ONE_FRAME)
    moving = moving_by_flow(flow_of_windows(clip.tensor)) if by_flow else known_masks(kept.video, clip)[0]
    if not moving.any():
        return MotionFocus({}, {}, 0.0, by_flow, focus_text.NOTHING_MOVES)
    maps = {
        (role, layer): focus_of_clip(raw, moving) if raw.max() > NOTHING else None
        for role, answer in kept.analysis.answers.items()
        if answer.moments is kept.analysis.moments  # masks are of what the first network reads
        for layer, raw in answer.explained.maps.items()
    }
    size = moving.shape
    known = {"uniform": controls.uniform(*size), "centre": controls.centre(*size)}
    if clip.frames.shape[1] > 1:
        known["frame_difference"] = controls.frame_difference(clip.tensor)
    return MotionFocus(
        maps,
        {name: focus_of_clip(values, moving) for name, values in known.items() if np.any(values)},
        float(moving.mean()),
        by_flow,
    )
