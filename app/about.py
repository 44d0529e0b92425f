"""The About tab: what the weights know, and what a map can show. Layout and words."""

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from app.text import plain
from tdn.networks import Network
from tdn.weights import Card

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

Upload a `.safetensors` file of this project under Settings, "Your own checkpoint": only you can use it, and it is
deleted after a while. Or run this page on your machine, put the file into `checkpoints/` (or the folder that
`TDN_CHECKPOINTS` names) and choose it under Settings. The released files of
[MCG-NJU/TDN](https://github.com/MCG-NJU/TDN) become one by

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


def about_tab(words: str) -> gr.Markdown:
    """Lays the tab out; returns the part with `words` on the chosen networks."""
    with gr.Row(elem_id="about"):
        with gr.Column(min_width=320):
            chosen = gr.Markdown(words)
        with gr.Column(min_width=320):
            gr.Markdown(MAP_GUIDE)
            gr.Markdown(OWN_WEIGHTS, elem_id="own-weights")
            gr.Markdown(CITATION, elem_id="citation")
    return chosen


def about(cards: Mapping[str, Card], names: Mapping[str, str], device: str) -> str:
    """The chosen weights in words and numbers; `cards` and `names` by checkpoint file, first network first."""
    lines = ["### What these weights know", ""]
    lines += [f"- **{plain(names[file])}** ({_code(Path(file).name)}): {_facts(card)}" for file, card in cards.items()]
    lines += [
        "",
        "They have seen no labelled real video unless the lines above say so. What they answer to a phone clip is a "
        "guess at its motion, taken from the classes below; objects, people and actions have no names here.",
        "",
        f"The networks run on: {device}.",
        "",
        "| Share of clips answered right | " + " | ".join(_cell(names[file]) for file in cards) + " |",
        "| --- |" + " ---: |" * len(cards),
    ]
    for label in next(iter(cards.values())).labels:
        shares = [_class_share(card, label) for card in cards.values()]
        lines.append(f"| {_cell(label)} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def about_other(name: str, network: Network) -> str:
    """A network that is none of ours, in words."""
    reads = network.reads
    lines = [
        f"### {plain(network.title)}",
        f"{_code(name)}, {len(network.labels)} classes. It reads {reads.frames} frames at {reads.size} pixels by its "
        "own rule, so its maps stand only at the frames that they speak for.",
        *(f"- {plain(network.taps[layer].title or layer)}: {network.claim(layer)}." for layer in network.layers),
        *([network.note] if network.note else []),
    ]
    return "\n\n".join(lines)


def _facts(card: Card) -> str:
    """One network: training, accuracy, what it reads, the command that made it."""
    view = "the whole picture" if card.preprocess.view == "whole" else "the middle square"
    segments, window = card.architecture.num_segments, card.architecture.window
    frames = f"{segments} windows of {window} frames"
    if window > 1 and not card.architecture.s_tdm_stages:
        frames = f"only the middle frame of each of {segments} windows"
    top1 = _share((card.accuracy or {}).get("top1"))
    material = f"Made of {plain(card.material)}. " if card.material else ""
    return (
        f"trained on {plain(card.trained_on)}. {material}Top-1 {top1} ({plain(card.protocol)}; chance "
        f"{100 / len(card.labels):.1f}%). It "
        f"reads {frames}, {view} at {card.preprocess.input_size} pixels. Made by "
        f"{_code(card.command)}. Time: {plain(card.time)}. Limits: {plain(card.known_limits)}."
    )


def _share(percent: float | None) -> str:
    return "not measured" if percent is None else f"{percent:.1f}%"


def _class_share(card: Card, label: str) -> str:
    """How often clips of a class were recognised; a class may have had none."""
    per_class = (card.accuracy or {}).get("per_class", {})
    return "no clips" if label in per_class and per_class[label] is None else _share(per_class.get(label))


def _code(words: str) -> str:
    return f"`{words.replace('`', ' ')}`"


def _cell(value: str) -> str:
    """Text that can't break out of its cell of a table."""
    return plain(value).replace("\n", " ")
