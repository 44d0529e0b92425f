"""Protocols, labels matched by name, and `evaluate` and `ensemble` as a person uses them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tdn.cli import main
from tdn.data.clip import clip_from_frames, read_clip
from tdn.data.transforms import Preprocess
from tdn.data.video import write_mp4
from tdn.evaluate import Protocol, Scores, SyntheticSet, match_labels, run_protocol
from tdn.evaluate.intervals import of_mean, wilson
from tdn.evaluate.splits import split_numbers
from tdn.motion import LABELS, REVERSE_TIME, labels, pairs, strobe, synthetic_clip
from tdn.motion.bias import sign_of
from tdn.motion.splits import SPLITS, material_of, scene_seed
from tdn.weights import Card, load_model, save_checkpoint
from tests.conftest import network, tiny

CROPPED = Preprocess(view="centre_crop", short_side=72, input_size=64, sampling="released")
NAMES = ["walking", "running", "sitting down"]


@pytest.fixture
def tdn(monkeypatch, capfd, tmp_path) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in an empty folder: `code, stdout, stderr = tdn("evaluate", data)`."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["tdn", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capfd.readouterr()

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("evaluate")


@pytest.fixture(scope="module")
def checkpoint(folder) -> Path:
    return saved(folder / "eight.safetensors", NAMES)


@pytest.fixture(scope="module")
def videos(folder) -> Path:
    """A folder per class: two clips of each of NAMES, 13 to 28 frames of noise, wider than high."""
    rng = np.random.default_rng(0)
    for number in range(6):
        path = folder / "videos" / NAMES[number % 3] / f"{number}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_mp4(path, rng.integers(0, 255, (13 + 3 * number, 80, 128, 3), np.uint8))
    return folder / "videos"


def saved(path: Path, labels: list[str], seed: int = 0, row: str = "tdn_resnet50_8f") -> Path:
    """A checkpoint of a random network that tells clips apart."""
    model = network(tiny(row, num_classes=len(labels)), seed)
    model.head.weight.data *= 30
    save_checkpoint(path, model, Card(model.architecture, CROPPED, list(labels)))
    return path


def evaluated(tdn, *arguments: object) -> dict:
    code, stdout, stderr = tdn("evaluate", *arguments, "--json", "--workers", 0, "--device", "cpu")
    assert code == 0, stderr
    return json.loads(stdout)


def assert_refused(ended: tuple[int, str, str], said: str) -> None:
    code, stdout, stderr = ended
    last = stderr.strip().splitlines()[-1]
    assert code == 2 and not stdout and last.startswith("error: ") and said in last, stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    "protocol, words",
    [
        (Protocol.parse("1x1"), "one clip, centre crop"),
        (Protocol.parse("1x3"), "one clip x 3 crops"),
        (Protocol.parse("10x3"), "10 clips x 3 crops, random clips as released, seed 0"),
        (Protocol.parse("10x3", "even"), "10 clips x 3 crops, evenly spaced clips"),
        (Protocol.parse("2x1", seed=7), "2 clips, centre crop, random clips as released, seed 7"),
    ],
)
def test_a_protocol_says_how_the_views_are_taken(protocol, words):
    assert protocol.describe(CROPPED) == words


def test_a_network_of_whole_views_has_no_centre_crop():
    whole = Preprocess(view="whole", short_side=64, input_size=64, sampling="even")
    assert Protocol().describe(whole) == "one clip, whole view"


@pytest.mark.parametrize("text", ["10", "0x1", "1x2", "axb", "-1x3"])
def test_a_protocol_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match="1x1"):
        Protocol.parse(text)


def test_clip_sampling_is_released_or_even():
    with pytest.raises(ValueError, match="released or even"):
        Protocol.parse("10x3", "dense")


def test_classes_are_matched_by_name_whatever_their_order():
    places, said = match_labels(["b", "a"], ["a", "b", "c"])
    assert places == [1, 0] and "another order" in said and "2 of the checkpoint's 3" in said
    assert match_labels(["a", "b"], ["a", "b"]) == ([0, 1], "")


def test_names_that_are_numbers_are_texts_and_no_places():
    assert match_labels(["1", "2", "10"], ["1", "10", "2"])[0] == [0, 2, 1]
    assert match_labels(["01", "10"], ["1", "10", "2"])[0] == [0, 1]
    with pytest.raises(ValueError, match="'3' of the data is not among"):
        match_labels(["1", "3"], ["1", "10", "2"])
    with pytest.raises(ValueError, match="have names and the checkpoint's are numbers"):
        match_labels(["up", "down"], ["1", "2"])


def test_made_up_names_are_numbers_whoever_made_them_up():
    assert match_labels(["1", "0"], ["LABEL_0", "LABEL_1"])[0] == [1, 0]
    assert "nothing checks" in match_labels(["up", "down"], ["LABEL_0", "LABEL_1"])[1]


def test_two_outputs_of_one_name_are_refused():
    with pytest.raises(ValueError, match="the checkpoint has two classes called 'up', 0 and 2"):
        match_labels(["up"], ["up", "down", "u\u200bp"])


def test_brackets_underscores_and_capitals_do_not_make_another_class():
    places, _ = match_labels(["Moving [something] up", "air_drumming"], ["Air drumming", "moving something up"])
    assert places == [1, 0]


def test_classes_that_differ_in_capitals_only_are_matched_exactly():
    assert match_labels(["A", "a"], ["a", "A"])[0] == [1, 0]


def test_a_class_the_checkpoint_lacks_is_named():
    with pytest.raises(ValueError, match="'flying'"):
        match_labels(["up", "flying"], ["up", "down"])


def test_classes_without_names_are_matched_by_number_and_that_is_said():
    places, said = match_labels(["0", "1", "10", *"23456789"], [f"class {i}" for i in range(11)])
    assert places == [0, 1, 10, *range(2, 10)] and "by number" in said
    with pytest.raises(ValueError, match="2 classes and the checkpoint 3"):
        match_labels(["up", "down"], ["class 0", "class 1", "class 2"])
    with pytest.raises(ValueError, match="expected 0 to 1, got 2"):
        match_labels(["1", "2"], ["up", "down"])


def test_one_view_of_a_video_scores_as_the_network_alone_does(tdn, videos, checkpoint):
    report = evaluated(tdn, videos, "--checkpoint", checkpoint)
    scores = Scores.load(report["scores"])
    model = load_model(checkpoint)
    for name, label, logits in zip(scores.ids, scores.labels, scores.logits, strict=True):
        (path,) = videos.rglob(Path(name).name + ("" if name.endswith(".mp4") else ".mp4"))
        assert NAMES[label] == path.parent.name
        assert np.allclose(logits[0], model(read_clip(path, model))[0], atol=1e-4)


def test_every_number_comes_from_the_score_file(tdn, videos, checkpoint):
    report = evaluated(tdn, videos, "--checkpoint", checkpoint)
    scores = Scores.load(report["scores"])
    assert (report["top1"], report["top5"]) == (scores.top_k(1), 100.0)
    assert report["per_class"] == scores.per_class() and set(report["per_class"]) == set(NAMES)
    assert (report["clips"], report["missing"]) == (6, [])
    assert report["protocol"] == scores.protocol == "one clip, centre crop"


def test_the_order_of_classes_does_not_change_the_answer(tdn, folder, videos, checkpoint):
    model = load_model(checkpoint)
    turned = [2, 0, 1]
    model.head.weight.data, model.head.bias.data = model.head.weight[turned], model.head.bias[turned]
    card = Card(model.architecture, CROPPED, [NAMES[i] for i in turned])
    save_checkpoint(folder / "turned.safetensors", model, card)
    one, other = (evaluated(tdn, videos, "--checkpoint", folder / f"{n}.safetensors") for n in ("eight", "turned"))
    assert (one["top1"], one["per_class"]) == (other["top1"], other["per_class"])


def test_another_order_of_classes_is_said(tdn, folder, videos):
    saved(folder / "reversed.safetensors", sorted(NAMES, reverse=True))
    _, _, stderr = tdn("evaluate", videos, "--checkpoint", folder / "reversed.safetensors", "--workers", 0)
    assert "another order" in stderr


def test_a_list_with_numbers_for_classes_says_that_nothing_checks_their_order(tdn, folder, videos, checkpoint):
    lines = [f"{path} 0" for path in sorted(videos.rglob("*.mp4"))]
    (folder / "numbers.txt").write_text("\n".join(lines))
    _, _, err = tdn("evaluate", folder / "numbers.txt", "--checkpoint", checkpoint)
    assert "nothing checks that order" in err and "0 is " in err
    assert "nothing checks" not in tdn("evaluate", videos, "--checkpoint", checkpoint)[2]


def test_a_csv_and_a_folder_of_the_same_clips_give_the_same_answer(tdn, videos, checkpoint):
    listed = videos.parent / "clips.csv"
    rows = [f"videos/{path.parent.name}/{path.name},{path.parent.name}" for path in sorted(videos.rglob("*.mp4"))]
    listed.write_text("\n".join(["file,label", *rows]) + "\n")
    one, other = (evaluated(tdn, data, "--checkpoint", checkpoint) for data in (videos, listed))
    assert (one["top1"], one["per_class"]) == (other["top1"], other["per_class"])
    assert one["scores"] != other["scores"]


def test_ten_clips_and_three_crops_are_thirty_views(tdn, videos, checkpoint):
    report = evaluated(tdn, videos, "--checkpoint", checkpoint, "--protocol", "10x3")
    scores = Scores.load(report["scores"])
    assert scores.logits.shape == (6, 30, 3)
    assert report["protocol"] == "10 clips x 3 crops, random clips as released, seed 0"
    # Left, right and centre of a picture wider than high differ.
    assert not np.allclose(scores.logits[:, 0], scores.logits[:, 1], atol=1e-4)


def test_random_clips_repeat_with_their_seed(videos, checkpoint):
    from tdn.data.datasets import open_dataset

    def logits(**changes) -> np.ndarray:
        dataset = open_dataset(videos)
        return run_protocol(load_model(checkpoint), dataset, Protocol(clips=2, **changes), progress=False).logits

    first, again, other, even = logits(), logits(), logits(seed=1), logits(clip_sampling="even")
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-4) and not np.allclose(first, even, atol=1e-4)


def test_batches_and_workers_do_not_change_scores(folder):
    saved(folder / "motions.safetensors", list(LABELS))
    model = load_model(folder / "motions.safetensors")
    run = [
        run_protocol(model, SyntheticSet(3), Protocol(clips=2), batch_views=size, workers=workers, progress=False)
        for size, workers in ((1, 0), (4, 0), (8, 1))
    ]
    assert run[0].ids == run[1].ids == run[2].ids
    assert np.allclose(run[0].logits, run[1].logits, atol=1e-4) and np.array_equal(run[1].labels, run[2].labels)
    assert np.allclose(run[0].logits, run[2].logits, atol=1e-4)


def test_synthetic_clips_are_those_of_the_benchmark(tdn, folder):
    saved(folder / "motions.safetensors", list(LABELS))
    report = evaluated(tdn, "synthetic", "--clips", 2, "--seed", 5, "--checkpoint", folder / "motions.safetensors")
    scores = Scores.load(report["scores"])
    model = load_model(folder / "motions.safetensors")
    frames, _ = synthetic_clip(1, scene_seed("val", 5, 1), material=material_of("val", 1))
    assert scores.labels.tolist() == [0, 1]
    assert np.allclose(scores.logits[1, 0], model(clip_from_frames(frames, model).tensor)[0], atol=1e-4)


def test_a_clip_that_cannot_be_read_is_named_and_left_out(tdn, videos, checkpoint, tmp_path):
    for path in videos.rglob("*.mp4"):
        (tmp_path / "data" / path.parent.name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / path.parent.name / path.name).write_bytes(path.read_bytes())
    (tmp_path / "data" / "running" / "bad.mp4").write_text("this is not a video")
    report = evaluated(tdn, tmp_path / "data", "--checkpoint", checkpoint)
    whole = evaluated(tdn, videos, "--checkpoint", checkpoint)
    assert report["clips"] == 6 and len(report["missing"]) == 1 and "bad" in report["missing"][0]
    assert report["top1"] == whole["top1"]
    _, stdout, _ = tdn("evaluate", tmp_path / "data", "--checkpoint", checkpoint, "--workers", 0)
    assert "6 clips, 1 missing and left out" in stdout and "bad" in stdout


def test_several_data_sets_are_averaged_and_each_is_reported(tdn, videos, checkpoint):
    paths = sorted(videos.rglob("*.mp4"))
    for number, part in enumerate((paths[:1], paths[1:4], paths[4:]), 1):
        rows = [f"videos/{path.parent.name}/{path.name},{path.parent.name}" for path in part]
        (videos.parent / f"part{number}.csv").write_text("\n".join(["file,label", *rows]) + "\n")
    parts = [videos.parent / f"part{number}.csv" for number in (1, 2, 3)]
    report = evaluated(tdn, *parts, "--checkpoint", checkpoint)
    singles = [evaluated(tdn, part, "--checkpoint", checkpoint) for part in parts]
    assert [split["top1"] for split in report["splits"]] == [single["top1"] for single in singles]
    assert report["top1"] == pytest.approx(np.mean([single["top1"] for single in singles]))
    assert report["clips"] == 6 and len(set(report["scores"])) == 3
    assert report["protocol"] == "one clip, centre crop, mean over 3 splits"


def test_each_split_can_have_the_checkpoint_that_was_not_trained_on_it(tdn, folder, videos, checkpoint):
    other = saved(folder / "other.safetensors", NAMES, seed=1)
    report = evaluated(tdn, videos, videos, "--checkpoint", checkpoint, "--checkpoint", other)
    assert [split["checkpoint"] for split in report["splits"]] == [str(checkpoint), str(other)]
    ended = tdn("evaluate", videos, videos, videos, "--checkpoint", checkpoint, "--checkpoint", other)
    assert_refused(ended, "2 checkpoints for 3 data sets")


def test_the_printed_line_carries_the_protocol(tdn, videos, checkpoint):
    _, stdout, _ = tdn("evaluate", videos, "--checkpoint", checkpoint, "--protocol", "1x3", "--workers", 0)
    first, *others = stdout.splitlines()
    assert "top-1 " in first and "(one clip x 3 crops; 6 clips)" in first
    assert sum(line.strip().endswith(tuple(NAMES)) for line in others) == 3


def test_8_and_16_frames_together(tdn, folder, videos, checkpoint):
    sixteen = saved(folder / "sixteen.safetensors", NAMES, seed=2, row="tdn_resnet50_16f")
    files = [evaluated(tdn, videos, "--checkpoint", path)["scores"] for path in (checkpoint, sixteen)]
    one, other = map(Scores.load, files)
    code, stdout, _ = tdn("ensemble", *files, "--json")
    report = json.loads(stdout)
    expected = np.maximum(one.logits, 0).sum(1) + np.maximum(other.logits, 0).sum(1)
    assert code == 0 and report["top1"] == pytest.approx(100 * (expected.argmax(1) == one.labels).mean())
    assert report["protocol"].startswith("sum of ReLU'd raw logits, as released, of one clip, centre crop and")
    assert [single["top1"] for single in report["single"]] == [one.top_k(1), other.top_k(1)]
    _, stdout, _ = tdn("ensemble", *files, "--rule", "mean-probability", "--json")
    expected = one.mean_probabilities() + other.mean_probabilities()
    assert json.loads(stdout)["top1"] == pytest.approx(100 * (expected.argmax(1) == one.labels).mean())


def test_a_data_set_of_which_nothing_can_be_read_is_refused(tdn, checkpoint, tmp_path):
    for name in NAMES:
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "bad.mp4").write_text("this is not a video")
    assert_refused(tdn("evaluate", tmp_path / "data", "--checkpoint", checkpoint, "--workers", 0), "bad")


def test_bad_input_ends_in_one_line(tdn, folder, videos, checkpoint, tmp_path):
    assert_refused(tdn("evaluate", videos, "--checkpoint", checkpoint, "--protocol", "3"), "1x3")
    assert_refused(tdn("evaluate", tmp_path / "nowhere", "--checkpoint", checkpoint), "nowhere")
    assert_refused(tdn("evaluate", videos, "--checkpoint", "none.safetensors"), "none.safetensors")
    assert_refused(tdn("evaluate", videos, "--checkpoint", checkpoint, "--clips", 3), "--clips")
    assert_refused(tdn("evaluate", videos, "--checkpoint", checkpoint, "--device", "tpu"), "device")
    saved(folder / "other_classes.safetensors", ["walking", "running", "flying"])
    ended = tdn("evaluate", videos, "--checkpoint", folder / "other_classes.safetensors")
    assert_refused(ended, "sitting down")
    assert_refused(tdn("ensemble", tmp_path / "a.npz", tmp_path / "b.npz"), "a.npz")


def test_a_network_that_answers_nonsense_is_refused_naming_the_clip(folder):
    model = load_model(saved(folder / "motions.safetensors", list(LABELS)))
    model.head.bias.data[0] = torch.nan
    with pytest.raises(ValueError, match="val_0_00000: the network's scores are not finite"):
        run_protocol(model, SyntheticSet(1), Protocol(), progress=False)


def test_the_interval_of_a_share_is_wilsons():
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20 and 1 of 29.
    for hits, draws, told in (
        (81, 263, (25.53, 36.62)),
        (15, 148, (6.24, 16.05)),
        (0, 20, (0, 16.11)),
        (1, 29, (0.61, 17.18)),
    ):
        assert wilson(100 * hits / draws, draws) == pytest.approx(told, abs=0.006)


def test_the_interval_of_a_mean_over_one_split_is_its_own():
    assert of_mean([40.0], [(30.0, 52.0)]) == pytest.approx((30, 52))
    low, high = of_mean([40.0, 60.0], [(30.0, 52.0), (50.0, 72.0)])
    assert (low, high) == pytest.approx((50 - 10 / 2**0.5, 50 + 12 / 2**0.5))


def test_every_number_stands_with_its_chance_and_interval(tdn, videos, checkpoint):
    report = evaluated(tdn, videos, "--checkpoint", checkpoint)
    low, high = report["interval"]
    assert report["chance"] == pytest.approx(100 / 3) and low < report["top1"] < high
    both = evaluated(tdn, videos, videos, "--checkpoint", checkpoint)
    assert both["chance"] == report["chance"] and high - low > both["interval"][1] - both["interval"][0] > 0


def answering(split: str, clips: int, answer: Callable[[int, int], int]) -> Scores:
    """Scores of a network that says `answer(index, label)` of each clip, its classes in another order than ours."""
    names = list(LABELS[::-1])
    own = [SPLITS[split].make(0, index, 32).label_index for index in range(clips)]
    logits = np.zeros((clips, 1, len(names)), np.float32)
    for index, label in enumerate(own):
        logits[index, 0, names.index(LABELS[answer(index, label)])] = 9
    return Scores(
        [f"{index}" for index in range(clips)],
        np.array([names.index(LABELS[one]) for one in own]),
        logits,
        names,
        "1x1",
    )


def test_a_pair_counts_where_both_are_right():
    always_first = {label: min(label, REVERSE_TIME[label]) for label in SPLITS["minimal-pairs"].classes}
    fooled = split_numbers(answering("minimal-pairs", 24, lambda index, label: always_first[label]), "minimal-pairs", 0)
    assert (
        fooled["both_right"] == 0
        and fooled["pairs"] == 12
        and fooled["both_right_chance"] == pytest.approx(0.51, abs=0.01)
    )
    right = split_numbers(answering("minimal-pairs", 24, lambda index, label: label), "minimal-pairs", 0)
    assert right["both_right"] == right["over_opposite"]["percent"] == 100
    assert {part: one["pairs"] for part, one in right["parts"].items()} == dict.fromkeys(pairs.KINDS, 4)
    assert right["interval"] == wilson(100, 12)  # a pair is one draw
    one_of_two = split_numbers(
        answering("minimal-pairs", 24, lambda index, label: label if index % 4 else 13), "minimal-pairs", 0
    )
    assert one_of_two["both_right"] == 50


def test_a_stroboscope_counts_directions_in_any_wording():
    streams = {labels.LEFT: labels.STREAM_LEFT, labels.RIGHT: labels.STREAM_LEFT}
    found = split_numbers(
        answering("stroboscope", 80, lambda index, label: streams.get(label, labels.STILL)), "stroboscope", 0
    )
    assert found["chance"] == 25 and list(found["parts"]) == [strobe.part_of(index) for index in range(20)]
    for part in found["parts"].values():
        assert (part["clips"], part["top1"], part["right"], part["opposite"], part["other"]) == (4, 0, 25, 25, 50)


def test_a_biased_answer_is_the_class_of_the_sign():
    def biased(index: int, label: int) -> int:
        sign = sign_of(0, index)
        return label if sign is None else sign

    found = split_numbers(answering("planted-bias", 12, biased), "planted-bias", 0)
    assert found["parts"]["clean"]["top1"] == 100 and found["parts"]["conflicting"]["top1"] == 0
    assert found["scene_class"]["percent"] == 100 and found["scene_class"]["clips"] == 6


@pytest.mark.parametrize("split", ("appearance-free", "minimal-pairs", "stroboscope", "planted-bias", "rate 5"))
def test_a_part_of_the_benchmark_is_evaluated_by_its_name(tdn, folder, split):
    path = saved(folder / "motions.safetensors", list(LABELS))
    report = evaluated(tdn, f"synthetic:{split}", "--clips", 4, "--checkpoint", path)
    assert report["clips"] == 4 and report["chance"] == 100 / len(SPLITS[split].classes)
    low, high = report["interval"]
    assert 0 <= low <= report["top1"] <= high <= 100
    assert ("both_right" in report) == (split == "minimal-pairs") and ("scene_class" in report) == (
        split == "planted-bias"
    )
    code, stdout, _ = tdn("evaluate", f"synthetic:{split}", "--clips", 4, "--checkpoint", path, "--workers", 0)
    assert code == 0 and "chance" in stdout
    assert_refused(tdn("evaluate", "synthetic:triplet", "--checkpoint", path), "expected synthetic or synthetic:NAME")
