"""The likeliest classes of each network as bars. Event `pick` with {label} when a visitor wants the maps of one."""

from gradio.data_classes import GradioModel

from app.viewer.component import Drawn


class Bar(GradioModel):
    """`explained` marks the class that the maps are for."""

    label: str
    probability: float
    explained: bool


class ScoreCard(GradioModel):
    """One network: `name`, `file`, its bars, and the probability it gives the explained class.

    `doubt` is a sentence where its answer can't be relied on, else "". `before` is what it gave that class before an
    intervention, None where there was none.
    """

    name: str
    file: str
    bars: list[Bar]
    target: str
    target_probability: float
    before: float | None = None
    doubt: str = ""


class Scores(GradioModel):
    cards: list[ScoreCard]


class ScoreBars(Drawn):
    """value: Scores, or None before the first answer."""

    name = "scores"
    data_model = Scores
