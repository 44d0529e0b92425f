"""What the page opens on: a film that plays, what both networks say to it, and where they look, in several ways."""

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
    """One network's likeliest classes, and a row of T pictures of `width` x `height` with its map laid over: `words`
    tells which; `reads` says what it is given.
    """

    name: str
    reads: str
    said: list[Said]
    strip: FileData
    words: str


class Way(GradioModel):
    """The film's first `end_sec` seconds, `rounds` times over. `name` stands on the switch, `sentence` above, `why`
    below.
    """

    name: str
    sentence: str
    why: str
    end_sec: float
    rounds: int
    networks: list[Network]


class OpeningData(GradioModel):
    """`sample`: the name that a link has for the clip. `shown`: the way it opens in, beside which the others stand.
    `count` segments, pictures of `width` x `height`.
    """

    sample: str
    video: FileData
    poster: FileData
    credit: str
    count: int
    width: int
    height: int
    ways: list[Way]
    shown: int


class OpeningView(Drawn):
    """value: OpeningData."""

    name = "opening"
    data_model = OpeningData
