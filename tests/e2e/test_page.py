"""The page in a real Chromium: what a visitor does, and what must not happen."""

import base64
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tdn.explain.overlay import blend, place_in_frame
from tests.e2e.conftest import SCREENS, Visit

pytestmark = pytest.mark.browser


def captions(visit: Visit) -> list[list[str]]:
    """What the panels are called, in parts: network, layer, class, scale."""
    return [text.split(" · ") for text in visit.page.locator("#viewer figcaption").all_inner_texts()]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_real_clip_goes_through_the_page(browser, app_url: str, shared_clips: Path, screen: str):
    visit = Visit(browser, app_url, screen)
    visit.upload(shared_clips / "motion" / "right_bolt_intel.mp4")
    visit.wait_for_maps()
    networks = visit.page.locator("#scores h3").all_inner_texts()
    assert networks == ["TDN", "T-Conv baseline"]
    assert [caption[:2] for caption in captions(visit)] == [[n, layer] for n in networks for layer in ("Res2", "final")]
    assert len({caption[2] for caption in captions(visit)}) == 1  # one class for all four
    assert visit.page.locator("#scores li").count() == 8  # the random pair knows four classes
    assert visit.errors == [] and visit.outside == []
    assert visit.page.evaluate("innerWidth") == visit.width == visit.page.evaluate("document.body.scrollWidth")
    visit.context.close()


def test_the_scrubber_changes_all_four_maps_without_a_request(analysed: Visit):
    analysed.set("#viewer .seek", 0)
    before = analysed.pictures()
    analysed.requests.clear()
    analysed.set("#viewer .seek", 5)
    after = analysed.pictures()
    assert len(after) == 4
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert "Segment 6 of 8" in analysed.page.inner_text("#viewer .position")
    assert analysed.requests == []


def test_opacity_and_colours_move_all_four_without_a_request(analysed: Visit):
    analysed.requests.clear()
    states = [analysed.pictures()]
    analysed.set("#viewer .opacity", 20)
    states.append(analysed.pictures())
    analysed.set("#viewer .colours", "viridis", "change")
    states.append(analysed.pictures())
    analysed.set("#viewer .opacity", 60)
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
    for segment in (1, 6):
        analysed.set("#viewer .seek", segment)
        tiles = analysed.page.locator("#viewer .frames canvas, #viewer .differences canvas")
        assert tiles.count() == 5 + 4
        shots.append([tile.evaluate("tile => tile.toDataURL()") for tile in tiles.all()])
        assert f"Evidence in segment {segment + 1}: TDN" in analysed.page.get_attribute(
            "#viewer .curve canvas", "aria-label"
        )
    assert all(one != other for one, other in zip(*shots, strict=True))  # the square moves in every window
    grey = (
        "tile => tile.getContext('2d').getImageData(1, 1, 1, 1).data.slice(0, 3)"
        ".every((level) => Math.abs(level - 128) < 6)"
    )
    assert analysed.page.locator("#viewer .differences canvas").first.evaluate(grey)  # a corner where nothing moves
    assert analysed.requests == []


def test_a_click_on_a_class_explains_it(browser, app_url: str, clips: Path):
    visit = Visit(browser, app_url, "laptop")
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    bar = visit.page.locator("#scores .card").first.locator("li:not(.explained) button").first
    label = bar.locator("span").first.inner_text()
    bar.click()
    visit.page.wait_for_function(
        "label => document.querySelector('#viewer figcaption').textContent.includes(label)"
        " && document.querySelectorAll('#viewer canvas[aria-label*=max], #viewer .message:not(:empty)').length >= 4",
        arg=label,
    )
    assert visit.page.input_value("#target input") == label
    assert all(label in caption[2] for caption in captions(visit))
    assert visit.errors == []
    visit.context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_one_change_is_looked_at_before_and_after(browser, app_url: str, clips: Path, screen: str):
    visit = Visit(browser, app_url, screen)
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    visit.page.get_by_label("Reverse time").check()
    visit.page.wait_for_selector("#viewer-after figcaption:has-text('after “Reverse time”')")
    titles = visit.page.locator("#viewer-after figcaption").all_inner_texts()
    assert len(titles) == 8 and ["after" in title for title in titles] == [False, True] * 4
    assert "→" in visit.page.inner_text("#scores-after .card p")
    visit.page.get_by_label("S-TDM off").check()
    visit.page.wait_for_selector("#viewer-after figcaption:has-text('after “S-TDM off”')")
    assert visit.page.locator("#viewer-after figcaption").count() == 4  # the baseline has no S-TDM
    assert visit.errors == []
    assert visit.page.evaluate("document.body.scrollWidth") == visit.width
    visit.page.click("#analyse")
    visit.page.wait_for_selector("#viewer-after", state="hidden")  # it belonged to the analysis before
    visit.context.close()


