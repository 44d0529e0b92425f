"""The box for a clip: a file in one click, GIFs, recordings with a length, and a word where the camera is refused."""

from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import PATIENCE_MS, Visit, moving_square

pytestmark = pytest.mark.browser

UPLOAD = "#clip .source-selection button[aria-label='Upload file']"


@pytest.fixture
def gif(tmp_path: Path) -> Path:
    first, *others = [Image.fromarray(frame) for frame in moving_square(num_frames=12)]
    first.save(tmp_path / "square.gif", save_all=True, append_images=others, duration=80)
    return tmp_path / "square.gif"


def own_clip(visit: Visit) -> None:
    """The result is that of a visitor's own clip."""
    visit.page.wait_for_function("!location.search.includes('sample')", timeout=PATIENCE_MS)
    visit.wait_for_maps()


def test_upload_opens_the_dialog_while_a_clip_is_there_and_keeps_it_if_nothing_is_chosen(laptop: Visit, clips: Path):
    with laptop.page.expect_file_chooser() as dialog:
        laptop.page.click(UPLOAD)
    assert laptop.page.locator("#clip video").count() == 1  # nothing is lost before something is chosen
    laptop.forget_maps()
    dialog.value.set_files(clips / "clip.mp4")
    own_clip(laptop)
    laptop.page.click("#clip button[aria-label='Clear']")
    with laptop.page.expect_file_chooser() as dialog:
        laptop.page.click(UPLOAD)
    laptop.forget_maps()
    dialog.value.set_files(clips / "short.mp4")
    laptop.page.wait_for_selector("#note:has-text('short (3 frames)')")
    assert laptop.errors == []


@pytest.mark.parametrize(
    "way", [*(pytest.param(way, marks=pytest.mark.long) for way in ("chosen", "chosen in the empty box")), "dropped"]
)
def test_a_gif_is_a_clip(laptop: Visit, gif: Path, way: str):
    laptop.forget_maps()
    if way == "chosen":
        with laptop.page.expect_file_chooser() as dialog:
            laptop.page.click(UPLOAD)
        assert "image/gif" in dialog.value.element.get_attribute("accept")
        dialog.value.set_files(gif)
    elif way == "chosen in the empty box":
        laptop.clear()
        laptop.page.set_input_files("#clip input[type=file]", gif)
    else:
        laptop.clear()
        given = laptop.page.evaluate_handle(
            """(bytes) => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(bytes)], 'square.gif', { type: 'image/gif' }));
              return files;
            }""",
            list(gif.read_bytes()),
        )
        laptop.page.dispatch_event("#clip button", "drop", {"dataTransfer": given})
    own_clip(laptop)
    assert laptop.page.locator("#scores .card:not(.waiting)").count() == 2 and laptop.errors == []


def test_a_recording_has_a_length(browser, app_url: str):
    visit = Visit(browser, app_url, "laptop", permissions=["camera", "microphone"])
    visit.page.click("#clip .source-selection button[aria-label='Capture from camera']")
    visit.page.get_by_text("Access Webcam").click()
    visit.page.click("#clip button[aria-label='start recording']")
    visit.page.wait_for_timeout(1500)
    visit.page.click("#clip button[aria-label='start recording'], #clip button[aria-label='stop recording']")
    own_clip(visit)
    visit.page.wait_for_function("Number.isFinite(document.querySelector('#clip video').duration)")
    assert "NaN" not in visit.page.text_content("#clip") and visit.errors == []
    visit.close()


@pytest.mark.parametrize("name", ["NotAllowedError", pytest.param("NotFoundError", marks=pytest.mark.long)])
def test_a_camera_that_is_refused_is_told_beside_the_box(laptop: Visit, name: str):
    refuse = f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{name}'); }};"
    laptop.page.add_init_script(refuse)
    laptop.page.reload()
    laptop.page.wait_for_selector("#viewer .picture canvas")
    laptop.page.click("#clip .source-selection button[aria-label='Capture from camera']")
    laptop.page.get_by_text("Access Webcam").click()
    laptop.page.wait_for_selector("#camera-said:has-text('camera')")
