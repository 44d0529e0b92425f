"""What the lab computes and draws, with tiny networks: equal to the slow way, complete, and put back afterwards."""

import base64
import io
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d

from app import lab_views, lessons
from app.explainer import Explainer
from app.lab import LabHandlers, lab_tab
from app.lessons import LabClip, Lessons, Opinion
from app.server.settings import Settings
from app.text import LAB_BELT_TIMES, LAB_CHANGES, LAB_OWN, NO_LAB, lab_belt
from tdn.data.clip import Clip
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess, denormalise
from tdn.data.video import write_mp4
from tdn.explain.inside import channel_means, gate_sizes
from tdn.explain.interventions import s_tdm_weight
from tdn.motion.labels import LABELS
from tdn.weights import Card, save_checkpoint
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE
from tests.conftest import network, random_clip, tiny

NAMES = ["Moving something up", "Moving something down", "Holding something still"]


def save(folder: Path, file: str, row: str) -> None:
    architecture = tiny(row, len(NAMES))
    card = Card(architecture, Preprocess("whole", 64, 64, "even"), NAMES)
    model = network(architecture, seed=3)
    model.head.weight.data.mul_(0.02)  # or every probability is 0 or 1
    save_checkpoint(folder / file, model, card)


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    folder = tmp_path_factory.mktemp("checkpoints")
    save(folder, TDN_FILE, "tdn_resnet50_8f")
    save(folder, BASELINE_FILE, "tconv_baseline_resnet50_8f")
    return Explainer(folder, "cpu")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (44, 12, 16, 3)).astype(np.uint8)
    write_mp4(path, frames.repeat(4, 1).repeat(4, 2), fps=10)
    return path


@pytest.fixture(scope="module")
def taught(explainer: Explainer) -> Lessons:
    return Lessons(explainer)


@pytest.fixture(scope="module")
def clip(taught: Lessons, video: Path) -> Clip:
    return taught.read(video)


@pytest.fixture
def handlers(explainer: Explainer, video: Path) -> LabHandlers:
    clips = [
        LabClip(video, "A", NAMES[0], "Pair"),
        LabClip(video, "B", NAMES[1], "Pair"),
        LabClip(video, "C", NAMES[2]),
    ]
    return LabHandlers(explainer, clips, rate=0)


def test_differences_are_those_of_neighbouring_frames_in_levels_of_the_picture(taught: Lessons, clip: Clip):
    levels = taught.differences(clip)
    pixels = torch.from_numpy(denormalise(clip.tensor[0])).float().movedim(-1, -3)  # [T, L, 3, H, W]
    half = avg_pool2d(pixels.flatten(0, 1), 2).unflatten(0, pixels.shape[:2]).movedim(2, -1)
    assert levels.shape == (8, 4, 32, 32, 3)
    assert np.allclose(levels, (half[:, 1:] - half[:, :-1]).numpy(), atol=1e-3)


def test_the_sweep_goes_from_s_tdm_off_to_the_network_as_trained(taught: Lessons, clip: Clip, explainer: Explainer):
    sweep = taught.sweep(clip)
    assert np.allclose(sweep.opinions[-1].probabilities, taught.opinions(clip)["tdn"].probabilities, atol=1e-6)
    with explainer.lent(TDN_FILE) as model, torch.no_grad():
        off = s_tdm_weight(model, 0.0)(clip.tensor).softmax(1)[0].numpy()
    assert np.allclose(sweep.opinions[0].probabilities, off, atol=1e-6)


@pytest.mark.parametrize("stage", [1, 2])
def test_the_pictures_add_up_as_the_caption_says(taught: Lessons, clip: Clip, stage: int):
    sweep = taught.sweep(clip, (0.0, 0.5, 1.0))
    added = sweep.means[f"diff{stage}"].repeat(2, axis=2).repeat(2, axis=3)  # nearest: each cell twice as wide and high
    weights = np.array(sweep.weights).reshape(-1, 1, 1, 1)
    expected = sweep.alpha * sweep.means[f"rgb{stage}"] + weights * sweep.beta * added
    assert np.allclose(sweep.means[f"res{stage}"], expected, atol=1e-4)