def test_a_change_without_a_clip_is_one_sentence(browser, app_url: str):
    visit = Visit(browser, app_url, "laptop")
    visit.page.get_by_label("Freeze each window").check()
    visit.page.wait_for_selector("text=Add a clip first")
    visit.context.close()


def test_keys_and_the_play_button_move_the_clip(analysed: Visit):
    analysed.set("#viewer .seek", 0)
    analysed.page.focus("#viewer .grid")
    analysed.page.keyboard.press("ArrowRight")
    assert "Segment 2 of 8" in analysed.page.inner_text("#viewer .position")
    analysed.page.focus("#viewer .play")
    analysed.page.keyboard.press("Enter")
    analysed.page.wait_for_function("document.querySelector('#viewer .position').textContent.includes('Segment 4')")
    assert analysed.page.get_attribute("#viewer .play", "aria-label") == "Pause"
    analysed.page.keyboard.press("Enter")
    assert analysed.page.get_attribute("#viewer .play", "aria-label") == "Play"


def test_the_browser_colours_maps_as_the_figure_does(analysed: Visit, app_url: str, tmp_path: Path):
    analysed.set("#viewer .seek", 3)
    client = Client(app_url, verbose=False, download_files=tmp_path)
    data = client.predict(handle_file(analysed.clip), api_name="/analyze")[2]
    width, height = data["width"], data["height"]
    row = np.asarray(Image.open(BytesIO(Path(data["frames"]).read_bytes())))
    frame = row[:, 3 * width : 4 * width]
    for drawn, panel in zip(analysed.pixels(), data["panels"], strict=True):
        shape = data["count"], panel["rows"], panel["columns"]
        values = np.frombuffer(base64.b64decode(panel["values"]), np.uint8).reshape(shape) / 255
        expected = blend(frame[None], place_in_frame(values[3:4], height, width, data["box"]))[0]
        shown = np.array(drawn, np.uint8).reshape(height, width, 4)[..., :3]
        # Two JPEG decoders and one rounding of the value apart.
        assert np.abs(shown.astype(int) - expected).max() <= 6


def test_the_figure_can_be_downloaded(analysed: Visit):
    starts = []
    for kind in ("PNG", "PDF"):
        with analysed.page.expect_download() as download:
            analysed.page.click(f"#downloads button:has-text('{kind}')")
        assert download.value.suggested_filename.startswith("clip-")
        starts.append(Path(download.value.path()).read_bytes()[:4])
    assert starts == [b"\x89PNG", b"%PDF"]


def test_a_file_that_is_no_video_gives_one_sentence_and_keeps_the_result(analysed: Visit, clips: Path):
    before = analysed.pictures()
    analysed.page.click("#clip button[aria-label='Clear']")
    analysed.page.wait_for_selector("#clip input[type=file]", state="attached")
    analysed.upload(clips / "fake.mp4")
    analysed.page.wait_for_selector("[data-testid=toast-text]", timeout=15_000)
    sentences = analysed.page.locator("[data-testid=toast-text]").all_inner_texts()
    assert len(sentences) == 1 and sentences[0].startswith("fake.mp4: not a readable video")
    assert analysed.pictures() == before
    assert analysed.page.locator("#downloads button:not([disabled])").count() == 2
    assert analysed.errors == []


def test_an_untouched_page_invites_and_offers_no_download(laptop: Visit):
    laptop.page.click("#analyse")
    laptop.page.wait_for_selector("text=Add a clip first", timeout=10_000)
    assert laptop.page.locator("#viewer .invitation").is_visible()
    assert laptop.page.locator("#downloads button[disabled]").count() == 2


def test_a_sample_is_analysed_at_a_click_and_its_title_stays_text(laptop: Visit):
    assert laptop.page.inner_text("#samples button span") == "<b>Square</b> & ${1+1} {{title}}"
    laptop.page.click("#samples button")
    laptop.wait_for_maps()
    assert laptop.errors == []


def test_a_chosen_class_is_explained_in_a_clip_of_three_frames(laptop: Visit, clips: Path):
    sizes = []
    laptop.page.on("response", lambda r: "ffmpeg-core" in r.url and sizes.append((r.status, len(r.body()))))
    laptop.page.fill("#target input", "Dropping something")
    laptop.page.keyboard.press("Enter")
    laptop.upload(clips / "short.mp4")
    laptop.wait_for_maps()
    assert [caption[2] for caption in captions(laptop)] == ["“Dropping something”"] * 4
    assert "short (3 frames)" in laptop.page.inner_text("#note")
    assert all(size == (404, 0) for size in sizes)  # Gradio's 31 MB for the Trim button never leave the server


def test_about_tells_what_the_weights_know_limits_and_citation(laptop: Visit):
    laptop.page.click("#head a:has-text('What the weights know')")
    laptop.page.wait_for_selector("#about:has-text('What these weights know')")
    about = laptop.page.inner_text("#about")
    assert "What a map can and cannot show" in about and "Bring your own checkpoint" in about
    assert "@inproceedings{wang2021tdn," in about
    assert laptop.errors == []
