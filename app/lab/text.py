"""What the lab says: its steps, captions, and sentences made of what the networks answer.

The page without a server says the same: it gets all names in capitals (app/lab/for_browser.py) and fills them itself.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tdn.data.film import Showing

LEAD = (
    "Short steps, about ten minutes in all. Every picture and score comes from the shipped networks, run here and now: "
    "**TDN**, which reads five frames in each of a clip's eight segments, and the **T-Conv baseline**, the same "
    "network with temporal convolutions in place of TDN's modules, which reads one."
)
NO_LAB = "The lab teaches with the shipped pair of checkpoints, and this server does not have it."
BACK = "Back"
NEXT = "Next step"
CLIP = "Clip"
OWN = "Your clip from Analyse"
NO_OWN = "Add a clip under Analyse first, or choose one of the list."
NO_CLIP = "Choose one of the clips offered."
NO_CHANGE = "Choose one of the changes offered."
NO_SEGMENT = "Choose one of the segments offered."
ALL_DROPPED = "Leave at least one segment."
NO_FILM = "That film did not arrive; film it again."
BOARD = "Board"

OUTLINED = "Outlined: what the clip shows"
OUTLINED_ANSWER = "Outlined: the answer of TDN as trained"
OUTLINED_AFTER = "Outlined: what the clip shows, before and after the change"
STILLS = "Frame"
STILL_NAMES = ("First", "Second", "Third")
GUESS = "What is happening?"
NO_GUESS = "Choose one of the answers offered."
STILL = "One middle frame of the clip"
STILL_AGAIN = "the frame you saw"
PLAYING = "its window of five frames, slowed down"
FUSION_CAPTIONS = ("F: features of the middle frame", "H: features of S-TDM", "the sum, which goes on")
FUSION_INPUTS = ("the middle frame", "one of S-TDM's four differences")
BELT_TIMES = {"Once": 1, "4 times over": 4, "7 times over": 7, "8 times over": 8, "9 times over": 9}
BELT_SHOWN = "The film is shown"
BELT_GUESS = "What will the baseline say?"
BELT_STRIP = "The middle frames of the eight segments, in order: all that the baseline reads"
BELT_WINDOW = "The window of one segment, five neighbouring frames as TDN reads them, slowed down"
SEGMENTS = 8
DROP = "Segments taken away"
DROP_STRIP = "The middle frames of the eight segments; pale: taken away, the nearest that is left stands in"
DROP_EFFECTS = "What each segment alone would take away or add, in points of the probability"
WHOLE = "whole clip"
REST = "what is left"
NOISE_STRIP = "The middle frames of the eight segments: noise"
NOISE_WINDOW = "The window of one segment, as TDN reads it"
NOISE_FILMS = "Film"
NOISE_GUESS = "What is carried along?"
NOISE_ANSWERS = (
    "Moving something from left to right",
    "Moving something from right to left",
    "Moving something up",
    "Moving something down",
)
# Places in `tdn.motion.noise.CLASSES`: to the right, down, to the left.
NOISE_CLIPS = (1, 3, 0)
FILM = "Film a swipe"
FILM_KEPT = "The film is deleted with all uploads and shared with nobody."
FILM_STAYS = "The film stays on this device."  # in the page without a server
CHANGE = "Change"
CHANGES = {
    "reverse inside windows": "time reversed inside windows",
    "reverse": "whole clip reversed",
    "freeze windows": "windows frozen",
}
AS_FILMED = "as filmed"
CHANGED_WINDOWS = "The window as TDN reads it, slowed down"
CENTRE = "middle frame"
GATES_ON = "as trained"
GATES_OFF = "all gates at zero"


SEGMENT = "Segment {segment} of {count}"
POSITION = "{segment} · {seconds} s · frame {frame}"
STILL_OF = "Segment {segment} of {count}; the window as TDN reads it"
RIGHT = "That is right"
WRONG = "The clip shows “{right}”"
SAYS = "{network} says “{top}”"
GUESSED = "You said “{guess}”. {verdict}; one frame could not tell. {said}."
HALF_FRAMES = "The five frames of the window, averaged to half resolution, {width} × {height} pixels"
DIFFERENCES = (
    "Their four differences, all that TDN's S-TDM is given: grey where nothing changes, drawn "
    "{gain} times as strong; the largest of the clip is {largest} of 255 levels"
)
FUSION = (
    "{network} · Res{stage} · sum = {alpha} F + weight × {beta} H · mean over channels, no class, "
    "0 (black) to {maximum}"
)
AT_WEIGHT = "{network} at this weight"
NO_WEIGHT = "{network}, has no S-TDM"
ON = "{network}, {what}"
BELT_RIGHT = "as you guessed"
BELT_WRONG = "you guessed “{guess}”"
BELT_SAME = "nearly the same moment again"
BELT_HALF = "half a passage away"
BELT_ON = "{part} of a passage on"
BELT_BACK = "{part} of a passage back"
BELT_SAID = (
    "{baseline} says “{top}”, {verdict}; {others}. From one segment to the next: {part}. Inside each "
    "window of {window} frames the belt always runs to the left. A stroboscope lights a wheel once in a while, "
    "and the wheel seems to stand or to turn backwards; here the segments are its flashes."
)
UNMOVED = "{network} says “{before}” as before, to the last digit: what it reads has not changed."
STILL_SAYS = "{network} still says “{before}”."
TURNS = "{network} turns from “{before}” to “{after}”."
TURNS_RIGHTLY = "{network} turns from “{before}” to “{after}”, as it should."
GATE = "Res{stage}, 0 (black) to {maximum}"
GATE_TITLE = (
    "{network} · mean over channels of |gate| in the first block of each stage · no class · a scale for each stage"
)
GATES = "“{label}”: {on}% as trained, {off}% with all gates at zero. {answer}"
ANSWER_STAYS = "Its answer stays “{top}”."
ANSWER_TURNS = "Its answer turns from “{on}” to “{off}”."
ALL_THERE = "All eight segments are there."
WITHOUT_ONE = "Without segment {numbers}; the nearest that are left stand in."
WITHOUT = "Without segments {numbers}; the nearest that are left stand in."
NOISE_WRONG = "It is “{right}”"
NOISE_SAYS = "{network} says “{top}”, which is {verdict}"
NOISE_VERDICTS = ("wrong", "right")
NOISE_COUNT = "{network} {count}"
NOISE_SAID = (
    "You said “{guess}”. {verdict}. {said}. Of {asked} clips like this, one of each kind, {counts} are named right; "
    "a blind guess among {classes} classes would name {blind}."
)


def segment_number(segment: int, count: int) -> str:
    return SEGMENT.format(segment=segment + 1, count=count)


def segment_position(segment: int, count: int, seconds: float, frame: int) -> str:
    return POSITION.format(segment=segment_number(segment, count), seconds=f"{seconds:.2f}", frame=frame)


def still_of(segment: int, count: int) -> str:
    return STILL_OF.format(segment=segment, count=count)


def guess(guess: str, right: str, tops: Mapping[str, str]) -> str:
    """What the visitor said, what it is, what the networks say."""
    verdict = RIGHT if guess == right else WRONG.format(right=right)
    said = "; ".join(SAYS.format(network=network, top=top) for network, top in tops.items())
    return GUESSED.format(guess=guess, verdict=verdict, said=said)


def half_frames(height: int, width: int) -> str:
    return HALF_FRAMES.format(height=height, width=width)


def differences(gain: int, largest: float) -> str:
    return DIFFERENCES.format(gain=gain, largest=f"{largest:.0f}")


def frame(number: int) -> str:
    return f"x{_below(number)}"


def difference(number: int) -> str:
    return f"x{_below(number + 1)} − x{_below(number)}"


def _below(number: int) -> str:
    """A number as a subscript."""
    return "".join(chr(0x2080 + int(digit)) for digit in str(number))


def fusion(network: str, stage: int, alpha: float, beta: float, maximum: float) -> str:
    return FUSION.format(network=network, stage=stage, alpha=f"{alpha:g}", beta=f"{beta:g}", maximum=f"{maximum:.2g}")


def at_weight(network: str) -> str:
    return AT_WEIGHT.format(network=network)


def no_weight(network: str) -> str:
    return NO_WEIGHT.format(network=network)


def on(network: str, what: str) -> str:
    return ON.format(network=network, what=what)


def belt(guess: str, tops: Mapping[str, str], baseline: str, showing: Showing, segments: int, window: int) -> str:
    """What the visitor thought the baseline would say, what both networks say, and how far segments stand apart."""
    verdict = BELT_RIGHT if tops[baseline] == guess else BELT_WRONG.format(guess=guess)
    others = "; ".join(SAYS.format(network=name, top=top) for name, top in tops.items() if name != baseline)
    step = Fraction(showing.repeat, segments) % 1
    if step == 0:
        part = BELT_SAME
    elif step == Fraction(1, 2):
        part = BELT_HALF
    else:
        part = BELT_ON.format(part=step) if step < Fraction(1, 2) else BELT_BACK.format(part=1 - step)
    return BELT_SAID.format(
        baseline=baseline, top=tops[baseline], verdict=verdict, others=others, part=part, window=window
    )


def changed(tops: Mapping[str, tuple[str, str]], wanted: str | None, unmoved: Sequence[str]) -> str:
    """Each network's answer before and after; `unmoved` are those whose scores did not move at all."""
    lines = []
    for network, (before, after) in tops.items():
        if network in unmoved:
            line = UNMOVED
        elif before == after:
            line = STILL_SAYS
        else:
            line = TURNS_RIGHTLY if after == wanted else TURNS
        lines.append(line.format(network=network, before=before, after=after))
    return " ".join(lines)


