"""Video classifiers of Hugging Face transformers, tiny ones saved by the library itself: read, run and explained."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

from tdn.data.clip import clip_from_frames
from tdn.data.video import write_mp4
from tdn.explain import ForwardPass, Rule, explain, grad_cam, parse_change
from tdn.networks.huggingface import huggingface_network
from tdn.networks.transformer_families import WHOLE
from tdn.weights import torchvision_ops  # noqa: F401 (before torchvision, which transformers imports)
from tests.fake_hub import fake_hub

LABELS = dict(enumerate("abcde"))
SMALL = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2, "id2label": LABELS}
# Two moments of two frames (four of one for TimeSformer), 4 rows and 4 columns of 8 x 8 pixels.
PICTURE = {"image_size": 32, "num_frames": 4, "intermediate_size": 32, **SMALL}
CONFIGS = {
    "videomae": lambda **more: transformers.VideoMAEConfig(patch_size=8, tubelet_size=2, **PICTURE | more),
    "timesformer": lambda **more: transformers.TimesformerConfig(patch_size=8, **PICTURE | more),
    "vivit": lambda **more: transformers.VivitConfig(tubelet_size=[2, 8, 8], **PICTURE | more),
    "vjepa2": lambda **more: transformers.VJEPA2Config(
        patch_size=8,
        crop_size=32,
        frames_per_clip=4,
        mlp_ratio=2,
        num_pooler_layers=1,
        pred_hidden_size=24,
        pred_num_attention_heads=2,
        pred_num_hidden_layers=1,
        pred_num_mask_tokens=1,
        **SMALL | more,
    ),
}
CLASSES = {
    "videomae": (transformers.VideoMAEForVideoClassification, transformers.VideoMAEVideoProcessor),
    "timesformer": (transformers.TimesformerForVideoClassification, transformers.TimesformerVideoProcessor),
    "vivit": (transformers.VivitForVideoClassification, transformers.VivitVideoProcessor),
    "vjepa2": (transformers.VJEPA2ForVideoClassification, transformers.VJEPA2VideoProcessor),
}
BLOCKS = {
    "videomae": "videomae.encoder.layer",
    "timesformer": "timesformer.encoder.layer",
    "vivit": "vivit.layers",
    "vjepa2": "vjepa2.encoder.layer",
}
FAMILIES = tuple(CONFIGS)


def saved(folder: Path, family: str, **settings) -> Path:
    """A folder as the library writes it: random weights, every one of them away from its start."""
    torch.manual_seed(0)
    model, processor = CLASSES[family]
    module = model(CONFIGS[family](**settings))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    module.save_pretrained(folder)
    processor(size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("huggingface")
    return {family: saved(root / family, family) for family in FAMILIES}


@pytest.fixture
def copied(folders, tmp_path):
    """A folder of one's own, to spoil."""

    def of(family: str, **config) -> Path:
        folder = shutil.copytree(folders[family], tmp_path / "copy")
        change(folder / "config.json", **config)
        return folder

    return of


def change(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def film(height: int, width: int, frames: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), np.uint8)


