"""Every sentence a visitor reads on the page, apart from what the lower rooms say of a bad file."""

from collections.abc import Mapping

from app.settings import Settings
from tdn.weights import Card

TITLE = "TDN Lens: what does the action model look at?"
LEAD = (
    "Two video networks answer the same clip; Grad-CAM shows where each one finds its evidence, segment by segment. "
    "[Paper](https://arxiv.org/abs/2012.10071) · [Released code](https://github.com/MCG-NJU/TDN) · "
    "[What the weights know](#about)"
)

TAB_ANALYSE = "Analyse"
TAB_ABOUT = "About"

CLIP = "Clip"
SAMPLES = "Samples"
TARGET = "Class to explain"
TARGET_INFO = "The same class for both networks"
TOP_CLASS = "TDN's top class"
ANALYSE = "Analyse"
SETTINGS = "Settings"
FIRST_NETWORK = "First network (TDN)"
SECOND_NETWORK = "Second network (baseline)"
NO_SECOND_NETWORK = "none"
DOWNLOAD_PNG = "Download figure (PNG)"
DOWNLOAD_PDF = "Download figure (PDF)"
ANSWER = "Answer"
PREDICTIONS = "Predictions"
MAPS = "Maps"
NOTE = "Note"

READING = "Reading the clip"
CLASSIFYING = "Classifying"
COMPUTING_MAPS = "Computing the map …"
NO_EVIDENCE = "No positive evidence for this class at this layer"

API = (
    "Classify a video with one or two networks and explain one class. Returns the answers as JSON (first output), then "
    "what the page draws. `target` is a label or an index; `baseline` may be 'none'. The result with maps comes last."
)


def not_sure(probability: float) -> str:
    return f"Not sure: only above {100 * probability:.0f}% is it nearly always right. It may be none of its classes."


COMPARE = "Change one thing and look again"
COMPARE_INFO = (
    "The same class, before and after. Freezing leaves S-TDM its features of “nothing moves”, which the network can "
    "read; switching it off leaves a hole, and a lower score may only mean that the rest is upset."
)
CHANGES = {
    "freeze windows": "Freeze each window",
    "freeze clip": "Freeze the clip",
    "reverse": "Reverse time",
    "shuffle segments": "Shuffle segments",
    "shuffle inside windows": "Shuffle inside windows",
    "S-TDM off": "S-TDM off",
    "S-TDM at its clip mean": "S-TDM at its clip mean",
    "L-TDM gates off": "L-TDM gates off",
}
COMPARING = "Looking again"
API_COMPARE = (
    "Scores and maps before and after one change, of the same class. `change` is one of "
    + ", ".join(repr(name) for name in CHANGES)
    + ". Returns the scores as JSON (first output), then what the page draws."
)


def after(network: str, change: str) -> str:
    """A network's name after a change; with an empty name, the addition to one."""
    return f"{network} after “{CHANGES[change]}”"


def unknown_change(change: object) -> str:
    return f"Change {change!r}: expected one of {', '.join(CHANGES)}."


def no_such_part(change: str) -> str:
    return f"None of the chosen networks has what “{CHANGES[change]}” is about."


NO_CLIP = "Add a clip first: upload one, record one, or pick a sample."
LINK_REFUSED = "Please upload a file; links are not accepted."
NO_WEIGHTS = "This server has no checkpoints yet, so nothing can be analysed."
UNEXPECTED = (
    "Something went wrong on the server and the clip was not analysed; the operator finds the reason in the log."
)
NO_SUCH_SAMPLE = "This sample is not there any more; reload the page."
RESULT_GONE = "This result is no longer kept on the server; analyse the clip again."

MAP_GUIDE = """\
### What a map can and cannot show

- It is Grad-CAM for **one class, one network, one layer**, divided by its maximum over the clip. It marks the cells
  whose features push the class's score up. Each map has its own scale: brightness of two maps can't be compared, the
  maxima in the captions can.
- At the **final** stage the cells add up exactly to the class's score, less its bias and before what is negative is
  left out. At **Res2** a map explains a linear approximation of the network, not the score itself.
- Evidence is located *at* a segment. Through temporal convolutions and L-TDM it may come *from* its neighbours.
- One cell of the final map covers a large square of the picture; its edges are no outlines of objects.
- Times and frame numbers belong to the middle frame of each window; frames count from 0.
- A map says where evidence lies, not why, and not whether the answer is right. Zero means no positive evidence.
"""

OWN_WEIGHTS = """\
### Bring your own checkpoint

Run this page on your machine, put a file of this project into `checkpoints/` (or the folder that `TDN_CHECKPOINTS`
names) and choose it under Settings. The released files of [MCG-NJU/TDN](https://github.com/MCG-NJU/TDN) become one by

```
python -m tdn convert released_8f.pth checkpoints/tdn_8f.safetensors --num-segments 8 --labels names.txt
```

The file itself can't tell 8 from 16 segments, so say which; `names.txt` has one class a line. To train your own, start
from the shipped weights: `python -m tdn train finetune --data my_clips --out runs/mine`.
"""