def test_gate_sizes_are_what_l_tdm_multiplies_by_and_looking_changes_nothing():
    model = network(tiny())
    clip = random_clip(model.architecture)
    l_tdm = model.res4[0].temporal.l_tdm
    passed = []
    handle = l_tdm.register_forward_hook(lambda module, inputs, output: passed.append((inputs[0], output)))
    logits, sizes = gate_sizes(model, clip)
    handle.remove()
    features, gated = passed[0]
    assert list(sizes) == [3, 4, 5] and torch.equal(logits, model(clip))
    gate = l_tdm.gate(features)
    assert torch.allclose(gated, features * (1 + gate)) and torch.allclose(sizes[4][0], gate.abs().mean(1))
    assert not any(module._forward_hooks for module in model.modules())


def test_a_network_without_l_tdm_has_no_gates_to_look_at():
    model = network(tiny("s_tdm_resnet50_8f"))
    with pytest.raises(ValueError, match="no L-TDM"):
        gate_sizes(model, random_clip(model.architecture))


def test_channel_means_leave_no_hook_behind():
    model = network(tiny())
    channel_means(model, random_clip(model.architecture), ("rgb1", "res2"))
    assert not any(module._forward_hooks for module in model.modules())


def test_gates_off_differ_from_on(taught: Lessons, clip: Clip):
    found = taught.gates(clip)
    assert not np.allclose(found.on.probabilities, found.off.probabilities)
    assert np.allclose(found.on.probabilities, taught.opinions(clip)["tdn"].probabilities, atol=1e-6)


def test_reversing_inside_windows_reaches_tdn_alone(taught: Lessons, clip: Clip):
    before, after = taught.opinions(clip), taught.opinions(clip, "reverse inside windows")
    assert np.array_equal(before["baseline"].probabilities, after["baseline"].probabilities)
    assert not np.allclose(before["tdn"].probabilities, after["tdn"].probabilities)


def test_both_directions_offer_the_same_answers_so_the_list_tells_nothing():
    for label in LABELS:
        assert label in lessons.guesses(label)
        if other := lessons.opposite(label):
            assert lessons.guesses(label) == lessons.guesses(other)


def test_what_a_changed_clip_shows_is_said_only_where_it_has_a_name():
    spin, back = "Spinning something fast clockwise", "Spinning something fast counter-clockwise"
    assert lessons.shows_after("reverse", spin) == lessons.shows_after("reverse inside windows", spin) == back
    assert lessons.shows_after("reverse", "Moving something up") == "Moving something down"
    assert lessons.shows_after("reverse inside windows", "Moving something up") is None  # segments still go up
    assert lessons.shows_after("freeze windows", spin) is lessons.shows_after("reverse", None) is None


def picture(sheet) -> np.ndarray:
    data = base64.b64decode(sheet.picture.split(",")[1])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_tile_lies_in_the_row_and_column_the_browser_looks_for_it():
    values = np.zeros((2, 3, 4, 5))
    values[1, 2] = 7.0
    sheet = lab_views.cell_sheet(values, 7.0)
    drawn = picture(sheet)
    assert (sheet.width, sheet.height) == (5, 4) and drawn.shape == (8, 15, 3)
    assert (drawn[4:, 10:] == drawn[-1, -1]).all() and (drawn[:4] == drawn[0, 0]).all()
    assert drawn[-1, -1].sum() > drawn[0, 0].sum()


def test_no_change_is_the_middle_grey_and_the_sign_of_a_difference_is_kept():
    assert lab_views.difference_tiles(np.array([0.0, 10.0, -10.0, 200.0])).tolist() == [128, 148, 108, 255]


def test_the_right_class_has_a_bar_even_where_it_is_the_least_likely():
    opinion = Opinion("TDN", TDN_FILE, list("abcdef"), np.array([0.4, 0.3, 0.2, 0.07, 0.02, 0.01]))
    assert [bar.label for bar in lab_views.card(opinion, "f").bars] == ["a", "b", "c", "f"]
    assert [bar.right for bar in lab_views.card(opinion, "b").bars] == [False, True, False, False]
    assert not any(bar.right for bar in lab_views.card(opinion, None).bars)


def test_numbers_show_the_ablation_once_it_is_measured():
    score = {"mean": 51.25, "half_interval": 2.0}
    row = {"variant": "S-TDM only", "start": "neutral", "seeds": 3, "paper": 51.5} | dict.fromkeys(
        lab_views.GROUPS, score
    )
    measured = lessons.benchmark()
    assert "has not been measured yet" in lab_views.numbers({"cards": measured["cards"]})
    shown = lab_views.numbers({"cards": measured["cards"], "ablation": {"rows": [row]}})
    assert "| S-TDM only (neutral) | 3 | 51.2 ± 2.0 |" in shown and "has not been measured yet" not in shown
    assert "| TDN, 8 segments | 52.3 | 36 |" in shown


