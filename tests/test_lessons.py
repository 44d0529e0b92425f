"""What the lab computes and draws, with tiny networks: equal to the slow way, complete, and put back afterwards."""

import base64
import io
import json
import re
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d

from app.explainer import Explainer
from app.lab import lessons, numbers, sheets, text, views
from app.lab.handlers import LabHandlers
from app.lab.lessons import LabClip, Lessons, Opinion
from app.lab.steps import STEPS
from app.lab.tab import Lab
from app.lab.text import BELT_TIMES, CHANGES, NO_LAB, OWN, belt
from app.server.settings import Settings
from app.server.visitors import RateLimit
from tdn.data.clip import Clip
from tdn.data.film import Showing
from tdn.data.transforms import Preprocess, denormalise
from tdn.data.video import write_mp4
from tdn.explain.inside import channel_means, gate_sizes
from tdn.explain.network_changes import s_tdm_weight
from tdn.motion.labels import LABELS
from tdn.weights import Card, save_checkpoint
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE
from tests.conftest import network, random_clip, tiny

BELT = next(step for step in STEPS if step.slug == "belt")
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
    return LabHandlers(explainer, clips, RateLimit(0))


def test_differences_are_those_of_neighbouring_frames_in_levels_of_the_picture(taught: Lessons, clip: Clip):
    levels = taught.differences(clip)
    pixels = torch.from_numpy(denormalise(clip.tensor[0])).float().movedim(-1, -3)  # [T, L, 3, H, W]
    half = avg_pool2d(pixels.flatten(0, 1), 2).unflatten(0, pixels.shape[:2]).movedim(2, -1)
    assert levels.shape == (8, 4, 32, 32, 3)
    assert np.allclose(levels, (half[:, 1:] - half[:, :-1]).numpy(), atol=1e-3)


def test_the_sweep_goes_from_s_tdm_off_to_the_network_as_trained(taught: Lessons, clip: Clip, explainer: Explainer):
    sweep = taught.sweep(clip)
    assert np.allclose(sweep.opinions[-1].probabilities, taught.opinions(clip)["tdn"].probabilities, atol=1e-6)
    with explainer.networks.lent(TDN_FILE) as network, torch.no_grad():
        off = s_tdm_weight(network, 0.0).module(clip.tensor).softmax(1)[0].numpy()
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
    sheet = sheets.cell_sheet(values, 7.0)
    drawn = picture(sheet)
    assert (sheet.width, sheet.height) == (5, 4) and drawn.shape == (8, 15, 3)
    assert (drawn[4:, 10:] == drawn[-1, -1]).all() and (drawn[:4] == drawn[0, 0]).all()
    assert drawn[-1, -1].sum() > drawn[0, 0].sum()


def test_no_change_is_the_middle_grey_and_the_sign_of_a_difference_is_kept():
    assert sheets.difference_tiles(np.array([0.0, 10.0, -10.0, 200.0])).tolist() == [128, 148, 108, 255]


def test_the_right_class_has_a_bar_even_where_it_is_the_least_likely():
    opinion = Opinion("TDN", TDN_FILE, list("abcdef"), np.array([0.4, 0.3, 0.2, 0.07, 0.02, 0.01]))
    assert [bar.label for bar in views.card(opinion, "f").bars] == ["a", "b", "c", "f"]
    assert [bar.right for bar in views.card(opinion, "b").bars] == [False, True, False, False]
    assert not any(bar.right for bar in views.card(opinion, None).bars)


def test_the_numbers_of_the_shipped_networks_are_those_of_their_checkpoints():
    per_class = {"Moving something up": 90.0, "Moving something down": 70.0, "Spinning something fast clockwise": 20.0}
    card = Card(tiny("tdn_resnet50_8f", 3), Preprocess.official(), list(per_class), accuracy={"per_class": per_class})
    (row,) = numbers.rows_of_cards({TDN_FILE: card})
    shown = {column: score.percent for column, score in row.scores.items()}
    assert shown == {"long-range motion": 80.0, "short-term motion": 20.0, "all": 60.0}
    assert "TDN, short-term motion: 20.0%" in numbers.plots({TDN_FILE: card})
    assert "| TDN | 20.0 | 80.0 |  | 60.0 |" in numbers.tables({TDN_FILE: card})
    assert text.NO_CARDS in numbers.plots({}) and text.CARDS_TABLE not in numbers.tables({})


