"""Numbers from scores, against answers worked out by hand; score files; two networks together."""

from dataclasses import replace

import numpy as np
import pytest

from tdn.evaluate.ensemble import combine
from tdn.evaluate.scores import Scores, label_order_warning, numbers, softmax, top_k_accuracy

NAMES = ["up", "down", "left"]
# Logits whose softmax is easy: the logarithm of probabilities.
BY_VIEW = np.log(
    [
        [[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]],  # mean 0.4 0.3 0.3: up
        [[0.1, 0.8, 0.1], [0.3, 0.4, 0.3]],  # mean 0.2 0.6 0.2: down
        [[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]],  # mean 0.45 0.35 0.2: up
        [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]],  # mean 0.3 0.25 0.45: left
    ]
)


def scores(**changes) -> Scores:
    whole = Scores(["a", "b", "c", "d"], [0, 1, 1, 0], BY_VIEW, NAMES, "one clip", ["e"], "5ha", "tiny")
    return replace(whole, **changes)


def test_views_are_averaged_as_probabilities():
    expected = [[0.4, 0.3, 0.3], [0.2, 0.6, 0.2], [0.45, 0.35, 0.2], [0.3, 0.25, 0.45]]
    assert np.allclose(scores().mean_probabilities(), expected, atol=1e-7)


def test_top_k_counts_clips_whose_class_is_among_the_k_likeliest():
    # The place of its own class: a 1st, b 1st, c 2nd, d 2nd.
    assert [scores().top_k(k) for k in (1, 2, 3, 5)] == [50.0, 100.0, 100.0, 100.0]


def test_top_5_of_six_classes():
    ranks = np.array([[9, 8, 7, 6, 5, 4]] * 6)
    assert top_k_accuracy(ranks, np.arange(6), 5) == pytest.approx(100 * 5 / 6)


def test_among_equal_scores_the_first_class_leads():
    assert top_k_accuracy(np.array([[1.0, 1.0, 0.0]] * 2), np.array([0, 1]), 1) == 50.0


def test_a_class_without_clips_has_no_accuracy():
    assert scores().per_class() == {"up": 50.0, "down": 50.0}


def test_the_confusion_matrix_has_a_row_a_class_and_a_column_an_answer():
    assert scores().confusion().tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 0]]


def test_missing_clips_are_in_no_number():
    report = numbers(scores().mean_probabilities(), scores().labels, NAMES)
    assert report == {"top1": 50.0, "top5": 100.0, "clips": 4, "per_class": {"up": 50.0, "down": 50.0}}


def test_no_clips_have_no_accuracy():
    nothing = Scores([], [], np.zeros((0, 1, 3)), NAMES, "one clip", ["a"])
    with pytest.raises(ValueError, match="no clip was evaluated"):
        nothing.top_k(1)


def test_the_softmax_of_large_logits_is_finite():
    assert softmax(np.array([1e4, 0.0, -1e4])).tolist() == [1.0, 0.0, 0.0]


def test_a_score_file_gives_back_what_was_saved(tmp_path):
    scores().save(tmp_path / "new" / "s.npz")
    back = Scores.load(tmp_path / "new" / "s.npz")
    assert back.logits.dtype == np.float32 and np.array_equal(back.logits, scores().logits)
    assert (back.ids, back.class_names, back.missing) == (["a", "b", "c", "d"], NAMES, ["e"])
    assert (back.protocol, back.checkpoint, back.data) == ("one clip", "5ha", "tiny")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["s.npz"]


def test_scores_of_a_data_set_that_could_not_be_read_can_be_saved(tmp_path):
    Scores([], [], np.zeros((0, 1, 3)), NAMES, "one clip", ["a"]).save(tmp_path / "s.npz")
    assert Scores.load(tmp_path / "s.npz").missing == ["a"]


def test_a_damaged_score_file_is_refused_by_name(tmp_path):
    path = tmp_path / "s.npz"
    scores().save(path)
    whole = path.read_bytes()
    logit = whole.index(scores().logits.tobytes())
    changed = whole[:logit] + bytes([whole[logit] ^ 1]) + whole[logit + 1 :]
    for broken in (b"", b"text", whole[: len(whole) // 2], changed):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"s\.npz: not a whole score file"):
            Scores.load(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match=r"s\.npz: not a whole score file"):
        Scores.load(path)


def test_a_score_file_that_is_not_there_says_what_writes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="evaluate"):
        Scores.load(tmp_path / "s.npz")


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"logits": np.zeros((4, 3))}, r"expected \[4, V, 3\], got \[4, 3\]"),
        ({"labels": [0, 1]}, r"labels: expected \[4\]"),
        ({"labels": [0, 1, 3, 0]}, "c: label 3, expected 0 to 2"),
        ({"ids": ["a", "b", "a", "d"]}, "the clip a stands twice"),
        ({"logits": np.where(BY_VIEW < np.log(0.15), np.nan, BY_VIEW)}, "a: the network's scores are not finite"),
    ],
)
def test_scores_that_do_not_fit_each_other_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        scores(**changes)