def outlined(is_known: bool) -> str:
    """What the outlined bars are: the class of a clip of ours, TDN's answer to a visitor's."""
    return OUTLINED if is_known else OUTLINED_ANSWER


def gate(stage: int, maximum: float) -> str:
    return GATE.format(stage=stage, maximum=f"{maximum:.2g}")


def gate_title(network: str) -> str:
    return GATE_TITLE.format(network=network)


def gates(label: str, on: float, off: float, top_on: str, top_off: str) -> str:
    same = top_on == top_off
    answer = ANSWER_STAYS.format(top=top_on) if same else ANSWER_TURNS.format(on=top_on, off=top_off)
    return GATES.format(label=label, on=f"{100 * on:.0f}", off=f"{100 * off:.0f}", answer=answer)


DOTS_TITLE = "How often right, percent of clips"
DOTS_CARDS = "The shipped networks, on procedural validation clips; they were not trained alike (their cards say how)"
DOTS_ABLATION = "Trained alike, module by module: mean over seeds, and its 95% interval where there are three"
DOTS_PAPER = "The paper's: ResNet-50 on Something-Something V1, one centre crop"
NO_CARDS = "The accuracy of the shipped networks is not in their files."
DETAILS = "All numbers as tables"
ABLATION_TABLE = "### Trained alike, module by module"
ABLATION_NOTE = (
    "MobileNetV2, each from ImageNet weights; the same drawn clips, schedule and short budget. Mean over the seeds, "
    "and its 95% interval where there are three: it may reach past 0 or 100. By chance 5.3% are right."
)
CARDS_TABLE = "### The shipped networks, on procedural validation clips"
PAPER_TABLE = "### The paper: ResNet-50 on Something-Something V1, one centre crop"
PAPER_ROWS = {
    "tsn_resnet50_8f": "TSN, no temporal module",
    "tconv_baseline_resnet50_8f": "temporal convolutions (baseline)",
    "l_tdm_resnet50_8f": "L-TDM only",
    "s_tdm_stage1_resnet50_8f": "S-TDM only, in Res1",
    "s_tdm_resnet50_8f": "S-TDM only, in Res1 and Res2",
    "tdn_resnet50_8f": "TDN, 8 segments",
    "tdn_resnet50_16f": "TDN, 16 segments",
}
NETWORKS = {
    "tconv_baseline_small_8f": "T-Conv baseline",
    "l_tdm_small_8f": "L-TDM only",
    "s_tdm_small_8f": "S-TDM only",
    "tdn_small_8f": "TDN",
}


def dropped(segments: Sequence[int]) -> str:
    """Which segments are gone, counted from 1."""
    if not segments:
        return ALL_THERE
    return (WITHOUT if len(segments) > 1 else WITHOUT_ONE).format(numbers=", ".join(str(one) for one in segments))


def noise_said(
    guess: str, right: str, tops: Mapping[str, str], counts: Mapping[str, int], asked: int, classes: int
) -> str:
    """What the visitor said, what moved, what the networks say of it, and how many of such clips each gets right."""
    verdict = RIGHT if guess == right else NOISE_WRONG.format(right=right)
    said = "; ".join(
        NOISE_SAYS.format(network=name, top=top, verdict=NOISE_VERDICTS[top == right]) for name, top in tops.items()
    )
    many = " and ".join(NOISE_COUNT.format(network=name, count=count) for name, count in counts.items())
    return NOISE_SAID.format(
        guess=guess,
        verdict=verdict,
        said=said,
        asked=asked,
        counts=many,
        classes=classes,
        blind=f"{asked / classes:.1f}",
    )
