"""Documents show what was measured: their tables are those that the results make."""

import json

import pytest

from benchmarks import report

MEASURED = sorted(report.DOCS.glob("*.json"))


@pytest.mark.parametrize("results", MEASURED, ids=lambda path: path.stem)
def test_every_table_of_a_document_is_that_of_its_results(results):
    document = results.with_suffix(".md").read_text()
    assert report.PLACE.search(document)
    assert report.filled(document, json.loads(results.read_text())) == document


def test_a_result_that_is_missing_is_said_to_be():
    text = "A\n<!-- table: cards -->\nold\n<!-- end -->\nB"
    assert report.filled(text, {}) == "A\n<!-- table: cards -->\nnot measured yet\n<!-- end -->\nB"


def test_a_table_takes_the_place_of_the_old_one():
    text = "<!-- table: cards -->\nold\n<!-- end -->"
    found = {"tdn": {"per_class": {"Up": 90.0}, "groups": {"all": 90.0}}}
    assert report.filled(text, {"cards": found}).splitlines()[1:-1] == [
        "| top-1, % | tdn |",
        "| --- | ---: |",
        "| **all** | 90.0 |",
        "| Up | 90.0 |",
    ]
