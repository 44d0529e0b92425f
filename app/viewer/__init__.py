"""Components that the browser draws from data: the frame viewer, the prediction bars, the sample gallery."""

from app.viewer.curve import CurveData, CurveView
from app.viewer.opening import OpeningData, OpeningView
from app.viewer.samples import Credit, Sample, SampleGallery, Samples
from app.viewer.scores import Bar, ScoreBars, ScoreCard, Scores
from app.viewer.viewer import FrameViewer, Panel, ViewerData

__all__ = [
    "Bar",
    "Credit",
    "CurveData",
    "CurveView",
    "FrameViewer",
    "OpeningData",
    "OpeningView",
    "Panel",
    "Sample",
    "SampleGallery",
    "Samples",
    "ScoreBars",
    "ScoreCard",
    "Scores",
    "ViewerData",
]
