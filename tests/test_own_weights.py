"""Checkpoints that visitors bring: checked whole, nobody else's, few, and gone after their time."""

import json
import pickle
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from app import own_weights
from app.analysis import Request, RequestError
from app.explainer import Explainer
from app.networks import OWN_MODELS_KEPT
from app.own_weights import FILES_EACH, OwnWeights, plain_name
from app.server.settings import Settings
from app.text import plain
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.model import RESNET50, Architecture
from tdn.weights import Card, CheckpointError, load_model, read_card, save_checkpoint
from tests.conftest import network, tiny
from tests.fake_hub import fake_hub

WHOLE = Preprocess("whole", 64, 64, "even", max_frames=64)


def save(path: Path, seed: int = 0, **changes) -> Path:
    architecture = tiny(num_classes=3, **changes)
    save_checkpoint(path, network(architecture, seed), Card(architecture, WHOLE, ["up", "down", "still"]))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Files to upload, the server's own network, and a clip."""
    folder = tmp_path_factory.mktemp("uploads")
    for number, name in enumerate(("mine", "theirs", "third")):
        save(folder / f"{name}.safetensors", seed=number)
    (folder / "server").mkdir()
    save(folder / "server" / "public.safetensors", seed=9)
    write_mp4(folder / "clip.mp4", np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3)).astype(np.uint8), fps=10)
    return folder


@pytest.fixture
def own() -> OwnWeights:
    return OwnWeights(max_mb=4)


def files_of(own: OwnWeights) -> list[Path]:
    return [path for path in Path(own._folder.name).rglob("*") if path.is_file()]


def test_a_visitor_s_checkpoint_answers_the_visitor_and_nobody_else(folder, own):
    explainer = Explainer(folder / "server", "cpu", own=own)
    name = own.bring_file("ann", folder / "mine.safetensors")
    asked = Request(str(folder / "clip.mp4"), name, "public.safetensors", visitor="ann")
    *_, found = explainer.analyse(explainer.prepare(asked))
    clip = explainer.prepare(asked).clip.tensor
    assert found.answers["tdn"].explained.logits == pytest.approx(
        load_model(folder / "mine.safetensors")(clip)[0].numpy(), abs=1e-4
    )
    for visitor in ("bob", None, ""):
        with pytest.raises(RequestError, match="not among those of this server"):
            explainer.prepare(replace(asked, visitor=visitor))
        with pytest.raises(RequestError, match="not among those of this server"):
            explainer.prepare(replace(asked, tdn="public.safetensors", baseline=name, visitor=visitor))
    assert list(own.of("ann")) == [name] and not own.of("bob") and not own.of(None)


