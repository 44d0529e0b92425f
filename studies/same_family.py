"""Is the whole family the same network in two checkouts? Logits and maps in double precision, compared to 1e-9.

    python -m studies.same_family FOLDER        FOLDER is another checkout, such as `git worktree add /tmp/then 2dbc61b`

Each checkout runs in a process of its own: a small copy of every network of the family, random weights drawn by the
names of the tensors (not by the order in which modules are made), logits of the network, its folded copy and in
training mode, raw maps of Res2 and the final stage; then the shipped checkpoints on one clip.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 1e-9


def draw(name: str, value):
    """Weights of one tensor, by its name alone: positive variances, the rest around what keeps signals alive."""
    import torch

    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
    drawn = torch.randn(value.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    if name.endswith("running_var"):
        return 0.5 + drawn.abs()
    if value.dim() > 1:
        return drawn * (2 / max(1, value[0].numel())) ** 0.5
    return 0.1 * drawn + (1.0 if name.endswith("weight") else 0.0)


def answers(only: list[str]) -> dict[str, np.ndarray]:
    """What this checkout's networks say, by name; `only` names networks and checkpoints, none of them means all."""
    import torch

    from tdn.explain import grad_cam
    from tdn.model import FAMILY, RESNET50, TDN, TINY, TINY_MOBILENET, on_backbone
    from tdn.model.inference import inference_copy
    from tdn.weights import load_model

    torch.set_num_threads(1)
    found = {}
    for name, row in FAMILY.items():
        if only and name not in only:
            continue
        given = row.architecture
        small = replace(RESNET50, width=8, blocks=(1, 1, 1, 1)) if given.backbone.block == "bottleneck" else None
        small = small or (TINY_MOBILENET if given.backbone.block == "inverted" else TINY)
        architecture = replace(given, backbone=small, num_classes=5, num_segments=3, l_tdm_reduction=4)
        if given.s_tdm_width is not None:
            architecture = replace(architecture, s_tdm_width=on_backbone(given, small).s_tdm_width)
        for variant in ("", "legacy") if name == "tdn_resnet50_8f" else ("",):
            one = replace(architecture, legacy_backward=True) if variant else architecture
            found |= told(f"{name}{variant}", TDN(one), one, inference_copy, grad_cam)
    clip = torch.randn(1, 8, 5, 3, 112, 112, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for path in sorted((ROOT / "checkpoints").glob("*.safetensors")):
        if only and path.stem not in only:
            continue
        model = load_model(path).double()
        with torch.no_grad():
            found[f"{path.name} logits"] = model(clip[:, :, : model.window]).numpy()
    return found


def told(name, model, architecture, inference_copy, grad_cam) -> dict[str, np.ndarray]:
    import torch

    model = model.double().eval()
    state = {key: draw(key, value) if value.is_floating_point() else value for key, value in model.state_dict().items()}
    model.load_state_dict(state)
    shape = (1, architecture.num_segments, architecture.window, 3, 64, 64)
    clip = torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found = {f"{name} names": np.array(sorted(state))}
    with torch.no_grad():
        found[f"{name} logits"] = model(clip).numpy()
        if "legacy" not in name:  # its folded copy was wrong before
            found[f"{name} folded"] = inference_copy(model)(clip).numpy()
    for layer, maps in grad_cam(model, clip, target=1).items():
        found[f"{name} {layer}"] = maps.numpy()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    with torch.no_grad():
        found[f"{name} training"] = model.train()(clip).numpy()
    return found


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference, relative to the largest value; infinite where shapes or names differ."""
    if one.shape != other.shape:
        return float("inf")
    if one.dtype.kind == "U":
        return 0.0 if (one == other).all() else float("inf")
    return float(np.abs(one - other).max() / max(np.abs(one).max(), 1e-300))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="another checkout")
    parser.add_argument("--only", nargs="*", default=[], help="names of the family or of checkpoints")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write is not None:
        sys.path.insert(0, str(arguments.folder))
        np.savez(arguments.write, **answers(arguments.only))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "there.npz", Path(folder) / "here.npz"]
        for checkout, file in zip((arguments.folder.resolve(), ROOT), files, strict=True):
            program = [sys.executable, __file__, str(checkout), "--write", str(file), "--only", *arguments.only]
            subprocess.run(program, cwd=checkout, check=True)
        there, here = (dict(np.load(file)) for file in files)
    if there.keys() != here.keys():
        sys.exit(f"error: only in one of them: {sorted(there.keys() ^ here.keys())}")
    apart = {name: difference(there[name], here[name]) for name in there}
    worst = max(apart, key=apart.get)
    print(
        f"{len(apart)} answers of {len({name.split()[0] for name in apart})} networks; largest difference "
        f"{apart[worst]:.2g} ({worst})"
    )
    if too_far := [f"{name} {value:.2g}" for name, value in apart.items() if value > TOLERANCE]:
        sys.exit("error: apart are " + ", ".join(too_far))


if __name__ == "__main__":
    main()
