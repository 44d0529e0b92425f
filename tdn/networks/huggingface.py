"""Video classifiers of Hugging Face transformers as `Network` values: VideoMAE, TimeSformer, ViViT and V-JEPA 2.

All four see a clip as tokens: cells of one or two frames and 16 x 16 pixels or so, each a vector that every block of
attention changes. Taps are "patches", the tokens as they go into the first block, and "block1", "block2", ..., what
comes out of a block. Where the classifier reads a class token, what the last block makes of the patches goes nowhere:
such a map is refused (`tdn.explain`), and the last block before it is the one usually shown.

transformers is an extra (requirements-extra.txt), imported when a network is asked for. Nothing of a repository is run
and nothing unpickled: classes are those of the library, weights come from .safetensors alone.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from tdn.networks.network import Network, Reads
from tdn.networks.transformer_families import FAMILIES, Family, Sizes, note_of, sizes_of, stages_of, stride_of, taps_of
from tdn.weights.hub import HUB_ID, HubId, fetch_model
from tdn.words import one_line

PREFIX = "hf:"
PROCESSORS = ("processor_config.json", "video_preprocessor_config.json", "preprocessor_config.json")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
MAX_JSON = 2**20
# Of PIL, as processors store them.
RESAMPLES = {2: "bilinear", 3: "bicubic"}


def huggingface_network(source: str) -> Network:
    """The video classifier `source` in eval mode, float32, on the CPU: a folder, owner/name or owner/name@REVISION.

    A folder is one that `save_pretrained` of network and processor wrote. Clips are read as the processor says; frames
    are as far apart as published for the family, since no file says it. Raises ValueError with one sentence where
    transformers is not installed, for what is no video classifier of these families or has no readable weights, and
    FileNotFoundError where there is no such thing.
    """
    source = source.removeprefix(PREFIX)
    transformers = _library(source)
    folder = _folder(source)
    config = _config(source, folder)
    family = FAMILIES[config["model_type"]]
    module, processor = _opened(source, folder, family, transformers)
    sizes = sizes_of(source, module.config)
    labels = [module.config.id2label[number] for number in range(module.config.num_labels)]
    reads = _reads(source, processor, sizes, stride_of(config["model_type"], sizes.frames, len(labels)))
    # Without a mean over tokens VideoMAE reads the first patch as others read a class token: so do those that were
    # fine-tuned from a pretrained checkpoint with its configuration (findings/videomae-*.sh).
    only_first = family.class_tokens > 0 or not getattr(module.config, "use_mean_pooling", True)
    taps = taps_of(family, sizes, module)
    names = [tap.name for tap in taps]
    last = len(names) - 1 - only_first
    if only_first and not family.class_tokens:
        taps.pop()
    return Network(
        module=module,
        labels=labels,
        reads=reads,
        taps=taps,
        title=family.title,
        family="huggingface",
        layers=(names[last // 2], names[last]),
        stages=stages_of(family, len(names) - 1),
        note=note_of(family, sizes, reads, only_first),
        facts={
            "source": source,
            "revision": folder.name if folder.parent.name == "snapshots" else None,
            "class": family.classifier,
            "library": f"transformers {transformers.__version__}",
        },
    )


def _library(source: str) -> ModuleType:
    from tdn.weights import torchvision_ops  # noqa: F401 (before torchvision, which transformers imports)

    try:
        import transformers
    except ImportError:
        raise ValueError(
            f"{source}: networks of Hugging Face need the package transformers; pip install -r requirements-extra.txt"
        ) from None
    return transformers


def _folder(source: str) -> Path:
    """The folder on this machine that holds the network."""
    folder = Path(source).expanduser()
    if source and folder.is_dir():
        return folder
    if not HUB_ID.fullmatch(source) or source.endswith(".safetensors"):
        raise FileNotFoundError(
            f"{source[:200]!r}: no such folder, and no network of the Hugging Face Hub (owner/name, or "
            f"owner/name@REVISION)"
        )
    return fetch_model(HubId.parse(source), PROCESSORS)


def _config(source: str, folder: Path) -> dict[str, Any]:
    """What config.json says. Raises ValueError for anything but a video classifier, and where files are missing."""
    path = folder / "config.json"
    if not path.is_file() or path.stat().st_size > MAX_JSON:
        raise ValueError(f"{source}: has no config.json; expected what save_pretrained of transformers writes")
    try:
        config = json.loads(path.read_text())
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise ValueError(f"{source}: its config.json is no JSON object")
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ValueError(
            f"{source}: is {ascii(kind)[:60]}; expected a video classifier of these: {', '.join(FAMILIES)}"
        )
    if not any(re.fullmatch(r"model.*\.safetensors", file.name) for file in folder.iterdir()):
        pickled = [file.name for file in sorted(folder.iterdir()) if file.suffix in PICKLES]
        raise ValueError(f"{source}: {_without_safetensors(pickled)}")
    if not any((folder / name).is_file() for name in PROCESSORS):
        raise ValueError(
            f"{source}: has no {PROCESSORS[-1]}, so how it reads pictures is unknown; save its processor beside it"
        )
    return config


def _without_safetensors(pickled: list[str]) -> str:
    if not pickled:
        return "has no weights; expected model.safetensors"
    return (
        f"holds its weights as a pickle only ({pickled[0]}), which can run code when it is read; expected "
        f"model.safetensors, as save_pretrained writes it"
    )


def _opened(source: str, folder: Path, family: Family, transformers: ModuleType) -> tuple[nn.Module, Any]:
    """Network and processor by the library's own classes."""
    try:
        with _quiet(transformers):
            processor = getattr(transformers, family.processor).from_pretrained(folder, local_files_only=True)
            module, told = getattr(transformers, family.classifier).from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=family.attention,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # of a file that is not what its name says, in the library's words
        raise ValueError(
            f"{source}: transformers {transformers.__version__} can't open it ({one_line(error, 150)})"
        ) from None
    if missing := sorted(told["missing_keys"]):
        raise ValueError(
            f"{source}: lacks {missing[0]}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + f" of a {family.classifier}; expected a network that was trained to classify"
        )
    # Kept outputs would cost memory in every pass.
    module.config.output_hidden_states = module.config.output_attentions = False
    return module.eval(), processor