def test_two_files_of_one_name_are_two_checkpoints(folder, own, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes((folder / "theirs.safetensors").read_bytes())
    names = [own.bring_file("ann", folder / "mine.safetensors"), own.bring_file("bob", tmp_path / "mine.safetensors")]
    explainer = Explainer(folder / "server", "cpu", own=own)
    heads = [explainer.networks.get(name).module.head.weight for name in names]
    assert names[0] != names[1] and not torch.equal(*heads)


def test_visitors_networks_do_not_push_out_those_of_the_server(folder, own):
    explainer = Explainer(folder / "server", "cpu", own=own)
    public = explainer.networks.get("public.safetensors")
    for visitor in "abcd":
        explainer.networks.get(own.bring_file(visitor, folder / "mine.safetensors"))
    assert (
        explainer.networks.get("public.safetensors") is public
        and len(explainer.networks._own_loaded) == OWN_MODELS_KEPT
    )


def test_a_visitor_keeps_the_last_few(folder, own):
    names = [own.bring_file("ann", folder / f"{file}.safetensors") for file in ("mine", "theirs", "third")]
    assert list(own.of("ann")) == names[-FILES_EACH:] and len(files_of(own)) == FILES_EACH


def test_the_server_takes_only_so_many(folder, own, monkeypatch):
    monkeypatch.setattr(own_weights, "FILES_IN_ALL", 1)
    own.bring_file("ann", folder / "mine.safetensors")
    with pytest.raises(CheckpointError, match="as many visitors' checkpoints as it can"):
        own.bring_file("bob", folder / "mine.safetensors")
    assert len(files_of(own)) == 1


def test_a_checkpoint_is_deleted_after_its_time(folder):
    own = OwnWeights(keep_sec=0)
    name = own.bring_file("ann", folder / "mine.safetensors")
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread.interval == 0:
            thread.join(10)
    assert own.find(name) is None and not files_of(own)


def costly(path: Path) -> Path:
    architecture = tiny(num_classes=3, num_segments=64)
    card = Card(architecture, replace(WHOLE, input_size=512, short_side=512), ["up", "down", "still"])
    save_checkpoint(path, network(architecture), card)
    return path


def broken(path: Path, good: Path) -> Path:
    tensors, text = load_file(good), read_card(good).to_json()
    tensors["head.bias"][0] = float("nan")
    save_file(tensors, path, metadata={"tdn": text})
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda tmp, good: costly(tmp / "costly.safetensors"), "million values; up to 25 are taken"),
        (lambda tmp, good: broken(tmp / "nan.safetensors", good), "head.bias holds values that are not finite"),
        (lambda tmp, good: good.rename(tmp / "a-00001-of-00002.safetensors"), "single file|no such checkpoint"),
        (lambda tmp, good: good.rename(tmp / "model.pth"), r"expected a file ending in \.safetensors"),
        (lambda tmp, good: tmp / "absent.safetensors", "expected a file"),
    ],
)
def test_what_can_not_be_offered_is_refused_and_not_kept(folder, own, tmp_path, make, said):
    good = tmp_path / "good.safetensors"
    good.write_bytes((folder / "mine.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match=said) as error:
        own.bring_file("ann", make(tmp_path, good))
    assert "\n" not in str(error.value) and own._folder.name not in str(error.value)
    assert not files_of(own)


def test_links_folders_and_files_beyond_the_limit_are_refused(folder, own, tmp_path):
    (tmp_path / "link.safetensors").symlink_to(folder / "mine.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(CheckpointError, match="expected a file"):
            own.bring_file("ann", tmp_path / f"{name}.safetensors")
    (tmp_path / "big.safetensors").write_bytes(bytes(4 * 2**20 + 1))
    with pytest.raises(CheckpointError, match="larger than 4 MB"):
        own.bring_file("ann", tmp_path / "big.safetensors")


def test_without_a_session_nothing_is_taken(folder, own):
    with pytest.raises(CheckpointError, match="belongs to the session"):
        own.bring_file(None, folder / "mine.safetensors")
    assert not files_of(own)


@pytest.mark.parametrize(
    "name", ["../../etc/x.safetensors", "a b<b>$(x).safetensors", "ä\n.pth.tar", ".safetensors", "no ending"]
)
def test_names_of_uploads_become_plain(name):
    made = plain_name(name)
    assert made.isascii() and not set(made) & set("/ <>$()\n") and ".." not in made and len(made) < 130
    assert made.endswith((".safetensors", ".pth.tar", "no_ending"))


class Writes:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "written")


def test_a_hostile_pickle_ends_in_one_sentence_where_pickles_are_allowed(own, tmp_path):
    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"state_dict": Writes(tmp_path / "victim")}, protocol=2))
    with pytest.raises(CheckpointError, match=r"^evil\.pth: not a weights file that can be read safely"):
        own.bring_file("ann", tmp_path / "evil.pth", num_segments=8)
    assert not (tmp_path / "victim").exists() and not files_of(own)


@pytest.mark.long
def test_an_official_file_is_converted_where_the_operator_allows_it(tmp_path):
    from tdn.weights import export_official

    architecture = Architecture(RESNET50, 3)
    export_official(network(architecture), tmp_path / "released.pth.tar")
    own = OwnWeights(max_mb=200)
    name = own.bring_file("ann", tmp_path / "released.pth.tar", num_segments=8)
    assert own.find(name).card.architecture == architecture and [path.suffix for path in files_of(own)] == [
        ".safetensors"
    ]


def test_a_conversion_that_takes_too_much_memory_is_one_sentence(own, tmp_path, monkeypatch):
    monkeypatch.setattr(own_weights, "CONVERT_MB", 64)  # too little to start with
    torch.save({"new_fc.weight": torch.zeros(2, 2)}, tmp_path / "some.pth")
    with pytest.raises(CheckpointError, match=r"some\.pth: can't be converted"):
        own.bring_file("ann", tmp_path / "some.pth", num_segments=8)


def test_a_checkpoint_of_the_hub_becomes_the_visitor_s(folder, own, monkeypatch):
    with fake_hub() as hub:
        hub.add("owner/one", folder / "mine.safetensors")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        name = own.bring_from_hub("ann", " owner/one ")
        with pytest.raises(CheckpointError, match="no repository of the Hugging Face Hub"):
            own.bring_from_hub("ann", "http://127.0.0.1/owner/one")
    assert name.endswith("/mine.safetensors") and [path.name for path in files_of(own)] == ["mine.safetensors"]
    assert own.find(name).visitor == "ann"


def test_hub_and_pickles_are_off_unless_the_operator_allows_them():
    off, on = Settings.from_environment({}), Settings.from_environment({"TDN_ALLOW_HUB": "1", "TDN_ALLOW_PTH": "1"})
    assert (off.allow_hub, off.allow_pth, on.allow_hub, on.allow_pth) == (False, False, True, True)
    with pytest.raises(ValueError, match="TDN_ALLOW_PTH: expected 0 or 1"):
        Settings.from_environment({"TDN_ALLOW_PTH": "perhaps"})


def test_words_of_a_checkpoint_are_no_markdown():
    said = plain("![x](https://evil.example/pixel.png) <img src=x> `code` $$x$$")
    assert "![" not in said and "](" not in said and "<img" not in said.replace("\\<", "") and "$$" not in said
    assert json.dumps(said)
