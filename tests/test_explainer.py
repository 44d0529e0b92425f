"""The page's door to the networks: one request, two analyses, errors in one sentence, limits that hold."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.analysis import Analysis, Request, RequestError
from app.explainer import Explainer
from app.networks import MODELS_KEPT, Networks
from app.results import ANALYSES_KEPT
from studies.abuse.visitors import is_sentence
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess
from tdn.data.video import UnreadableVideo, write_mp4
from tdn.explain import grad_cam
from tdn.model import FAMILY, system_name
from tdn.weights import Card, load_model, save_checkpoint
from tests.conftest import network, tiny

LABELS = ["up", "down", "still"]
WHOLE = Preprocess("whole", 64, 64, "even", max_frames=64)


def save(folder: Path, file: str, row: str, labels: list[str] = LABELS, preprocess: Preprocess = WHOLE, **changes):
    architecture = tiny(row, len(labels), **changes)
    save_checkpoint(folder / file, network(architecture), Card(architecture, preprocess, labels))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints")
    save(path, "tdn.safetensors", "tdn_resnet50_8f")
    save(path, "base.safetensors", "tconv_baseline_resnet50_8f")
    save(path, "reordered.safetensors", "tconv_baseline_resnet50_8f", labels=LABELS[::-1])
    save(path, "others.safetensors", "tconv_baseline_resnet50_8f", labels=["left", "right", "still"])
    save(path, "larger.safetensors", "tconv_baseline_resnet50_8f", preprocess=replace(WHOLE, input_size=96))
    (path / "broken.safetensors").write_bytes(b"no checkpoint")
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3)).astype(np.uint8)
    write_mp4(path, frames, fps=10)
    return str(path)


@pytest.fixture
def explainer(folder: Path) -> Explainer:
    return Explainer(folder, "cpu")


def analyses(explainer: Explainer, request: Request) -> list[Analysis]:
    return list(explainer.analyse(explainer.prepare(request)))


def test_a_change_is_compared_with_the_clip_as_it_is(explainer: Explainer, clip: str):
    prepared = explainer.prepare(Request(clip, "tdn.safetensors", "base.safetensors"))
    frozen = explainer.compare(prepared, "freeze windows")
    before, after = (answers["tdn"].explained for answers in (frozen.before.answers, frozen.after))
    assert before.target == after.target and not np.allclose(before.logits, after.logits)
    baseline = frozen.before.answers["baseline"].explained, frozen.after["baseline"].explained
    assert np.allclose(baseline[0].logits, baseline[1].logits)  # it never sees more than the centre frames
    assert explainer.compare(prepared, "reverse").order == [7, 6, 5, 4, 3, 2, 1, 0]
    assert set(explainer.compare(prepared, "S-TDM off").after) == {"tdn"}
    assert np.allclose(
        explainer.compare(prepared, "freeze windows").before.answers["tdn"].explained.logits, before.logits
    )


def test_one_class_less_another_is_the_difference_of_their_maps_before_and_after_a_change(explainer, clip: str):
    asked = Request(clip, "tdn.safetensors", "base.safetensors", target="up")
    up, down, less = (
        analyses(explainer, replace(asked, **changes))[-1].answers
        for changes in ({}, {"target": "down"}, {"versus": "down"})
    )
    for role in up:
        found = {
            name: one[role].explained.signed["final"] for name, one in (("up", up), ("down", down), ("less", less))
        }
        assert (
            np.allclose(found["less"], found["up"] - found["down"], atol=1e-6) and less[role].explained.versus == "down"
        )
    after = explainer.compare(explainer.prepare(replace(asked, versus="down", method="hirescam")), "reverse").after
    assert after["tdn"].explained.versus == "down" and after["tdn"].explained.rule.method == "hirescam"


def test_a_repeated_clip_is_compared_with_the_clip_as_it_is(explainer: Explainer, clip: str):
    prepared = explainer.prepare(Request(clip, "tdn.safetensors", "base.safetensors"))
    found = explainer.compare(prepared, "repeat 7", explainer.shown_otherwise(prepared, "repeat 7"))
    again = explainer.prepare(Request(clip, "tdn.safetensors"), Showing(repeat=7))
    *_, alone = explainer.analyse(again)
    assert np.allclose(found.after["tdn"].explained.logits, alone.answers["tdn"].explained.logits)
    assert found.after["baseline"].explained.label == found.before.target
    assert np.array_equal(found.after["tdn"].moments.pictures, again.clip.centre_frames)
    assert "7 times over" in found.note
    assert explainer.shown_otherwise(prepared, "reverse") is None
    with pytest.raises(RequestError, match="whole number from 1 to 16"):
        explainer.shown_otherwise(prepared, "repeat 17")


def test_a_change_of_a_part_that_is_not_there_is_refused(explainer: Explainer, clip: str):
    prepared = explainer.prepare(Request(clip, "base.safetensors"))
    with pytest.raises(RequestError, match="None of the chosen networks"):
        explainer.compare(prepared, "S-TDM off")


def test_predictions_and_final_maps_come_first_and_res2_second(explainer: Explainer, clip: str):
    quick, full = analyses(explainer, Request(clip, "tdn.safetensors", "base.safetensors"))
    assert not quick.has_maps and full.has_maps
    for role in ("tdn", "baseline"):
        assert set(quick.answers[role].explained.maps) == {"final"}
        assert quick.answers[role].top == full.answers[role].top
        assert set(full.answers[role].explained.maps) == {"res2", "final"}


def test_both_networks_explain_the_top_class_of_the_first(explainer: Explainer, clip: str, folder: Path):
    full = analyses(explainer, Request(clip, "tdn.safetensors", "base.safetensors"))[-1]
    assert full.target == full.answers["tdn"].top[0][0]
    assert full.answers["baseline"].explained.label == full.target
    prepared = explainer.prepare(Request(clip, "base.safetensors"))
    expected = grad_cam(load_model(folder / "base.safetensors"), prepared.clip.tensor, LABELS.index(full.target))
    torch.testing.assert_close(
        torch.tensor(full.answers["baseline"].explained.maps["res2"]), expected["res2"][0], rtol=1e-4, atol=1e-7
    )


def test_the_same_class_is_found_where_labels_stand_in_another_order(explainer: Explainer, clip: str):
    full = analyses(explainer, Request(clip, "tdn.safetensors", "reordered.safetensors", target="up"))[-1]
    assert [answer.explained.target for answer in full.answers.values()] == [0, 2]
    assert {answer.explained.label for answer in full.answers.values()} == {"up"}


def test_one_checkpoint_answers_alone(explainer: Explainer, clip: str):
    assert list(analyses(explainer, Request(clip, "tdn.safetensors"))[-1].answers) == ["tdn"]


def test_two_networks_of_one_kind_are_told_apart(explainer: Explainer, clip: str):
    quick = analyses(explainer, Request(clip, "base.safetensors", "reordered.safetensors"))[0]
    titles = [answer.explained.title for answer in quick.answers.values()]
    assert titles == ["T-Conv baseline base", "T-Conv baseline reordered"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"target": "sideways"}, "no such class"),
        ({"target": "3"}, "no such class"),
        ({"target": "x" * 5000}, "no such class"),
        ({"target": "9" * 5000}, "no such class"),
        ({"target": "²"}, "no such class"),
        ({"tdn": "absent.safetensors"}, "not among those"),
        ({"tdn": "../tdn.safetensors"}, "not among those"),
        ({"tdn": "broken.safetensors"}, "not among those"),
        ({"tdn": "x" * 5000}, "not among those"),
        ({"versus": "Flying"}, "no such class"),
        ({"method": "magic"}, "expected one of grad_cam"),
    ],
)
def test_a_wrong_choice_is_refused_in_one_sentence(explainer: Explainer, clip: str, changes: dict, says: str):
    with pytest.raises(RequestError, match=says) as error:
        explainer.prepare(replace(Request(clip, "tdn.safetensors", "base.safetensors"), **changes))
    assert is_sentence(str(error.value))


def test_a_file_that_is_no_video_is_refused_by_name(explainer: Explainer, tmp_path: Path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnreadableVideo, match=r"^text\.mp4: "):
        explainer.prepare(Request(str(tmp_path / "text.mp4"), "tdn.safetensors"))


def test_limits_on_seconds_and_bytes_hold(folder: Path, clip: str):
    with pytest.raises(RequestError, match="lasts 2 seconds, the limit is 1"):
        Explainer(folder, "cpu", max_seconds=1).prepare(Request(clip, "tdn.safetensors"))
    with pytest.raises(RequestError, match="larger than 0 MB"):
        Explainer(folder, "cpu", max_mb=0).prepare(Request(clip, "tdn.safetensors"))


def test_cards_leave_out_files_that_are_not_ours(explainer: Explainer):
    assert "tdn.safetensors" in explainer.networks.cards() and "broken.safetensors" not in explainer.networks.cards()


def test_no_folder_of_checkpoints_is_no_error(tmp_path: Path):
    assert Explainer(tmp_path / "absent", "cpu").networks.cards() == {}


def test_a_network_is_loaded_once_for_all_who_ask_together(explainer: Explainer, monkeypatch: pytest.MonkeyPatch):
    reads = []
    monkeypatch.setattr("app.networks.load_model", lambda *args: reads.append(args) or load_model(*args))
    ready, loaded = threading.Barrier(32), []

    def ask() -> None:
        ready.wait()
        loaded.append(explainer.networks.get("tdn.safetensors"))

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 32 and len({id(model) for model in loaded}) == 1 and len(reads) == 1


def test_only_a_few_networks_stay_in_memory(tmp_path: Path):
    for number in range(MODELS_KEPT + 2):
        save(tmp_path, f"{number}.safetensors", "tdn_resnet50_8f")
    explainer = Explainer(tmp_path, "cpu")
    for number in range(MODELS_KEPT + 2):
        explainer.networks.get(f"{number}.safetensors")
    assert len(explainer.networks._loaded) == MODELS_KEPT


def test_only_the_latest_analyses_are_kept(explainer: Explainer, clip: str):
    prepared = explainer.prepare(Request(clip, "tdn.safetensors"))
    full = list(explainer.analyse(prepared))[-1]
    for_good = explainer.results.remember(full, prepared, for_good=True)
    tokens = [explainer.results.remember(full, prepared) for _ in range(ANALYSES_KEPT + 1)]
    assert explainer.results.recall(tokens[-1]).analysis is full and explainer.results.recall(for_good).analysis is full
    with pytest.raises(RequestError, match="no longer kept"):
        explainer.results.recall(tokens[0])


def test_analyses_at_the_same_time_equal_those_one_by_one(explainer: Explainer, clip: str):
    requests = [Request(clip, "tdn.safetensors", "base.safetensors", target=label) for label in LABELS]
    alone = [analyses(explainer, request)[-1] for request in requests]
    together: dict[str, Analysis] = {}
    threads = [
        threading.Thread(target=lambda r=request: together.update({r.target: analyses(explainer, r)[-1]}))
        for request in requests
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for analysis in alone:
        maps = together[analysis.target].answers["tdn"].explained.maps
        np.testing.assert_array_equal(maps["final"], analysis.answers["tdn"].explained.maps["final"])


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("tdn_resnet50_8f", "TDN"),
        ("tconv_baseline_resnet50_8f", "T-Conv baseline"),
        ("tsn_resnet50_8f", "TSN"),
        ("tsm_resnet50_8f", "TSM"),
        ("s_tdm_resnet50_8f", "S-TDM only"),
        ("l_tdm_resnet50_8f", "L-TDM only"),
    ],
)
def test_a_network_is_called_what_it_is(row: str, name: str):
    assert system_name(FAMILY[row].architecture) == name


def test_another_class_of_the_same_clip_needs_no_forward_pass(explainer: Explainer, clip: str, monkeypatch):
    first = analyses(explainer, Request(clip, "tdn.safetensors", target="up"))[-1].answers["tdn"].explained
    monkeypatch.setattr("app.explainer.ForwardPass", None)
    other = analyses(explainer, Request(clip, "tdn.safetensors", target="down"))[-1].answers["tdn"].explained
    assert np.array_equal(first.logits, other.logits) and (first.label, other.label) == ("up", "down")
    assert not np.array_equal(first.maps["res2"], other.maps["res2"])


def test_kept_passes_are_bounded(explainer: Explainer, clip: str):
    explainer._passes.most = 1
    full = analyses(explainer, Request(clip, "tdn.safetensors", "base.safetensors"))[-1]
    assert full.has_maps and len(explainer._passes) == 1


def test_signed_maps_are_the_maps_and_what_speaks_against_the_class(explainer: Explainer, clip: str):
    answer = analyses(explainer, Request(clip, "tdn.safetensors"))[-1].answers["tdn"]
    for layer, signed in answer.explained.signed.items():
        np.testing.assert_array_equal(signed.clip(min=0), answer.explained.maps[layer])
        assert signed.min() < 0


def test_what_is_kept_of_a_clip_is_the_clip(explainer: Explainer, clip: str):
    prepared = explainer.prepare(Request(clip, "tdn.safetensors"))
    full = list(explainer.analyse(prepared))[-1]
    again = explainer.results.recall(explainer.results.remember(full, prepared)).clip
    torch.testing.assert_close(again.tensor, prepared.clip.tensor)
    np.testing.assert_array_equal(again.centre_frames, prepared.clip.centre_frames)
    assert again.seen_box == prepared.clip.seen_box and again.info == prepared.clip.info


def test_an_upload_that_was_deleted_is_said_to_be_with_the_time(folder: Path, tmp_path: Path):
    explainer = Explainer(folder, "cpu", keep_minutes=60)
    with pytest.raises(RequestError, match=r"^down01\.mp4 was deleted from this server after 60 minutes; choose it"):
        explainer.prepare(Request(str(tmp_path / ("ab" * 32) / "down01.mp4"), "tdn.safetensors"))
    with pytest.raises(FileNotFoundError, match="no such file"):
        explainer.prepare(Request(str(tmp_path / "elsewhere" / "down01.mp4"), "tdn.safetensors"))


def test_of_other_networks_only_those_of_the_operator_are_opened_and_never_code(folder: Path, tmp_path: Path, caplog):
    marker, code = tmp_path / "ran", tmp_path / "mine.py"
    code.write_text(f"open({str(marker)!r}, 'w')\ndef build(): pass\n")
    offered = "torchvision:r3d_18?weights=none&classes=3&frames=8&size=32"
    networks = Networks(folder, "cpu", others=(offered, f"{code}:build"))
    assert list(networks.others) == ["torchvision:r3d_18", "module:mine_build"]
    assert networks.get("torchvision:r3d_18") is networks.get("torchvision:r3d_18")
    assert networks.is_loaded("torchvision:r3d_18")
    with pytest.raises(RequestError, match=r"mine_build \(module\) could not be opened on this server"):
        networks.get("module:mine_build")
    for stranger in (offered, "torchvision:mc3_18?weights=none", f"{code}:build", "hf:owner/name"):
        with pytest.raises(RequestError, match="not among those"):
            networks.get(stranger)
    assert not marker.exists() and "code is run on the command line" in caplog.text


def test_each_network_reads_the_clip_by_its_own_rule(explainer: Explainer, clip: str):
    prepared = explainer.prepare(Request(clip, "tdn.safetensors", "larger.safetensors"))
    assert [one.tensor.shape[-1] for one in prepared.clips.values()] == [64, 96]
    *_, found = explainer.analyse(prepared)
    alone = analyses(explainer, Request(clip, "larger.safetensors", target=found.target))[-1]
    assert np.allclose(found.answers["baseline"].explained.logits, alone.answers["tdn"].explained.logits)
    assert len(found.timeline.numbers) == len(set(found.timeline.numbers))


def test_where_classes_differ_each_side_has_its_own(explainer: Explainer, clip: str):
    full = analyses(explainer, Request(clip, "tdn.safetensors", "others.safetensors", target="up"))[-1]
    other = full.answers["baseline"].explained
    assert full.target == "up" and other.label == full.answers["baseline"].top[0][0]
    assert "knows no class “up”" in full.note
    asked = analyses(explainer, Request(clip, "tdn.safetensors", "others.safetensors", target="left"))[-1]
    assert asked.answers["baseline"].explained.label == "left" and asked.target in LABELS