def test_the_lab_needs_the_shipped_pair(explainer: Explainer):
    cards = explainer.cards()
    assert lessons.can_teach(cards)
    assert not lessons.can_teach({TDN_FILE: cards[TDN_FILE]})
    assert not lessons.can_teach({TDN_FILE: cards[BASELINE_FILE], BASELINE_FILE: cards[BASELINE_FILE]})


def test_a_page_without_the_pair_says_so_in_place_of_the_lab(tmp_path: Path):
    with gr.Blocks() as page, gr.Tab("lab") as tab:
        lab_tab(tab, Explainer(tmp_path, "cpu"), None, Settings())
    assert [block.value for block in page.blocks.values() if isinstance(block, gr.Markdown)] == [NO_LAB]


def test_every_step_makes_a_board_and_keeps_it(handlers: LabHandlers):
    answers, board = handlers.still("First")
    assert board.cards == [] and answers.choices[0][0] in lessons.guesses(NAMES[0])
    boards = {
        "guess": lambda: handlers.guess(NAMES[1], "First"),
        "differences": lambda: handlers.differences("0", None),
        "fusion": lambda: handlers.fusion("0", None),
        **{f"belt {times}": lambda times=times: handlers.belt(times)[1] for times in LAB_BELT_TIMES},
        "belt": lambda: handlers.belt_guess("Holding something still", "7 times over"),
        **{name: lambda name=name: handlers.change(name, "1", None) for name in LAB_CHANGES},
        "gates": lambda: handlers.gates("2", None),
    }
    for make in boards.values():
        board = make()
        assert make() is board
        for tile in (tile for row in board.rows for tile in row.tiles):
            sheet = board.sheets[tile.sheet]
            rows, columns = np.array(picture(sheet).shape[:2]) // (sheet.height, sheet.width)
            assert rows > {"frame": 4, "weight": 10}.get(tile.by, tile.row)
            assert columns == (1 if tile.alone else len(board.positions))


def test_the_belt_is_told_as_far_on_or_back_as_its_segments_stand(handlers: LabHandlers):
    tops = {"TDN": "left", "T-Conv": "right"}
    said = {k: lab_belt("right", tops, "T-Conv", Showing(repeat=k), 8, 5) for k in (1, 4, 7, 8, 9)}
    assert said[1].startswith("T-Conv says “right”, as you guessed; TDN says “left”.")
    on, back = "1/8 of a passage on", "1/8 of a passage back"
    parts = [on, "half a passage", back, "nearly the same moment", on]
    assert [part in words for part, words in zip(parts, said.values(), strict=True)] == [True] * 5
    assert "you guessed “up”" in lab_belt("up", tops, "T-Conv", Showing(), 8, 5)
    # The eight frames are those of the film repeated: eight times over all of them are nearly the same.
    once, eight = (handlers.belt(times)[1] for times in ("Once", "8 times over"))
    lines = [np.split(picture(board.sheets[0]).astype(int), 2) for board in (once, eight)]  # segments 1-4, 5-8
    distances = [np.abs(first - second).mean() for first, second in lines]
    assert distances[1] < distances[0]


def test_the_clip_of_analyse_is_taken_where_it_is_chosen(handlers: LabHandlers, video: Path):
    own = handlers.fusion(LAB_OWN, str(video))
    assert own.outlined == "Outlined: the answer of TDN as trained"
    with pytest.raises(gr.Error, match="Add a clip under Analyse first"):
        handlers.fusion(LAB_OWN, None)


@pytest.mark.parametrize(
    "call",
    [
        lambda lab: lab.still("Fourth"),
        lambda lab: lab.guess("none of these", "First"),
        lambda lab: lab.guess(NAMES[0], None),
        lambda lab: lab.differences("-1", None),
        lambda lab: lab.fusion("3", None),
        lambda lab: lab.belt("1000 times over"),
        lambda lab: lab.belt_guess("none of these", "Once"),
        lambda lab: lab.change("random weights", "0", None),
        lambda lab: lab.gates({"a": 1}, None),
    ],
)
def test_what_the_page_does_not_offer_is_refused_in_one_sentence(handlers: LabHandlers, call):
    with pytest.raises(gr.Error, match=r"^'Choose one of the \w+ offered\.'$"):
        call(handlers)
