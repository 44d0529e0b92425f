"""Figures at their final size, their files and words, and films: they show and say what the page does."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from tdn.data.video import VideoInfo, probe
from tdn.explain.scale import scale_per_clip, scale_per_frame
from tdn.show.caption import bibtex, caption
from tdn.show.collected import Collected, CollectedMap, Look, scaled
from tdn.show.film import INTERPOLATED, film, write_film
from tdn.show.formats import write_figure
from tdn.show.overlay import blend, place_in_frame
from tdn.show.plate import FONT, MOST_HEIGHT, WIDTHS, Plan, draw

SEGMENTS, HEIGHT, WIDTH = 8, 90, 120
LONG = "Moving something from left to right and further"


def collected(seed: int = 0, label: str = LONG, change: str = "", least: float = -1.0) -> Collected:
    """A made-up result of two networks; below `least` nothing speaks against the class."""
    rng = np.random.default_rng(seed)
    maps = tuple(
        CollectedMap(network, layer, share, rng.uniform(least, 1 + seed, (SEGMENTS, side, side)).astype(np.float32))
        for network, share in (("TDN", 0.92), ("T-Conv baseline", 0.08))
        for layer, side in (("res2", 9), ("final", 3))
    )
    frames = rng.integers(0, 255, (SEGMENTS, HEIGHT, WIDTH, 3)).astype(np.uint8)
    times, numbers = np.arange(SEGMENTS) / 4, 3 + 5 * np.arange(SEGMENTS)
    return Collected("clip", "clip.mp4", label, frames, times, numbers, (15, 0, 105, 90), maps, change, segment=2)


def several(count: int = 4) -> list[Collected]:
    return [replace(collected(seed), source=f"clip {seed}") for seed in range(count)]


def pictures(figure: Figure, path: Path) -> list[np.ndarray]:
    """The pictures of the SVG of a figure, uint8 [H, W, 3] each, in their order; the last is the colour bar."""
    write_figure(figure, path)
    data = re.findall(r'xlink:href="data:image/png;base64,([^"]*)"', path.read_text())
    # matplotlib turns pictures with the axis that points down.
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGB")) for one in data]


@pytest.mark.parametrize(("kind", "width"), [("moments", "one"), ("moments", "two"), ("segments", "two")])
def test_a_pdf_has_the_width_of_columns_and_truetype_fonts_only(tmp_path, kind, width):
    write_figure(draw(several(), Plan(kind, width), Look()), tmp_path / "figure.pdf")
    pdf = (tmp_path / "figure.pdf").read_bytes()
    across, down = map(float, re.search(rb"/MediaBox \[ 0 0 (\S+) (\S+) \]", pdf).groups())
    assert across == pytest.approx(72 * WIDTHS[width], abs=0.01) and 0 < down <= 72 * MOST_HEIGHT
    assert b"/Type3" not in pdf and b"/FontFile2" in pdf and pdf.count(b"/Type /Page ") == 1
    assert set(re.findall(rb"/Subtype /(\w*Type\w+)", pdf)) <= {b"Type0", b"CIDFontType2", b"TrueType"}


@pytest.mark.parametrize("plan", [Plan(width="one"), Plan(), Plan("segments", "one"), Plan("segments", title=LONG)])
@pytest.mark.parametrize("signed", [False, True])
def test_words_are_readable_stay_inside_and_never_lie_over_each_other(plan, signed):
    results = [replace(collected(0), change="reverse inside windows"), collected(1, "Up")]
    figure = draw(results, plan, Look(signed=signed))
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= FONT == 7
    boxes = [text.get_window_extent(renderer) for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text.get_text()
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text.get_text()
    for place, box in enumerate(boxes):
        for other in range(place):
            # A letter's frame is higher than what is drawn of it.
            apart = box.padded(-0.8).overlaps(boxes[other].padded(-0.8))
            assert not apart, (texts[place].get_text(), texts[other].get_text())


@pytest.mark.parametrize(
    "look", [Look(), Look("viridis", opacity=0.9), Look(scale="frame"), Look(signed=True), Look("jet (paper look)")]
)
def test_the_colours_written_are_those_that_the_page_paints(tmp_path, look):
    result = collected()
    written = pictures(draw([result], Plan(layers=("final",)), look), tmp_path / "figure.svg")
    raw = result.maps[1].signed if look.signed else result.maps[1].signed.clip(min=0)
    values = (scale_per_frame if look.scale == "frame" else scale_per_clip)(raw).values[2:3]
    placed = place_in_frame(values, HEIGHT, WIDTH, result.box)
    expected = blend(result.frames[2:3], placed, look.opacity, look.colours, look.signed)[0]
    assert len(written) == 4  # a frame, two networks, the bar of colours
    assert np.array_equal(written[0], result.frames[2]) and np.array_equal(written[1], expected)


def test_a_shared_scale_is_one_before_and_after_a_change_and_another_for_another_clip():
    before, after = collected(0), collected(3, change="reverse")
    other = replace(collected(1), source="another")
    found = scaled([before, after, other], Look(scale="shared"))
    for place in range(2):
        most = max(float(one.signed.max()) for result in (before, after) for one in result.maps[place::2])
        assert {maps[number].maximum for maps in found[:2] for number in (place, place + 2)} == {most}
    assert found[2][0].maximum != found[0][0].maximum


def test_layers_networks_and_segments_are_those_chosen(tmp_path):
    plan = Plan("segments", layers=("res2",), networks=("TDN",), segments=(1, 5, 99))
    assert len(pictures(draw(several(3), plan, Look()), tmp_path / "figure.svg")) == 3 * 2 * 2 + 1


def test_a_map_without_evidence_is_the_bare_frame_and_says_none(tmp_path):
    result = collected()
    empty = tuple(replace(one, signed=-np.abs(one.signed)) for one in result.maps)
    figure = draw([replace(result, maps=empty)], Plan(), Look())
    assert sum(text.get_text() == "none" for text in figure.findobj(Text)) == 4
    assert np.array_equal(pictures(figure, tmp_path / "figure.svg")[1], result.frames[2])
    assert "no positive evidence" in caption([replace(result, maps=empty)], Plan(), Look())


def test_without_a_title_there_is_none_and_the_file_s_name_is_nowhere():
    words = [text.get_text() for text in draw([collected()], Plan(), Look()).findobj(Text)]
    assert not any("clip.mp4" in one for one in words) and "Mine" not in words
    assert "Mine" in [text.get_text() for text in draw([collected()], Plan(title="Mine"), Look()).findobj(Text)]


def test_what_can_t_be_seen_is_refused():
    with pytest.raises(ValueError, match="no clips yet"):
        draw([], Plan(), Look())
    with pytest.raises(ValueError, match="mm wide"):
        draw(several(16), Plan(width="one"), Look())
    with pytest.raises(ValueError, match="no map of the chosen"):
        draw([collected()], Plan(layers=("res4",)), Look())
    with pytest.raises(ValueError, match="inferno"):
        Look(colours="RdBu_r")
    with pytest.raises(ValueError, match="png, svg, pdf"):
        write_figure(Figure(), Path("figure.gif"))


def test_an_svg_brings_the_letters_that_it_uses(tmp_path):
    from fontTools.ttLib import TTFont

    path = tmp_path / "figure.svg"
    write_figure(draw([collected(label="Сдвинуть вверх")], Plan(title="Über"), Look()), path)
    svg = path.read_text()
    fonts = re.findall(r"src:url\(data:font/ttf;base64,([^)]*)\)", svg)
    letters = set().union(*(TTFont(io.BytesIO(base64.b64decode(one))).getBestCmap() for one in fonts))
    assert set(map(ord, "СдвинутьверхÜT92%“")) <= letters and len(letters) < 120
    assert "Сдвинуть" in svg and len(svg) < 2_000_000


def test_a_caption_names_method_network_layer_class_change_moment_scale_and_colours():
    results = [collected(), collected(1, "Up", change="reverse")]
    said = caption(results, Plan(layers=("final",)), Look("viridis", "shared", 0.7))
    for words in (
        "Grad-CAM of TDN and T-Conv baseline at the final stage.",
        f"(a) “{LONG}” at 0.50 s",
        "TDN 92%",
        "(b) “Up”, reverse",
        "divided by their largest value together",
        "of a logit",
        "viridis, opacity 0.7",
    ):
        assert words in said
    assert "Res2" not in said
    assert "blue against" in caption(results, Plan(), Look(signed=True))
    assert "can't be compared" in caption(results, Plan(), Look(scale="frame"))


def test_what_to_cite_is_the_paper_and_the_method_that_was_used():
    assert bibtex([collected()]).count("@") == 2 and "selvaraju2017gradcam" in bibtex([collected()])
    found = bibtex([replace(collected(), method="XGrad-CAM, signed")])
    assert "fu2020xgradcam" in found and "selvaraju" not in found


def test_a_film_has_every_frame_at_the_video_s_rate_and_marks_what_was_looked_at(tmp_path):
    info = VideoInfo(name="clip.mp4", num_frames=45, fps=12.5, width=WIDTH, height=HEIGHT)
    frames = np.full((45, 2 * HEIGHT, 2 * WIDTH, 3), 90, np.uint8)
    result = collected()
    write_film(tmp_path / "film.mp4", frames, info, result, Look())
    with av.open(str(tmp_path / "film.mp4")) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert (probe(tmp_path / "film.mp4").num_frames, probe(tmp_path / "film.mp4").fps) == (45, 12.5)
    shown = list(film(frames, 45, result, Look()))
    title = (shown[0].shape[0] - 2 * HEIGHT - 36) // 2
    bordered = [number for number, one in enumerate(shown) if (one[title, :WIDTH] == 255).all()]
    assert bordered == list(result.numbers) and "interpolated linearly" in INTERPOLATED


def test_between_two_segments_a_film_shows_what_is_between_their_maps():
    result = collected().at(("final",), ("TDN",))
    frames = np.zeros((45, HEIGHT, WIDTH, 3), np.uint8)
    shown = list(film(frames, 45, result, Look()))
    values = scale_per_clip(result.maps[0].signed.clip(min=0)).values
    between = 0.6 * values[0] + 0.4 * values[1]  # frame 5 of 3 and 8
    expected = blend(frames[:1], place_in_frame(between[None], HEIGHT, WIDTH, result.box))[0]
    title = shown[5].shape[0] - HEIGHT - 36
    assert np.abs(shown[5][title : title + HEIGHT].astype(int) - expected).max() <= 1


def test_a_film_of_a_reversed_clip_puts_each_map_on_its_own_frame_and_one_of_repeats_is_refused():
    result = collected().at(("final",), ("TDN",))
    backwards = replace(result, numbers=result.numbers[::-1], change="reverse")
    turned = replace(result.maps[0], signed=result.maps[0].signed[::-1])
    frames = np.zeros((45, HEIGHT, WIDTH, 3), np.uint8)
    one = list(film(frames, 45, replace(result, maps=(turned,), change="reverse"), Look()))
    assert all(np.array_equal(a, b) for a, b in zip(one, film(frames, 45, backwards, Look()), strict=True))
    with pytest.raises(ValueError, match="one frame stands for several segments"):
        next(film(frames, 45, replace(result, numbers=[3, 9, 3, 9, 3, 9, 3, 9], change="repeat 4"), Look()))


def test_pictures_finer_than_print_are_made_coarser_and_their_box_with_them(tmp_path):
    result = collected()
    large = np.stack([cv2.resize(frame, (1200, 900)) for frame in result.frames])
    fine = replace(result, frames=large, box=(150, 0, 1050, 900))
    written = pictures(draw([fine] * 4, Plan(width="one"), Look()), tmp_path / "figure.svg")
    assert max(one.shape[1] for one in written[:-1]) <= 300 * WIDTHS["one"] / 4 + 1
