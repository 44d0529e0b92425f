"""The page in a real Chromium: what a visitor does, and what must not happen."""

from pathlib import Path

import pytest

from app import text
from tests.e2e.conftest import LONG_ON_LAPTOP, LONG_ON_PHONE, PATIENCE_MS, Visit

pytestmark = pytest.mark.browser


def captions(visit: Visit) -> list[list[str]]:
    """What the panels are called, in parts: network, layer, class, scale."""
    return [text.split(" · ") for text in visit.page.locator("#viewer figcaption").all_text_contents()]


@pytest.mark.parametrize("screen", LONG_ON_LAPTOP)
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
    visit.close()


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
    visit.close()


def test_a_new_clip_is_explained_for_its_own_top_class(browser, app_url: str, clips: Path):
    visit = Visit(browser, app_url, "laptop")
    visit.wait_for_maps()
    visit.forget_maps()
    visit.page.locator("#scores .card").first.locator("li:not(.explained) button").first.click()
    visit.wait_for_maps()
    assert visit.page.input_value("#target input") != text.TOP_CLASS
    visit.wait_for_files()
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps()
    assert visit.page.input_value("#target input") == text.TOP_CLASS
    assert visit.page.locator("#scores .card").first.locator("li").first.get_attribute("class") == "explained"
    visit.close()


def test_the_ways_to_an_own_clip_are_named_while_an_example_is_shown(analysed: Visit):
    words = "button => getComputedStyle(button, '::after').content"
    buttons = analysed.page.locator("#clip .source-selection button")
    assert [button.evaluate(words).strip('"') for button in buttons.all()] == ["Upload file", "Capture from camera"]


def test_the_table_of_motion_focus_fits_the_screen(analysed: Visit):
    table = analysed.page.locator("#focus table")
    right = table.evaluate("table => table.querySelector('th:last-child').getBoundingClientRect().right")
    assert right <= table.evaluate("table => table.parentElement.closest('.block').getBoundingClientRect().right") + 1


@pytest.mark.parametrize("screen", LONG_ON_PHONE)
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
    visit.close()


def test_a_change_without_a_clip_is_one_sentence(browser, app_url: str):
    visit = Visit(browser, app_url, "laptop")
    visit.clear()
    visit.page.click("#change label:has-text('Freeze each window')")
    visit.page.wait_for_selector("#change-trouble:has-text('Not looked at “Freeze each window”. Add a clip first')")
    visit.close()


def test_motion_focus_stands_below_the_maps_with_chance_and_controls(analysed: Visit):
    words = analysed.page.inner_text("#focus")
    assert "Evidence on what moves, in times of chance: at Res2 TDN" in words and "at the final stage TDN" in words
    assert "optical flow" in words
    names = analysed.page.locator("#focus td:first-child").all_inner_texts()
    assert names == [f"{n} · {layer}" for n in ("TDN", "T-Conv baseline") for layer in ("Res2", "final")] + [
        "the same everywhere (chance)",
        "the middle of the picture",
        "frame differences",
    ]


def test_an_own_clip_never_stands_in_the_address(analysed: Visit):
    analysed.set("#viewer .seek", 2)
    analysed.page.wait_for_timeout(400)  # the address follows after 0.3 s
    assert "?" not in analysed.page.url
    assert analysed.page.locator("#viewer .copy").is_hidden()


def test_the_page_opens_with_a_finished_example_and_its_files(laptop: Visit):
    assert laptop.page.locator("#viewer .invitation").is_hidden()
    assert [caption[0] for caption in captions(laptop)] == ["TDN", "TDN", "T-Conv baseline", "T-Conv baseline"]
    assert "what moves" in laptop.page.inner_text("#focus")
    laptop.wait_for_files()
    assert laptop.errors == []


def test_a_page_without_a_clip_says_what_to_do(laptop: Visit):
    laptop.clear()
    laptop.page.click("#analyse")
    laptop.page.wait_for_selector("text=Add a clip first")


def test_a_sample_is_shown_at_a_click_and_its_title_stays_text(laptop: Visit, clips: Path):
    laptop.upload(clips / "clip.mp4")
    laptop.wait_for_maps()
    assert laptop.page.inner_text("#samples button span") == "<b>Square</b> & ${1+1} {{title}}"
    laptop.page.click("#samples .credits summary")
    credited = laptop.page.locator("#samples .credits dl > *").all_inner_texts()
    assert credited == ["<b>Square</b> & ${1+1} {{title}}", "drawn <i>here</i>"]
    laptop.forget_maps()
    laptop.page.click("#samples button")
    laptop.wait_for_maps()
    assert laptop.errors == []


