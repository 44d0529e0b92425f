"""The doctor: a sound installation is said to be, each fault is named with its remedy."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tdn import doctor
from tdn.weights.shipped import checkpoint_folder

ROOT = Path(__file__).resolve().parents[1]


def only(check: Callable) -> doctor.Finding:
    (finding,) = check()
    return finding


def test_this_installation_is_sound():
    done = subprocess.run(
        [sys.executable, "-m", "tdn", "doctor", "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    findings = json.loads(done.stdout)
    assert done.returncode == 0 and not [one for one in findings if one["state"] == "broken"]
    assert {"python", "packages", "torchvision", "opencv", "h264", "device", "cache"} <= {
        one["name"] for one in findings
    }
    assert "tdn_small_8f.safetensors" in {one["name"] for one in findings}


def versions(monkeypatch, **given: str) -> None:
    true = doctor.version
    monkeypatch.setattr(doctor, "version", lambda name: given.get(name.replace("-", "_"), None) or true(name))


def test_a_torchvision_of_another_torch_is_named_with_the_one_to_take(monkeypatch):
    versions(monkeypatch, torch="2.13.0+cpu", torchvision="0.24.1")
    finding = only(doctor.torch_and_torchvision)
    assert finding.state == "broken" and "torchvision==0.28.*" in finding.remedy


def test_two_opencvs_at_two_versions_are_a_mixture(monkeypatch):
    versions(monkeypatch, opencv_python_headless="4.10.0.84")
    finding = only(doctor.opencv)
    assert finding.state == "broken" and "one version" in finding.remedy


def test_a_codec_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("tdn.data.video.codecs.USUAL_CODECS", ("h264", "no such codec"))
    states = {finding.name: finding for finding in doctor.codecs()}
    assert states["h264"].state == "ok" and states["codecs"].state == "broken"
    assert "no such codec" in states["codecs"].said and "pip install" in states["codecs"].remedy


def test_an_installation_without_torch_and_opencv_is_examined_all_the_same():
    """Both stand in for anything that is missing: the doctor itself needs neither."""
    program = (
        "import json, sys; sys.modules.update(dict.fromkeys(('torch', 'cv2', 'av', 'safetensors')));"
        "from tdn.doctor import examine; print(json.dumps({f.name: [f.state, f.remedy] for f in examine()}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert all(found[check][0] == "broken" and found[check][1] for check in ("opencv", "codecs", "checkpoints"))
    assert found["python"][0] == found["packages"][0] == found["cache"][0] == "ok"


def test_a_library_of_the_system_that_is_missing_is_told_from_a_package():
    def opencv():
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "CHECKS", (opencv,))
        (finding,) = doctor.examine()
    assert "headless OpenCV" in finding.remedy


def test_a_hub_cache_that_can_not_be_written_is_a_note(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    (finding,) = (one for one in doctor.folders() if one.name == "hub cache")
    assert finding.state == "note" and "HF_HOME" in finding.remedy


def test_a_package_out_of_range_is_named(monkeypatch):
    versions(monkeypatch, gradio="5.0.0")
    finding = only(doctor.packages)
    assert finding.state == "broken" and "gradio is 5.0.0" in finding.said


def test_a_device_that_is_not_there_is_broken(monkeypatch):
    monkeypatch.setenv("DEVICE", "tpu")
    assert only(doctor.device).state == "broken"


def test_a_cache_that_can_not_be_written_is_broken(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "cache"))
    finding = only(doctor.folders)
    assert finding.state == "broken" and "GRADIO_TEMP_DIR" in finding.remedy


def test_checkpoints_that_are_missing_or_cut_short_are_named(monkeypatch, tmp_path):
    whole = checkpoint_folder() / "tdn_small_8f.safetensors"
    shutil.copy(whole, tmp_path / "good.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(whole.read_bytes()[:100_000])
    monkeypatch.setenv("TDN_CHECKPOINTS", str(tmp_path))
    states = {finding.name: finding.state for finding in doctor.checkpoints()}
    assert states == {"checkpoints": "broken", "cut.safetensors": "broken", "good.safetensors": "ok"}


def test_a_check_that_fails_is_a_finding_and_not_a_crash(monkeypatch):
    def codecs():
        raise RuntimeError("no such codec")
        yield

    monkeypatch.setattr(doctor, "CHECKS", (codecs,))
    assert doctor.examine() == [doctor.Finding("codecs", "broken", "no such codec", doctor.REINSTALL)]


def test_something_broken_exits_with_one(monkeypatch, tmp_path, capsys):
    from tdn.cli import main

    monkeypatch.setenv("TDN_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["tdn", "doctor"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1 and "broken" in capsys.readouterr().out


@pytest.mark.parametrize("native", [True, False])
def test_a_device_without_instructions_for_bfloat16_is_a_note(monkeypatch, native):
    monkeypatch.setattr("tdn.device.has_bfloat16", lambda device: native)
    (found,) = [one for one in doctor.device() if one.name == "bfloat16"]
    assert found.state == ("ok" if native else "note")