def inputs(seed: int = 1) -> torch.Tensor:
    return torch.randn(1, 4, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_library_with_its_own_processor_on_the_same_frames(folders, family):
    network = huggingface_network(str(folders[family]))
    model, processor = (kind.from_pretrained(folders[family]) for kind in CLASSES[family])
    pixels = model.main_input_name
    # As it is, 9.5 pixels left over on either side, made smaller: to a level of the 255.
    for frames, allowed in ((film(36, 48), 1e-5), (film(36, 51), 1e-5), (film(90, 120), 1 / 255)):
        clip = clip_from_frames(frames, network)
        raw = processor(list(frames[clip.frames[:, 0]]), return_tensors="pt")[pixels]
        ours = network.arrange(clip.tensor)
        assert ours.shape == raw.shape == (1, 4, 3, 32, 32)
        assert (ours - raw).abs().max() <= allowed / min(network.reads.std) + 1e-6
    with torch.no_grad():
        logits = network.scores(network.module(raw))
        assert torch.allclose(logits, model.eval()(raw).logits, atol=1e-6)
    assert logits.std() > 0.01 and network.labels == list("abcde")


@pytest.mark.parametrize("family", FAMILIES)
def test_one_place_at_one_time_is_the_one_cell_that_moves(folders, family):
    network = huggingface_network(str(folders[family]))
    tap = network.taps["patches"]
    time, rows, columns = tap.grid
    other = inputs()
    other[0, 3, :, 16:24, 8:16] += 1  # the last frame, row 2, column 1
    one, changed = (ForwardPass(network, clip, ["patches", "block1"]) for clip in (inputs(), other))
    moved = (one.activation("patches") - changed.activation("patches")).norm(dim=1)[0]
    assert moved.shape == (time, rows, columns)
    assert moved.nonzero().tolist() == [[time - 1, 2, 1]]
    # Behind a block everything moves; a lamp's own cell most.
    moved = (one.activation("block1") - changed.activation("block1")).norm(dim=1)[0]
    assert np.unravel_index(int(moved.argmax()), moved.shape) == (time - 1, 2, 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_other_order_of_tokens_would_put_it_elsewhere(folders, family):
    network = huggingface_network(str(folders[family]))
    wrong = {"N(THW)C": "N(HWT)C", "N(HWT)C": "N(THW)C"}[network.taps["patches"].layout]
    network = replace(network, taps=[replace(tap, layout=wrong) for tap in network.taps.values()])
    other = inputs()
    other[0, 3, :, 16:24, 8:16] += 1
    one, changed = (ForwardPass(network, clip, ["patches"]).activation("patches") for clip in (inputs(), other))
    assert (one - changed).norm(dim=1)[0].nonzero().tolist() != [[network.taps["patches"].grid[0] - 1, 2, 1]]


def by_hand(folder: Path, family: str, clip: torch.Tensor, target: int, block: int) -> torch.Tensor:
    """Grad-CAM from the hidden states that the library itself gives out; tokens put in place one by one."""
    module = CLASSES[family][0].from_pretrained(folder).eval()
    output = module(clip, output_hidden_states=True)
    tokens = output.hidden_states[block]
    (gradient,) = torch.autograd.grad(output.logits[0, target], tokens)
    first = 1 if family in ("timesformer", "vivit") else 0
    weights = gradient[0, first:].mean(0)
    flat = (tokens[0, first:] * weights).sum(1).relu().detach()
    moments = 4 if family == "timesformer" else 2
    found = torch.empty(1, moments, 4, 4)
    for time in range(moments):
        for row in range(4):
            for column in range(4):
                index = (row * 4 + column) * 4 + time if family == "timesformer" else (time * 4 + row) * 4 + column
                found[0, time, row, column] = flat[index]
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_are_those_of_a_grad_cam_written_by_hand_and_not_blank(folders, family):
    network = huggingface_network(str(folders[family]))
    last = 3 if family in ("videomae", "vjepa2") else 2
    assert network.layers == ("block1", f"block{last}")
    found = grad_cam(network, inputs(), 2)
    for block, layer in ((1, "block1"), (last, f"block{last}")):
        assert torch.allclose(found[layer], by_hand(folders[family], family, inputs(), 2, block), atol=1e-6)
        assert found[layer].max() > 0 and found[layer].std() > 0
    module = network.module
    assert not any(inner._forward_hooks or inner._forward_pre_hooks for inner in module.modules())
    assert all(parameter.grad is None for parameter in module.parameters())


def test_at_the_last_block_of_videomae_each_token_has_the_same_gradient(folders):
    """So Grad-CAM and HiResCAM are one map there, and two before."""
    network = huggingface_network(str(folders["videomae"]))
    plain, own = (grad_cam(network, inputs(), 2, rule=Rule(method, signed=True)) for method in ("grad_cam", "hirescam"))
    assert torch.allclose(plain["block3"], own["block3"], atol=1e-7)
    assert not torch.allclose(plain["block1"], own["block1"], atol=1e-3 * float(own["block1"].abs().max()))


@pytest.mark.parametrize("family", ["videomae", "timesformer"])
def test_maps_are_those_of_pytorch_grad_cam_given_a_reshape_transform(folders, family):
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    class Plain(torch.nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, clip):
            return self.module(clip).logits

    def volume(tokens):
        if family == "timesformer":
            return tokens[:, 1:].reshape(1, 4, 4, 4, -1).permute(0, 4, 3, 1, 2)
        return tokens.reshape(1, 2, 4, 4, -1).permute(0, 4, 1, 2, 3)

    network = huggingface_network(str(folders[family]))
    plain = Plain(CLASSES[family][0].from_pretrained(folders[family]).eval())
    # The layer norm in front of block 2 has the same tokens as input in both; grad-cam takes outputs.
    layer = plain.get_submodule(f"module.{BLOCKS[family]}.1.layernorm_after")
    with GradCAM(plain, [layer], reshape_transform=volume) as cam:
        clip = inputs().requires_grad_()
        logits = cam.activations_and_grads(clip)
        ClassifierOutputTarget(2)(logits[0]).backward()
        taken = cam.activations_and_grads
        theirs = cam.get_cam_image(
            clip, layer, [ClassifierOutputTarget(2)], taken.activations[0].numpy(), taken.gradients[0].numpy(), False
        )
    tap = replace(network.taps["block1"], name="norm", module=f"{BLOCKS[family]}.1.layernorm_after")
    ours = grad_cam(replace(network, taps=[tap], layers=()), inputs(), 2, ["norm"])["norm"]
    assert np.allclose(ours.numpy(), np.maximum(theirs, 0), atol=1e-6) and ours.max() > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_clips_of_another_length_or_size_are_refused(folders, family):
    """transformers 5.24.0 takes both without a word in V-JEPA 2 and TimeSformer, and mixes up moments and rows."""
    network = huggingface_network(str(folders[family]))
    with pytest.raises(ValueError, match=r"clip: expected \[N, 4, 3, H, W\]"):
        grad_cam(network, torch.randn(1, 8, 3, 32, 32))
    with pytest.raises(ValueError, match=r"another size than the network was built for|doesn't match model"):
        grad_cam(network, torch.randn(1, 4, 3, 64, 64))


@pytest.mark.parametrize("family", ["timesformer", "vivit"])
def test_behind_the_last_attention_only_the_class_token_goes_on_and_that_is_said(folders, family):
    network = huggingface_network(str(folders[family]))
    with pytest.raises(ValueError, match="layer 'block3': only the class token goes on from here"):
        grad_cam(network, inputs(), 2, ["block3"])
    assert "reads one token, the class token" in network.note
    assert "class token already is not in it" in network.claim("block2")


def test_a_videomae_that_reads_its_first_patch_has_no_map_behind_the_last_attention(tmp_path):
    """transformers 5.24.0, modeling_videomae.py: without a mean the classifier reads `sequence_output[:, 0]`, the patch
    at the upper left of the first frames; VideoMAE has no class token."""
    network = huggingface_network(str(saved(tmp_path / "first", "videomae", use_mean_pooling=False)))
    assert list(network.taps) == ["patches", "block1", "block2"]
    assert "reads one token, the patch at the upper left of the first frames" in network.note
    tap = replace(network.taps["block1"], name="last", module="videomae.encoder.layer.2")
    behind = ForwardPass(replace(network, taps=[tap], layers=()), inputs())
    assert behind.maps([2], rule=Rule("hirescam"))["last"].nonzero().tolist() == [[0, 0, 0, 0]]
    assert (grad_cam(network, inputs(), 2)["block2"] > 0).sum() > 1


def test_a_clip_is_explained_at_the_frames_each_cell_speaks_for(folders):
    network = huggingface_network(str(folders["videomae"]))
    clip = clip_from_frames(film(40, 60), network)
    found = explain(network, clip, 1)
    assert clip.frames[:, 0].tolist() == [8, 12, 16, 20]
    assert found.layers["block3"].frames == [[8, 12], [16, 20]] and found.layers["block3"].knots == [0.5, 2.5]
    assert found.layers["block3"].title == "block 3 of 3" and found.maps["block3"].shape == (2, 4, 4)
    changed = explain(network, clip, 1, change="reverse")
    assert not np.array_equal(found.logits, changed.logits)


def test_weights_are_drawn_anew_from_the_classifier_down(folders):
    network = huggingface_network(str(folders["vivit"]))
    before = network.module.state_dict()
    for name, kept in (("random classifier", "vivit.layers.2."), ("random from stage 3 up", "vivit.embeddings.")):
        other, _ = parse_change(name).apply(network, torch.zeros(1, 4, 1, 3, 32, 32))
        after = other.module.state_dict()
        assert all(torch.equal(after[key], before[key]) for key in before if key.startswith(kept))
        assert not torch.equal(after["classifier.weight"], before["classifier.weight"])


def test_colours_are_scaled_as_each_processor_does(copied):
    folder = copied("vivit")
    network = huggingface_network(str(folder))
    assert network.reads.mean == pytest.approx((0.75,) * 3) and network.reads.std == pytest.approx((0.25,) * 3)
    change(folder / "video_preprocessor_config.json", offset=False, rescale_factor=1 / 255)
    assert huggingface_network(str(folder)).reads.mean == pytest.approx((0.5,) * 3)
    change(folder / "video_preprocessor_config.json", do_normalize=False, offset=True, rescale_factor=1 / 127.5)
    assert huggingface_network(str(folder)).reads.mean == pytest.approx((0.5,) * 3)


def test_files_of_older_versions_of_the_library_open(copied):
    folder = copied("timesformer")
    old = {"feature_extractor_type": "VideoMAEFeatureExtractor", "size": 32, "image_mean": [0.45] * 3}
    (folder / "video_preprocessor_config.json").unlink()
    (folder / "preprocessor_config.json").write_text(
        json.dumps(old | {"image_std": [0.225] * 3, "do_center_crop": True, "crop_size": 32, "resample": 2})
    )
    reads = huggingface_network(str(folder)).reads
    assert (reads.resize, reads.size, reads.mean) == (32, 32, pytest.approx((0.45,) * 3))


def test_biases_of_videomae_are_read_by_the_names_that_published_files_have(folders):
    """q_bias and v_bias, which an early transformers 5 left at zero without an error (mteb #5094)."""
    tensors = load_file(folders["videomae"] / "model.safetensors")
    network = huggingface_network(str(folders["videomae"]))
    for layer in range(3):
        block = f"videomae.encoder.layer.{layer}.attention.attention."
        for name, module in (("q_bias", "query"), ("v_bias", "value")):
            assert torch.equal(network.module.get_submodule(block + module).bias, tensors[block + name])


def test_two_of_them_are_explained_side_by_side_on_the_command_line(folders, tmp_path, monkeypatch):
    from tdn.cli import main

    write_mp4(tmp_path / "film.mp4", film(48, 64), fps=15)
    names = ("timesformer", "videomae")
    first, second = (f"hf:{folders[family]}" for family in names)
    out = tmp_path / "out"
    arguments = [*("--checkpoint", first, "--baseline", second, "--target", "c", "--change", "hold 2"), "--out", out]
    monkeypatch.setattr(sys, "argv", ["tdn", "explain", str(tmp_path / "film.mp4"), *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    maps, manifest = np.load(out / "maps.npz"), json.loads((out / "manifest.json").read_text())
    claims = {one["key"]: one for one in manifest["maps"]}
    assert "class token" in claims["tdn_block2"]["claim"] and "class token" not in claims["baseline_block3"]["claim"]
    assert claims["baseline_block3"]["frames"] == [[8, 12], [16, 20]]
    assert [len(cell) for cell in claims["tdn_block2"]["frames"]] == [1, 1, 1, 1]
    assert manifest["models"]["baseline"]["library"] == f"transformers {transformers.__version__}"
    for role, family, layer in (("tdn", *names[:1], "block2"), ("baseline", *names[1:], "block3")):
        network = huggingface_network(str(folders[family]))
        expected = grad_cam(network, network.read(tmp_path / "film.mp4"), 2, [layer])[layer][0]
        assert np.allclose(maps[f"{role}_{layer}"], expected, atol=1e-6) and expected.max() > 0
        assert f"{role}_{layer}_after_hold_2" in maps


def test_frames_are_as_far_apart_as_published(folders, tmp_path):
    strides = {family: huggingface_network(str(folders[family])).reads.stride for family in FAMILIES}
    assert strides == {"videomae": 4, "timesformer": 64, "vivit": 2, "vjepa2": 4}
    named = {number: f"Doing {number}" for number in range(174)}
    network = huggingface_network(str(saved(tmp_path / "ssv2", "videomae", id2label=named)))
    assert network.reads.stride == WHOLE and "spread over all of the video" in network.note
    assert clip_from_frames(film(36, 36, 40), network).frames[:, 0].tolist() == [5, 15, 25, 35]


def test_a_repository_of_the_hub_is_fetched_and_nothing_but_what_is_needed(folders, tmp_path, monkeypatch):
    with fake_hub() as hub:
        files = list(folders["videomae"].iterdir())
        hub.add("owner/tiny", *files, **{"pytorch_model.bin": b"a pickle", "modeling.py": b"raise SystemExit"})
        hub.add("owner/pickled", folders["videomae"] / "config.json", **{"pytorch_model.bin": b"a pickle"})
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        network = huggingface_network("hf:owner/tiny")
        fetched = {asked.rpartition("/")[2] for asked in hub.asked if asked.startswith("GET") and "/resolve/" in asked}
        assert fetched == {"config.json", "model.safetensors", "video_preprocessor_config.json"}
        assert network.fingerprint() == huggingface_network(str(folders["videomae"])).fingerprint()
        assert network.facts["source"] == "owner/tiny" and len(network.facts["revision"]) == 40
        with pytest.raises(ValueError, match=r"has no model.safetensors, only pytorch_model.bin, a pickle"):
            huggingface_network("owner/pickled")
        with pytest.raises(ValueError, match="no such repository on the Hugging Face Hub"):
            huggingface_network("owner/absent")
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
        assert huggingface_network("owner/tiny").labels == list("abcde")


def test_a_network_in_several_files_is_fetched_whole(folders, tmp_path, monkeypatch):
    whole = CLASSES["vivit"][0].from_pretrained(folders["vivit"])
    whole.save_pretrained(tmp_path / "shards", max_shard_size="40KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 1
    shutil.copy(folders["vivit"] / "video_preprocessor_config.json", tmp_path / "shards")
    with fake_hub() as hub:
        hub.add("owner/shards", *(tmp_path / "shards").iterdir())
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        network = huggingface_network("owner/shards")
    assert network.fingerprint() == huggingface_network(str(folders["vivit"])).fingerprint()


@pytest.mark.parametrize("source", ["no/such/folder", "./nowhere", "hf:../up", "owner/name/model.safetensors", ""])
def test_a_name_of_nothing_is_refused(source):
    with pytest.raises(FileNotFoundError, match="no such folder, and no network of the Hugging Face Hub"):
        huggingface_network(source)


@pytest.mark.parametrize(
    "family, config, message",
    [
        ("videomae", {"model_type": "vit"}, "is 'vit'; expected a video classifier of these: videomae, timesformer"),
        ("videomae", {"model_type": ["videomae"]}, "expected a video classifier"),
        ("videomae", {"num_frames": 5}, "made for 5 frames .* expected squares that the tokens cover"),
        ("videomae", {"hidden_size": 25}, "can't open it"),
        ("videomae", {"num_hidden_layers": 4}, "lacks videomae.encoder.layer.3.* and 14 more"),
        ("vjepa2", {"crop_size": 64}, r"makes pictures of \(32, 32\), the network was made for 64 x 64"),
        ("timesformer", {"attention_type": "space_only"}, "gives logits for each frame"),
    ],
)
def test_another_kind_of_model_is_refused_in_one_sentence(copied, family, config, message):
    with pytest.raises(ValueError, match=message) as error:
        huggingface_network(str(copied(family, **config)))
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"do_resize": False}, "more or less than resize"),
        ({"resample": 0}, "more or less than resize"),
        ({"crop_size": {"height": 32, "width": 40}}, r"makes pictures of \(32, 40\)"),
        ({"do_center_crop": False}, "makes pictures of 36"),
        ({"size": {"shortest_edge": 20}}, "short_side: expected at least"),
    ],
)
def test_a_processor_that_reads_in_another_way_is_refused(copied, settings, message):
    folder = copied("videomae")
    change(folder / "video_preprocessor_config.json", **settings)
    with pytest.raises(ValueError, match=message):
        huggingface_network(str(folder))


def test_a_model_that_was_never_trained_to_classify_is_refused(folders, tmp_path):
    """transformers 5.24.0 gives it a classifier of random numbers and a warning."""
    folder = shutil.copytree(folders["videomae"], tmp_path / "pretrained")
    module = transformers.VideoMAEForPreTraining(
        CONFIGS["videomae"](decoder_num_hidden_layers=1, decoder_hidden_size=12)
    )
    module.save_pretrained(folder)
    with pytest.raises(ValueError, match=r"lacks classifier.bias .* expected a network that was trained to classify"):
        huggingface_network(str(folder))


def test_a_folder_with_nothing_but_a_pickle_is_refused_unread(copied):
    folder = copied("videomae")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"has no weights; expected model.safetensors"):
        huggingface_network(str(folder))
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(ValueError, match=r"as a pickle only \(pytorch_model.bin\), which can run code"):
        huggingface_network(str(folder))


def test_files_that_are_missing_or_spoilt_are_named(copied):
    folder = copied("videomae")
    (folder / "video_preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match=r"has no preprocessor_config.json, so how it reads pictures is unknown"):
        huggingface_network(str(folder))
    (folder / "config.json").write_text("[")
    with pytest.raises(ValueError, match=r"its config.json is no JSON object"):
        huggingface_network(str(folder))
    (folder / "config.json").unlink()
    with pytest.raises(ValueError, match=r"has no config.json"):
        huggingface_network(str(folder))


def test_without_the_package_one_sentence_says_how_to_get_it(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ValueError, match=r"need the package transformers; pip install -r requirements-extra.txt"):
        huggingface_network(str(folders["videomae"]))
