"""The lab's board: pictures by segment, by frame of a window or by S-TDM's weight, answers as bars, and a curve."""

from gradio.data_classes import GradioModel
from pydantic import Field

from app.viewer.component import Drawn


class Sheet(GradioModel):
    """A picture as a data URI, made of tiles of `width` x `height`; `is_smooth` where enlarging may blur it."""

    picture: str
    width: int
    height: int
    is_smooth: bool


class Tile(GradioModel):
    """One tile of sheet number `sheet`. Its column is the segment shown, or 0 where it is `alone`; its row is `row`, or
    what `by` names: "frame", the frame that plays, or "weight", the weight chosen.
    """

    sheet: int
    row: int = 0
    by: str = ""
    alone: bool = False
    caption: str = ""


class TileRow(GradioModel):
    """Tiles side by side, each as wide as one of `count`, at most `width` pixels. `title` says what made them."""

    title: str
    tiles: list[Tile]
    count: int
    width: int = 220


class Bar(GradioModel):
    """`shares`: one probability, or one for each weight."""

    label: str
    shares: list[float]
    right: bool


class Card(GradioModel):
    name: str
    file: str
    bars: list[Bar]


class Curve(GradioModel):
    """`shares` of `label` at each weight; `other` the share of the network `other_name`, which has no weight."""

    label: str
    shares: list[float]
    other: float
    other_name: str


class Effect(GradioModel):
    """How the probability of `label` in the network `name` changes without each segment, -1 to 1."""

    name: str
    label: str
    changes: list[float]


class Board(GradioModel):
    """`said`: the sentence on top. `positions` says where each segment lies, none where nothing goes by segment, and
    `segment` is the first one shown; `frames` of a window that play, 0 for none; `weights` of the slider, none without;
    `outlined` what the outlined bars are; `effects` bars up and down, one a segment.
    """

    said: str = ""
    positions: list[str] = Field(default_factory=list)
    segment: int = 0
    frames: int = 0
    weights: list[float] = Field(default_factory=list)
    sheets: list[Sheet] = Field(default_factory=list)
    rows: list[TileRow] = Field(default_factory=list)
    outlined: str = ""
    cards: list[Card] = Field(default_factory=list)
    curve: Curve | None = None
    effects_title: str = ""
    effects: list[Effect] = Field(default_factory=list)


class LabBoard(Drawn):
    """value: Board, or None before the first look."""

    name = "board"
    data_model = Board
