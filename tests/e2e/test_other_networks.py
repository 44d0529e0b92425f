"""A network that is none of ours beside TDN: R(2+1)D with random weights, offered by the operator, by its own rule."""

import base64
import os

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file

from tdn.weights.shipped import TDN_FILE
from tests.e2e.conftest import LABELS, Visit

pytestmark = pytest.mark.browser

TITLE = "R(2+1)D-18 (random weights)"


def choose(visit: Visit, which: str, name: str) -> None:
    visit.page.click(f"#{which} input")
    visit.page.get_by_role("option", name=name, exact=True).click()


@pytest.fixture(scope="module")
def beside(browser, app_url: str, clips) -> Visit:
    """A page that shows TDN beside it."""
    visit = Visit(browser, app_url, "laptop")
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    visit.page.get_by_text("Settings", exact=True).click()
    visit.forget_maps()
    choose(visit, "second-network", "r2plus1d_18 (torchvision)")
    visit.page.wait_for_selector(f"#scores h3:text-is('{TITLE}')")
    visit.wait_for_maps()
    visit.wait_for_files()
    yield visit
    visit.close()


def test_it_answers_beside_tdn_with_its_own_classes_over_a_common_timeline(beside: Visit):
    assert beside.page.locator("#scores h3").all_inner_texts() == ["TDN", TITLE]
    assert "cooking eggs" in beside.page.locator("#scores .card").nth(1).inner_text()
    captions = beside.page.locator("#viewer figcaption").evaluate_all("all => all.map(one => one.textContent)")
    assert [TITLE in caption for caption in captions] == [False, False, True, True]
    assert ["looks at 0." in caption for caption in captions] == [False, False, True, True]
    assert int(beside.page.get_attribute("#viewer .seek", "max")) + 1 > 8
    assert f"{TITLE} knows 5 classes" in beside.page.inner_text("#warning").replace("\n", " ")
    assert f"{TITLE}: not measured" in beside.page.inner_text("#focus")
    assert beside.errors == [] and beside.outside == []


def test_what_the_operator_wrote_of_it_is_nobody_s(beside: Visit, app_url: str):
    """It names a file of the server."""
    file = os.environ["TDN_NETWORKS"].rpartition("labels=")[2]
    assert file not in httpx.get(f"{app_url}/config").text and file not in beside.page.content()
    assert "torchvision:r2plus1d_18" in beside.page.locator("#scores .card").nth(1).inner_html()


def test_a_class_that_it_alone_knows_is_explained_on_its_side(beside: Visit):
    beside.page.locator("#scores .card").nth(1).locator("li button:has-text('cooking eggs')").click()
    beside.page.wait_for_function(
        "document.querySelectorAll('#viewer figcaption')[3].textContent.includes('“cooking eggs”')"
    )
    beside.wait_for_files()
    marked = [beside.page.locator("#scores .card").nth(side).locator("li.explained span").first for side in (0, 1)]
    assert marked[0].inner_text() in LABELS and marked[1].inner_text() == "cooking eggs"
    assert beside.page.inner_text("#trouble").strip() == "" and beside.errors == []


def test_its_maps_stand_only_where_it_looks(app_url: str, clips):
    client = Client(app_url, verbose=False, download_files=False)
    given = {"tdn": TDN_FILE, "baseline": "torchvision:r2plus1d_18"}
    answer, _, data, note, *_ = client.predict(handle_file(clips / "clip.mp4"), **given, api_name="/analyze")
    numbers = data["numbers"]
    assert numbers == sorted(set(numbers)) and set(range(8, 16)) <= set(numbers)  # its eight frames in the middle
    assert [window[2] for window in answer["frames"]] == [n for n in numbers if n in {w[2] for w in answer["frames"]}]
    for panel in data["panels"]:
        # With random weights a map may speak against the class alone.
        values = [np.frombuffer(base64.b64decode(panel[one]), np.uint8) for one in ("values", "against") if panel[one]]
        either = np.concatenate([one.reshape(len(numbers), -1) for one in values], axis=1)
        drawn = [number for number, one in zip(numbers, either, strict=True) if one.any()]
        if TITLE in panel["caption"]:
            assert drawn and min(drawn) >= 7 and max(drawn) <= 16
        else:
            assert min(drawn) < 8 and max(drawn) > 15
    known = answer["target"] in LABELS[:2]
    assert known or f"knows no class “{answer['target']}”, so its own top class is explained" in note.replace("\\", "")


def test_changes_of_dense_clips_are_not_listed_for_our_own(laptop: Visit):
    laptop.wait_for_files()
    assert laptop.page.locator("#change label:has(input[value='hold 4'])").is_hidden()
    assert laptop.page.locator("#change label:has(input[value='reverse'])").is_visible()


@pytest.mark.long
def test_changes_that_make_no_sense_for_it_are_greyed_with_the_reason(beside: Visit, clips):
    greyed = "one => getComputedStyle(one).pointerEvents === 'none'"
    freeze = beside.page.locator("#change label:has(input[value='freeze windows'])")
    hold = beside.page.locator("#change label:has(input[value='hold 4'])")
    assert hold.is_visible()  # the network beside TDN reads one dense clip
    assert not freeze.evaluate(greyed) and beside.page.inner_text("#refused").strip() == ""  # TDN has windows
    beside.page.get_by_label("Reverse time").check()
    beside.page.wait_for_selector("#viewer-after figcaption:has-text('R(2+1)D')")
    assert beside.page.locator("#viewer-after figcaption").count() == 8
    choose(beside, "second-network", "none")
    beside.forget_maps()
    choose(beside, "first-network", "r2plus1d_18 (torchvision)")
    beside.wait_for_maps(panels=2)
    beside.page.wait_for_selector("#refused:has-text('Freeze each window: it reads single frames')")
    assert freeze.evaluate(greyed)
    reverse = beside.page.locator("#change label:has(input[value='reverse'])")
    assert not reverse.evaluate(greyed) and beside.errors == []
    assert hold.is_visible() and "Hold each" not in beside.page.inner_text("#refused")
    beside.page.get_by_label("Hold each fourth frame").check()
    beside.page.wait_for_selector("#viewer-after figcaption:has-text('after “Hold each fourth frame”')")
    assert beside.errors == []


def test_its_figure_and_everything_as_zip_are_made(beside: Visit):
    with beside.page.expect_download() as started:
        beside.page.click("#downloads button:has-text('PNG')")
    assert started.value.suggested_filename.endswith(".png")
    with beside.page.expect_download() as started:
        beside.page.click("#downloads button:has-text('ZIP')")
    assert started.value.suggested_filename.endswith(".zip") and beside.errors == []