def test_the_numbers_of_the_ablation_are_those_that_were_measured():
    measured = json.loads((numbers.ABLATION.parents[2] / "docs" / "benchmark.json").read_text())["ablation"]["rows"]
    kept = json.loads(numbers.ABLATION.read_text())["rows"]
    assert kept == measured, "python -m studies.motion.ablation --report writes both"
    assert "| TDN, 8 segments | 52.3 | 36 |" in numbers.tables({})


def test_a_dot_stands_at_its_percentage_and_its_interval_ends_at_the_edges():
    drawn = numbers.plot("T", [numbers.Row("<b>", {"all": numbers.Score(50.0, 80.0)})], ("all",))
    for layout in numbers.LAYOUTS:
        picture = re.search(f'<svg class="{layout}".*?</svg>', drawn).group()
        zero, hundred = (float(x) for x in re.findall(r'class="mark" x="([\d.]+)"', picture)[::4])
        assert float(re.search(r'cx="([\d.]+)"', picture).group(1)) == pytest.approx((zero + hundred) / 2, abs=0.1)
        assert f"M{zero:.1f} " in picture and f"H{hundred:.1f}" in picture
        assert "<b>" not in picture and "50.0 ± 80.0" in picture


def test_the_nearest_segment_that_is_left_stands_in_for_one_that_is_dropped():
    assert lessons.stand_ins(5, ()) == [0, 1, 2, 3, 4]
    assert lessons.stand_ins(5, (0, 1)) == [2, 2, 2, 3, 4]
    assert lessons.stand_ins(5, (2,)) == [0, 1, 1, 3, 4]  # of two as near, the earlier
    with pytest.raises(ValueError, match="no segment is left"):
        lessons.stand_ins(3, (0, 1, 2))


def test_a_dropped_segment_is_shown_to_the_networks_no_more(taught: Lessons, clip: Clip, explainer: Explainer):
    found = taught.dropped(clip, (0, 3))
    with explainer.networks.lent(TDN_FILE) as network, torch.no_grad():
        rest = network.module(clip.tensor[:, [1, 1, 2, 2, 4, 5, 6, 7]]).softmax(1)[0].numpy()
        alone = network.module(clip.tensor[:, [0, 1, 2, 3, 4, 5, 6, 6]]).softmax(1)[0].numpy()
    assert np.allclose(found.answers["tdn"].rest.probabilities, rest, atol=1e-5)
    assert np.allclose(found.answers["tdn"].without[7].probabilities, alone, atol=1e-5)
    whole = taught.opinions(clip)["baseline"].probabilities
    assert np.allclose(found.answers["baseline"].whole.probabilities, whole, atol=1e-5)


def test_a_film_of_noise_is_the_same_for_everyone_and_its_answers_hold_what_it_shows(taught: Lessons):
    for number in text.NOISE_CLIPS:
        assert lessons.noise_label(number) in text.NOISE_ANSWERS
    once, again = taught.noise(1), taught.noise(1)
    assert torch.equal(once.tensor, again.tensor) and not torch.equal(once.tensor, taught.noise(3).tensor)
    assert once.tensor.shape == (1, 8, 5, 3, 64, 64)


def test_bars_of_an_answer_come_sorted():
    opinion = Opinion("TDN", TDN_FILE, list("abcdef"), np.array([0.02, 0.3, 0.2, 0.07, 0.4, 0.01]))
    shares = [bar.shares[0] for bar in views.card(opinion, "f").bars]
    assert shares == sorted(shares, reverse=True)


def test_the_belt_is_explained_after_the_guess_only():
    before = " ".join((BELT.lead, BELT.beware, BELT.description))
    assert "stroboscope" not in before.lower() and "k/8" not in before and "at 7" not in before


