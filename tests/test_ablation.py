"""The ablation from ImageNet weights: who trains what, on which clips, and what the table makes of the results."""

import json
from dataclasses import replace

from studies import report
from studies.motion import ablation
from studies.motion.ablation import BUDGET, NETWORKS, RATES, SEEDS, Run
from tdn.model import FAMILY
from tdn.motion import LABELS


def result(top1: float, learnt_from: str = Run("TDN", SEEDS[0], RATES[0]).learnt_from) -> dict:
    accuracy = {"top1": top1, "per_class": dict.fromkeys(LABELS, top1)}
    found = {
        "val": {"top1": top1},
        "appearance-free": {"top1": top1},
        "minimal-pairs": {"top1": top1, "both_right": top1 / 2, "parts": {"stops": {"both_right": top1 / 4}}},
    }
    return {"learnt_from": learnt_from, "accuracy": accuracy, "splits": found}


def test_the_best_rate_of_the_search_goes_on():
    assert {run.seed for run in ablation.all_runs({})} == {ablation.SEARCH_SEED}
    results = {Run("TSM", ablation.SEARCH_SEED, rate).name: result(30 - abs(rate - RATES[1]) * 1e4) for rate in RATES}
    reported = [run for run in ablation.all_runs(results) if run.seed != ablation.SEARCH_SEED]
    assert reported == [Run("TSM", seed, RATES[1]) for seed in SEEDS]


def test_where_no_rate_leaves_chance_the_middle_one_goes_on():
    assert ablation.best_rate(dict(zip(RATES, (5.0, 5.3, 6.8), strict=True))) == RATES[1]


def test_all_networks_have_the_same_start_clips_and_draws():
    recipes = {replace(Run(name, 2, RATES[0]).recipe, model="one of them") for name in NETWORKS}
    (recipe,) = recipes
    assert recipe.start_from == "imagenet" and recipe.clips_version == 2 and recipe.pool_seed == BUDGET.pool_seed
    assert {FAMILY[model].architecture.backbone.name for model, _ in NETWORKS.values()} == {"mobilenetv2"}


def test_the_rate_is_searched_on_clips_that_are_not_reported():
    searched, reported = (Run("TDN", seed, RATES[0]).recipe for seed in (ablation.SEARCH_SEED, SEEDS[0]))
    assert searched.pool_seed != reported.pool_seed


def test_finished_runs_of_a_folder_and_of_the_repository_count_alike(tmp_path, monkeypatch):
    names = [Run("T-Conv", seed, RATES[2]).name for seed in SEEDS]
    monkeypatch.setattr(ablation, "KEPT", tmp_path / "ablation_runs.json")
    searches = {Run("T-Conv", ablation.SEARCH_SEED, rate).name: result(1e4 * rate) for rate in RATES}
    (tmp_path / "ablation_runs.json").write_text(json.dumps(searches | {names[0]: result(40.0)}))
    for name, top1 in zip(names[1:], (50.0, 60.0), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(json.dumps(result(top1)))
    # An old run beside one that is kept, and one without.
    for old in (names[0], Run("TSN", SEEDS[0], RATES[1]).name):
        (tmp_path / old).mkdir()
        (tmp_path / old / "result.json").write_text(json.dumps(result(9.0, learnt_from="clips of last year")))
    assert names[0] in ablation.results_of(tmp_path) and old not in ablation.results_of(tmp_path)
    found = ablation.summary(ablation.results_of(tmp_path))
    (row,) = found["rows"]
    assert row["network"] == "T-Conv" and row["seeds"] == 3 and row["rate"] == RATES[2]
    # Student's t of three: 4.303 x 10 / sqrt(3).
    assert row["all"] == {"mean": 50.0, "half_interval": 24.8} and row["pairs, both right"]["mean"] == 25.0
    assert row["pairs, stops"]["mean"] == 12.5
    assert "| T-Conv | 3 | 50.0 ± 24.8 |" in report.table("ablation", found)
    assert "| TDN |  |  |  |" in report.table("ablation search", found)
