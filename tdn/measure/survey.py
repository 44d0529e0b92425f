"""Motion focus over many clips: each clip's numbers, several processes, and what they come to."""

import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tdn.data.video import VideoError
from tdn.device import choose_device
from tdn.explain.classes import same_label
from tdn.explain.forward_pass import ForwardPass
from tdn.explain.methods import GRAD_CAM, Rule
from tdn.explain.network_changes import random_weights
from tdn.explain.scale import in_time
from tdn.launch import gathered, in_turn, is_main, process_count
from tdn.measure import controls
from tdn.measure.faithfulness import area_under, deletion, freeze_inside_outside, insertion, model_randomisation
from tdn.measure.focus import focus_of_clip
from tdn.measure.masks import LabelledClips, MaskedClip, SyntheticClips, open_masked
from tdn.measure.summary import CONTROLS
from tdn.networks import Network, fingerprint, open_network

# Clips whose motion says where things move in this set at all, for the shuffled AUC.
ELSEWHERE_CLIPS = 32
ELSEWHERE_SIDE = 64
# Shares of the clip that are taken away or restored, close together where maps are bright.
FEW = (0, 0.05, 0.1, 0.2, 0.4, 1)


@dataclass(frozen=True)
class Survey:
    """What is asked: clips of `data` (as for `evaluate`), two networks by name, a seed, the maps' method (METHODS).

    `faithful` also changes every clip where its maps are bright, which takes some ten times as long.
    """

    data: str
    tdn: Path | str
    baseline: Path | str
    clips: int
    seed: int = 0
    device: str | None = None
    faithful: bool = False
    method: str = GRAD_CAM.method


class Surveyor:
    """Data and networks of a survey, in one process; each network reads a clip by its own rule."""

    def __init__(self, survey: Survey, elsewhere: np.ndarray | None = None):
        self.data: SyntheticClips | LabelledClips = open_masked(survey.data, survey.seed)
        device = choose_device(survey.device)
        self.rule = Rule(survey.method)
        first, other = open_network(survey.tdn, device), open_network(survey.baseline, device)
        self.originals = {"tdn": first, "baseline": other} if survey.faithful else {}
        self.networks: dict[str, Network] = {
            "tdn": first.for_inference(),
            "baseline": other.for_inference(),
            "random_weights": random_weights(first, survey.seed).for_inference(),
        }
        self.elsewhere = self._density() if elsewhere is None else elsewhere

    def row(self, index: int) -> dict[str, Any] | None:
        """The numbers of one clip; None where nothing moves, {"unreadable": why} where it cannot be read."""
        try:
            clips = self._clips(index)
        except (VideoError, OSError) as error:
            return {"unreadable": str(error)}
        if not all(clip.moving.any() for clip in clips.values()):
            return None
        density = self.elsewhere.sum(0)
        if index < len(self.elsewhere):
            density = density - self.elsewhere[index]
        found = measured(clips, self.networks, density, self.rule)
        if self.originals:
            found["faithfulness"] = faithfulness(clips, self.networks, self.originals, self.rule)
        return found

    def _clips(self, index: int) -> dict[str, MaskedClip]:
        """What each network reads of a clip, once where two read alike."""
        read: dict[Any, MaskedClip] = {}
        clips = {}
        for role, network in self.networks.items():
            rule = network.preprocess, network.num_segments, network.window
            if rule not in read:
                read[rule] = self.data.read(index, network)
            clips[role] = read[rule]
        return clips

    def _density(self) -> np.ndarray:
        """How often each place moves in each of the first clips: float32 [clips, side, side]."""
        known = min(ELSEWHERE_CLIPS, self.data.count or ELSEWHERE_CLIPS)
        density = np.zeros((known, ELSEWHERE_SIDE, ELSEWHERE_SIDE), np.float32)
        for index in range(known):
            with suppress(VideoError, OSError):  # `row` says so
                density[index] = controls.shrunk(self.data.read(index, self.networks["tdn"]).moving, ELSEWHERE_SIDE)
        return density


def measured(
    clips: dict[str, MaskedClip],
    networks: dict[str, Network],
    elsewhere: np.ndarray | None = None,
    rule: Rule = GRAD_CAM,
) -> dict[str, Any]:
    """The numbers of one clip: by network and layer, by control, and whether each network was right.

    A network whose maps are fewer than the moments it reads is measured at all of them, its maps linear in between. One
    that does not know the clip's class is measured at its own answer, and "right" is None.
    """
    clip = clips["tdn"]
    size = len(clip.moving), *clip.moving.shape[1:]
    found: dict[str, Any] = {"name": clip.name, "label": clip.label, "right": {}}
    for role, network in networks.items():
        own, known = clips[role], same_label(network.labels, clip.label)
        taken = ForwardPass(network, network.arrange(own.tensor))
        answer = int(taken.logits.argmax())
        target = answer if known is None else known
        found["right"][role] = None if known is None else answer == known
        found[role] = {}
        for layer, values in taken.maps([target], rule=rule, for_the_last_time=True).items():
            maps = values[0].relu().float().cpu().numpy()
            maps = in_time(maps, len(own.moving), network.knots(layer, len(maps)))
            found[role][layer] = focus_of_clip(maps, own.moving, own.still, elsewhere)
    made = (controls.uniform(*size), controls.centre(*size), controls.frame_difference(clip.tensor))
    for name, maps in zip(CONTROLS, made, strict=True):
        found[name] = focus_of_clip(maps, clip.moving, clip.still, elsewhere)
    return found


