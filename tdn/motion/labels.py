"""The 19 classes, and what mirroring, transposing or reversing a clip makes of each of them.

Directions are as seen in the image: right is where columns grow, down is where rows grow, clockwise as on a clock.
"""

LABELS = (
    "Moving something from right to left",
    "Moving something from left to right",
    "Moving something up",
    "Moving something down",
    "Moving something closer to the camera",
    "Moving something away from the camera",
    "Turning something clockwise",
    "Turning something counter-clockwise",
    "Shaking something sideways",
    "Shaking something up and down",
    "Moving two things closer to each other",
    "Moving two things away from each other",
    "Dropping something",
    "Holding something still",
    "Spinning something fast clockwise",
    "Spinning something fast counter-clockwise",
    "A pattern streaming left inside something",
    "A pattern streaming right inside something",
    "Making something vibrate",
)
(
    LEFT,
    RIGHT,
    UP,
    DOWN,
    CLOSER,
    AWAY,
    TURN_CLOCKWISE,
    TURN_COUNTER,
    SHAKE_SIDEWAYS,
    SHAKE_UP_DOWN,
    APPROACH,
    SEPARATE,
    DROP,
    STILL,
    SPIN_CLOCKWISE,
    SPIN_COUNTER,
    STREAM_LEFT,
    STREAM_RIGHT,
    VIBRATE,
) = range(len(LABELS))

# From one window to the next these five look random; only neighbouring frames tell them apart.
_SHORT_TERM = {SPIN_CLOCKWISE, SPIN_COUNTER, STREAM_LEFT, STREAM_RIGHT, VIBRATE}


SHORT_TERM = "short-term motion"


def _group(index: int) -> str:
    if index == STILL:
        return "still"
    return SHORT_TERM if index in _SHORT_TERM else "long-range motion"


GROUPS = {label: _group(index) for index, label in enumerate(LABELS)}


def _exchange(*pairs: tuple[int, int], without: tuple[int, ...] = ()) -> tuple[int | None, ...]:
    """The identity with `pairs` exchanged and None for the classes in `without`."""
    table: list[int | None] = list(range(len(LABELS)))
    for one, other in pairs:
        table[one], table[other] = other, one
    for index in without:
        table[index] = None
    return tuple(table)


_TURNS = ((TURN_CLOCKWISE, TURN_COUNTER), (SPIN_CLOCKWISE, SPIN_COUNTER))
_STREAMS = (STREAM_LEFT, STREAM_RIGHT)

# Each table gives, by class, the class of the changed clip; None where that is none of the 19.
FLIP_HORIZONTAL = _exchange((LEFT, RIGHT), *_TURNS, _STREAMS)
FLIP_VERTICAL = _exchange((UP, DOWN), *_TURNS, without=(DROP,))
TRANSPOSE = _exchange(
    (LEFT, UP), (RIGHT, DOWN), (SHAKE_SIDEWAYS, SHAKE_UP_DOWN), *_TURNS, without=(DROP, STREAM_LEFT, STREAM_RIGHT)
)
REVERSE_TIME = _exchange(
    (LEFT, RIGHT), (UP, DOWN), (CLOSER, AWAY), (APPROACH, SEPARATE), *_TURNS, _STREAMS, without=(DROP,)
)


def label_index(label: str | int) -> int:
    """The index of a class given by name or index. Raises ValueError for one that does not exist."""
    if isinstance(label, str):
        if label in LABELS:
            return LABELS.index(label)
    elif 0 <= label < len(LABELS):
        return int(label)
    raise ValueError(
        f"label {label!r}: expected 0 to {len(LABELS) - 1} or one of {len(LABELS)} names such as "
        f"{LABELS[LEFT]!r}, {LABELS[UP]!r}, {LABELS[CLOSER]!r}"
    )
