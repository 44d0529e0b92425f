"""TDN and the segment networks of its family (TSN, TSM, T-Conv, TEINet) as `Network` values.

Taps, by the names the paper's figures use: rgb1 to rgb3 a stage before S-TDM is added, diff1 to diff3 what S-TDM adds
(its own resolution, before its weight in the sum), res1 to res4 a stage as the next one sees it, "final" the input of
the classifier. Res2 maps look at "res2", the tensor after the fusion of stage 2.
"""

from pathlib import Path

import torch

from tdn.data.transforms import Preprocess
from tdn.model import TDN, system_name
from tdn.model.inference import inference_copy
from tdn.model.l_tdm import LongTermTDM
from tdn.model.tdn import initialise
from tdn.networks.network import Network, Part, Reads, Tap
from tdn.weights import default_labels, load_model
from tdn.weights.hub import local_checkpoint

LAYERS = ("res2", "final")
LAYER_TITLES = {"res2": "Res2", "final": "final"}
STAGES = (
    *((f"res{n}.", f"fuse{n}.", f"s_tdm.res{n}.", f"s_tdm.later.res{n}.") for n in range(1, 6)),
    ("head.",),
)


def open_checkpoint(name: Path | str, device: str | torch.device = "cpu") -> Network:
    """The network of a checkpoint of ours: a file, or `owner/name` on the Hugging Face Hub. Raises as `load_model`."""
    return network_of(load_model(local_checkpoint(Path(name)), device))


def network_of(model: TDN, title: str = "") -> Network:
    """A TDN as it is in memory, loaded or not; without labels its classes are numbers."""
    architecture = model.architecture
    preprocess = getattr(model, "preprocess", None) or Preprocess.official()
    card = getattr(model, "card", None)
    facts = {"architecture": architecture.to_dict()}
    return Network(
        module=model,
        labels=getattr(model, "labels", None) or default_labels(architecture.num_classes),
        reads=Reads(
            frames=model.num_segments,
            size=preprocess.input_size,
            layout="NTLCHW",
            rule="windows",
            window=model.window,
            windows_by=preprocess,
        ),
        taps=taps(model),
        title=title or system_name(architecture),
        family="tdn",
        layers=LAYERS,
        exact_head="head",
        parts=parts(model),
        stages=STAGES,
        initialise=initialise,
        cheaper=inference_copy,
        facts=facts if card is None else {**facts, "trained_on": card.trained_on},
    )


def taps(model: TDN) -> list[Tap]:
    """In the order of the forward pass. What S-TDM adds is input 1 of a stage's fusion."""
    segments, found = model.num_segments, []

    def tap(name: str, module: str, title: str, side: str = "output", index: int = 0) -> None:
        found.append(Tap(name, module, "(NT)CHW", segments=segments, side=side, index=index, title=title))

    for stage in (1, 2, 3):
        tap(f"rgb{stage}", f"fuse{stage}", f"Res{stage} before S-TDM", "input", 0)
        if stage <= model.architecture.s_tdm_stages:
            tap(f"diff{stage}", f"fuse{stage}", f"S-TDM at Res{stage}", "input", 1)
        tap(f"res{stage}", f"fuse{stage}", f"Res{stage}")
    tap("res4", "res4", "Res4")
    tap("final", "res5", "final")
    return found


def parts(model: TDN) -> dict[str, Part]:
    """S-TDM, by what it adds at each stage; L-TDM, by its modules, whose gates can be zero."""
    found = {}
    if added := tuple(tap for tap in taps(model) if tap.name.startswith("diff")):
        found["S-TDM"] = Part("S-TDM", added)
    gates = tuple(name for name, module in model.named_modules() if isinstance(module, LongTermTDM))
    if gates:
        found["L-TDM"] = Part("L-TDM", skipped=gates)
    return found
