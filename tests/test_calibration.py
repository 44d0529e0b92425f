"""Probabilities that mean what they say, and evidence below which an answer is only a best guess."""

import numpy as np
import pytest
import torch

from studies.motion import calibrate
from tdn.cli.classify import _doubt
from tdn.evaluate import Protocol, Scores, SyntheticSet
from tdn.evaluate.calibration import (
    calibration_error,
    energy,
    fit_temperature,
    fold_temperature,
    is_sure,
    known_above,
    probability,
    reliability,
    sure_above,
)
from tests.conftest import network, random_clip, tiny


def drawn(temperature: float, clips: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits that are `temperature` times too large for how often they are right."""
    generator = torch.Generator().manual_seed(0)
    honest = 2 * torch.randn(clips, 5, generator=generator)
    labels = torch.multinomial(honest.softmax(1), 1, generator=generator)[:, 0]
    return honest * temperature, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_and_takes_the_error_away(temperature: float):
    logits, labels = drawn(temperature)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.06)
    assert calibration_error(reliability(logits / found, labels)) < 0.03
    if temperature != 1:
        assert calibration_error(reliability(logits, labels)) > 0.06


def test_bins_count_every_answer_once_and_tell_how_often_it_is_right():
    logits = torch.tensor([[8.0, 0.0], [8.0, 0.0], [0.1, 0.0], [0.0, 8.0]])
    bins = reliability(logits, torch.tensor([0, 1, 0, 1]), bins=2)
    assert [one.clips for one in bins] == [0, 4] and bins[1].right == 0.75
    assert bins[1].probability == pytest.approx(float(logits.double().softmax(1).max(1).values.mean()))


def test_a_folded_temperature_changes_no_answer_and_divides_every_logit():
    model = network(tiny("tdn_resnet50_8f", 4), seed=1)
    clip = random_clip(model)
    with torch.no_grad():
        before = model(clip)
        fold_temperature(model, 2.5)
        after = model(clip)
    torch.testing.assert_close(after, before / 2.5)
    with pytest.raises(ValueError, match="above 0"):
        fold_temperature(model, 0.0)


def test_sure_is_where_all_but_two_in_a_hundred_are_right():
    # 98 right at 0.9, then 50 wrong ones at 0.6.
    odds = torch.tensor([0.9] * 98 + [0.6] * 50)
    logits = torch.stack([odds, 1 - odds], 1).log()
    labels = torch.tensor([0] * 98 + [1] * 50)
    assert sure_above(logits, labels) == 0.61
    assert sure_above(logits, 1 - labels) == 1.0  # none is sure, which is not the same as never measured
    assert sure_above(logits[:0], labels[:0]) is None
    assert is_sure(0.61, 0.61) and not is_sure(0.6, 0.61) and not is_sure(1.0, 1.0)


def test_one_in_twenty_of_its_own_clips_gives_less_evidence():
    logits = torch.randn(2000, 7, generator=torch.Generator().manual_seed(0))
    below = (energy(logits.numpy()) < known_above(logits)).mean()
    assert below == pytest.approx(0.05, abs=0.002)
    assert energy(np.zeros((2, 7))) == pytest.approx(np.log(7))
    assert probability(np.array([2.0, 0.0])) == pytest.approx(1 / (1 + np.exp(-2)))


def test_the_command_line_says_the_stronger_doubt_alone():
    logits = np.array([1.0, 0.0])
    assert _doubt(logits, {}) == "" and _doubt(logits, {"sure_above": 0.5, "known_above": 0.0}) == ""
    assert _doubt(logits, {"sure_above": 0.9, "known_above": None}).startswith(": not sure, below 90%")
    assert _doubt(logits, {"sure_above": 0.9, "known_above": 5.0}).startswith(": perhaps nothing that it knows")
    assert _doubt(np.array([99.0, 0.0]), {"sure_above": 1.0}).startswith(": not sure, even its most probable answers")


def test_a_checkpoint_is_written_anew_with_what_was_found(tmp_path, monkeypatch):
    from tdn.data.transforms import Preprocess
    from tdn.motion import LABELS
    from tdn.weights import Card, load_model, save_checkpoint

    architecture = tiny("tdn_resnet50_8f", len(LABELS))
    preprocess = Preprocess("whole", 64, 64, "even", max_frames=64)
    card = Card(architecture, preprocess, list(LABELS), accuracy={"top1": 50.0, "per_class": {}})
    path = tmp_path / "tdn_small_8f.safetensors"
    save_checkpoint(path, network(architecture, seed=3), card)
    before = load_model(path)

    def scores(model, dataset: SyntheticSet, protocol: Protocol) -> Scores:
        assert torch.equal(model.head.weight, before.head.weight)  # nothing is folded in before all is looked at
        logits, labels = drawn(3.0, dataset.num_clips)
        wide = np.pad(logits.numpy(), ((0, 0), (0, len(LABELS) - 5)), constant_values=-30.0)
        return Scores(dataset.ids, labels.numpy(), wide[:, None], list(LABELS), "1x1")

    monkeypatch.setattr(calibrate, "run_protocol", scores)
    found = calibrate.calibrated(path, clips=380, real=None)
    after = load_model(path)
    assert found["clips"] == 190 and sum(one["clips"] for one in found["bins"]) == 190
    assert found["error_after"] < found["error_before"]
    assert after.card.accuracy["temperature"] == pytest.approx(found["temperature"], abs=1e-3)
    torch.testing.assert_close(after.head.weight * found["temperature"], before.head.weight)
    assert after.card.accuracy["clips"] == 380 and after.card.protocol.startswith("380 procedural validation clips")
    counted = {label for label, share in after.card.accuracy["per_class"].items() if share is not None}
    assert counted == set(LABELS[:5])  # those of the answers above
    assert len(calibrate.diagram({"tdn_small_8f": found}).axes) == 1