CITATION = """\
### Citation

The networks are those of this paper; please cite it.

```bibtex
@inproceedings{wang2021tdn,
  title     = {{TDN}: Temporal Difference Networks for Efficient Action Recognition},
  author    = {Wang, Limin and Tong, Zhan and Ji, Bin and Wu, Gangshan},
  booktitle = {CVPR},
  year      = {2021}
}
```
"""


def limits(settings: Settings) -> str:
    """What a clip may be, told before it is uploaded."""
    return (
        f"Up to {settings.max_mb} MB, {settings.max_seconds} seconds and {settings.max_frames} frames of "
        f"{settings.max_pixels / 1e6:.1f} megapixels; reading it may take {settings.decode_seconds} seconds and "
        f"{settings.decode_mb} MB of memory. At most {settings.queue} visitors wait in line. Deleted from this server "
        f"after {settings.keep_minutes} minutes."
    )


def too_large(name: str, max_mb: int) -> str:
    return f"{name}: larger than {max_mb} MB; cut the clip or export it smaller."


def too_long(name: str, seconds: float, max_seconds: int) -> str:
    return f"{name}: lasts {seconds:.0f} seconds, the limit is {max_seconds}; cut the clip."


def empty_file(name: str) -> str:
    return f"{name}: the file is empty (0 bytes); export or upload the video again."


def unknown_checkpoint(name: str) -> str:
    return f"Checkpoint {name!r} is not among those of this server."


def other_frames(first: str, second: str) -> str:
    return (
        f"{second} reads other frames or pixels than {first}; choose two checkpoints trained with the same "
        "preprocessing and number of segments."
    )


def other_classes(first: str, second: str) -> str:
    return f"{second} knows other classes than {first}; choose two checkpoints trained on the same classes."


def too_many(rate: int) -> str:
    return f"More than {rate} analyses in a minute from your address; wait a little."


def checkpoint_choice(file: str) -> str:
    """How a checkpoint reads in a list."""
    return file.removesuffix(".safetensors").replace("_", " ")


def caption(network: str, layer: str, label: str) -> str:
    """Which network, layer and class made a map; the browser adds the scale."""
    return f"{network} · {layer} · “{label}”"


def pending_caption(network: str, layer: str, label: str) -> str:
    return f"{network} · {layer} · “{label}” · {COMPUTING_MAPS}"


def empty_caption(network: str, layer: str, label: str) -> str:
    return f"{network} · {layer} · “{label}” · no positive evidence"


def weights_warning(cards: Mapping[str, Card]) -> str:
    """Near the results: what the chosen weights were trained on, whatever the clip shows."""
    trained = list(dict.fromkeys(card.trained_on for card in cards.values()))
    classes = max(len(card.labels) for card in cards.values())
    return (
        f"**These weights know {classes} classes and nothing else**, and answer every clip with one of them, whatever "
        f"it shows. Trained on: {'; '.join(trained)}."
    )


def about(cards: Mapping[str, Card], names: Mapping[str, str], device: str) -> str:
    """The chosen weights in words and numbers; `cards` and `names` by checkpoint file, first network first."""
    lines = ["### What these weights know", ""]
    lines += [f"- **{names[file]}** (`{file}`): {_facts(card)}" for file, card in cards.items()]
    lines += [
        "",
        "They have seen no labelled real video unless the lines above say so. What they answer to a phone clip is a "
        "guess at its motion, taken from the classes below; objects, people and actions have no names here.",
        "",
        f"The networks run on: {device}.",
        "",
        "| Share of clips answered right | " + " | ".join(names[file] for file in cards) + " |",
        "| --- |" + " ---: |" * len(cards),
    ]
    for label in next(iter(cards.values())).labels:
        shares = [_share((card.accuracy or {}).get("per_class", {}).get(label)) for card in cards.values()]
        lines.append(f"| {_cell(label)} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def _facts(card: Card) -> str:
    """One network: training, accuracy, what it reads, the command that made it."""
    view = "the whole picture" if card.preprocess.view == "whole" else "the middle square"
    segments, window = card.architecture.num_segments, card.architecture.window
    top1 = _share((card.accuracy or {}).get("top1"))
    return (
        f"trained on {card.trained_on}. Top-1 {top1} ({card.protocol}; chance {100 / len(card.labels):.1f}%). It "
        f"reads {segments} windows of {window} frames, {view} at {card.preprocess.input_size} pixels. Made by "
        f"`{card.command}`."
    )


def _share(percent: float | None) -> str:
    return "not measured" if percent is None else f"{percent:.1f}%"


def _cell(value: str) -> str:
    """Text that can't break out of its cell of a table."""
    return value.replace("|", "\\|").replace("\n", " ")
