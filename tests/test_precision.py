"""Where a device has no instructions for bfloat16, training takes float32 in its place and says so."""

from dataclasses import replace

import pytest
import torch

from tdn.train import run, start
from tdn.train.recipes import SMOKE
from tdn.weights import read_card

TINY = replace(SMOKE, epochs=1, clips_per_epoch=4, pool_clips=4, val_clips=4, batch_size=4)


@pytest.mark.parametrize("native, computed", [(True, "bf16"), (False, "fp32")])
def test_bfloat16_is_computed_where_the_device_has_it(monkeypatch, native, computed):
    monkeypatch.setattr(start, "has_bfloat16", lambda device: native)
    device = torch.device("cpu")
    assert start.computed_in(replace(SMOKE, precision="bf16"), device) == computed
    assert start.computed_in(replace(SMOKE, precision="fp32"), device) == "fp32"
    accelerator = start.new_accelerator(replace(SMOKE, precision="bf16"), device)
    assert accelerator.mixed_precision == {"bf16": "bf16", "fp32": "no"}[computed]


def test_a_run_without_bfloat16_says_so_and_goes_on_where_there_is_some(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(start, "has_bfloat16", lambda device: False)
    path = run.train(replace(TINY, precision="bf16"), tmp_path / "run")
    assert start.NO_BFLOAT16 in capsys.readouterr().err
    extra = read_card(path).extra
    assert (extra["recipe"]["precision"], extra["computed_in"]) == ("bf16", "fp32")
    monkeypatch.setattr(start, "has_bfloat16", lambda device: True)
    run.train(replace(TINY, precision="bf16", epochs=2), tmp_path / "run", resume=True)
    assert start.NO_BFLOAT16 not in capsys.readouterr().err
    assert read_card(path).extra["computed_in"] == "bf16"
