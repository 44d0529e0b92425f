"""The page's samples: chosen by the rule, small, credited; what networks make of them measured as on the page."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from app.gallery import sample_clips
from app.server.settings import SAMPLES
from assets import candidates
from assets.candidates import CONVEYOR, FILMED, MOST_BYTES, Filmed, Made
from assets.make_samples import credited, make
from studies import report
from studies.motion.samples import chosen, row_of, seen_by
from studies.tables import TABLES
from tdn.data.clip import load_clip
from tdn.data.video import probe, write_mp4
from tdn.explain import grad_cam
from tdn.measure.focus import focus_of_clip
from tdn.motion import LABELS
from tdn.networks import as_network
from tdn.weights import load_model
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE

ROOT = Path(__file__).resolve().parents[1]
LEFT, UP, SPIN = LABELS[0], LABELS[2], LABELS[14]


def a_row(name: str, kind: str, label: str = LEFT, **changes) -> dict:
    row = {"name": name, "kind": kind, "label": label, "film": name, "bytes": 10, "difference": 0.0, "differs": ""}
    row |= {"tdn": {"right": True}, "baseline": {"right": True}}
    return row | changes


def filmed(name: str, difference: float, differs: str, film: str, **changes) -> dict:
    return a_row(name, "filmed", difference=difference, differs=differs, film=film, **changes)


def test_the_five_filmed_ones_are_those_that_differ_most_and_of_one_film_only_one():
    rows = [
        filmed("a", 0.3, "focus", "one"),
        filmed("b", 0.2, "answer", "two"),
        filmed("c", -0.9, "focus", "one"),
        filmed("d", 0.0, "", "three"),
        filmed("e", 0.05, "", "four"),
        filmed("f", 0.1, "focus", "five"),
        filmed("heavy", 0.9, "answer", "six", bytes=MOST_BYTES + 1),
        filmed("wrong", 0.9, "focus", "seven", tdn={"right": False}),
    ]
    assert chosen(rows) == [CONVEYOR.name, "b", "c", "f", "e"]
    assert chosen(rows[:4]) == [CONVEYOR.name, "b", "c", "a", "d"]  # too few films: one counts twice


def test_the_made_ones_are_the_first_of_each_group_on_which_the_answers_differ():
    photos = [
        a_row("first", "photographic"),
        a_row("focus", "photographic", differs="focus"),
        a_row("answer", "photographic", differs="answer"),
        a_row("later", "photographic", differs="answer", difference=0.9),
        a_row("still", "photographic", "Holding something still", differs="answer"),
        a_row("spin", "photographic", SPIN),
    ]
    noise = [a_row("n1", "appearance-free"), a_row("n2", "appearance-free", differs="focus")]
    assert chosen(photos + noise) == [CONVEYOR.name, "answer", "spin", "n2"]
    assert chosen(photos[:2]) == [CONVEYOR.name, "focus"]


@pytest.fixture(scope="module")
def one_made(tmp_path_factory) -> Path:
    """The file of a short photographic candidate, with its masks."""
    return candidates.write(Made("photographic", 50), tmp_path_factory.mktemp("made"))


def test_a_candidate_is_measured_from_its_file_by_its_masks(one_made):
    networks = {
        role: load_model(ROOT / "checkpoints" / file) for role, file in (("tdn", TDN_FILE), ("baseline", BASELINE_FILE))
    }
    clip = load_clip(one_made, networks["tdn"])
    label = Made("photographic", 50).label
    with np.load(one_made.with_name(f"{one_made.stem}_mask.npz")) as stored:
        moving = stored["mask"][clip.frames[:, 2]]
    row = row_of(Made("photographic", 50), one_made, {role: as_network(one) for role, one in networks.items()})
    shares = {}
    for role, network in networks.items():
        probabilities = network(clip.tensor)[0].softmax(0)
        assert row[role]["said"] == network.labels[int(probabilities.argmax())]
        assert row[role]["probability"] == pytest.approx(float(probabilities.max()), abs=1e-5)
        maps = grad_cam(network, clip.tensor, network.labels.index(label))
        shares[role] = {layer: focus_of_clip(one[0].numpy(), moving)["energy_share"] for layer, one in maps.items()}
        for layer, share in shares[role].items():
            assert row[role]["focus"][layer]["energy_share"] == pytest.approx(share, abs=1e-4)
    apart = [shares["tdn"][layer] - shares["baseline"][layer] for layer in shares["tdn"]]
    assert row["difference"] == pytest.approx(max(apart, key=abs), abs=1e-3)


def test_without_masks_flow_says_what_moves_and_where_nothing_does_only_the_answer_counts(tmp_path):
    write_mp4(tmp_path / "still.mp4", np.full((40, 64, 64, 3), 128, np.uint8), fps=10)
    found = seen_by(as_network(load_model(ROOT / "checkpoints" / TDN_FILE)), tmp_path / "still.mp4", LEFT)
    assert found["area"] == 0 and found["focus"] == {}
    row = {
        "name": "still",
        "kind": "filmed",
        "label": LEFT,
        "bytes": 10,
        "differs": "",
        "tdn": found,
        "baseline": found,
    }
    moving = {**row, "name": "b", "tdn": found | {"focus": {"res2": {"energy_share": 0.5, "lift": 2.0}}, "area": 0.25}}
    lines = TABLES["samples"]({"rows": [row, moving], "chosen": ["b"]})
    assert "res2: TDN, % (lift)" in lines[0] and "50 (2.0)" in lines[3] and lines[3].endswith("| 1 |")


def test_a_filmed_candidate_is_a_cut_with_the_pictures_of_its_source(tmp_path):
    frames = np.zeros((20, 92, 960, 3), np.uint8)
    frames[7:] = 200
    write_mp4(tmp_path / "film.mp4", frames, fps=12.5)
    cut = Filmed("cut", "film.mp4", "a film", LEFT, "Cut", 6, 10)
    info = probe(candidates.write(cut, tmp_path, tmp_path))
    assert (info.num_frames, info.width, info.height) == (4, 480, 46) and info.fps == pytest.approx(12.5)
    assert cut.is_cut and not CONVEYOR.is_cut


def test_the_samples_are_written_with_credits_and_old_ones_go(tmp_path, one_made):
    shutil.copy(SAMPLES / "conveyor.mp4", tmp_path)
    (tmp_path / "old.mp4").touch()
    (tmp_path / "old_mask.npz").touch()
    make(["conveyor", one_made.stem], tmp_path)
    made_, mask = f"{one_made.stem}.mp4", f"{one_made.stem}_mask.npz"
    assert {path.name for path in tmp_path.iterdir()} == {"conveyor.mp4", made_, mask, "samples.json", "CREDITS.md"}
    assert (tmp_path / made_).read_bytes() == one_made.read_bytes()
    first, second = json.loads((tmp_path / "samples.json").read_text())
    assert first["opening"] == {"sentence": "A belt carries fruit to the left.", "part": 30, "repeat": 7}
    assert second["label"] == Made("photographic", 50).label and second["credit"].startswith("Drawn from photos by ")
    credits = (tmp_path / "CREDITS.md").read_text()
    for file in candidates.photos_in(Made("photographic", 50)):
        assert f"`{file}` ({', '.join(credited()[file])})" in credits
    with pytest.raises(FileNotFoundError, match="pass the folder of the published videos"):
        make(["conveyor", "people"], tmp_path)


def test_the_photos_of_a_clip_are_those_it_is_made_of():
    things, scenes = set(), set()
    for index in range(4):
        parts = [file.split("/")[0] for file in candidates.photos_in(Made("photographic", index))]
        things.add("things" in parts)
        scenes.add({"scenes", "textures"} & set(parts) != set())
    assert things == {True} and scenes == {True}
    assert candidates.photos_in(FILMED[0]) == [] == candidates.photos_in(Made("appearance-free", 0))


def test_what_is_shipped_is_what_the_document_says_was_chosen():
    found = report.kept("benchmark", "samples")
    names = [clip.path.stem for clip in sample_clips(SAMPLES)]
    assert names == found["chosen"] == chosen(found["rows"])
    kinds = [row["kind"] for name in names for row in found["rows"] if row["name"] == name]
    asked = ["filmed"] * 5 + ["photographic"] * 2 + ["appearance-free"]
    assert kinds == asked[: len(kinds)]  # fewer where TDN names none of a kind; the document says so


def test_samples_are_small_and_those_of_others_pictures_credited():
    credits = (SAMPLES / "CREDITS.md").read_text()
    clips = sample_clips(SAMPLES)
    assert clips[0].path.name == "conveyor.mp4" and clips[0].opening
    assert all(clip.path.stat().st_size <= MOST_BYTES for clip in clips)
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 1_500_000
    mine = [clip for clip in clips if not clip.credit]
    assert all(clip.path.stem.startswith("noise_") for clip in mine)
    assert all(f"`{clip.path.name}`" in credits for clip in clips if clip.credit)
    assert all("CC BY" in clip.credit or "public domain" in clip.credit for clip in clips if clip.credit)
