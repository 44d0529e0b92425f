"""The stroboscope's curve: probabilities of a class and of its opposite over parts and repeats of a clip.

Events: `want` asks for the curve, `halt` stops it, `pick` with {change} chooses a step.
"""

from gradio.data_classes import GradioModel

from app.viewer.component import Drawn


class Point(GradioModel):
    """A step that is there: its `place` on the axis, the `change` that shows the clip so ("" for as filmed), a `strip`
    of what each segment shows as a data URI, what to know about it.
    """

    place: int
    change: str
    strip: str
    note: str


class Line(GradioModel):
    """A network's probability of the class at each point, and of its opposite where there is one."""

    name: str
    shares: list[float]
    opposite: list[float]


class CurveData(GradioModel):
    """`nonce` differs from any other's. `places`: what stands below each step, those that are not there yet as well."""

    nonce: str
    label: str
    opposite: str
    places: list[str]
    segments: int
    lines: list[Line]
    points: list[Point]


class CurveView(Drawn):
    """value: CurveData, or None before the first analysis."""

    name = "curve"
    data_model = CurveData
