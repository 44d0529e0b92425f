"""A module that the product does not know, out of docs/networks.md, through every verb that makes or measures maps."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from tdn.cli import main
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.explain import Rule, explain, grad_cam
from tdn.explain.explanation import Question
from tdn.motion import LABELS
from tdn.networks import open_network
from tdn.networks.torchvision import PUBLISHED
from tdn.show.paper_figures import Block, all_segments, one_frame_each
from tdn.weights import Card, save_checkpoint
from tests.conftest import network, tiny

DOC = Path(__file__).resolve().parents[1] / "docs" / "networks.md"


@pytest.fixture
def tdn(monkeypatch, capfd):
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tdn", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capfd.readouterr())

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """my_network.py as the document has it, ours.safetensors, and a film of 64 frames."""
    folder = tmp_path_factory.mktemp("networks")
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
    (folder / "my_network.py").write_text(blocks[0])
    model = network(tiny(num_classes=len(LABELS)))
    whole = Preprocess(view="whole", short_side=64, input_size=64, sampling="even")
    save_checkpoint(folder / "ours.safetensors", model, Card(model.architecture, whole, list(LABELS)))
    write_mp4(folder / "film.mp4", np.random.default_rng(0).integers(0, 255, (64, 72, 96, 3), np.uint8))
    return folder


@pytest.fixture
def sources(folder) -> tuple[str, str, Path]:
    return f"{folder}/ours.safetensors", f"{folder}/my_network.py:build", folder / "film.mp4"


def test_the_module_of_the_document_is_twenty_lines_and_has_a_map():
    lines = [line for line in re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)[0].splitlines() if line]
    assert len(lines) <= 20


def test_an_unknown_module_is_explained_beside_ours_each_over_what_it_read(tdn, sources, tmp_path):
    ours, mine, film = sources
    code, _, said = tdn(
        *("explain", film, "--out", tmp_path, "--checkpoint", ours, "--baseline", mine, "--timeline"),
        *("--change", "hold 4", "--change", "reverse", "--change", "repeat 2"),
    )
    assert code == 0, said
    assert "Mine has no class" in said and "its own top class it is" in said
    assert "TDN: hold 4: it reads segments, not one dense clip" in said  # refused by one, done by the other
    maps = np.load(tmp_path / "maps.npz")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert maps["baseline_early"].shape == (8, 32, 32) and maps["baseline_late"].shape == (4, 16, 16)
    assert maps["tdn_res2"].shape[0] == maps["frames"].shape[0] == 8 and maps["baseline_frames"].shape[0] == 16
    assert {"baseline_late_after_hold_4", "tdn_final_after_reverse", "baseline_early_after_repeat_2"} <= set(maps)
    listed = {one["key"]: one for one in manifest["maps"]}
    spoken_for = [frame for cell in listed["baseline_late"]["frames"] for frame in cell]
    assert spoken_for == list(range(16, 48, 2))  # 16 frames, 2 apart, from the middle of 64
    assert listed["baseline_late"]["claim"].startswith("the cells add up to the logit less its bias")
    assert manifest["models"]["baseline"]["file"] == "my_network.py:build"
    value = open_network(mine)
    clip = value.clip(film)
    assert manifest["models"]["baseline"]["sha256"] == value.fingerprint()
    expected = grad_cam(value, value.arrange(clip.tensor), value.labels.index(listed["baseline_late"]["target"]))
    assert np.allclose(maps["baseline_late"], expected["late"][0], atol=1e-6)
    with av.open(str(tmp_path / "overlay.mp4")) as video:
        moments = np.unique(np.round([*clip.times_sec, *np.asarray(manifest["times_sec"])], 3))
        assert video.streams.video[0].frames == len(moments)


def test_a_class_for_each_side_and_layers_of_each(tdn, sources, tmp_path):
    ours, mine, film = sources
    code, _, said = tdn(
        *("explain", film, "--out", tmp_path, "--checkpoint", ours, "--baseline", mine, "--layers", "final,early"),
        *("--target", "Moving something up", "--versus", "Moving something down"),
        *("--baseline-target", "up", "--baseline-versus", "down", "--signed", "--method", "hirescam"),
    )
    assert code == 0, said
    maps = np.load(tmp_path / "maps.npz")
    assert {"tdn_final", "baseline_early"} == {name for name in maps if not name.endswith("frames")}
    value = open_network(mine)
    asked = Question(("early",), Rule("hirescam", signed=True), versus="down")
    assert np.allclose(maps["baseline_early"], explain(value, value.clip(film), 0, asked).signed["early"], atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--change", "freeze windows"], "--change freeze windows: it reads single frames, not windows of three"),
        (["--change", "S-TDM off"], "this network has no S-TDM to change"),
        (["--layers", "early,res2"], "--layers 'res2': expected one of Mine: early, late"),
        (["--target", "Flying"], "target 'Flying': no such class"),
        (["--baseline", "torchvision:r3d_17"], "torchvision:r3d_17: expected one of r3d_18"),
        (["--scale", "shared", "--baseline", "{ours}"], "cells of different layers differ in number and meaning"),
    ],
)
def test_what_makes_no_sense_for_a_network_is_refused_in_one_sentence(tdn, sources, tmp_path, arguments, message):
    ours, mine, film = sources
    arguments = [ours if one == "{ours}" else one for one in arguments]
    code, _, said = tdn("explain", film, "--out", tmp_path, "--checkpoint", mine, *arguments)
    assert code == 2 and message in said.strip().splitlines()[-1], said


def test_a_map_without_evidence_is_never_shown_without_a_word(tdn, folder, tmp_path):
    text = (folder / "my_network.py").read_text()
    against = text.replace(
        "    return Network(",
        "    m = Mine()\n    m.head.weight.data.fill_(-1)\n    m.head.bias.data[1] = 9\n    return Network(",
    )
    (folder / "against.py").write_text(against.replace("Network(Mine(),", "Network(m,"))
    film = folder / "film.mp4"
    code, _, said = tdn("explain", film, "--out", tmp_path, "--checkpoint", folder / "against.py:build")
    assert code == 0 and re.search(r"Mine: at late nothing speaks for 'down'; \d+ cells speak against it", said), said


@pytest.mark.parametrize("kind", ["4", "6"])
def test_the_paper_s_figures_take_any_two_networks(tdn, sources, tmp_path, kind):
    ours, mine, film = sources
    for pair in ((ours, mine), (mine, ours)):
        both = ("--checkpoint", pair[0], "--baseline", pair[1])
        code, _, said = tdn("figures", film, "--kind", kind, "--out", tmp_path, *both)
        assert code == 0 and (tmp_path / f"figure-{kind}.pdf").read_bytes().startswith(b"%PDF"), said


def test_focus_measures_a_network_that_does_not_know_the_class_at_its_own_answer(tdn, sources):
    ours, mine, _ = sources
    code, out, said = tdn("focus", "synthetic", "--clips", 2, "--checkpoint", ours, "--baseline", mine, "--json")
    assert code == 0, said
    report = json.loads(out)
    assert set(report["models"]["baseline"]) == {"early", "late"} and report["clips"] == 2
    assert report["top1"]["baseline"] is None and report["both_right"]["clips"] == 0
    assert report["target"].endswith("where the second network does not know it, its own answer")
    for layer in ("early", "late"):
        assert 0 <= report["models"]["baseline"][layer]["energy_share"] <= 1


def test_the_stroboscope_asks_each_network_by_its_own_rule(tdn, sources, tmp_path):
    ours, mine, film = sources
    code, out, said = tdn(
        *("strobe", film, "--checkpoint", ours, mine, "--repeats", "1,2", "--json", "--out", tmp_path),
        *("--target", "Moving something up"),
    )
    assert code == 0, said
    found = json.loads(out)
    assert set(found["networks"]) == {"ours", "my_network_build"} and "my_network_build has no class" in said
    assert list(found["labels"].values()) == ["Moving something up"]
    assert set(found["networks"]["my_network_build"]["own_labels"].values()) <= {"up", "down", "still"}
    # Of the film shown twice the dense clip reads the middle, across the seam.
    assert found["networks"]["my_network_build"]["seam_windows"] == [0, 1]
    assert (tmp_path / "strobe.png").exists()


def test_networks_lists_what_can_be_had(tdn):
    code, out, _ = tdn("networks", "--json")
    listed = {one["name"]: one for one in json.loads(out)}
    assert code == 0
    mine = listed["torchvision:r2plus1d_18"]
    assert mine["title"] == "R(2+1)D-18" and mine["taps"] == ["layer1", "layer2", "layer3", "layer4"]
    assert mine["weights"] in ("here", "download") and mine["installed"] and mine["size_mb"] == 120.3
    assert listed["torchvision:mvit_v2_s"]["taps"][0] == "blocks.0" and "BSD-3" in mine["licence"]
    assert {one["family"] for one in listed.values()} == {"tdn", "torchvision", "huggingface", "segments", "module"}
    assert all(set(one) == set(mine) for one in listed.values())
    code, table, _ = tdn("networks")
    assert code == 0 and "torchvision:swin3d_b" in table and "FILE.py:FUNCTION" in table


def of_torchvision(folder: Path) -> str:
    return "torchvision:r2plus1d_18?weights=none&frames=4&size=32&classes=5"


def of_swin(folder: Path) -> str:
    return "torchvision:swin3d_t?weights=none&frames=4&size=32&classes=5"


def of_transformers(folder: Path) -> str:
    pytest.importorskip("transformers")
    from tests.test_huggingface import saved

    return f"hf:{saved(folder / 'timesformer', 'timesformer')}"


def of_tsm(folder: Path) -> str:
    from tests.test_released_segments import released, saved

    return saved(folder / "TSM_something_RGB_resnet18_shift8_blockres_avg_segment4_e45.pth", released(segments=4))


@pytest.mark.parametrize(
    ("build", "shapes"),
    [
        (of_torchvision, {"layer1": (4, 16, 16), "layer4": (1, 2, 2)}),
        pytest.param(of_swin, {"features.0": (2, 8, 8), "norm": (2, 1, 1)}, marks=pytest.mark.long),
        (of_transformers, {"block1": (4, 4, 4), "block2": (4, 4, 4)}),
        pytest.param(of_tsm, {"res2": (4, 56, 56), "final": (4, 7, 7)}, marks=pytest.mark.long),
    ],
)
def test_each_family_goes_through_every_verb(tdn, sources, tmp_path, build, shapes):
    ours, _, film = sources
    other = build(tmp_path)
    code, _, said = tdn("explain", film, "--out", tmp_path, "--checkpoint", ours, "--baseline", other)
    assert code == 0, said
    maps = np.load(tmp_path / "maps.npz")
    assert {layer: maps[f"baseline_{layer}"].shape for layer in shapes} == shapes
    assert all(np.isfinite(maps[name]).all() for name in maps)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["models"]["baseline"]["note"] in said  # what its maps can't say, said before they are looked at
    code, out, said = tdn("focus", "synthetic", "--clips", 1, "--checkpoint", ours, "--baseline", other, "--json")
    assert code == 0 and set(json.loads(out)["models"]["baseline"]) == set(shapes), said
    code, out, said = tdn("strobe", film, "--checkpoint", ours, other, "--repeats", "1,2", "--json")
    assert code == 0 and len(json.loads(out)["networks"]) == 2, said
    code, out, said = tdn("figures", film, "--kind", 5, "--out", tmp_path, "--checkpoint", other, "--baseline", ours)
    assert code == 0 and (tmp_path / "figure-5.png").exists(), said


def test_classify_takes_any_network(tdn, sources):
    _, mine, film = sources
    code, out, said = tdn("classify", film, "--checkpoint", mine, "--json")
    assert code == 0, said
    (answer,) = json.loads(out)
    network = open_network(mine)
    assert answer["labels"][0] in ("up", "down", "still") and answer["checkpoint"].endswith("my_network.py:build")
    expected = network.module(network.read(film))[0]
    assert np.allclose(answer["logits"], expected.detach(), atol=1e-6) and len(answer["frames"]) == 16


def test_the_table_of_the_document_is_what_the_command_prints():
    from studies import networks as table

    text = DOC.read_text()
    name, network = next((name, network) for name, network in table.networks() if "r2plus1d" in name)
    assert table.row(name, network) in text
    assert all(f"`torchvision:{name}`" in text for name in PUBLISHED)


def test_evaluate_scores_any_network_on_the_clips_it_reads(tdn, sources, tmp_path):
    _, mine, film = sources
    (tmp_path / "list.csv").write_text(f"file,label\n{film},up\n")
    code, out, said = tdn(
        *("evaluate", tmp_path / "list.csv", "--checkpoint", mine, "--protocol", "3x1", "--json"),
        *("--out", tmp_path / "scores", "--workers", 0),
    )
    assert code == 0, said
    report = json.loads(out)
    (file,) = (tmp_path / "scores").glob("my_network_build-*.npz")
    network = open_network(mine)
    logits = np.load(file)["logits"]
    middle = network.module(network.read(film))[0].detach()
    assert logits.shape == (1, 3, 3) and np.allclose(logits[0, 1], middle, atol=1e-5)
    assert report["protocol"] == "3 clips, whole view, evenly spaced clips"
    code, _, said = tdn("evaluate", tmp_path / "list.csv", "--checkpoint", mine, "--protocol", "1x3")
    assert code == 2 and "three crops are of larger pictures than Mine reads" in said


@pytest.mark.parametrize("make", [one_frame_each, all_segments])
def test_long_names_of_networks_stay_inside_the_paper_s_figures(sources, make):
    ours, mine, film = sources
    first, second = replace(open_network(mine), title="A network of mine (random weights)"), open_network(ours)
    own, clip = first.clip(film), second.clip(film)
    theirs = explain(first, own, 0, Question(("late",))).over(own)
    block = Block("film.mp4", clip, (theirs, explain(second, clip, 0, Question(("final",)))))
    figure = make([block, block], Question(("final",)))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # axis labels find their places here
    renderer = canvas.get_renderer()
    words = [text for text in figure.findobj(Text) if text.get_text()]
    assert any("A network of mine" in text.get_text() for text in words)
    for text in words:
        box = text.get_window_extent(renderer)
        assert box.x0 >= figure.bbox.x0 and box.x1 <= figure.bbox.x1, text.get_text()
