"""A visitor's own checkpoint on the running page: taken, answering, nobody else's, and refused in one sentence."""

import json
import re
import tempfile
from pathlib import Path

import httpx
import pytest
from safetensors.torch import load_file, save_file

from tdn.data.transforms import Preprocess
from tdn.weights import Card, read_card, save_checkpoint
from tests.conftest import network, tiny
from tests.e2e.conftest import Visit
from tests.e2e.test_security import FILE_TYPE, call

LABELS = ["<img src=x onerror=alert(1)>", "Opening **the** $lid$", "![x](https://evil.example/p.png)"]


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    """A checkpoint with labels and words that would do something if they were not text."""
    path = tmp_path_factory.mktemp("mine") / "mine.safetensors"
    architecture = tiny(num_classes=3)
    card = Card(architecture, Preprocess("whole", 64, 64, "even", max_frames=64), LABELS, trained_on=" ".join(LABELS))
    save_checkpoint(path, network(architecture, seed=5), card)
    return path


def bring(visit: Visit, path: Path) -> None:
    visit.page.get_by_text("Settings", exact=True).click()
    visit.page.get_by_text("Your own checkpoint", exact=True).click()
    visit.page.set_input_files("#own-file input[type=file]", path)


@pytest.fixture(scope="module")
def owner(browser, app_url, clips, mine):
    """A visitor who has brought a checkpoint and analysed a clip with it."""
    visit = Visit(browser, app_url, "laptop")
    visit.sent = []
    visit.page.on("request", lambda request: visit.sent.append(request.post_data or ""))
    bring(visit, mine)
    visit.page.wait_for_selector("#own-said:has-text('is yours to choose')", timeout=60_000)
    visit.upload(clips / "clip.mp4")
    visit.wait_for_maps(panels=2)
    yield visit
    visit.close()


def test_it_answers_with_its_own_classes_which_are_only_text(owner):
    scores = owner.page.inner_text("#scores")
    assert all(label in scores for label in LABELS)
    assert "3 classes" in owner.page.inner_text("#warning")
    assert not owner.errors and not owner.outside
    assert owner.page.locator("#scores img, #warning img").count() == 0


def test_another_visitor_neither_sees_nor_uses_it(owner, app_url, clips):
    assert owner.page.input_value("#first-network input") == "mine (yours)"
    name = next(found[1] for sent in owner.sent if (found := re.search(r'"([\w-]{20,}/mine\.safetensors)"', sent)))
    with httpx.Client(base_url=app_url, timeout=20) as other:
        config = other.get("/config").text
        assert "mine" not in json.dumps([c["props"].get("choices") for c in json.loads(config)["components"]])
        uploaded = other.post("/gradio_api/upload", files={"files": ("clip.mp4", (clips / "clip.mp4").read_bytes())})
        video = {"path": uploaded.json()[0], "meta": FILE_TYPE}
        answer = call(other, "analyze", [video, "0", name, "none"])
    assert "not in the list of choices" in answer  # and past that list, tests/test_own_weights.py


def test_the_file_is_not_served(owner, app_url):
    kept = list(Path(tempfile.gettempdir()).glob("tdn-own-*/*/mine.safetensors"))
    assert kept
    assert all(httpx.get(f"{app_url}/gradio_api/file={path}").status_code in (403, 404) for path in kept)


def test_a_checkpoint_that_is_broken_is_refused_in_one_sentence(laptop, mine, tmp_path):
    tensors, text = load_file(mine), read_card(mine).to_json()
    tensors["head.bias"][1] = float("inf")
    save_file(tensors, tmp_path / "broken.safetensors", metadata={"tdn": text})
    bring(laptop, tmp_path / "broken.safetensors")
    said = laptop.page.wait_for_selector(".toast-body", timeout=60_000).inner_text()
    assert "broken.safetensors: head.bias holds values that are not finite" in said
    assert laptop.page.input_value("#first-network input") == "tdn small 8f"


@pytest.mark.parametrize("path", ["https://example.com/x.safetensors", "/etc/passwd", str(Path(__file__).resolve())])
def test_links_and_files_of_the_server_are_no_checkpoints(app_url, path):
    with httpx.Client(base_url=app_url, timeout=20) as http:
        answer = call(http, "bring_file", [{"path": path, "meta": FILE_TYPE}, 8, "none"])
    assert "complete" not in answer and "root:" not in answer


def test_the_hub_is_not_asked_where_the_operator_has_not_allowed_it(app_url):
    assert "bring_from_hub" not in httpx.get(f"{app_url}/config").text
