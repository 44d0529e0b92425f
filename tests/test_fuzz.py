"""A short fuzz run: every hostile file ends in a result or in one sentence."""

import random
from pathlib import Path

import pytest

from app.explainer import Explainer
from app.handlers import Handlers
from studies.abuse.fuzz import fuzz, outcome, page
from studies.abuse.mutations import KINDS
from studies.abuse.sources import encode
from tdn.data.worker import DecodingWorker
from tests.e2e.conftest import save_random_pair


@pytest.fixture(scope="module")
def handlers(tmp_path_factory: pytest.TempPathFactory):
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    save_random_pair(checkpoints)
    decoder = DecodingWorker()
    yield page(Explainer(checkpoints, "cpu", decoder=decoder), tmp_path_factory.mktemp("cache"))
    decoder.close()


@pytest.mark.long
def test_every_kind_of_hostile_file_ends_in_a_result_or_one_sentence(handlers: Handlers, tmp_path: Path):
    found = fuzz(handlers, range(60), seed=2, limit_sec=120, folder=tmp_path)
    assert found["broken"] == []
    assert set(found["by_kind"]) == set(KINDS) and found["outcomes"]["result"] > 10


def test_the_same_seed_makes_the_same_file(tmp_path: Path):
    video = encode(tmp_path / "a.mp4", "mpeg4", "yuv420p")
    made = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        made.append(KINDS["bit flips"](random.Random("0 1"), [video], folder).read_bytes())
    assert made[0] == made[1] != video.read_bytes()


def test_the_fuzz_run_notices_what_is_neither_a_result_nor_a_sentence(tmp_path: Path, handlers: Handlers):
    video = encode(tmp_path / "a.mp4", "mpeg4", "yuv420p")
    assert outcome(handlers, video) == ("result", "")
    assert outcome(page(handlers.explainer, tmp_path / "x\0"), video)[0] == "broken"
