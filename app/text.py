"""Every sentence a visitor reads on the page, apart from what the lower rooms say of a bad file."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from app.server.settings import Settings
from tdn.data.film import Showing
from tdn.weights import Card

TITLE = "TDN Lens: what does the action model look at?"
LEAD = (
    "Two video networks answer one clip, and maps show where each finds its evidence. "
    "[Paper](https://arxiv.org/abs/2012.10071) · [Released code](https://github.com/MCG-NJU/TDN) · "
    "[What the weights know](#about)"
)

TAB_ANALYSE = "Analyse"
TAB_LAB = "S-TDM lab"
TAB_ABOUT = "About"

CLIP = "Clip"
SAMPLES = "Samples"
LOCAL_PATH = "Or a file of this machine"
LOCAL_PATH_HINT = "Where the file lies, then Enter"
TARGET = "Class to explain"
TARGET_INFO = "The same class for both networks"
TOP_CLASS = "TDN's top class"
ANALYSE = "Analyse"
SETTINGS = "Settings"
FIRST_NETWORK = "First network (TDN)"
SECOND_NETWORK = "Second network (baseline)"
NO_SECOND_NETWORK = "none"
FOCUS = "Motion focus"
ANSWER = "Answer"
PREDICTIONS = "Predictions"
MAPS = "Maps"
NOTE = "Note"
TROUBLE = "What went wrong"

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
# Changes with a number: what stands in front of it, and behind it.
REPEAT = ("repeat ", "")
FIRST = ("first ", "%")
REPEAT_LABEL = "Repeat: how often"
FIRST_LABEL = "First part: percent of the clip"
COMPARING = "Looking again"
API_COMPARE = (
    "Scores and maps before and after one change, of the same class. `change` is one of "
    + ", ".join(repr(name) for name in CHANGES)
    + ", 'repeat K' (1 to 16 times over) or 'first N%'. Returns the scores as JSON (first output), with a note on what "
    "the change showed, then what the page draws."
)


def change_words(change: str) -> str:
    """A change as its control says it."""
    if change.startswith(REPEAT[0]):
        return f"Repeat {change.removeprefix(REPEAT[0])} times"
    if change.startswith(FIRST[0]):
        return f"First {float(change.removeprefix(FIRST[0]).rstrip('%')):.0f}%"
    return CHANGES[change]


def change_choices(change: object = None) -> list[tuple[str, str]]:
    """Words and names of the changes on offer; those with a number have the one of `change`, or a telling one."""
    numbered = [f"{REPEAT[0]}7{REPEAT[1]}", f"{FIRST[0]}33{FIRST[1]}"]
    for place, (start, end) in enumerate((REPEAT, FIRST)):
        if isinstance(change, str) and re.fullmatch(rf"{start}[\d.]{{1,9}}{end}", change):
            numbered[place] = change
    return [(change_words(name), name) for name in (*numbered, *CHANGES)]


def after(network: str, change: str) -> str:
    """A network's name after a change; with an empty name, the addition to one."""
    return f"{network} after “{change_words(change)}”"


def quoted(given: object) -> str:
    """What a visitor gave, short enough for a sentence."""
    words = repr(given)
    return words if len(words) <= 120 else words[:117] + "..."


STROBE = "### Show it over and over"
STROBE_LEAD = (
    "Networks see one moment in each of a clip's segments. Show a clip many times over, and these moments become a "
    "stroboscope: a thing may seem to go backwards, like a wheel in a film. The curves say which network falls for it. "
    "Each curve is of one class alone; other names of the same direction don't count."
)
CURVE = "Answers over parts and repeats"
CURVE_NOT_THIS = "The curve is drawn for the networks of this server and their classes; choose one of those."


def step_name(showing: Showing) -> str:
    """What stands below a step on the axis."""
    return str(showing.repeat) if showing.part == 1 else str(Fraction(showing.part).limit_denominator(16))


def change_of(showing: Showing) -> str:
    """The change that shows a clip so; empty for as filmed."""
    if showing.part < 1:
        return f"{FIRST[0]}{100 * showing.part:.6g}{FIRST[1]}"
    return f"{REPEAT[0]}{showing.repeat}{REPEAT[1]}" if showing.repeat > 1 else ""


