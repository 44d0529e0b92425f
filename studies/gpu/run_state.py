"""What a run needs to go on, in one small file that can be sent around.

Weights in half precision (statistics of batch norms in full), Adam's moments in bfloat16, everything else as JSON. The
averaged weights start anew from the weights. A run that goes on so is not the undisturbed run to the bit, as
`tdn.train.checkpoint` makes it, but takes a quarter of the space.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from tdn.train.engine import Trainer
from tdn.train.recipe import MACHINE_FIELDS
from tdn.weights import CheckpointError
from tdn.weights.store import write_whole

MOMENTS = ("exp_avg", "exp_avg_sq")


def save_state(path: Path, trainer: Trainer, rows: list[dict]) -> None:
    """Write where `trainer` is, and the log's `rows` so far, to `path`, whole or not at all."""
    parameters = {name for name, _ in trainer.network.named_parameters()}
    tensors = {
        f"network.{name}": value.half() if name in parameters else value
        for name, value in trainer.network.state_dict().items()
    }
    steps = 0
    for index, state in trainer.optimizer.state_dict()["state"].items():
        steps = int(state["step"])
        tensors |= {f"{moment}.{index}": state[moment].bfloat16() for moment in MOMENTS}
    run = {
        "settings": settings_of(trainer),
        "epoch": trainer.epoch,
        "step": trainer.step,
        "sums": asdict(trainer.sums),
        "plateau": asdict(trainer.plateau),
        "optimizer_steps": steps,
        "rows": rows,
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_whole(path, save(tensors, metadata={"run": json.dumps(run)}))


def load_state(path: Path, trainer: Trainer) -> list[dict]:
    """Bring a new `trainer` to where the file's was; returns the log's rows.

    Raises CheckpointError for a file that is none of these, ValueError for a run of other settings.
    """
    try:
        with safe_open(path, framework="pt") as file:
            run = json.loads(file.metadata()["run"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path.name}: not the state of a run; expected NAME.resume.safetensors") from None
    now = settings_of(trainer)
    if changed := [key for key in now if run["settings"].get(key) != now[key]]:
        raise ValueError(f"{path.name} holds a run with another {', '.join(changed)}; give the same settings again")
    network = {name: value for name, value in parts(tensors, "network").items()}
    network = {name: value.float() if value.is_floating_point() else value for name, value in network.items()}
    moments = {moment: parts(tensors, moment) for moment in MOMENTS}
    states = {
        int(index): {"step": torch.tensor(float(run["optimizer_steps"]))}
        | {moment: moments[moment][index].float() for moment in MOMENTS}
        for index in moments[MOMENTS[0]]
    }
    groups = trainer.optimizer.state_dict()["param_groups"]
    trainer.restore(
        {
            "epoch": run["epoch"],
            "step": run["step"],
            "sums": run["sums"],
            "plateau": run["plateau"],
            "model": network,
            "average": network if trainer.average is not trainer.network else None,
            "optimizer": {"state": states, "param_groups": groups},
            "scaler": None,
            "random": [],
        }
    )
    return run["rows"]


def parts(tensors: dict[str, torch.Tensor], kind: str) -> dict[str, torch.Tensor]:
    """The tensors named KIND.REST, by REST."""
    return {name.removeprefix(f"{kind}."): value for name, value in tensors.items() if name.startswith(f"{kind}.")}


def settings_of(trainer: Trainer) -> dict:
    """What must agree when a run goes on: the recipe but for where files lie, and the clips."""
    recipe = {key: value for key, value in asdict(trainer.recipe).items() if key not in (*MACHINE_FIELDS, "start_from")}
    # Through JSON, so that tuples compare with what a file gives back.
    return json.loads(json.dumps({**recipe, "clips": trainer.clips.name}))