@contextmanager
def _quiet(transformers: ModuleType) -> Iterator[None]:
    """Without the library's own reports, of which ours is one sentence; its line of progress stays."""
    before = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(before)


def _reads(source: str, processor: Any, sizes: Sizes, stride: int) -> Reads:
    """A processor in our words. Raises ValueError for what can't be said in them."""
    size, side = processor.size, (sizes.side, sizes.side)
    given = (size.height, size.width) if size.height else size.shortest_edge
    seen = given
    if processor.do_center_crop:
        seen = (processor.crop_size.height, processor.crop_size.width)
    resample = RESAMPLES.get(2 if processor.resample is None else int(processor.resample))
    if not processor.do_resize or not given or size.longest_edge or resample is None:
        raise ValueError(
            f"{source}: its processor does more or less than resize bilinearly or bicubically, crop and scale colours"
        )
    if seen != side:
        raise ValueError(
            f"{source}: its processor makes pictures of {seen}, the network was made for {sizes.side} x {sizes.side}"
        )
    # (pixel * factor - offset - mean) / deviation, as what it is of pixel / 255.
    factor = 255 * (processor.rescale_factor if processor.do_rescale else 1)
    # ViViT's subtracts 1 of what it scaled, unless the file says otherwise.
    of_vivit = type(processor).__name__.startswith("Vivit") and processor.do_rescale
    offset = float(of_vivit and getattr(processor, "offset", None) is not False)
    means, deviations = (processor.image_mean, processor.image_std) if processor.do_normalize else (0.0, 1.0)
    return Reads(
        frames=sizes.frames,
        size=sizes.side,
        stride=stride,
        mean=tuple((offset + mean) / factor for mean in _three(means)),
        std=tuple(deviation / factor for deviation in _three(deviations)),
        layout="NTCHW",
        resize=given if processor.do_center_crop else None,
        resample=resample,
        odd_pixel="up and left",
    )


def _three(values: Any) -> tuple[float, float, float]:
    return (values,) * 3 if isinstance(values, int | float) else tuple(values)
