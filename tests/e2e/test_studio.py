"""Files of what the page shows, as it looks then, and a figure of several results."""

import base64
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.studio import Exports
from tdn.data.video import probe
from tests.e2e.conftest import PATIENCE_MS, Visit


def download(visit: Visit, button: str) -> Path:
    with visit.page.expect_download(timeout=PATIENCE_MS) as started:
        visit.page.click(button)
    path = Path(started.value.path())
    return path.rename(path.with_name(started.value.suggested_filename))


def of_result(visit: Visit, kind: str) -> Path:
    return download(visit, f"#downloads button:has-text('{kind}')")


def put_aside(visit: Visit, count: int) -> None:
    visit.page.click("#add-to-figure")
    visit.page.wait_for_selector(f"#add-to-figure:has-text('({count})')")


def open_figure(visit: Visit) -> None:
    visit.page.click("[role=tab]:has-text('Figure')")
    visit.page.wait_for_selector("#figure-preview img", timeout=PATIENCE_MS)


def test_a_pdf_has_the_width_of_two_columns_and_real_fonts(analysed: Visit):
    file = of_result(analysed, "PDF")
    pdf = file.read_bytes()
    width = float(re.search(rb"/MediaBox \[ 0 0 (\S+)", pdf)[1])
    assert file.name.startswith("clip-") and width == pytest.approx(72 * 6.875) and b"/Type3" not in pdf


def test_a_film_has_every_frame_of_the_clip_at_its_rate(analysed: Visit):
    film, clip = probe(of_result(analysed, "Film")), probe(analysed.clip)
    assert (film.num_frames, film.codec, film.fps) == (clip.num_frames, "h264", pytest.approx(clip.fps))


def test_everything_holds_raw_maps_the_figure_as_shown_its_caption_and_references(analysed: Visit):
    names = [Path(name).name for name in zipfile.ZipFile(of_result(analysed, "ZIP")).namelist()]
    assert {"maps.npz", "manifest.json", "as_shown.pdf", "caption.txt", "references.bib"} <= set(names)


def test_a_file_has_the_colours_layers_and_sign_of_the_page(laptop: Visit):
    plain = np.asarray(Image.open(of_result(laptop, "PNG")))
    laptop.set("#viewer .layers", "final", "change")
    fewer = np.asarray(Image.open(of_result(laptop, "PNG")))
    laptop.set("#viewer .colours", "viridis", "change")
    other = np.asarray(Image.open(of_result(laptop, "PNG")))
    assert plain.shape[1] == fewer.shape[1] and plain.shape[0] > 1.4 * fewer.shape[0]
    # Dark ends and bright ends of the bar of colours, at the right below everything.
    assert fewer.shape == other.shape and not np.array_equal(fewer, other)
    laptop.page.check("#viewer .signed")
    svg = of_result(laptop, "SVG").read_text()
    assert "against the class" in svg and "@font-face" in svg


@pytest.mark.long
def test_the_figure_s_files_have_the_colours_that_the_page_has_on_its_canvas(laptop: Visit):
    laptop.set("#viewer .colours", "viridis", "change")
    laptop.set("#viewer .seek", 4)
    put_aside(laptop, 1)
    open_figure(laptop)
    svg = download(laptop, "#figure-files button:has-text('SVG')").read_text()
    laptop.page.click("[role=tab]:has-text('Analyse')")
    drawn = [np.reshape(one, (96, 128, 4))[..., :3] for one in laptop.pixels()]
    data = re.findall(r'xlink:href="data:image/png;base64,([^"]*)"', svg)
    written = [np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGB")) for one in data]
    assert len(written) == 6  # the frame, four maps, and the bar
    for shown, file in zip(drawn, written[1:5], strict=True):
        # The page has its frame as a JPEG, and the values of a map in 255 steps.
        assert np.abs(shown.astype(int) - file).mean() < 2


def test_a_file_of_another_result_than_the_one_shown_is_dropped(tmp_path: Path):
    exports = Exports(None, tmp_path)
    made = {"path": "figure.pdf", "token": "before"}
    assert exports.hand_out(made, "now") is None and exports.hand_out(made, "before") == "figure.pdf"


def test_before_and_after_a_change_stand_side_by_side_in_a_figure(laptop: Visit):
    laptop.page.click("#change label:has-text('Freeze each window')")
    laptop.page.wait_for_selector("#add-both", timeout=PATIENCE_MS)
    laptop.page.click("#add-both")
    laptop.page.wait_for_selector("#add-to-figure:has-text('(2)')")
    put_aside(laptop, 2)  # the same as before the change, so it stands once
    open_figure(laptop)
    assert laptop.page.locator("#figure-results label").count() == 2
    assert "freeze windows" in laptop.page.input_value("#figure-caption textarea")
    laptop.page.click("#figure-width label:has-text('one column')")
    laptop.page.wait_for_function("document.querySelector('#figure-size').innerText.includes('8.26')")
    laptop.page.locator("#figure-results label").first.click()
    laptop.page.wait_for_function("!document.querySelector('#figure-caption textarea').value.includes('(b)')")
