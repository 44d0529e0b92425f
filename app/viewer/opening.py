"""What the page opens on: a film with maps moving over it, and what two networks say to it, in several ways."""

from gradio.data_classes import FileData, GradioModel

from app.viewer.component import Drawn


class Said(GradioModel):
    """`kind`: "right" for what the film shows ("right apart" where it is not among the likeliest), "opposite" for the
    other way round, else "".
    """

    label: str
    probability: float
    kind: str


class Network(GradioModel):
    """One network's likeliest classes, and its maps: `values` is base64 of uint8 [T, rows, columns], the map times 255
    on one scale for the clip. `reads` says what it is given, `words` what the maps show.
    """

    name: str
    reads: str
    said: list[Said]
    values: str
    rows: int
    columns: int
    words: str


class Way(GradioModel):
    """What the networks are given: the first `end_sec` seconds of `video`, `rounds` times over. `knots_sec` [T] says
    when, over all rounds, the moments come that the maps are of; between two of them they are interpolated where the
    film has no cuts (`is_smooth`), else the nearest one stands. It begins at `start_sec`, where the first network has
    most evidence. `name` stands on the switch, `sentence` above, `why` below.
    """

    name: str
    sentence: str
    why: str
    video: FileData
    start_sec: float
    end_sec: float
    rounds: int
    is_smooth: bool
    knots_sec: list[float]
    networks: list[Network]


class OpeningData(GradioModel):
    """`sample`: the name that a link has for the clip. `question` stands over the switch. `poster`: the frame at which
    the way `shown` begins, beside which the others stand. Pictures are `width` x `height`; `box` (x0, y0, x1, y1), as
    shares of them, is what the networks see. `colours`: 256 * 3 values 0..255 of the maps, drawn at `opacity`.
    """

    sample: str
    question: str
    poster: FileData
    credit: str
    width: int
    height: int
    box: list[float]
    colours: list[int]
    opacity: float
    ways: list[Way]
    shown: int


class OpeningView(Drawn):
    """value: OpeningData."""

    name = "opening"
    data_model = OpeningData
