"""The command line as a person uses it: results on standard output, one `error:` line and exit code 2 when it fails."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from tdn.cli import main
from tdn.data import read_clip
from tdn.data.opposites import same_way
from tdn.data.transforms import Preprocess
from tdn.data.video import decode_frames, probe, write_mp4
from tdn.explain import grad_cam
from tdn.model import RESNET50, Architecture
from tdn.motion import LABELS
from tdn.weights import Card, load_model, save_checkpoint
from tdn.weights.official import official_name
from tdn.words import markdown
from tests.conftest import network, tiny

ROOT = Path(__file__).resolve().parents[1]
WHOLE = Preprocess(view="whole", short_side=64, input_size=64, sampling="even", fps=None, max_frames=64)


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def tdn(monkeypatch, capfd) -> Callable[..., Result]:
    """Run the command line in this process: `tdn("classify", video)`; `checkpoints` a folder with a pair."""

    def run(*arguments: object, checkpoints: Path | None = None) -> Result:
        monkeypatch.setattr(sys, "argv", ["tdn", *map(str, arguments)])
        if checkpoints:
            monkeypatch.setenv("TDN_CHECKPOINTS", str(checkpoints))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Result(ended.value.code, *capfd.readouterr())

    return run


def assert_refused(result: Result, said: str) -> None:
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2
    assert lines[-1].startswith("error: ") and said in lines[-1], result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Path:
    """A folder with a small random pair under the shipped names."""
    folder = tmp_path_factory.mktemp("pair")
    rows = ("tdn_resnet50_8f", "tconv_baseline_resnet50_8f", "s_tdm_resnet50_8f")
    for row in rows:
        name = row.replace("resnet50", "small")
        model = network(tiny(row, num_classes=len(LABELS)))
        save_checkpoint(folder / f"{name}.safetensors", model, Card(model.architecture, WHOLE, list(LABELS)))
    return folder


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("video") / "noise.mp4"
    write_mp4(path, np.random.default_rng(0).integers(0, 255, (30, 72, 96, 3), np.uint8))
    return path


def test_models_lists_every_row_and_draws_figure_1(tdn, tmp_path):
    result = tdn("models", "--json", "--plot", tmp_path / "cost.png")
    listed = {row["name"]: row for row in json.loads(result.stdout)}
    row = listed["tdn_resnet50_8f"]
    assert row["multiply_adds"] == pytest.approx(35.64e9, rel=1e-3)
    assert row["paper"] == {"table": "1, 2", "multiply_adds": 36e9, "top1": 52.3}
    assert listed["tdn_paper_resnet50_8f"]["paper"] is None
    mobile = listed["tdn_mobilenetv2_8f"]
    assert mobile["paper"] is None and mobile["multiply_adds"] == pytest.approx(2.33e9, rel=1e-2)
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert {"backbone", "num_segments", "window", "input_size", "parameters"} <= set(row)


def test_classify_prints_one_json_list(tdn, pair, video):
    result = tdn("classify", video, "--json", "--top", 3, checkpoints=pair)
    (answer,) = json.loads(result.stdout)
    assert result.returncode == 0
    assert len(answer["labels"]) == len(answer["indices"]) == len(answer["probabilities"]) == 3
    assert len(answer["logits"]) == len(LABELS) and np.shape(answer["frames"]) == (8, 5)
    assert answer["labels"][0] == LABELS[int(np.argmax(answer["logits"]))]


def test_a_bad_video_does_not_stop_the_others(tdn, pair, video, tmp_path):
    bad = tmp_path / "text.mp4"
    bad.write_text("this is not a video")
    result = tdn("classify", bad, video, tmp_path / "missing.mp4", "--json", checkpoints=pair)
    first, second, third = json.loads(result.stdout)
    assert "error" in first and "labels" in second and "error" in third
    assert result.returncode == 2 and result.stderr.count("error: ") == 2


def test_classify_in_bfloat16_says_nearly_the_same(tdn, pair, video):
    exact, fast = (
        np.array(json.loads(tdn("classify", video, *extra, "--json", checkpoints=pair).stdout)[0]["logits"])
        for extra in ((), ("--bf16",))
    )
    assert 0 < np.abs(exact - fast).max() < 0.1 * exact.std() + 0.05


def test_explain_writes_the_bundle(tdn, pair, video, tmp_path):
    result = tdn("explain", video, "--target", "Moving something up", "--out", tmp_path / "out", checkpoints=pair)
    assert result.returncode == 0, result.stderr
    maps = np.load(tmp_path / "out" / "maps.npz")
    assert maps["tdn_res2"].shape == (8, 16, 16) and maps["baseline_final"].shape == (8, 4, 4)
    assert maps["tdn_res2"].dtype == np.float32 and (maps["tdn_res2"] >= 0).all()
    assert maps["frames"].shape == (8, 72, 96, 3) and maps["frames"].dtype == np.uint8
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["target"]["label"] == "Moving something up"
    assert set(manifest["models"]) == {"tdn", "baseline"} and np.shape(manifest["frames"]) == (8, 5)
    assert (tmp_path / "out" / "figure.pdf").read_bytes().startswith(b"%PDF")
    with av.open(str(tmp_path / "out" / "overlay.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sum(1 for _ in container.decode(stream)) == 8


def test_explain_with_one_checkpoint_has_one_model(tdn, pair, video, tmp_path):
    checkpoint = pair / "tdn_small_8f.safetensors"
    tdn("explain", video, "--checkpoint", checkpoint, "--out", tmp_path, checkpoints=pair)
    assert set(np.load(tmp_path / "maps.npz")) == {"tdn_res2", "tdn_final", "frames"}


def test_explain_takes_any_layer_method_scale_and_intervention(tdn, pair, video, tmp_path):
    asked = ("--layers", "diff2,res3", "--method", "hirescam", "--signed", "--scale", "shared", "--speed", "2")
    changes = ("--change", "reverse", "--change", "S-TDM off", "--change", "speed 0.5")
    result = tdn("explain", video, "--out", tmp_path, *asked, *changes, "--versus", 3, checkpoints=pair)
    assert result.returncode == 0, result.stderr
    maps = np.load(tmp_path / "maps.npz")
    # The baseline has no S-TDM: it is shown where it can be, and not after what it does not have.
    assert set(maps) == {
        *("frames", "tdn_diff2", "tdn_res3", "baseline_res3"),
        *("tdn_diff2_after_reverse", "tdn_res3_after_reverse", "baseline_res3_after_reverse"),
        *("tdn_diff2_after_S-TDM_off", "tdn_res3_after_S-TDM_off"),
        *("tdn_diff2_after_speed_0.5", "tdn_res3_after_speed_0.5", "baseline_res3_after_speed_0.5"),
    }
    assert maps["tdn_res3"].min() < 0 and not np.array_equal(maps["tdn_res3"], maps["tdn_res3_after_reverse"])
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["method"] == "HiResCAM, signed, logit before softmax" and manifest["versus"] == LABELS[3]
    assert manifest["scale"]["rule"] == "shared by the models"
    assert set(manifest["changes"]) == {"reverse", "S-TDM off", "speed 0.5"} and set(
        manifest["changes"]["S-TDM off"]
    ) == {"tdn"}
    assert sum(manifest["evidence_share"]["baseline_res3"]) == pytest.approx(1, abs=1e-3)


def test_explain_shows_a_video_repeated_and_in_part_as_the_file_written_that_way(tdn, pair, video, tmp_path):
    (tmp_path / "once").mkdir()
    (tmp_path / "seven").mkdir()
    pictures = [Image.fromarray(picture) for _, picture in decode_frames(video, range(12))]
    for number in range(7 * 12):
        if number < 12:
            pictures[number].save(tmp_path / "once" / f"{number + 1:05d}.png")
        pictures[number % 12].save(tmp_path / "seven" / f"{number + 1:05d}.png")
    checkpoint = pair / "tdn_small_8f.safetensors"
    asked = ("--target", 2, "--layers", "final", "--checkpoint", checkpoint, "--out", tmp_path / "out")
    result = tdn("explain", tmp_path / "once", *asked, "--change", "repeat 7", "--change", "first 50%")
    assert result.returncode == 0, result.stderr
    assert "repeat 7: The video is shown 7 times over; of 8 windows, " in result.stderr
    changes = json.loads((tmp_path / "out" / "manifest.json").read_text())["changes"]
    assert changes["first 50%"]["tdn"]["note"].startswith("Only the first 6 of 12 frames are shown.")
    # Which frames of the video its maps are of, each window in order but for a seam.
    frames = np.array(changes["repeat 7"]["tdn"]["frames"])
    assert frames.shape == (8, 5) and frames.max() < 12 and (np.diff(frames) % 12 >= 1).all()
    assert np.array(changes["first 50%"]["tdn"]["frames"]).max() < 6
    model = load_model(checkpoint)
    written = read_clip(tmp_path / "seven", model)
    assert changes["repeat 7"]["tdn"]["logits"] == pytest.approx(model(written)[0].tolist(), abs=1e-4)
    maps = np.load(tmp_path / "out" / "maps.npz")["tdn_final_after_repeat_7"]
    assert maps == pytest.approx(grad_cam(model, written, 2, ["final"])["final"][0].numpy(), abs=1e-4)


def test_a_timeline_has_every_frame_and_marks_those_that_were_looked_at(tdn, pair, video, tmp_path):
    result = tdn("explain", video, "--out", tmp_path, "--timeline", "--layers", "final", checkpoints=pair)
    assert result.returncode == 0, result.stderr
    with av.open(str(video)) as container:
        expected = sum(1 for _ in container.decode(video=0))
    with av.open(str(tmp_path / "timeline.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == expected
    centres = {window[2] for window in json.loads((tmp_path / "manifest.json").read_text())["frames"]}
    border = [picture[60:110, :2].mean() > 200 for picture in pictures]  # below the caption
    assert {number for number, marked in enumerate(border) if marked} == centres


def test_what_was_done_to_a_video_is_said_and_its_timeline_keeps_the_pause(tdn, pair, tmp_path):
    times = np.arange(20) / 25 + np.where(np.arange(20) < 12, 0, 5)
    frames = np.random.default_rng(0).integers(0, 255, (20, 72, 96, 3), np.uint8)
    write_mp4(tmp_path / "paused.mp4", frames, fps=25, times_sec=times)
    said = "The video pauses once, for up to 5.04 seconds after frame 11: frames on both sides of a pause are taken as "
    result = tdn("classify", tmp_path / "paused.mp4", "--json", checkpoints=pair)
    assert json.loads(result.stdout)[0]["notes"][0].startswith(said)
    assert f"paused.mp4: {said}" in result.stderr
    result = tdn(
        *("explain", tmp_path / "paused.mp4", "--out", tmp_path / "out", "--timeline", "--layers", "final"),
        checkpoints=pair,
    )
    assert f"paused.mp4: {said}" in result.stderr
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["notes"][0].startswith(said)
    assert probe(tmp_path / "out" / "timeline.mp4").times_sec == pytest.approx(times, abs=1e-4)


def test_a_folder_of_frames_is_explained_as_the_video_it_came_from(tdn, pair, video, tmp_path):
    (tmp_path / "frames").mkdir()
    for number, picture in decode_frames(video, range(30)):
        Image.fromarray(picture).save(tmp_path / "frames" / f"{number + 1:05d}.png")
    maps = []
    for source in (video, tmp_path / "frames"):
        out = tmp_path / f"of {source.name}"
        result = tdn("explain", source, "--out", out, "--layers", "final", "--timeline", checkpoints=pair)
        assert result.returncode == 0, result.stderr
        with np.load(out / "maps.npz") as stored:
            maps.append(stored["tdn_final"])
        assert (out / "timeline.mp4").exists()
    assert np.array_equal(*maps)
    (tmp_path / "empty").mkdir()
    assert_refused(tdn("explain", tmp_path / "empty", "--out", tmp_path, checkpoints=pair), "empty: no frames")


def test_strobe_counts_directions_over_a_list_and_names_a_bad_video(tdn, pair, video, tmp_path):
    (tmp_path / "broken.mp4").write_text("no video")
    (tmp_path / "clips.csv").write_text(
        f"file,label\n{video},{LABELS[0]}\nbroken.mp4,{LABELS[0]}\n{video},{LABELS[13]}\n"
    )
    asked = ("strobe", tmp_path / "clips.csv", "--repeats", "1,7-8", "--json", "--out", tmp_path / "out")
    result = tdn(*asked, checkpoints=pair)
    assert_refused(result, "broken.mp4: not a readable video")
    found = json.loads(result.stdout)
    assert (found["repeats"], found["videos"], found["with_opposite"]) == ([1, 7, 8], 2, 1)
    assert list(found["networks"]) == ["tdn_small_8f", "s_tdm_small_8f", "tconv_baseline_small_8f"]
    for numbers in found["networks"].values():
        for key in ("right", "opposite", "p_right", "p_opposite", "seam_windows", "right_interval"):
            assert len(numbers[key]) == 3
        assert len(numbers["by_part"]["p_right"]) == 3
    assert json.loads((tmp_path / "out" / "strobe.json").read_text()) == found
    with (tmp_path / "out" / "strobe.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * 6 and {row["repeat"] for row in rows} == {"1", "7", "8"}
    mean = np.mean([float(r["p_right"]) for r in rows if (r["network"], r["repeat"]) == ("tdn_small_8f", "7")])
    assert mean == pytest.approx(found["networks"]["tdn_small_8f"]["p_right"][1], abs=1e-5)
    pdf = (tmp_path / "out" / "strobe.pdf").read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf
    with Image.open(tmp_path / "out" / "strobe.png") as picture:
        assert picture.info["dpi"][0] == pytest.approx(300, abs=1)


def test_strobe_of_one_video_tells_its_answers_and_the_first_is_that_of_classify(tdn, pair, video):
    said = json.loads(tdn("classify", video, "--json", checkpoints=pair).stdout)[0]
    result = tdn("strobe", video, "--json", checkpoints=pair)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["repeats"] == list(range(1, 17)) and found["labels"] == {str(video): said["labels"][0]}
    way = same_way(said["labels"][0], LABELS)
    logits = torch.tensor(said["logits"])
    assert found["networks"]["tdn_small_8f"]["p_right"][0] == pytest.approx(
        float(logits.softmax(0)[way].sum()), abs=1e-4
    )
    one = pair / "tdn_small_8f.safetensors"
    in_words = tdn("strobe", video, "--checkpoint", one, "--repeats", 7, "--target", LABELS[2], checkpoints=pair).stdout
    assert "tdn_small_8f: 1 video" in in_words and "7 x" in in_words and "first 33%" in in_words
    assert "tconv" not in in_words and LABELS[2] in in_words
    two = ("--checkpoint", one, pair / "tconv_baseline_small_8f.safetensors", "--repeats", 1, "--json")
    assert list(json.loads(tdn("strobe", video, *two).stdout)["networks"]) == [
        "tdn_small_8f",
        "tconv_baseline_small_8f",
    ]
    nothing = tdn("strobe", "gone.mp4", "--checkpoint", one, "--json")
    assert_refused(nothing, "gone.mp4: no such file")
    assert json.loads(nothing.stdout)["videos"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("film.mp4", "--repeats", "0-3"), "--repeats 0-3: expected numbers from 1 to 16"),
        (("film.mp4", "--repeats", "7,17"), "expected numbers from 1 to 16"),
        (("film.mp4", "--repeats", "7,1"), "--repeats 7,1: expected numbers from 1 to 16 in ascending order, such as"),
        (("film.mp4", "--repeats", "often"), "expected numbers from 1 to 16"),
        (("film.mp4", "--target", "Flying"), "tdn_small_8f: target 'Flying': no such class"),
        (("nothing.csv",), "nothing.csv: no such file"),
        (("wrong.csv",), "columns file and label"),
        (("half.csv",), "line 2 lacks a file or a label"),
        (("film.mp4",), "film.mp4: no such file"),
    ],
)
def test_strobe_refuses_what_it_cannot_show(tdn, pair, tmp_path, arguments, said, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wrong.csv").write_text("number,colour\n1,red\n")
    Path("half.csv").write_text("file,label\na.mp4,\n")
    result = tdn("strobe", *arguments, checkpoints=pair)
    assert_refused(result, said)
    assert result.stdout == ""


@pytest.mark.parametrize("kind, width", [("4", 2), ("5", 2), ("6", 8)])
def test_figures_of_the_paper_are_drawn_for_any_videos(tdn, pair, video, tmp_path, kind, width):
    result = tdn("figures", video, video, "--kind", kind, "--out", tmp_path, checkpoints=pair)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / f"figure-{kind}.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(tmp_path / f"figure-{kind}.png") as picture:
        assert picture.width > width * 1.4 * 300 and picture.info["dpi"][0] == pytest.approx(300, abs=1)


def test_a_figure_is_drawn_by_the_method_that_is_asked_for(tdn, pair, video, tmp_path):
    for name, asked in (("usual", []), ("other", ["--method", "hirescam"])):
        result = tdn("figures", video, "--kind", "5", *asked, "--out", tmp_path / name, checkpoints=pair)
        assert result.returncode == 0, result.stderr
    usual, other = (np.asarray(Image.open(tmp_path / name / "figure-5.png")) for name in ("usual", "other"))
    bar = np.s_[:, -usual.shape[1] // 20 :]  # what the colours are, at the right edge
    assert (usual != other).any() and (usual[bar] != other[bar]).any()


def test_figures_refuse_what_does_not_exist(tdn, pair, video, tmp_path):
    assert_refused(tdn("figures", video, "--kind", "9", "--out", tmp_path, checkpoints=pair), "4, 5, 6")
    assert_refused(tdn("figures", tmp_path / "no.mp4", "--out", tmp_path, checkpoints=pair), "no.mp4")
    for verb in (["figures", video], ["focus", "synthetic"]):
        assert_refused(tdn(*verb, "--method", "cam", "--out", tmp_path, checkpoints=pair), "method 'cam': expected")
    assert_refused(tdn("focus", "synthetic", "--method", "eigencam", checkpoints=pair), "knows no class")


def test_focus_prints_the_numbers_of_both_networks_and_of_the_controls(tdn, pair, tmp_path):
    asked = ("focus", "synthetic", "--clips", 2, "--json", "--method", "xgradcam", "--out", tmp_path)
    found = json.loads(tdn(*asked, checkpoints=pair).stdout)
    assert found["method"].startswith("XGrad-CAM, weights per frame")
    assert found["clips"] == 2 and found["masks"] == "known"
    for numbers in (found["models"]["baseline"]["res2"], found["controls"]["center"]):
        assert {"energy_share", "mask_area", "lift", "pointing", "pointing_chance"} <= set(numbers)
    assert set(found["controls"]) == {"uniform", "center", "frame_difference", "random_weights"}
    assert len(found["paired"]["final"]["lift"]) == 2
    assert json.loads((tmp_path / "focus.json").read_text()) == found
    assert (tmp_path / "focus.csv").read_text().count("\n") == 1 + 2 * 9
    asked = ("focus", "synthetic", "--clips", 2, "--method", "xgradcam", "--out", tmp_path)
    in_words = tdn(*asked, checkpoints=pair).stdout
    assert "At final: 2 clips are too few to tell the networks apart" in in_words
    assert_refused(tdn("focus", "synthetic:triplet", checkpoints=pair), "no such part")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--layers", "res9"), "expected one of"),
        (("--method", "scorecam"), "expected one of grad_cam"),
        (("--scale", "log"), "clip, shared, frame"),
        (("--change", "melt"), "freeze windows"),
        (("--change", "repeat 17"), "expected a whole number from 1 to 16, got 17"),
        (("--change", "first 0%"), "expected a percentage above 0 and at most 100, got 0"),
        (("--versus", "Flying"), "no such class"),
        (("--speed", "0"), "above 0"),
        (("--target", "Flying"), "no such class"),
        (("--target", "19"), "no such class"),
        (("--checkpoint", "nowhere.safetensors"), "no such checkpoint"),
        (("--device", "tpu"), "device"),
    ],
)
def test_explain_refuses_what_does_not_exist(tdn, pair, video, tmp_path, arguments, said):
    assert_refused(tdn("explain", video, *arguments, "--out", tmp_path, checkpoints=pair), said)


def test_usage_errors_are_one_line_too(tdn):
    assert_refused(tdn("explain"), "video")
    assert_refused(tdn("train", "no-such-recipe"), "smoke")
    assert_refused(tdn("fly"), "fly")


def test_a_run_that_diverges_ends_in_one_line(tdn, tmp_path):
    changes = ("learning_rate=1e30", "warmup_share=0", "pool_clips=8", "val_clips=2", "clips_per_epoch=16")
    settings = [part for change in changes for part in ("--set", change)]
    assert_refused(tdn("train", "smoke", "--out", tmp_path / "run", *settings), "learning_rate")


def test_a_place_that_can_not_be_written_is_one_line_too(tdn, pair, video, tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(tdn("explain", video, "--out", tmp_path / "file" / "out", checkpoints=pair), "file")


def test_convert_goes_there_and_back(tdn, tmp_path):
    model = network(Architecture(RESNET50, 5))
    torch.save({official_name(n): v for n, v in model.state_dict().items()}, tmp_path / "official.pth")
    names = tmp_path / "names.txt"
    names.write_text("a\nb\nc\nd\ne\n")
    ours = tmp_path / "ours.safetensors"
    assert tdn("convert", tmp_path / "official.pth", ours, "--num-segments", 8, "--labels", names).returncode == 0
    back = tmp_path / "back.pth.tar"
    assert tdn("convert", ours, back).returncode == 0
    assert torch.load(back, weights_only=True)["state_dict"]["module.new_fc.bias"].shape == (5,)
    assert_refused(tdn("convert", tmp_path / "official.pth", tmp_path / "x.safetensors"), "--num-segments")


def test_synth_writes_clips_masks_and_labels(tdn, tmp_path):
    assert tdn("synth", "--out", tmp_path, "--clips", 2, "--seed", 1).returncode == 0
    header, *lines = (tmp_path / "labels.csv").read_text().splitlines()
    assert header == "file,label,group" and len(lines) == 2
    name = lines[0].split(",")[0]
    with av.open(str(tmp_path / name)) as container:
        num_frames = sum(1 for _ in container.decode(video=0))
    mask = np.load(tmp_path / name.replace(".mp4", "_mask.npz"))["mask"]
    assert mask.dtype == bool and len(mask) == num_frames


def test_card_prints_accuracy_by_class_side_by_side(tdn, pair):
    printed = tdn("card", checkpoints=pair).stdout
    assert "| Moving something up | - | - |" in printed and "tconv_baseline_small_8f" in printed


def test_card_prints_names_as_literal_markdown():
    assert markdown("`a` | <b>x</b> $5_") == r"\`a\` \| \<b\>x\</b\> \$5\_"
    assert markdown("tconv_baseline_small_8f (up)") == "tconv_baseline_small_8f (up)"


def test_python_m_tdn_is_the_same_command_line():
    result = subprocess.run([sys.executable, "-m", "tdn", "fly"], cwd=ROOT, capture_output=True, text=True)
    assert_refused(Result(result.returncode, result.stdout, result.stderr), "fly")


def test_networks_are_listed_by_a_process_that_has_loaded_nothing_else():
    """In one process with other tests torchvision is there already, with the operators that it lacks declared."""
    result = subprocess.run(
        [sys.executable, "-m", "tdn", "networks", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    (tdn,) = (one for one in json.loads(result.stdout) if one["name"].endswith("tdn_small_8f.safetensors"))
    assert "GPL-2" in tdn["licence"]  # of the pictures that it learnt from
