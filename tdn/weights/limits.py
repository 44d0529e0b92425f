"""What a checkpoint may ask for, whoever made it: checked before anything of that size is read or made.

The numbers leave room around every network of the paper (ResNet-152 has 50 blocks, Kinetics-700 has 700 classes, the
"++" rows of Table 1 have 40 segments), and none for a file that asks for a network no machine can hold.
"""

import unicodedata
from collections.abc import Iterable

from tdn.data.transforms import Preprocess
from tdn.model import Architecture
from tdn.model.cost import multiply_adds

MAX_HEADER_BYTES = 4 * 2**20
MAX_CARD_BYTES = 2**20
MAX_CLASSES = 10_000
MAX_LABEL = 200
MAX_WORDS = 4_000
# (field, smallest, largest)
ARCHITECTURE_RANGES = (
    ("num_classes", 1, MAX_CLASSES),
    ("num_segments", 1, 64),
    ("window", 1, 16),
    ("l_tdm_reduction", 1, 1024),
    ("s_tdm_width", 1, 256),
)
MAX_BLOCKS, MAX_WIDTH, MAX_PARAMETERS = 64, 256, 500e6
PREPROCESS_RANGES = (
    ("input_size", 32, 1024),
    ("short_side", 32, 4096),
    ("fps", 0.01, 1000),
    ("max_frames", 1, 100_000),
    ("min_frames", 1, 100_000),
)
# Of one clip: 16 segments of a ResNet-101 at 256 pixels take 172 G and 15.7 million values.
MAX_MULTIPLY_ADDS, MAX_CLIP_VALUES = 200e9, 25_000_000


def expect_possible(architecture: Architecture, preprocess: Preprocess) -> None:
    """Raises ValueError for a network or a view that is beyond all of ours."""
    for described, ranges in ((architecture, ARCHITECTURE_RANGES), (preprocess, PREPROCESS_RANGES)):
        for name, smallest, largest in ranges:
            value = getattr(described, name)
            if value is not None and not smallest <= value <= largest:
                raise ValueError(f"{name}: expected {smallest} to {largest}, got {shown(value)}")
    backbone = architecture.backbone
    if not 1 <= backbone.width <= MAX_WIDTH or sum(backbone.blocks) > MAX_BLOCKS:
        raise ValueError(
            f"backbone: expected a width up to {MAX_WIDTH} and up to {MAX_BLOCKS} blocks, got "
            f"{shown(backbone.width)} and {shown(sum(backbone.blocks))}"
        )


def expect_affordable(architecture: Architecture, preprocess: Preprocess) -> None:
    """For files of strangers: raises ValueError where one analysis would cost more than any of the paper's networks."""
    values = architecture.num_segments * architecture.window * 3 * preprocess.input_size**2
    if values > MAX_CLIP_VALUES:
        raise ValueError(
            f"its clips have {values / 1e6:.0f} million values; up to {MAX_CLIP_VALUES / 1e6:.0f} are taken"
        )
    if (cost := multiply_adds(architecture, preprocess.input_size)) > MAX_MULTIPLY_ADDS:
        raise ValueError(f"{cost / 1e9:.0f} G multiply-adds a clip; up to {MAX_MULTIPLY_ADDS / 1e9:.0f} G are taken")


def expect_labels(labels: object, num_classes: int) -> None:
    """Raises ValueError unless `labels` are the names of the classes: one line of text each."""
    if not isinstance(labels, list):
        raise ValueError(f"labels: expected a list of names, got {shown(labels)}")
    if len(labels) != num_classes:
        raise ValueError(f"{len(labels)} labels for {num_classes} classes")
    for number, label in enumerate(labels):
        expect_words(f"label {number}", label, MAX_LABEL)


def expect_words(name: str, value: object, longest: int = MAX_WORDS) -> None:
    """Raises ValueError unless `value` is text of one line: it is printed on terminals and pages."""
    if not isinstance(value, str):
        raise ValueError(f"{name}: expected text, got {shown(value)}")
    if len(value) > longest:
        raise ValueError(f"{name}: {len(value)} characters, up to {longest} are taken")
    if not_printed(value):
        raise ValueError(f"{name}: expected one line of text, got {shown(value)}")


def not_printed(characters: Iterable[str]) -> bool:
    """Whether there are control characters, line breaks or halves of characters among them."""
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in characters)


def shown(value: object) -> str:
    """A value from a file, short enough for a sentence."""
    text = ascii(value) if not isinstance(value, int) or abs(value) < 10**20 else "a number of more than 20 digits"
    return text if len(text) <= 60 else text[:57] + "..."