def test_a_link_reopens_sample_class_segment_controls_and_change(browser, app_url: str, laptop: Visit):
    laptop.forget_maps()
    laptop.page.locator("#scores .card").first.locator("li:not(.explained) button").first.click()
    laptop.wait_for_maps()
    laptop.set("#viewer .opacity", 35)
    laptop.set("#viewer .rule", "shared", "change")
    laptop.set("#viewer .colours", "viridis", "change")
    laptop.set("#viewer .layers", "final", "change")
    laptop.set("#viewer .seek", 5)
    laptop.page.get_by_label("Reverse time").check()
    laptop.page.wait_for_function("location.search.includes('change=reverse') && location.search.includes('segment=6')")
    other = Visit(browser, laptop.page.url, "laptop")
    other.page.wait_for_selector("#viewer-after figure:visible figcaption:has-text('after “Reverse time”')")
    state = """() => ['opacity', 'rule', 'colours', 'layers', 'seek']
        .map(name => document.querySelector('#viewer .' + name).value)
        .concat([...document.querySelectorAll('#viewer figcaption')].map(one => one.textContent))"""
    assert other.page.evaluate(state) == laptop.page.evaluate(state)
    assert other.page.evaluate(state)[:5] == ["35", "shared", "viridis", "final", "5"]
    assert other.page.locator("#change label:has-text('Reverse time') input").is_checked() and other.errors == []
    other.close()


def test_what_a_link_says_in_vain_is_left_out_with_a_word(browser, app_url: str):
    visit = Visit(browser, f"{app_url}?sample=absent&class=Flying&scale=odd&segment=99&tdn=../x", "laptop")
    visit.page.wait_for_selector("[data-testid=toast-text]:has-text('tdn')")
    assert visit.page.input_value("#viewer .rule") == "clip"
    assert "Moment 8 of 8" in visit.page.inner_text("#viewer .position")
    assert visit.errors == []
    visit.close()


def test_copy_link_copies_the_address(browser, app_url: str):
    visit = Visit(browser, app_url, "laptop", permissions=["clipboard-read", "clipboard-write"])
    visit.page.click("#viewer .copy")
    visit.page.wait_for_selector("#viewer .copy:has-text('Copied')")
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == visit.page.url and "sample=square" in copied and "segment=" in copied
    visit.close()


def test_space_plays_and_pauses_from_the_maps(laptop: Visit):
    laptop.page.focus("#viewer .grid")
    laptop.page.keyboard.press(" ")
    assert laptop.page.get_attribute("#viewer .play", "aria-label") == "Pause"
    laptop.page.keyboard.press(" ")
    assert laptop.page.get_attribute("#viewer .play", "aria-label") == "Play"


@pytest.mark.long
def test_a_chosen_class_is_explained_in_a_clip_of_three_frames(laptop: Visit, clips: Path):
    laptop.requests.clear()
    laptop.upload(clips / "short.mp4")
    laptop.wait_for_maps()
    laptop.forget_maps()
    laptop.page.fill("#target input", "Dropping something")
    laptop.page.keyboard.press("Enter")
    laptop.page.click("#analyse")
    laptop.wait_for_maps()
    assert [caption[2] for caption in captions(laptop)] == ["“Dropping something”"] * 4
    assert "short (3 frames)" in laptop.page.inner_text("#note")
    # Gradio's 31 MB for the Trim button are not even asked for.
    assert not [url for url in laptop.requests if "ffmpeg" in url]


def test_about_tells_what_the_weights_know_limits_and_citation(laptop: Visit):
    laptop.page.click("#head a:has-text('What the weights know')")
    laptop.page.wait_for_selector("#about:has-text('What these weights know')")
    about = laptop.page.inner_text("#about")
    assert "What a map can and cannot show" in about and "Bring your own checkpoint" in about
    assert "@inproceedings{wang2021tdn," in about
    assert laptop.errors == []


def test_a_file_of_this_machine_is_taken_by_its_path(laptop: Visit, clips: Path):
    laptop.page.fill("#path textarea, #path input", str(clips / "absent.mp4"))
    laptop.page.keyboard.press("Enter")
    laptop.page.wait_for_selector("[data-testid=toast-text]:has-text('There is no file')")
    laptop.forget_maps()
    laptop.page.fill("#path textarea, #path input", str(clips / "short.mp4"))
    laptop.page.keyboard.press("Enter")
    laptop.page.wait_for_selector("#note:has-text('short (3 frames)')")
    laptop.wait_for_maps()
    assert laptop.errors == []


def test_a_recording_of_the_camera_is_analysed(browser, app_url: str):
    visit = Visit(browser, app_url, "laptop", permissions=["camera", "microphone"])
    visit.wait_for_files()
    visit.page.click("#clip .source-selection button[aria-label='Capture from camera']")
    visit.page.get_by_text("Access Webcam").click()
    visit.page.click("#clip button[aria-label='start recording']")
    visit.page.wait_for_timeout(1500)
    visit.page.click("#clip button[aria-label='start recording'], #clip button[aria-label='stop recording']")
    # The result is that of the recording once the address names no sample: a recording is nobody else's to reopen.
    visit.page.wait_for_function("!location.search.includes('sample')", timeout=PATIENCE_MS)
    visit.wait_for_maps()
    assert visit.errors == []
    visit.close()
