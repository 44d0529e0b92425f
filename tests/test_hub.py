"""Checkpoints by their name on the Hugging Face Hub, against a server on this machine that answers like it."""

import json
from pathlib import Path

import huggingface_hub.constants
import pytest
from safetensors.torch import load_file, save_file

from tdn.data.transforms import Preprocess
from tdn.weights import Card, CheckpointError, load_model, read_card, save_checkpoint
from tdn.weights.hub import HubId, fetch, local_checkpoint
from tests.conftest import network, tiny
from tests.fake_hub import FakeHub, fake_hub


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("mine") / "mine.safetensors"
    architecture = tiny(num_classes=3)
    preprocess = Preprocess("whole", 64, 64, "even", max_frames=64)
    save_checkpoint(path, network(architecture), Card(architecture, preprocess, ["a", "b", "c"]))
    return path


@pytest.fixture
def hub(monkeypatch, tmp_path, checkpoint):
    """The server with owner/one (a checkpoint and a pickle), owner/two and owner/none; the cache is empty."""
    with fake_hub() as server:
        server.add("owner/one", checkpoint, **{"pytorch_model.bin": b"a pickle", "README.md": b"words"})
        server.add("owner/two", checkpoint, **{"other.safetensors": checkpoint.read_bytes()})
        server.add("owner/none", **{"model.pth": b"a pickle"})
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        yield server


def downloads(hub: FakeHub) -> list[str]:
    return [asked for asked in hub.asked if asked.startswith("GET") and "/resolve/" in asked]


def test_the_only_checkpoint_of_a_repository_is_fetched_and_loads(hub):
    assert load_model(fetch(HubId.parse("owner/one"))).labels == ["a", "b", "c"]
    assert [asked.rpartition("/")[2] for asked in downloads(hub)] == ["mine.safetensors"]


def test_it_is_fetched_once_and_found_without_a_connection(hub, monkeypatch):
    first = fetch(HubId.parse("owner/one"))
    assert fetch(HubId.parse("owner/one")) == first and len(downloads(hub)) == 1
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    assert fetch(HubId.parse("owner/one")).read_bytes() == first.read_bytes()


def test_of_several_checkpoints_one_has_to_be_named(hub):
    with pytest.raises(CheckpointError, match=r"2 checkpoints \(mine.safetensors, other.safetensors\); name one"):
        fetch(HubId.parse("owner/two"))
    assert fetch(HubId.parse("owner/two/other.safetensors")).name == "other.safetensors"


def test_shards_are_fetched_together(hub, checkpoint, tmp_path):
    tensors, text = load_file(checkpoint), read_card(checkpoint).to_json()
    for number, names in enumerate((sorted(tensors)[::2], sorted(tensors)[1::2]), start=1):
        path = tmp_path / f"big-{number:05d}-of-00002.safetensors"
        save_file({name: tensors[name] for name in names}, path, metadata={"tdn": text})
        hub.add("owner/big", path)
    assert load_model(fetch(HubId.parse("owner/big"))).num_segments == 8


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("owner/absent", "no such repository"),
        ("owner/one@gone", "has no revision gone"),
        ("owner/one/absent.safetensors", "has no absent.safetensors"),
        ("owner/none", "has no .safetensors file"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(hub, name, said):
    with pytest.raises(CheckpointError, match=said) as error:
        fetch(HubId.parse(name))
    assert "\n" not in str(error.value) and not downloads(hub)


def test_a_size_beyond_the_limit_is_refused_before_anything_is_downloaded(hub):
    hub.claimed["mine.safetensors"] = 3 * 2**40
    with pytest.raises(CheckpointError, match="3145728 MB; up to 2048 MB are taken"):
        fetch(HubId.parse("owner/one"))
    assert not downloads(hub)


def test_a_file_of_another_size_than_was_said_is_refused(hub):
    hub.claimed["mine.safetensors"] = 1000
    with pytest.raises(CheckpointError, match="changed while it was fetched"):
        fetch(HubId.parse("owner/one"))


def test_names_of_the_server_that_lead_elsewhere_are_not_taken(hub, checkpoint):
    hub.add("owner/sly", **{"../../up.safetensors": b"x", "/etc/x.safetensors": b"x", "a/../b.safetensors": b"x"})
    with pytest.raises(CheckpointError, match=r"has no \.safetensors file"):
        fetch(HubId.parse("owner/sly"))


def test_no_connection_is_said_in_one_sentence(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match="can't be fetched from the Hugging Face Hub") as error:
        fetch(HubId.parse("owner/one"))
    assert "\n" not in str(error.value)


def test_the_operator_s_credentials_are_not_lent_to_visitors(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(HubId.parse("owner/one"), token=False)
    assert hub.credentials and not any(hub.credentials)


@pytest.mark.parametrize(
    "name",
    [
        "https://huggingface.co/owner/one",
        "hub:https://evil.example/owner/one",
        "file:///etc/passwd",
        "//evil.example/x",
        "../owner/one",
        "owner/../../etc",
        "owner/..",
        "/etc/passwd",
        "/owner/one",
        "owner/one/../../x.safetensors",
        "owner/one/..%2f..%2fx.safetensors",
        "owner/one@../../main",
        "owner/one@refs/pr/1/../..",
        "owner/one@main?token=1",
        "owner/one#main",
        "owner/one\nHost: evil",
        "owner\\one",
        "owner/one/model.pth",
        "owner/one/model.bin",
        "datasets/owner/one",
        "user:password@evil.example/one",
        "owner/one.git",
        "ownér/one",
        "owner",
        "",
        "x" * 10_000,
        "owner/" + "x" * 200,
        "one/" * 5000,
    ],
)
def test_an_id_that_points_elsewhere_is_refused(name):
    with pytest.raises(CheckpointError, match="no repository of the Hugging Face Hub; expected owner/name") as error:
        HubId.parse(name)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_proposal_on_the_hub_is_a_revision():
    assert HubId.parse("owner/one@refs/pr/12") == HubId("owner/one", revision="refs/pr/12")


def test_on_the_command_line_a_name_is_a_file_first(hub, tmp_path, monkeypatch, checkpoint):
    monkeypatch.chdir(tmp_path)
    assert local_checkpoint(Path("owner/one")).name == "mine.safetensors"
    with pytest.raises(CheckpointError, match=r"no such file on this machine, and owner/absent: no such repository"):
        local_checkpoint(Path("owner/absent"))
    (tmp_path / "owner").mkdir()
    asked = len(hub.asked)
    for typed in ("owner/one", "runs/mine/best.safetensors", "nowhere.safetensors", str(checkpoint)):
        assert local_checkpoint(Path(typed)) == Path(typed)
    assert len(hub.asked) == asked
    assert local_checkpoint(Path("hub:owner/one")).name == "mine.safetensors"


def test_card_describes_a_checkpoint_of_the_hub(hub, monkeypatch, capfd):
    from tdn.cli import main

    monkeypatch.setattr("sys.argv", ["tdn", "card", "hub:owner/one", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0 and json.loads(capfd.readouterr().out)[0]["labels"] == ["a", "b", "c"]