def faithfulness(
    clips: dict[str, MaskedClip],
    networks: dict[str, Network],
    originals: dict[str, Network],
    rule: Rule = GRAD_CAM,
) -> dict[str, Any]:
    """What the score does where maps are bright, by network and layer; "random" stands for places drawn by chance.

    `deletion` and `insertion`: mean logit as the brightest places are blurred, or restored first; `freeze_gap`: logit
    lost by freezing the brightest tenth less that by freezing another tenth; `randomised_N`: rank correlation of the
    map with that of the network with fresh weights from the classifier down to stage N (6: the classifier alone).
    """
    found: dict[str, Any] = {}
    for role, original in originals.items():
        network, clip = networks[role], clips[role]
        taken = ForwardPass(network, network.arrange(clip.tensor))
        known = same_label(network.labels, clip.label)
        target = [int(taken.logits.argmax()) if known is None else known]
        maps = {
            layer: _at_all_moments(network, layer, signed.relu(), len(clip.moving))
            for layer, signed in taken.maps(target, rule=rule, for_the_last_time=True).items()
        }
        first = maps[network.layers[0]]
        maps["random"] = torch.rand(first.shape, generator=torch.Generator().manual_seed(0)).to(first)
        likeness = model_randomisation(original, clip.tensor, target, rule=rule)
        found[role] = {
            layer: {
                "deletion": area_under(deletion(network, clip.tensor, target, raw, FEW), FEW).item(),
                "insertion": area_under(insertion(network, clip.tensor, target, raw, FEW), FEW).item(),
                "freeze_gap": freeze_inside_outside(network, clip.tensor, target, raw).item(),
                **{f"randomised_{stage}": value for stage, value in likeness.get(layer, {}).items()},
            }
            for layer, raw in maps.items()
        }
    return found


def _at_all_moments(network: Network, layer: str, maps: Tensor, moments: int) -> Tensor:
    """Maps [1, T', h, w] for each moment that the network reads: [1, T, h, w]."""
    if maps.shape[1] == moments:
        return maps
    found = in_time(maps[0].float().cpu().numpy(), moments, network.knots(layer, maps.shape[1]))
    return torch.from_numpy(found)[None].to(maps)


def rows(
    survey: Survey, workers: int = 1, kept: Path | None = None, left_out: list[str] | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of `survey.clips` clips in which something moves, in order, measured by `workers` processes; or by all
    that a launcher started (torchrun), each of which yields all rows.

    With `kept`, a .jsonl file, every row is written there at once, and read from there the next time. A video that
    cannot be read is replaced by the next, and `left_out` gets the sentence that names it. Raises ValueError where the
    data have too few clips, or the file holds the rows of another survey.
    """
    if workers > 1 and process_count() > 1:
        raise ValueError(f"workers={workers} beside {process_count()} processes of a launcher; leave one of them out")
    surveyor = Surveyor(survey)
    done, *_ = gathered(_rows_kept(survey, surveyor.data.listing(), kept) if kept and is_main() else {})
    found, unreadable = 0, [] if left_out is None else left_out
    for index, row in _in_order(surveyor, survey, done, workers):
        if row is not None and "unreadable" in row:  # not kept: the next run tries again
            unreadable.append(row["unreadable"])
            continue
        if kept is not None and index not in done and is_main():
            with kept.open("a") as file:
                file.write(json.dumps({"index": index, "row": row}) + "\n")
        if row is not None:
            yield row
            found += 1
        if found == survey.clips:
            return
    others = f", {len(unreadable)} cannot be read ({unreadable[0]})" if unreadable else ""
    raise ValueError(f"{survey.data}: something moves in {found} of its clips{others}; ask for no more than {found}")


def _in_order(
    surveyor: Surveyor, survey: Survey, done: dict[int, Any], workers: int
) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Clip after clip, without end for procedural ones; a few are under way ahead of the one that is waited for."""
    indices = count() if surveyor.data.count is None else range(surveyor.data.count)
    if workers == 1:
        yield from in_turn(indices, lambda index: done[index] if index in done else surveyor.row(index))
        return
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start_process, initargs=(survey, surveyor.elsewhere)
    )
    under_way: deque[tuple[int, Future | None]] = deque()
    try:
        for index in indices:
            under_way.append((index, None if index in done else pool.submit(_row_in_process, index)))
            if len(under_way) > 2 * workers:
                first, future = under_way.popleft()
                yield first, done[first] if future is None else future.result()
        yield from ((first, done[first] if future is None else future.result()) for first, future in under_way)
    finally:
        pool.shutdown(cancel_futures=True)


_surveyor: Surveyor | None = None


def _start_process(survey: Survey, elsewhere: np.ndarray) -> None:
    global _surveyor
    torch.set_num_threads(1)
    _surveyor = Surveyor(survey, elsewhere)


def _row_in_process(index: int) -> dict[str, Any] | None:
    return _surveyor.row(index)


def _rows_kept(survey: Survey, clips: str, path: Path) -> dict[int, Any]:
    """Rows of an earlier, interrupted run of the same survey of the same `clips`; starts the file if there is none."""
    header = {
        "data": survey.data,
        "seed": survey.seed,
        "tdn": fingerprint(survey.tdn),
        "baseline": fingerprint(survey.baseline),
    }
    header |= {"faithful": survey.faithful, "method": survey.method, "clips": clips}
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(header) + "\n")
        return {}
    lines = path.read_text().splitlines(keepends=True)
    # A line that was being written when the run was killed has no end.
    whole = [json.loads(line) for line in lines if line.endswith("\n")]
    if not whole or whole[0] != header:
        raise ValueError(
            f"{path}: holds the rows of other clips, networks or methods; choose another folder, or delete it"
        )
    path.write_text("".join(line for line in lines if line.endswith("\n")))
    return {line["index"]: line["row"] for line in whole[1:]}