def unknown_change(change: object) -> str:
    return f"Change {quoted(change)}: expected one of {', '.join([*CHANGES, 'repeat K', 'first N%'])}."


def no_such_part(change: str) -> str:
    return f"None of the chosen networks has what “{change_words(change)}” is about."


FOCUS_PENDING = "Measuring how much of each map lies on what moves …"
FOCUS_ONE_FRAME = (
    "This network takes one frame a segment, so nothing can be seen to move, and motion focus is not measured."
)
FOCUS_NOTHING_MOVES = (
    "Nothing moves by itself in the frames the networks read (the camera's own motion is taken out), so no map can lie "
    "on motion, and there are no numbers to show."
)
FOCUS_CONTROLS = {
    "uniform": "the same everywhere (chance)",
    "centre": "the middle of the picture",
    "frame_difference": "frame differences",
}
# Above this share of the picture chance itself is near the most that any map can reach.
FOCUS_MOST_MOVES = 0.5


def focus_reading(area: float, lifts: list[tuple[str, float | None]], difference: float | None, by_flow: bool) -> str:
    """In plain words: `lifts` are network and times chance at Res2, None where that map is empty."""
    first, *others = [f"{plain(name)}'s Res2 map" for name, _ in lifts]
    said = [
        "has no evidence at all"
        if lift is None
        else f"puts {lift:.1f} times as much evidence on what moves as chance would"
        for _, lift in lifts
    ]
    sentences = [
        f"**{first} {said[0]}"
        + "".join(f"; {name} {words}" for name, words in zip(others, said[1:], strict=True))
        + ".**"
    ]
    if difference is not None:
        sentences.append(f"Mere frame differences, which know no class, reach {difference:.1f} times.")
    if area > FOCUS_MOST_MOVES:
        sentences.append(f"But {100 * area:.0f}% of the picture moves, so these numbers tell little.")
    source = "as optical flow less the camera's motion tells" if by_flow else "as the clip's generator knows"
    sentences.append(f"What moves is {_small_share(area)} of the picture, {source}.")
    return " ".join(sentences)


def _small_share(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * share:.0f}%"


FOCUS_HEAD = ("Map", "Evidence on what moves", "Times chance", "Brightest point on it", "by chance")


def focus_numbers(numbers: Mapping[str, float] | None) -> list[str]:
    """One map's cells of the table; dashes for a map without evidence."""
    if numbers is None:
        return ["no evidence", *["–"] * (len(FOCUS_HEAD) - 2)]
    shares = [_small_share(numbers[name]) for name in ("energy_share", "pointing", "pointing_chance")]
    return [shares[0], f"{numbers['lift']:.1f}", *shares[1:]]


def focus_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


NO_CLIP = "Add a clip first: upload one, record one, or pick a sample."
LINK_REFUSED = "Please upload a file; links are not accepted."
NO_WEIGHTS = "This server has no checkpoints yet, so nothing can be analysed."
UNEXPECTED = (
    "Something went wrong on the server and the clip was not analysed; the operator finds the reason in the log."
)
LINK_UNKNOWN = "The link names something this page does not have ({names}), so that part of it was left out."
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

OWN_CHECKPOINT = "Your own checkpoint"
OWN_FILE = "A .safetensors file of this project"
OWN_FILE_OR_PTH = "A .safetensors file of this project, or an official .pth"
OWN_SEGMENTS = "Segments of an official .pth"
OWN_SEGMENTS_INFO = "The file itself can't tell; its name often does."
OWN_HUB = "Or its name on the Hugging Face Hub"
OWN_HUB_HINT = "owner/name, or owner/name/FILE.safetensors"
OWN_FETCH = "Fetch"
OWN_CHECKING = "Checking the checkpoint"
OWN_NO_SESSION = "Open the page, or use one client for all calls: a checkpoint belongs to the session that brings it."
OWN_FULL = "This server holds as many visitors' checkpoints as it can; try again in a while."