def test_the_released_ensemble_adds_relu_d_logits():
    one = Scores(["a"], [0], [[[2.0, -9.0, 1.0]]], NAMES, "8 frames")
    other = Scores(["a"], [0], [[[-5.0, 2.5, 0.5]]], NAMES, "16 frames")
    assert combine([one, other], "released").tolist() == [[2.0, 2.5, 1.5]]


def test_the_released_ensemble_takes_the_mean_over_views_of_relu_d_logits():
    one = Scores(["a"], [0], [[[2.0, -9.0, 1.0], [4.0, 1.0, -1.0]]], NAMES, "8 frames")
    other = Scores(["a"], [0], [[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]], NAMES, "16 frames")
    assert combine([one, other], "released").tolist() == [[4.0, 2.5, 3.5]]


def test_the_mean_of_probabilities_gives_both_networks_the_same_say():
    one = Scores(["a"], [0], np.log([[[0.6, 0.3, 0.1]]]), NAMES, "8 frames")
    # Larger by a constant: the same probabilities, which the released rule would let win.
    other = Scores(["a"], [0], np.log([[[0.2, 0.7, 0.1]]]) + 50, NAMES, "16 frames")
    assert np.allclose(combine([one, other], "mean-probability"), [[0.4, 0.5, 0.1]], atol=1e-5)


@pytest.mark.parametrize("rule", ["released", "mean-probability"])
def test_an_ensemble_matches_clips_by_name(rule):
    shuffled = [2, 0, 3, 1]
    same = scores(ids=["c", "a", "d", "b"], labels=np.array([0, 1, 1, 0])[shuffled], logits=BY_VIEW[shuffled])
    assert np.allclose(combine([scores(), same], rule), combine([scores(), scores()], rule))


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"ids": ["a", "b", "x", "d"]}, "the clip c has scores of the first network only"),
        ({"labels": [0, 1, 2, 0]}, "the clip c is 'down' in one and 'left' in the other"),
        ({"class_names": ["up", "left", "down"]}, "class 1 is 'down' in one and 'left' in the other"),
    ],
)
def test_an_ensemble_of_other_clips_labels_or_classes_is_refused_naming_the_first(changes, said):
    with pytest.raises(ValueError, match=said):
        combine([scores(), scores(**changes)])


def test_an_ensemble_says_which_clip_only_one_network_could_read():
    fewer = Scores(["a", "b", "c"], [0, 1, 1], BY_VIEW[:3], NAMES, "one clip", ["d"])
    with pytest.raises(ValueError, match=r"the clip d .* could not read it"):
        combine([scores(), fewer])
    with pytest.raises(ValueError, match=r"the clip d .* could not read it"):
        combine([fewer, scores()])


def test_an_ensemble_takes_two_networks_and_a_known_rule():
    with pytest.raises(ValueError, match="at least two"):
        combine([scores()])
    with pytest.raises(ValueError, match="released or mean-probability"):
        combine([scores(), scores()], "vote")


def many(num_clips: int, num_classes: int, right: int) -> Scores:
    """Clips of which the first `right` are recognised."""
    labels = np.arange(num_clips) % num_classes
    said = np.where(np.arange(num_clips) < right, labels, (labels + 1) % num_classes)
    names = [f"name {c}" for c in range(num_classes)]
    return Scores([str(i) for i in range(num_clips)], labels, 9.0 * np.eye(num_classes)[said][:, None], names, "")


@pytest.mark.parametrize(
    "num_clips, num_classes, right, warned",
    [
        (100, 50, 3, True),  # 3% against twice chance, 4%
        (100, 50, 4, False),
        (50, 50, 0, False),  # too few clips to tell
        (100, 49, 0, False),  # too few classes
    ],
)
def test_an_accuracy_below_twice_chance_warns_of_the_order_of_labels(num_clips, num_classes, right, warned):
    assert bool(label_order_warning(many(num_clips, num_classes, right))) == warned
