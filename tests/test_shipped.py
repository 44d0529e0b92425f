"""The checkpoints in the repository: whole, small enough, honest about themselves, and on the same footing."""

import re

import pytest

from tdn.model import system_name
from tdn.motion import LABELS
from tdn.weights import load_model, read_card
from tdn.weights.shipped import shipped_pair


@pytest.fixture(autouse=True)
def no_other_folder(monkeypatch):
    """The browser tests, in the same session, point the variable at a pair of their own."""
    monkeypatch.delenv("TDN_CHECKPOINTS", raising=False)


@pytest.fixture(params=[0, 1], ids=["tdn", "baseline"])
def path(request):
    return shipped_pair()[request.param]


def test_a_shipped_file_loads_and_stays_under_16_mib(path):
    assert path.stat().st_size < 16 * 2**20
    assert load_model(path).labels == list(LABELS)


def test_a_shipped_file_tells_its_data_command_and_accuracy_by_class(path):
    card = read_card(path)
    assert "procedural" in card.trained_on and card.command.startswith("python -m tdn train")
    assert set(card.accuracy["per_class"]) == set(LABELS)


def test_a_shipped_file_tells_how_long_it_was_trained_and_what_it_can_not_do(path):
    card = read_card(path)
    assert "minutes" in card.time and "no real video" in card.known_limits


def test_both_networks_of_the_pair_read_the_same_clip_and_differ_in_kind():
    tdn, baseline = map(read_card, shipped_pair())
    assert tdn.preprocess == baseline.preprocess
    draws = [re.search(r"([\d,]+) draws of them", card.trained_on)[1] for card in (tdn, baseline)]
    assert draws[0] == draws[1]
    assert [system_name(card.architecture) for card in (tdn, baseline)] == ["TDN", "T-Conv baseline"]


def test_the_shipped_tdn_is_measured_above_chance_and_above_the_baseline():
    tdn, baseline = (read_card(path).accuracy["top1"] for path in shipped_pair())
    assert tdn > baseline > 100 / len(LABELS)
