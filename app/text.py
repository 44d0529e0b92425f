"""The sentences of the page, apart from what the lower rooms say of a bad file. Those of one part alone stand beside
it: `about`, and `change_text`, `focus_text`, `opening_text` and `own_text`.
"""

import re
from collections.abc import Mapping, Sequence

from app.server.settings import Settings
from tdn.explain.methods import GRAD_CAM
from tdn.explain.methods import METHODS as METHODS_OF_MAPS
from tdn.networks import Network
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
SAMPLE_CREDITS = "Whose pictures these are"
LOCAL_PATH = "Or a file of this machine"
LOCAL_PATH_HINT = "Where the file lies, then Enter"
TARGET = "Class to explain"
TARGET_INFO = "The same class for both networks"
VERSUS = "Less the evidence for"
VERSUS_INFO = "What speaks for the one class and not for the other"
NO_VERSUS = "no other class"
METHOD = GRAD_CAM.method
METHOD_LABEL = "How maps are made"
METHOD_INFO = "Grad-CAM is the paper's. At Res2 XGrad-CAM and HiResCAM average less away"
# Eigen-CAM is left out: it knows no class.
METHODS = {
    name: f"{words.split(' (')[0]}: {words.partition(': ')[2]}"
    for name, words in METHODS_OF_MAPS.items()
    if name != "eigencam"
}
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


# `percent` is the probability from which on its answers to its own validation clips were nearly always right.
NOT_SURE = (
    "Not sure: on clips like those it was trained on, it is often wrong below {percent}%; on other video it may be "
    "wrong above that, too. It may be none of its classes."
)
NEVER_SURE = (
    "Not sure: on clips like those it was trained on, even its most probable answers were wrong too often. It may be "
    "none of its classes."
)


NOTHING_KNOWN = (
    "Perhaps nothing that it knows: the clip gives it less evidence for any class than 95 of 100 clips like those it "
    "was trained on. This is its best guess."
)


def quoted(given: object) -> str:
    """What a visitor gave, short enough for a sentence."""
    words = repr(given)
    return words if len(words) <= 120 else words[:117] + "..."


NO_CLIP = "Add a clip first: upload one, record one, or pick a sample."
LINK_REFUSED = "Please upload a file; links are not accepted."
NO_WEIGHTS = "This server has no checkpoints yet, so nothing can be analysed."
UNEXPECTED = (
    "Something went wrong on the server and the clip was not analysed; the operator finds the reason in the log."
)
LINK_UNKNOWN = "The link names something this page does not have ({names}), so that part of it was left out."
NO_SUCH_SAMPLE = "This sample is not there any more; reload the page."
RESULT_GONE = "This result is no longer kept on the server; analyse the clip again."


def plain(words: str) -> str:
    """Words of others, such as names of files and classes, as they are: no link, picture or formula of Markdown, which
    could ask another server.
    """
    return re.sub(r"([\\`*_{}\[\]<>()#|~$&!])", r"\\\1", words)


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


def no_such_class(network: str, label: str) -> str:
    return f"{network} knows no class “{label}”, so its own top class is explained."


def not_opened(name: str) -> str:
    return f"{checkpoint_choice(name)} could not be opened on this server; the operator finds the reason in the log."


def too_many(rate: int, who: str) -> str:
    """`who` is "session" or "address"."""
    if who == "session":
        return f"More than {rate} analyses in a minute; wait a little."
    return f"More than {rate} analyses in a minute from your network's address; wait a little."


def checkpoint_choice(file: str) -> str:
    """How a checkpoint reads in a list; a visitor's own has its secret in front of a stroke."""
    family, colon, name = file.partition(":")
    if colon:
        return f"{name} ({family})"
    secret, _, name = file.rpartition("/")
    return name.removesuffix(".safetensors").replace("_", " ") + (" (yours)" if secret else "")


Span = tuple[float, float] | None


def loading(names: Sequence[str]) -> str:
    """What takes longest the first time."""
    return f"Loading {' and '.join(checkpoint_choice(name) for name in names)}, then reading the clip"


def of_class(label: str, versus: str | None = None, method: str = METHOD) -> str:
    """The class of a map, less which other one, and how it was made unless as usual."""
    less = f" less “{versus}”" if versus else ""
    return f"“{label}”{less}" + ("" if method == METHOD else f" · {METHODS_OF_MAPS[method].split(' (')[0]}")


def caption(network: str, layer: str, of: str, span: Span = None) -> str:
    """Which network, layer and class (`of_class`) made a map, and `span`, the seconds it is of; the browser adds the
    scale.
    """
    looks = f" · looks at {span[0]:.2f} to {span[1]:.2f} s" if span else ""
    return f"{network} · {layer} · {of}{looks}"


def pending_caption(network: str, layer: str, of: str) -> str:
    return f"{caption(network, layer, of)} · {COMPUTING_MAPS}"


def empty_caption(network: str, layer: str, of: str, span: Span = None) -> str:
    return f"{caption(network, layer, of, span)} · no positive evidence"


# What a card says of training after the data.
_DRAWS = re.compile(r", (?:[\d,]+ draws of them|\d+ of \d+ epochs|started from) ?")


def weights_warning(cards: Mapping[str, Card]) -> str:
    """Near the results: what the chosen weights were trained on, whatever the clip shows. All of it stands in About."""
    data = list(dict.fromkeys(plain(_DRAWS.split(card.trained_on)[0]) for card in cards.values()))
    known = dict.fromkeys(card.known_limits.split("; every clip gets")[0] for card in cards.values())
    limits = "".join(f" Limits: {plain(one)}." for one in known if one != "unknown")
    classes = max(len(card.labels) for card in cards.values())
    return (
        f"**These weights know {classes} classes and nothing else**, and answer every clip with one of them, whatever "
        f"it shows. Trained on: {'; '.join(data)}.{limits}"
    )


def other_weights(network: Network) -> str:
    """The same of a network that is none of ours."""
    trained = plain(str(network.facts.get("trained_on", "what its makers say")))
    return f"**{plain(network.title)}** knows {len(network.labels)} classes. Trained on: {trained}."
