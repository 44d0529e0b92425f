"""Motion focus: how much of a map lies on what moves, with the chance level beside every number.

Maps are raw, [T, h, w] >= 0, with one scale for the whole clip; masks bool [T, H, W], those of the centre frames. Maps
are resized to the masks bilinearly. A map that is zero throughout has no focus: its numbers are 0, its normalised ones
those of a miss.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

# A maximum counts as a hit within this share of the picture's short side (original: 15 pixels of 224 to 500).
POINTING_TOLERANCE = 0.04
BOOTSTRAPS = 2000


def focus_of_clip(
    maps: np.ndarray, moving: np.ndarray, still: np.ndarray | None = None, elsewhere: np.ndarray | None = None
) -> dict[str, float]:
    """Every number of one clip and map, by name.

    energy_share             sum(map x mask) / sum(map) over the clip (energy-based pointing game, Wang et al. 2020)
    mask_area                share of the picture that moves: the energy share of a uniform map
    lift                     energy_share / mask_area, 1 by chance
    lift_of_ceiling          (energy_share - area) / (best - area): `best` is the energy share of the mask itself,
                             pooled to the map's grid; 0 by chance, 1 the most this grid can show
    pointing                 share of masked segments whose maximum lies on the mask or within 4 % of the short side
                             (pointing game, Zhang et al. 2018)
    pointing_chance          the same of a point anywhere
    rank_accuracy            share of the mask among as many brightest pixels (Arras et al. 2022); mask_area by chance
    pixel_auc                probability that a moving pixel is brighter than another one; 0.5 by chance
    shuffled_auc             the same against pixels that move in other clips, NaN without `elsewhere`: a map that only
                             knows where things are filmed gets 0.5
    nss                      mean brightness of moving pixels in standard deviations of the clip (normalised scanpath
                             saliency, Peters et al. 2005); 0 by chance
    temporal_energy          share of the energy in segments where something moves
    time_shift_gap           energy_share less that with masks of half a clip later: does it follow, or sit on the way?
    selectivity              (m - s) / (m + s), mean brightness of moving and of still things; NaN without the latter

    `elsewhere` [h', w'] says how often each place moves in other clips. Raises ValueError where nothing moves or shapes
    do not fit.
    """
    expect_masks(maps, moving)
    seen = resized(maps, *moving.shape[1:])
    area = float(moving.mean())
    share = energy_share(seen, moving)
    best = energy_share(resized(pooled(moving, *maps.shape[1:]), *moving.shape[1:]), moving)
    shifted = np.roll(moving, len(moving) // 2, axis=0)
    hits, chance = pointing(seen, moving)
    return {
        "energy_share": share,
        "mask_area": area,
        "lift": share / area,
        "lift_of_ceiling": (share - area) / (best - area) if best > area else 0.0,
        "pointing": hits,
        "pointing_chance": chance,
        "rank_accuracy": rank_accuracy(seen, moving),
        "pixel_auc": pixel_auc(seen, moving),
        "shuffled_auc": shuffled_auc(seen, moving, elsewhere),
        "nss": float((seen[moving].mean() - seen.mean()) / seen.std()) if seen.std() > 0 else 0.0,
        "temporal_energy": energy_share(seen, np.broadcast_to(moving.any((1, 2))[:, None, None], moving.shape)),
        "time_shift_gap": share - energy_share(seen, shifted),
        "selectivity": selectivity(seen, moving, still),
    }


def expect_masks(maps: np.ndarray, moving: np.ndarray) -> None:
    if maps.ndim != 3 or moving.ndim != 3 or len(maps) != len(moving):
        raise ValueError(f"maps and masks: expected [T, h, w] and [T, H, W], got {maps.shape} and {moving.shape}")
    if not moving.any():
        raise ValueError("nothing moves in this clip, so no map can be focused on it; leave it out")


def resized(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """[T, h, w] -> float64 [T, height, width], bilinear."""
    pictures = [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in maps.astype(np.float32)]
    return np.stack(pictures).astype(np.float64)


def pooled(masks: np.ndarray, height: int, width: int) -> np.ndarray:
    """Share of each cell that a mask covers: [T, H, W] -> [T, height, width]."""
    return np.stack(
        [cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in masks.astype(np.float32)]
    )


def energy_share(seen: np.ndarray, mask: np.ndarray) -> float:
    total = seen.sum()
    return float((seen * mask).sum() / total) if total > 0 else 0.0


def pointing(seen: np.ndarray, moving: np.ndarray) -> tuple[float, float]:
    """Share of hits among masked segments, and that of a point drawn anywhere."""
    tolerance = POINTING_TOLERANCE * min(moving.shape[1:])
    hits, chances = [], []
    for values, mask in zip(seen, moving, strict=True):
        if not mask.any():
            continue
        near = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= tolerance
        # Of several equal maxima one is drawn: a map that is the same everywhere points by chance.
        hits.append(near[values == values.max()].mean() if values.max() > 0 else 0.0)
        chances.append(near.mean())
    return float(np.mean(hits)), float(np.mean(chances))


def rank_accuracy(seen: np.ndarray, moving: np.ndarray) -> float:
    count = int(moving.sum())
    if seen.max() <= 0:
        return 0.0
    brightest = np.argpartition(seen.ravel(), -count)[-count:]
    return float(moving.ravel()[brightest].mean())


def pixel_auc(seen: np.ndarray, moving: np.ndarray) -> float:
    """Area under the ROC curve over all pixels and segments."""
    return weighted_auc(seen, moving, ~moving)


def shuffled_auc(seen: np.ndarray, moving: np.ndarray, elsewhere: np.ndarray | None) -> float:
    """Area under the ROC curve against the places of motion in other clips (shuffled AUC, Zhang et al. 2008)."""
    if elsewhere is None or not elsewhere.any():
        return float("nan")
    density = resized(elsewhere[None], *seen.shape[1:])
    return weighted_auc(seen, moving, np.broadcast_to(density, seen.shape))


def weighted_auc(values: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a value drawn by weights `positive` exceeds one drawn by `negative`; ties count half."""
    unique, place = np.unique(values.ravel(), return_inverse=True)
    ours = np.bincount(place, positive.ravel(), len(unique))
    others = np.bincount(place, negative.ravel(), len(unique))
    if not others.any():
        return 0.5
    below = others.cumsum() - 0.5 * others
    return float((ours * below).sum() / (ours.sum() * others.sum()))


def selectivity(seen: np.ndarray, moving: np.ndarray, still: np.ndarray | None) -> float:
    if still is None or not still.any():
        return float("nan")
    on_moving, on_still = seen[moving].mean(), seen[still].mean()
    return float((on_moving - on_still) / (on_moving + on_still)) if on_moving + on_still > 0 else 0.0


def mean_over_clips(clips: Sequence[dict[str, float]]) -> dict[str, float | None]:
    """The mean of each number over the clips that have it, None where none has."""
    means = {}
    for name in clips[0] if clips else ():
        values = [clip[name] for clip in clips if not math.isnan(clip[name])]
        means[name] = sum(values) / len(values) if values else None
    return means


def paired_interval(ours: Sequence[float], others: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean difference between two maps of the same clips, by bootstrap over clips."""
    differences = np.asarray(ours, float) - np.asarray(others, float)
    if not len(differences):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(differences), size=(BOOTSTRAPS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(1), (0.025, 0.975))
    return float(low), float(high)
