"""The stroboscope: each answer is that of the clip it stands for, computed step by step and left behind clean."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tdn.data.clip import load_clip, read_pictures
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.explain import strobe
from tdn.explain.strobe import curve, steps
from tdn.model.inference import inference_copy
from tests.conftest import TINY_SIZE, network, tiny

ROWS = {
    "tdn": tiny(),
    "s_tdm": replace(tiny("tconv_baseline_resnet50_8f"), s_tdm_stages=2),
    "three stages": tiny(s_tdm_stages=3),
    "tconv": tiny("tconv_baseline_resnet50_8f"),
    "meets in stage 2": tiny("tsm_resnet50_8f"),
}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("strobe") / "film.mp4"
    write_mp4(path, np.random.default_rng(0).integers(0, 255, (30, 48, 64, 3), np.uint8), fps=24)
    return path


@pytest.fixture(scope="module")
def networks():
    made = {}
    for name, architecture in ROWS.items():
        made[name] = network(architecture)
        made[name].preprocess = Preprocess.whole(TINY_SIZE)
    return made


def test_every_answer_of_the_curve_is_that_of_the_clip_it_stands_for(networks, video):
    showings = steps([1, 7, 8, 16], [1 / 3, 0.75])
    found = list(curve(networks, read_pictures(video, networks["tdn"], showings)))
    assert (
        [step.showing for step in found]
        == showings
        == [
            *(Showing(part=1 / 3), Showing(part=0.75)),
            *(Showing(repeat=k) for k in (1, 7, 8, 16)),
        ]
    )
    for step in found:
        showing = step.showing
        clip = load_clip(video, networks["tdn"], repeat=showing.repeat, part=showing.part)
        assert (step.frames == clip.frames).all() and step.seam_windows == clip.seam_windows
        for name, model in networks.items():
            with torch.inference_mode():
                assert step.logits[name] == pytest.approx(model(clip.tensor)[0].numpy(), abs=1e-4), (name, showing)
        assert step.probabilities["tdn"].sum() == pytest.approx(1)


def test_the_curve_of_inference_copies_is_that_of_the_networks(networks, video):
    pictures = read_pictures(video, networks["tdn"], steps([1, 3], []))
    copies = {name: inference_copy(model) for name, model in networks.items()}
    for plain, fast in zip(curve(networks, pictures), curve(copies, pictures), strict=True):
        for name in networks:
            assert fast.logits[name] == pytest.approx(plain.logits[name], abs=1e-4)


def test_a_window_is_computed_once_and_the_whole_curve_with_no_room_to_keep_any(networks, video, monkeypatch):
    only = {"tdn": networks["tdn"]}
    pictures = read_pictures(video, networks["tdn"], steps())
    seen = []
    hook = only["tdn"].res1.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    once = [step.logits["tdn"] for step in curve(only, pictures)]
    distinct = len(np.unique(pictures.windows.reshape(-1, 5), axis=0))
    assert sum(seen) == distinct < pictures.windows[..., 0].size
    seen.clear()
    monkeypatch.setattr(strobe, "KEPT_MB", 0)
    again = [step.logits["tdn"] for step in curve(only, pictures)]
    hook.remove()
    assert sum(seen) > distinct and np.allclose(once, again, atol=1e-4)


def test_a_cancelled_curve_computes_nothing_more_and_leaves_the_networks_as_they_were(networks, video):
    model = network(tiny())
    model.preprocess = Preprocess.whole(TINY_SIZE)
    model.train()
    runs = []
    hook = model.res5.register_forward_hook(
        lambda module, inputs, output: runs.append(torch.is_inference_mode_enabled())
    )
    state = {key: value.clone() for key, value in model.state_dict().items()}
    answers = curve({"tdn": model}, read_pictures(video, model, steps([1, 2, 3], [])))
    assert not runs  # nothing before the first is asked for
    next(answers)
    assert not torch.is_inference_mode_enabled() and model.training
    answers.close()
    assert runs == [True] and list(answers) == []
    hook.remove()
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_a_network_that_takes_other_clips_is_refused_by_name(networks, video):
    other = network(tiny(num_segments=16))
    other.preprocess = Preprocess.whole(TINY_SIZE)
    pictures = read_pictures(video, networks["tdn"], steps([1], []))
    with pytest.raises(ValueError, match=r"sixteen takes 16 windows .*read the video again"):
        next(curve({**networks, "sixteen": other}, pictures))
