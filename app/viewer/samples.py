"""The gallery of sample clips. Event `pick` with {index} when a visitor chooses one."""

from gradio.data_classes import GradioModel

from app.viewer.component import Drawn


class Sample(GradioModel):
    """`poster`: a picture of the clip as a data URI."""

    title: str
    poster: str


class Samples(GradioModel):
    samples: list[Sample]


class SampleGallery(Drawn):
    """value: Samples."""

    name = "samples"
    data_model = Samples
