"""A common start for the small ResNet: its 2-D trunk, distilled from MobileNetV2 with torchvision's ImageNet weights.

    python -m studies.motion.distilled_trunk OUT.safetensors [--steps 4000] [--folder runs/distilled]

No ImageNet weights of so small a ResNet are published. The student sees single frames of procedural clips, photographic
and drawn, and learns what MobileNetV2 makes of the same frames at the end of stages 2 to 5: through a 1x1 convolution
of its own for each stage, the squared error of the teacher's channels, each brought to deviation 1. It sees no motion
and no class. `--set start_from=OUT.safetensors --set start_part=trunk` starts any network on this backbone from it.
"""

import argparse
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tdn.data.transforms import Preprocess, normalise
from tdn.device import keep_freed_memory
from tdn.model import FAMILY, MOBILENET, SMALL, TDN, on_backbone
from tdn.motion import LABELS
from tdn.motion.pool import Pool, load_or_render_pool
from tdn.train.batches import resized
from tdn.train.card import material
from tdn.train.logs import progress
from tdn.train.recipes import DEMO_TDN
from tdn.weights import Card, imagenet_state, save_checkpoint, start_from_imagenet

TAPS = ("res2", "res3", "res4", "res5")
# As many photographic clips as the photos allow, and drawn ones: split and seed of each pool.
POOLS = (("train", 0), ("train-v2", 0))


@dataclass(frozen=True)
class DistilRecipe:
    """`steps` of `batch_size` frames out of `pool_clips` clips of each pool, the last `large_share` at full size."""

    steps: int = 4000
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    small_size: int = 80
    large_share: float = 0.4
    pool_clips: int = 2000
    render_size: int = 112
    seed: int = 0


class Followed(nn.Module):
    """What the student's stages become to be compared with the teacher's, and how far they are from those."""

    def __init__(self, channels: dict[str, tuple[int, int]]):
        """`channels`: of student and teacher, by tap."""
        super().__init__()
        self.heads = nn.ModuleDict({tap: nn.Conv2d(ours, theirs, 1) for tap, (ours, theirs) in channels.items()})
        # Batch statistics bring each channel of the teacher to mean 0 and deviation 1.
        self.scales = nn.ModuleDict(
            {tap: nn.BatchNorm2d(theirs, affine=False) for tap, (_, theirs) in channels.items()}
        )

    def loss(self, student: dict[str, Tensor], teacher: dict[str, Tensor]) -> Tensor:
        """The mean over taps of the squared error: about 1 where nothing is learnt, 0 at best."""
        losses = []
        for tap, head in self.heads.items():
            wanted = self.scales[tap](teacher[tap].float())
            losses.append(nnf.mse_loss(head(student[tap]).float(), wanted))
        return torch.stack(losses).mean()


def trunk_on(backbone, **changes) -> TDN:
    architecture = on_backbone(FAMILY["tsn_resnet50_8f"].architecture, backbone)
    return TDN(replace(architecture, **changes)).to(memory_format=torch.channels_last)


def stages(network: TDN, frames: Tensor) -> dict[str, Tensor]:
    """The ends of stages 2 to 5 of the 2-D backbone on single frames [N, 3, H, W], N a multiple of the segments."""
    taken = {}
    x = network.res1(frames)
    for tap in TAPS:
        x = taken[tap] = getattr(network, tap)(x)
    return taken


def distil(recipe: DistilRecipe, out: Path, folder: Path) -> Path:
    """Train it and write `out`, a checkpoint of the single-frame network (TSN); returns `out`."""
    torch.manual_seed(recipe.seed)
    teacher = trunk_on(MOBILENET).eval().requires_grad_(False)
    start_from_imagenet(teacher, imagenet_state(MOBILENET.name))
    student = trunk_on(SMALL, num_classes=len(LABELS)).train()
    pools = [
        load_or_render_pool(folder / "pools", split, recipe.pool_clips, seed, recipe.render_size)
        for split, seed in POOLS
    ]
    with torch.no_grad():
        empty = torch.zeros(8, 3, 64, 64)
        channels = {
            tap: (ours.shape[1], theirs.shape[1])
            for (tap, ours), theirs in zip(stages(student, empty).items(), stages(teacher, empty).values(), strict=True)
        }
    followed = Followed(channels)
    parameters = [*student.parameters(), *followed.parameters()]
    optimizer = torch.optim.AdamW(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, recipe.steps, pct_start=0.05)
    with progress(recipe.steps, 0, "trunk", shown=True) as show:
        for step in range(recipe.steps):
            size = recipe.render_size if step >= (1 - recipe.large_share) * recipe.steps else recipe.small_size
            frames = frames_of(pools, np.random.default_rng([recipe.seed, step]), recipe.batch_size, size)
            with torch.autocast("cpu", torch.bfloat16):
                with torch.no_grad():
                    wanted = stages(teacher, frames)
                loss = followed.loss(stages(student, frames), wanted)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            schedule.step()
            show(f"error {loss.item():.3f}")
    card = Card(
        student.architecture,
        Preprocess.whole(recipe.render_size),
        list(LABELS),
        trained_on=f"single frames of {len(POOLS) * recipe.pool_clips} procedural clips, photographic and drawn, to "
        "give what MobileNetV2 with ImageNet weights (torchvision's) gives; the classifier is untrained",
        command="python -m studies.motion.distilled_trunk",
        material=material(replace(DEMO_TDN, start_from="imagenet"), photographic=True),
        extra={"recipe": asdict(recipe)},
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, student.eval(), card)
    print(f"wrote {out}", file=sys.stderr)
    return out


def frames_of(pools: list[Pool], rng: np.random.Generator, count: int, size: int) -> Tensor:
    """Centre frames [count, 3, size, size] of any of the pools, mirrored and turned at random."""
    frames = []
    for _ in range(count):
        pool = pools[rng.integers(len(pools))]
        frame = pool.centre[rng.integers(len(pool)), rng.integers(pool.centre.shape[1])]
        if rng.random() < 0.5:
            frame = frame[:, ::-1]
        frames.append(np.rot90(frame, rng.integers(4)) if rng.random() < 0.2 else frame)
    return resized(normalise(np.stack(frames)), size).contiguous(memory_format=torch.channels_last)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="checkpoint to write")
    parser.add_argument("--steps", type=int, default=DistilRecipe.steps)
    parser.add_argument("--folder", type=Path, default=Path("runs/distilled"), help="where pools are kept")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    distil(DistilRecipe(steps=arguments.steps), arguments.out, arguments.folder)


if __name__ == "__main__":
    main()