def test_every_step_has_an_address_and_words_of_its_own():
    for words in ("slug", "name", "title", "lead", "beware", "description"):
        assert len({getattr(step, words) for step in STEPS}) == len(STEPS)
    assert all(re.fullmatch(r"[a-z]+", step.slug) and len(step.description) < 160 for step in STEPS)


def test_the_lab_needs_the_shipped_pair(explainer: Explainer):
    cards = explainer.networks.cards()
    assert lessons.can_teach(cards)
    assert not lessons.can_teach({TDN_FILE: cards[TDN_FILE]})
    assert not lessons.can_teach({TDN_FILE: cards[BASELINE_FILE], BASELINE_FILE: cards[BASELINE_FILE]})


def test_a_page_without_the_pair_says_so_in_place_of_the_lab(tmp_path: Path):
    with gr.Blocks() as page, gr.Tab("lab") as tab:
        Lab(tab, Explainer(tmp_path, "cpu"), None, Settings())
    assert [block.value for block in page.blocks.values() if isinstance(block, gr.Markdown)] == [NO_LAB]


def test_every_step_makes_a_board_and_keeps_it(handlers: LabHandlers):
    answers, board = handlers.still("First")
    assert board.cards == [] and answers.choices[0][0] in lessons.guesses(NAMES[0])
    boards = {
        "guess": lambda: handlers.guess(NAMES[1], "First"),
        "differences": lambda: handlers.differences("0", None),
        "fusion": lambda: handlers.fusion("0", None),
        **{f"belt {times}": lambda times=times: handlers.belt(times)[1] for times in BELT_TIMES},
        "belt": lambda: handlers.belt_guess("Holding something still", "7 times over"),
        **{name: lambda name=name: handlers.change(name, "1", None) for name in CHANGES},
        "gates": lambda: handlers.gates("2", None),
        "noise": lambda: handlers.noise("Second")[1],
        "noise guess": lambda: handlers.noise_guess("Moving something up", "First"),
        "drop": lambda: handlers.drop(["1", "8"], "0", None),
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
    said = {k: belt("right", tops, "T-Conv", Showing(repeat=k), 8, 5) for k in (1, 4, 7, 8, 9)}
    assert said[1].startswith("T-Conv says “right”, as you guessed; TDN says “left”.")
    on, back = "1/8 of a passage on", "1/8 of a passage back"
    parts = [on, "half a passage", back, "nearly the same moment", on]
    assert [part in words for part, words in zip(parts, said.values(), strict=True)] == [True] * 5
    assert "you guessed “up”" in belt("up", tops, "T-Conv", Showing(), 8, 5)
    # The eight frames are those of the film repeated: eight times over all of them are nearly the same.
    once, eight = (handlers.belt(times)[1] for times in ("Once", "8 times over"))
    lines = [np.split(picture(board.sheets[0]).astype(int), 2) for board in (once, eight)]  # segments 1-4, 5-8
    distances = [np.abs(first - second).mean() for first, second in lines]
    assert distances[1] < distances[0]


def test_the_clip_of_analyse_is_taken_where_it_is_chosen(handlers: LabHandlers, video: Path):
    own = handlers.fusion(OWN, str(video))
    assert own.outlined == "Outlined: the answer of TDN as trained"
    with pytest.raises(gr.Error, match="Add a clip under Analyse first"):
        handlers.fusion(OWN, None)


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
        lambda lab: lab.noise("Fourth"),
        lambda lab: lab.noise_guess("none of these", "First"),
        lambda lab: lab.drop(["9"], "0", None),
        lambda lab: lab.drop("12", "0", None),
        lambda lab: lab.drop([["1"]], "0", None),
    ],
)
def test_what_the_page_does_not_offer_is_refused_in_one_sentence(handlers: LabHandlers, call):
    with pytest.raises(gr.Error, match=r"^'Choose one of the \w+ offered\.'$"):
        call(handlers)
