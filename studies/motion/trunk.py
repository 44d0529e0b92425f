"""A neutral start: a 2-D trunk that has learnt from single frames where things are, and nothing of how they move.

It stands in for the paper's ImageNet weights where no pretrained weights can be had: from scratch, networks that see
one frame a segment stay at chance on motion.
"""

import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.data.transforms import Preprocess, normalise
from tdn.model import BACKBONES, FAMILY, TDN, on_backbone
from tdn.motion import LABELS
from tdn.motion.pool import Pool, load_or_render_pool, things_in_centre_frames
from tdn.train.batches import resized
from tdn.train.logs import progress
from tdn.weights import Card, save_checkpoint

TAPS = ("res2", "res3", "res4", "res5")
BINS = 8


@dataclass(frozen=True)
class TrunkRecipe:
    """`steps` of `batch_size` single frames out of `pool_clips` rendered clips, the last `large_share` at full size."""

    backbone: str = "resnet10_w32"
    steps: int = 2800
    batch_size: int = 64
    learning_rate: float = 1.5e-3
    small_size: int = 80
    large_share: float = 0.3
    pool_clips: int = 8000
    render_size: int = 112
    pool_seed: int = 0
    seed: int = 0


class StaticHeads(nn.Module):
    """What the trunk is asked for: how much of each cell is covered by things at the end of stages 2 to 5, and from the
    pooled last stages where their centre lies and how much of the picture they take, as one of eight bins each.
    """

    def __init__(self, channels: dict[str, int]):
        super().__init__()
        self.cover = nn.ModuleDict({tap: nn.Conv2d(count, 1, 1) for tap, count in channels.items()})
        self.bins = nn.ModuleDict({tap: nn.Linear(channels[tap], 3 * BINS) for tap in ("res4", "res5")})

    def loss(self, features: dict[str, Tensor], covered: Tensor) -> Tensor:
        """`features` {tap: [N, C, h, w]}, `covered` float [N, cells, cells] in 0..1."""
        losses = []
        for tap, head in self.cover.items():
            logits = head(features[tap]).squeeze(1).float()  # [N, h, w]
            losses.append(
                nnf.binary_cross_entropy_with_logits(logits, nnf.adaptive_avg_pool2d(covered, logits.shape[1:]))
            )
        wanted = static_bins(covered)  # [N, 3]
        for tap, head in self.bins.items():
            logits = head(features[tap].mean((2, 3))).float().unflatten(1, (3, BINS))  # [N, 3, BINS]
            losses.append(nnf.cross_entropy(logits.flatten(0, 1), wanted.flatten()))
        return torch.stack(losses).sum()


def static_bins(covered: Tensor) -> Tensor:
    """Bins 0..7 of the centre's column, its row, and the covered area (its square root): int64 [N, 3]."""
    cells = covered.shape[-1]
    total = covered.sum((1, 2)).clamp(min=1e-6)
    middle = (torch.arange(cells, device=covered.device) + 0.5) / cells
    column = (covered.sum(1) * middle).sum(1) / total
    row = (covered.sum(2) * middle).sum(1) / total
    side = covered.mean((1, 2)).sqrt()
    return (torch.stack([column, row, side], 1) * BINS).long().clamp(0, BINS - 1)


def train_trunk(recipe: TrunkRecipe, out: Path, pools: Path) -> Path:
    """Train it and write `out`, a checkpoint of the single-frame network (TSN); returns `out`."""
    torch.manual_seed(recipe.seed)
    architecture = replace(
        on_backbone(FAMILY["tsn_resnet50_8f"].architecture, BACKBONES[recipe.backbone]), num_classes=len(LABELS)
    )
    pool = load_or_render_pool(pools, "train-v2", recipe.pool_clips, recipe.pool_seed, recipe.render_size)
    covered = _covered(recipe, pools)
    network = TDN(architecture).to(memory_format=torch.channels_last).train()
    with torch.no_grad():
        shapes = _features(network, torch.zeros(1, 3, 64, 64))
    heads = StaticHeads({tap: feature.shape[1] for tap, feature in shapes.items()})
    parameters = [*network.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, recipe.learning_rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, recipe.steps, pct_start=0.05)
    with progress(recipe.steps, 0, "trunk", shown=True) as show:
        for step in range(recipe.steps):
            size = recipe.render_size if step >= (1 - recipe.large_share) * recipe.steps else recipe.small_size
            frames, wanted = _static_batch(recipe, pool, covered, step, size)
            with torch.autocast("cpu", torch.bfloat16):
                loss = heads.loss(_features(network, frames), wanted)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            schedule.step()
            show(f"loss {loss.item():.3f}")
    card = Card(
        architecture,
        Preprocess.whole(recipe.render_size),
        list(LABELS),
        trained_on=f"single frames of {recipe.pool_clips} procedural clips (synthetic v2), labels: where "
        "things are and how large; the classifier is untrained",
        command="python -m studies.motion.ablation",
        extra={"recipe": asdict(recipe)},
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, network.eval(), card)
    print(f"wrote {out}", file=sys.stderr)
    return out


def _covered(recipe: TrunkRecipe, pools: Path) -> np.ndarray:
    """Of every training clip, kept beside the pools."""
    shape = (recipe.pool_clips, recipe.pool_seed, recipe.render_size)
    path = pools / f"things-v2-{'-'.join(map(str, shape))}.npy"
    if not path.exists():
        np.save(path, things_in_centre_frames("train-v2", *shape, num_segments=8, window=5))
    return np.load(path)


def _static_batch(recipe: TrunkRecipe, pool: Pool, covered: np.ndarray, step: int, size: int) -> tuple[Tensor, Tensor]:
    """Frames [N, 3, size, size], mirrored and turned at random, and what covers them [N, cells, cells]."""
    rng = np.random.default_rng([recipe.seed, step])
    frames, wanted = [], []
    for _ in range(recipe.batch_size):
        clip, segment = rng.integers(len(pool)), rng.integers(pool.centre.shape[1])
        frame, cover = pool.centre[clip, segment], covered[clip, segment]
        if rng.random() < 0.5:
            frame, cover = frame[:, ::-1], cover[:, ::-1]
        if rng.random() < 0.5:
            frame, cover = frame.swapaxes(0, 1), cover.T
        frames.append(frame[..., rng.permutation(3)])
        wanted.append(cover)
    picture = resized(normalise(np.stack(frames)), size).contiguous(memory_format=torch.channels_last)
    return picture, torch.from_numpy(np.stack(wanted)).float() / 255


def _features(network: TDN, frames: Tensor) -> dict[str, Tensor]:
    """The stages of the 2-D backbone on single frames [N, 3, H, W]."""
    taken = {}
    x = network.res1(frames)
    for tap in TAPS:
        x = taken[tap] = getattr(network, tap)(x)
    return taken