def own_limits(max_mb: int, keep_minutes: int, each: int) -> str:
    return (
        f"Up to {max_mb} MB; only you can use it. The last {each} are kept, and deleted from this server after "
        f"{keep_minutes} minutes."
    )


def own_too_large(name: str, max_mb: int) -> str:
    return f"{name}: larger than {max_mb} MB, the limit for checkpoints of visitors."


def own_taken(file: str, network: str, classes: int, segments: int) -> str:
    return f"**{file}** is yours to choose: {network}, {segments} segments, {classes} classes."


def plain(words: str) -> str:
    """Words of others, such as names of files and classes, as they are: no link, picture or formula of Markdown, which
    could ask another server.
    """
    return re.sub(r"([\\`*_{}\[\]<>()#|~$&!])", r"\\\1", words)


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


# The opening.

LOOK_CLOSER = "## Look closer, or bring a clip of your own"
OPENING = "One filmed clip, and what happens when it is changed"
_TIMES = ("", "Once", "Twice", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def _times(count: int) -> str:
    word = _TIMES[count] if count < len(_TIMES) else str(count)
    return word if count < 3 else f"{word} times"


def opening_name(showing: Showing) -> str:
    """What stands on the switch."""
    if showing.repeat > 1:
        return f"{_times(showing.repeat)} over"
    return "One thing passing" if showing.part < 1 else "As filmed"


def opening_scene(showing: Showing, sentence: str) -> str:
    """What happens in the film; `sentence` says so of all of it."""
    if showing.repeat > 1:
        return f"{'One thing' if showing.part < 1 else 'The film'}, {opening_name(showing).lower()}."
    return "Only one thing passes." if showing.part < 1 else sentence


def opening_verdict(kinds: Mapping[str, str]) -> str:
    """Which networks see what happens; `kinds` by network: "right", "opposite" or ""."""
    right = [name for name, kind in kinds.items() if kind == "right"]
    turned = [name for name, kind in kinds.items() if kind == "opposite"]
    if len(right) == len(kinds):
        return "Both networks see it." if len(kinds) == 2 else f"{right[0]} sees it."
    if turned:
        said = "; ".join([*(f"{name} sees it" for name in right), *(f"the {name} sees the reverse" for name in turned)])
        return f"{said[0].upper()}{said[1:]}."
    return f"Only one of these two networks sees it: {right[0]}." if right else "Neither network sees it."


def opening_reads(segments: int, window: int, sees_motion: bool) -> str:
    """What a network is given, and what it makes of it, for somebody who knows neither."""
    if sees_motion:
        return (
            f"Looks at {segments} moments of the film, in each at {window} neighbouring frames: what changes between "
            "them is motion."
        )
    return f"The same network without that part: looks at {segments} single frames, and compares them."


def opening_why(showing: Showing, label: str, seconds: float, segments: int, window: int, seams: int) -> str:
    """Why the answers come about: `seconds` of film a round, `segments` windows of `window` frames."""
    apart = showing.repeat * seconds / segments
    if showing.repeat > 1:
        step = Fraction(showing.repeat, segments) % 1
        seems = f"as if it had gone {1 - step} back" if step > Fraction(1, 2) else f"as if it had gone {step} on"
        cross = "one crosses" if seams == 1 else f"{seams or 'none'} cross"
        return (
            f"The stroboscope: from one of the {segments} marked moments to the next, {showing.repeat}/{segments} of "
            f"the passage go by, {seems}, like wheels that turn backwards in a film. Only neighbouring frames "
            f"tell; TDN sees them, though its later stages are misled, too. Of the {segments} windows of {window} "
            f"frames, {cross} the seam where the film begins again."
        )
    if showing.part < 1:
        return (
            f"The {segments} marked moments are {apart:.2f} seconds apart: the same thing is in one and the next, a "
            "little further on. Single frames in order tell which way it goes; the baseline needs no more."
        )
    return (
        f"The {segments} marked moments are {apart:.2f} seconds apart: from one to the next a thing has gone and "
        "another come in, so single frames don't tell which way the belt runs. Bright is where a network finds "
        f"evidence for “{label}”."
    )


def opening_strip(network: str, label: str) -> str:
    return f"{network}: where it finds evidence for “{label}”, in the middle frames of its segments, in order"


def limits(settings: Settings) -> str:
    """What a clip may be, told before it is uploaded."""
    return (
        f"Your own clip: up to {settings.max_mb} MB and {settings.max_seconds} seconds, deleted from this server after "
        f"{settings.keep_minutes} minutes. <details><summary>All limits</summary>At most {settings.max_frames:,} "
        f"frames of {settings.max_pixels / 1e6:.1f} megapixels; reading them may take {settings.decode_seconds} "
        f"seconds and {settings.decode_mb} MB of memory. At most {settings.queue} visitors wait in line.</details>"
    )


def no_such_file(path: str) -> str:
    return f"There is no file {quoted(path)} on this machine; give the whole path, or upload the clip."


def deleted(name: str, minutes: int) -> str:
    return f"{name} was deleted from this server after {minutes} minute{'s' if minutes != 1 else ''}; choose it again."


def too_large(name: str, max_mb: int) -> str:
    return f"{name}: larger than {max_mb} MB; cut the clip or export it smaller."


def too_long(name: str, seconds: float, max_seconds: int) -> str:
    return f"{name}: lasts {seconds:.0f} seconds, the limit is {max_seconds}; cut the clip."


def unknown_checkpoint(name: str) -> str:
    # A visitor's own has its secret in front of a stroke.
    again = "; what you brought is deleted after a while, bring it again" if "/" in name else ""
    return f"Checkpoint {quoted(name)} is not among those of this server{again}."


def other_frames(first: str, second: str) -> str:
    return (
        f"{Path(second).name} reads other frames or pixels than {Path(first).name}; choose two checkpoints trained "
        "with the same preprocessing and number of segments."
    )


def other_classes(first: str, second: str) -> str:
    return (
        f"{Path(second).name} knows other classes than {Path(first).name}; choose two checkpoints trained on the same "
        "classes."
    )


def too_many(rate: int, who: str) -> str:
    """`who` is "session" or "address"."""
    if who == "session":
        return f"More than {rate} analyses in a minute; wait a little."
    return f"More than {rate} analyses in a minute from your network's address; wait a little."


def checkpoint_choice(file: str) -> str:
    """How a checkpoint reads in a list; a visitor's own has its secret in front of a stroke."""
    secret, _, name = file.rpartition("/")
    return name.removesuffix(".safetensors").replace("_", " ") + (" (yours)" if secret else "")


def caption(network: str, layer: str, label: str) -> str:
    """Which network, layer and class made a map; the browser adds the scale."""
    return f"{network} · {layer} · “{label}”"


def pending_caption(network: str, layer: str, label: str) -> str:
    return f"{network} · {layer} · “{label}” · {COMPUTING_MAPS}"


def empty_caption(network: str, layer: str, label: str) -> str:
    return f"{network} · {layer} · “{label}” · no positive evidence"


def weights_warning(cards: Mapping[str, Card]) -> str:
    """Near the results: what the chosen weights were trained on, whatever the clip shows."""
    trained = list(dict.fromkeys(plain(card.trained_on) for card in cards.values()))
    classes = max(len(card.labels) for card in cards.values())
    return (
        f"**These weights know {classes} classes and nothing else**, and answer every clip with one of them, whatever "
        f"it shows. Trained on: {'; '.join(trained)}."
    )


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


def _facts(card: Card) -> str:
    """One network: training, accuracy, what it reads, the command that made it."""
    view = "the whole picture" if card.preprocess.view == "whole" else "the middle square"
    segments, window = card.architecture.num_segments, card.architecture.window
    top1 = _share((card.accuracy or {}).get("top1"))
    return (
        f"trained on {plain(card.trained_on)}. Top-1 {top1} ({plain(card.protocol)}; chance "
        f"{100 / len(card.labels):.1f}%). It "
        f"reads {segments} windows of {window} frames, {view} at {card.preprocess.input_size} pixels. Made by "
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
