"""Networks as files for a browser: the same scores and maps as torch, and dials that do what hooks do."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from tdn.data.transforms import Preprocess
from tdn.explain import parse_change
from tdn.explain.inside import channel_means, gate_sizes
from tdn.explain.network_changes import s_tdm_weight
from tdn.export.web import PACKED, WEIGHTS, compare_with_torch, export_web, pack, rounded, unpack
from tdn.motion import LABELS
from tdn.networks import as_network
from tdn.weights import Card, load_model, save_checkpoint
from tests.conftest import TINY_SIZE, network, random_clip, tiny
from tests.test_cli import tdn  # noqa: F401 (a fixture)

SMALL = Preprocess(view="whole", short_side=TINY_SIZE, input_size=TINY_SIZE, sampling="even", fps=None, max_frames=64)


def saved(folder, row: str):
    model = network(tiny(row, num_classes=len(LABELS)))
    path = folder / f"{row}.safetensors"
    save_checkpoint(path, model, Card(model.architecture, SMALL, list(LABELS)))
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A tiny TDN as files, beside its checkpoint."""
    folder = tmp_path_factory.mktemp("web")
    checkpoint = saved(folder, "tdn_resnet50_8f")
    return checkpoint, export_web(checkpoint, folder / "networks", clips=2).folder


def run(folder, tmp_path, name: str, given: dict) -> dict:
    (tmp_path / WEIGHTS).write_bytes(unpack((folder / PACKED).read_bytes()))
    (tmp_path / f"{name}.onnx").write_bytes((folder / f"{name}.onnx").read_bytes())
    session = onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx"))
    dials = {"s_tdm_weight": 1.0, "s_tdm_mean": 0.0, "l_tdm_gate": 1.0}
    feed = {v.name: np.asarray(given.get(v.name, dials.get(v.name)), np.float32) for v in session.get_inputs()}
    outputs = [value.name for value in session.get_outputs()]
    return dict(zip(outputs, session.run(outputs, feed), strict=True))


@pytest.mark.parametrize(
    "row",
    [
        "tconv_baseline_resnet50_8f",
        *(pytest.param(row, marks=pytest.mark.long) for row in ("tdn_mobilenetv2_8f", "tsn_resnet50_8f")),
    ],
)
def test_logits_and_maps_equal_torch(row, tmp_path):
    difference = export_web(saved(tmp_path, row), tmp_path, clips=2).difference
    assert difference.logits < 1e-4
    assert difference.final < 1e-4
    assert difference.res2 < 1e-4


@pytest.mark.parametrize(
    ("dials", "change"),
    [
        ({"s_tdm_weight": 0.0}, "S-TDM off"),
        ({"s_tdm_weight": 0.4}, "S-TDM at 0.4"),
        ({"s_tdm_mean": 1.0}, "S-TDM at its clip mean"),
        ({"l_tdm_gate": 0.0}, "L-TDM gates off"),
    ],
)
def test_a_dial_does_what_the_change_of_the_network_does(exported, tmp_path, dials, change):
    checkpoint, folder = exported
    model = load_model(checkpoint)
    clip = random_clip(model.architecture)
    plain = run(folder, tmp_path, "forward", {"clip": clip})["logits"]
    turned = run(folder, tmp_path, "forward", {"clip": clip, **dials})["logits"]
    other, same_clip = parse_change(change).apply(as_network(model), clip)
    with torch.no_grad():
        wanted = other.module(same_clip).numpy()
    assert np.abs(turned - wanted).max() < 1e-4
    assert np.abs(plain - wanted).max() > 1e-3


def test_the_way_back_takes_one_class_less_another(exported, tmp_path):
    checkpoint, folder = exported
    clip = random_clip(load_model(checkpoint).architecture)
    features = run(folder, tmp_path, "forward", {"clip": clip})["features"]

    def gradient(weights: dict[int, float]):
        weight = np.zeros(len(LABELS), np.float32)
        for index, value in weights.items():
            weight[index] = value
        return run(folder, tmp_path, "backward", {"features": features, "class_weight": weight})["gradient"]

    both = gradient({2: 1, 5: -1})
    assert np.abs(both - (gradient({2: 1}) - gradient({5: 1}))).max() < 1e-6 * np.abs(both).max() + 1e-9


def test_a_difference_from_torch_is_found(exported, tmp_path):
    checkpoint, folder = exported
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    weights = np.frombuffer(unpack((folder / PACKED).read_bytes()), np.float32) * np.float32(1.01)
    (other / PACKED).write_bytes(pack(weights.tobytes()))
    assert compare_with_torch(other, load_model(checkpoint), 1).logits > 1e-3


def test_packed_weights_come_back_to_the_bit():
    weights = np.random.default_rng(0).standard_normal(1000).astype(np.float32).tobytes()
    assert unpack(pack(weights)) == weights


def test_rounded_weights_are_the_nearest_with_so_many_bits():
    values = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    near = rounded(values, 18)
    assert not (near.view(np.uint32) & 31).any()
    assert (np.abs(near - values) <= np.abs(values) * 2.0**-18 / 2 * (1 + 1e-9)).all()
    assert np.array_equal(rounded(near, 18), near) and np.array_equal(rounded(values, 23), values)
    assert len(pack(near.tobytes())) < 0.9 * len(pack(values.tobytes()))


@pytest.mark.parametrize("stage", [1, 2])
def test_what_the_lab_shows_inside_is_that_of_torch(exported, tmp_path, stage):
    checkpoint, folder = exported
    model = load_model(checkpoint)
    clip = random_clip(model.architecture)
    found = run(folder, tmp_path, "forward", {"clip": clip, "s_tdm_weight": 0.4})
    names = [f"{point}{stage}" for point in ("rgb", "diff", "res")]
    _, means = channel_means(s_tdm_weight(as_network(model), 0.4), clip, names)
    for name in names:
        assert np.abs(found[name] - means[name][0].numpy()).max() < 1e-4, name
    _, sizes = gate_sizes(model, clip)
    plain = run(folder, tmp_path, "forward", {"clip": clip, "l_tdm_gate": 1.0})
    for number, size in sizes.items():
        assert np.abs(plain[f"gate{number}"] - size[0].numpy()).max() < 1e-5, number


@pytest.mark.long
def test_the_command_writes_what_a_page_needs(tdn, exported, tmp_path):  # noqa: F811
    result = tdn("export-web", exported[0], "--out", tmp_path / "site", "--clips", 1, "--json")
    assert result.returncode == 0, result.stderr
    (answer,) = json.loads(result.stdout)
    described = json.loads((tmp_path / "site" / exported[0].stem / "network.json").read_text())
    assert described["labels"] == list(LABELS)
    assert described["inputs"]["backward"] == ["features", "class_weight", "l_tdm_gate"]
    assert answer["difference"]["res2"] < 1e-4
