"""The viewer in a real Chromium: maps over every frame of a clip, moved and coloured without the server."""

import base64
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tdn.data.video import read_frames
from tdn.explain.scale import over_timeline
from tdn.show.overlay import blend, place_in_frame
from tests.e2e.conftest import Visit
from tests.e2e.test_page import captions

pytestmark = pytest.mark.browser

FILM = "#viewer .sources video"
FPS = 12  # of the clip in `analysed`


@pytest.fixture(scope="module")
def data(analysed: Visit, app_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the viewer draws: the same analysis, asked for by a program."""
    client = Client(app_url, verbose=False, download_files=tmp_path_factory.mktemp("answers"))
    return client.predict(handle_file(analysed.clip), api_name="/analyze")[2]


def values_of(panel: dict, count: int) -> np.ndarray:
    shape = count, panel["rows"], panel["columns"]
    return np.frombuffer(base64.b64decode(panel["values"]), np.uint8).reshape(shape) / 255


def shown_by(visit: Visit, data: dict) -> list[np.ndarray]:
    """The picture of each panel, int [H, W, 3]."""
    shape = data["height"], data["width"], 4
    return [np.array(one, np.uint8).reshape(shape)[..., :3].astype(int) for one in visit.pixels()]


def position(visit: Visit) -> str:
    return visit.page.inner_text("#viewer .position")


def test_the_scrubber_changes_all_four_maps_without_a_request(analysed: Visit):
    analysed.set("#viewer .seek", 0)
    before = analysed.pictures()
    analysed.requests.clear()
    analysed.set("#viewer .seek", 5)
    after = analysed.pictures()
    assert len(after) == 4
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert "Moment 6 of 8" in analysed.page.inner_text("#viewer .position")
    assert analysed.requests == []


def test_opacity_and_colours_move_all_four_without_a_request(analysed: Visit):
    analysed.requests.clear()
    states = [analysed.pictures()]
    analysed.set("#viewer .opacity", 20)
    states.append(analysed.pictures())
    analysed.set("#viewer .colours", "viridis", "change")
    states.append(analysed.pictures())
    analysed.set("#viewer .opacity", 0)
    assert len(set(analysed.pictures())) == 1  # the plain picture, four times
    analysed.set("#viewer .opacity", 80)
    analysed.set("#viewer .colours", "inferno", "change")
    for before, after in pairwise(states):
        assert all(old != new for old, new in zip(before, after, strict=True))
    assert analysed.requests == []


def test_the_scale_changes_in_the_browser_and_stands_in_every_caption(analysed: Visit):
    analysed.requests.clear()
    assert all(caption[3].startswith("per clip, max ") for caption in captions(analysed))
    before = analysed.pictures()
    analysed.set("#viewer .rule", "frame", "change")
    assert {caption[3] for caption in captions(analysed)} == {"per frame, contrast only"}
    assert analysed.pictures() != before
    analysed.set("#viewer .rule", "shared", "change")
    rules = [caption[3] for caption in captions(analysed)]
    assert rules[0] == rules[2] and rules[1] == rules[3] and "shared by the networks" in rules[0]
    analysed.set("#viewer .rule", "clip", "change")
    assert analysed.pictures() == before and analysed.requests == []


def test_a_segment_shows_its_five_frames_their_differences_and_its_share(analysed: Visit):
    analysed.requests.clear()
    shots = []
    analysed.page.locator("#viewer .window").scroll_into_view_if_needed()  # loaded when somebody comes near
    analysed.page.wait_for_selector("#viewer .frames canvas")
    analysed.requests.clear()
    for segment in (1, 6):
        analysed.set("#viewer .seek", segment)
        tiles = analysed.page.locator("#viewer .frames canvas, #viewer .differences canvas")
        assert tiles.count() == 5 + 4
        shots.append([tile.evaluate("tile => tile.toDataURL()") for tile in tiles.all()])
        assert f"Evidence in moment {segment + 1}: TDN" in analysed.page.get_attribute(
            "#viewer .curve canvas", "aria-label"
        )
    assert all(one != other for one, other in zip(*shots, strict=True))  # the square moves in every window
    grey = (
        "tile => tile.getContext('2d').getImageData(1, 1, 1, 1).data.slice(0, 3)"
        ".every((level) => Math.abs(level - 128) < 6)"
    )
    assert analysed.page.locator("#viewer .differences canvas").first.evaluate(grey)  # a corner where nothing moves
    assert analysed.requests == []


def test_keys_and_clicks_move_the_clip(analysed: Visit):
    page = analysed.page
    analysed.set("#viewer .seek", 0)
    page.focus("#viewer .grid")
    page.keyboard.press("ArrowRight")
    assert "Moment 2 of 8" in position(analysed)
    page.keyboard.press("End")
    assert "Moment 8 of 8" in position(analysed)
    page.keyboard.press("Home")
    assert "Moment 1 of 8" in position(analysed)
    page.keyboard.press(" ")
    assert page.get_attribute("#viewer .play", "aria-label") == "Pause"
    page.keyboard.press(" ")
    assert page.get_attribute("#viewer .play", "aria-label") == "Play"
    curve = page.locator("#viewer .curve canvas")
    size = curve.bounding_box()
    curve.click(position={"x": size["width"] * 5.5 / 8, "y": 20})
    assert "Moment 6 of 8" in position(analysed)
    page.locator("#viewer .strip canvas").nth(2).click()
    assert "Moment 3 of 8" in position(analysed)


def test_each_map_can_be_enlarged_and_two_layers_chosen(analysed: Visit):
    page, seen = analysed.page, "#viewer .grid figure:visible"
    usual = page.locator(seen).first.bounding_box()["width"]
    assert page.locator(seen).count() == 4
    page.get_by_role("button", name="Enlarge TDN · final").click()
    assert page.locator(seen).count() == 1 and page.locator(seen).bounding_box()["width"] > 1.8 * usual
    assert page.locator(f"{seen} figcaption").inner_text().startswith("TDN · final")
    page.keyboard.press("Escape")
    assert page.locator(seen).count() == 4
    page.keyboard.press("3")
    assert page.locator(f"{seen} figcaption").inner_text().startswith("T-Conv baseline · Res2")
    page.keyboard.press("3")
    analysed.set("#viewer .layers", "final", "change")
    assert page.locator(seen).count() == 2
    analysed.set("#viewer .layers", "both", "change")
    assert page.locator(seen).count() == 4


def test_the_class_stands_once_above_the_maps_and_layers_are_explained(analysed: Visit):
    (label,) = {caption[2] for caption in captions(analysed)}
    assert analysed.page.inner_text("#viewer .about") == f"Evidence for {label}"
    # In each caption, too, for who hears the page or copies it.
    widths = analysed.page.eval_on_selector_all("#viewer .whole", "all => all.map(one => one.offsetWidth)")
    assert len(widths) == 8 and max(widths) <= 1
    guide = analysed.page.inner_text("#viewer .guide")
    assert all(word in guide for word in ("(Res2)", "(final stage)", "Moment"))


def test_the_browser_colours_maps_as_the_figure_does(analysed: Visit, data: dict):
    analysed.set("#viewer .seek", 3)
    width, height = data["width"], data["height"]
    row = np.asarray(Image.open(BytesIO(Path(data["frames"]).read_bytes())))
    frame = row[:, 3 * width : 4 * width]
    for shown, panel in zip(shown_by(analysed, data), data["panels"], strict=True):
        placed = place_in_frame(values_of(panel, data["count"])[3:4], height, width, data["box"])
        # Two JPEG decoders, and one colour for two pixels apart.
        off = np.abs(shown - blend(frame[None], placed)[0])
        assert off.max() <= 16 and off.mean() <= 2


def test_between_two_moments_the_film_plays_and_the_evidence_is_interpolated(analysed: Visit, data: dict):
    page, (width, height) = analysed.page, (data["width"], data["height"])
    analysed.set("#viewer .seek", 3)
    page.click("#viewer .play")
    page.wait_for_function("document.querySelector('#viewer .position').textContent.includes('interpolated')")
    assert "interpolated" in page.inner_text("#viewer .pace")
    page.click("#viewer .play")
    # A frame in the middle between the fourth and the fifth moment, by a click on the line below.
    knots = np.array(data["numbers"])
    number = int(knots[3] + knots[4]) // 2
    assert number not in knots
    share = page.evaluate(f"at => at / document.querySelector('{FILM}').duration", (number + 0.5) / FPS)
    box = page.eval_on_selector("#viewer .line", "one => one.getBoundingClientRect().toJSON()")
    page.eval_on_selector(
        "#viewer .line",
        "(line, x) => line.dispatchEvent(new MouseEvent('click', { clientX: x }))",
        box["x"] + share * box["width"],
    )
    page.wait_for_function("document.querySelector('#viewer .position').textContent.includes('between 4 and 5')")
    page.wait_for_function(f"(film => !film.seeking && film.paused)(document.querySelector('{FILM}'))")
    page.wait_for_timeout(100)
    frame = np.asarray(Image.fromarray(read_frames(analysed.clip, [number])[0]).resize((width, height)))
    for shown, panel in zip(shown_by(analysed, data), data["panels"], strict=True):
        values, is_knot = over_timeline(values_of(panel, data["count"]), knots, 24)
        assert not is_knot[number]
        placed = place_in_frame(values[number : number + 1], height, width, data["box"])
        assert np.abs(shown - blend(frame[None], placed)[0]).mean() < 6, position(analysed)
    assert analysed.page.locator("#viewer .picture.knot").count() == 0
    analysed.set("#viewer .seek", 3)
    assert "Moment 4 of 8" in position(analysed)


def test_layers_and_evidence_against_change_in_the_browser(analysed: Visit):
    analysed.requests.clear()
    before = analysed.pictures()
    analysed.page.check("#viewer .signed")
    assert all(old != new for old, new in zip(before, analysed.pictures(), strict=True))
    assert "for it" in analysed.page.inner_text("#viewer .scale")
    analysed.page.uncheck("#viewer .signed")
    assert analysed.pictures() == before
    for only in ("res2", "final"):
        analysed.set("#viewer .layers", only, "change")
        shown = analysed.page.locator("#viewer figure:visible figcaption").all_inner_texts()
        assert len(shown) == 2 and all(f" · {only}" in caption.lower() for caption in shown)
    analysed.set("#viewer .layers", "both", "change")
    assert analysed.requests == []


def test_one_class_less_another_by_another_method(browser, app_url: str):
    asked = "sample=square&class=Moving+something+up&versus=Dropping+something&method=layercam"
    visit = Visit(browser, f"{app_url}?{asked}", "laptop")
    page = visit.page
    assert page.inner_text("#viewer .about") == "Evidence for “Moving something up” less “Dropping something”"
    assert all(
        caption[2:4] == ["“Moving something up” less “Dropping something”", "LayerCAM"] for caption in captions(visit)
    )
    assert page.input_value("#versus input") == "Dropping something"
    before = visit.pictures()
    visit.forget_maps()
    page.fill("#versus input", "no other class")
    page.keyboard.press("Enter")
    visit.wait_for_maps()
    page.wait_for_selector("#viewer .about >> text='Evidence for “Moving something up”'")
    assert visit.pictures() != before
    page.wait_for_function("location.search.includes('method=layercam') && !location.search.includes('versus')")
    assert visit.errors == []
    visit.close()


def test_what_the_browser_cannot_play_is_shown_moment_by_moment(analysed: Visit):
    page = analysed.page
    analysed.set("#viewer .seek", 0)
    page.click("#viewer .play")
    page.eval_on_selector(FILM, "film => film.dispatchEvent(new Event('error'))")
    assert "one by one" in page.inner_text("#viewer .pace") and page.locator("#viewer .line").is_hidden()
    page.wait_for_function("document.querySelector('#viewer .position').textContent.includes('Moment 4')")
    page.click("#viewer .play")
    assert page.get_attribute("#viewer .play", "aria-label") == "Play" and analysed.errors == []
