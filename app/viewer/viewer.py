"""The frame viewer: all maps of an analysis over one frame, moved together in the browser without the server."""

from gradio.data_classes import FileData, GradioModel

from app.viewer.component import Drawn


class Panel(GradioModel):
    """One map. `values`: base64 of uint8 [T, rows, columns], the scaled map times 255; empty while it is computed.
    `against`: the same of what speaks against the class, `least` the raw amount of its 255; empty where nothing does.

    `caption` names network, layer and class; the browser adds the scale, from `maximum`, the raw value of 255, and for
    the shared one from those of all panels of the same `layer`. `message` stands over the picture where there is
    nothing to colour. `order` names the frame below each segment's map where that is another one, by its
    place in the row.
    """

    caption: str
    layer: str = ""
    maximum: float = 0.0
    order: list[int] | None = None
    rows: int = 0
    columns: int = 0
    values: str = ""
    against: str = ""
    least: float = 0.0
    message: str = ""


class ViewerData(GradioModel):
    """`clip`: the video's name. `frames`: one JPEG with the T centre frames in a row, each `width` x `height`, whose
    places in the video are `numbers`, from 0, and `times_sec`; those of a changed clip may follow. `box` (x0, y0, x1,
    y1) in their pixels is what the networks see. `colours`: name -> 256 * 3 values 0..255; `signed_colours` those of
    maps from -1 to 1. `windows`: one JPEG with a row for each segment, its L frames as S-TDM reads them, each
    `window_side` wide and high; None for networks of one frame a segment. `link`: what the page's address says of this
    result, empty for a clip that has no link; None where the address is not this viewer's. `film` is the clip itself,
    which plays below the maps; None where only the centre frames are shown.
    """

    clip: str
    frames: FileData
    count: int
    width: int
    height: int
    box: list[int]
    times_sec: list[float]
    numbers: list[int]
    colours: dict[str, list[int]]
    signed_colours: list[int]
    panels: list[Panel]
    windows: FileData | None = None
    window_side: int = 0
    link: dict[str, str] | None = None
    film: FileData | None = None


class FrameViewer(Drawn):
    """value: ViewerData, or None for the invitation."""

    name = "viewer"
    data_model = ViewerData
