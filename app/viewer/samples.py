"""The gallery of sample clips. Event `pick` with {index} when a visitor chooses one."""

from gradio.data_classes import GradioModel

from app.viewer.component import Drawn


class Sample(GradioModel):
    """`poster`: a picture of the clip as a data URI."""

    title: str
    poster: str


class Credit(GradioModel):
    """Whose pictures the samples of these titles show."""

    titles: str
    by: str


class Samples(GradioModel):
    """`credits` are shown when asked for under the word `credits_title`."""

    samples: list[Sample]
    credits: list[Credit]
    credits_title: str


class SampleGallery(Drawn):
    """value: Samples."""

    name = "samples"
    data_model = Samples
