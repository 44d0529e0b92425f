"""The page without a server is held to Python's own answers, and these are the ones in its tables."""

import json
from pathlib import Path

import pytest

from tests.data.make_web_tables import tables


@pytest.mark.parametrize("name", ["sampling", "resizing"])
def test_the_tables_are_what_python_answers_today(name):
    stored = json.loads((Path(__file__).parent / "data" / f"web_{name}.json").read_text())
    assert stored == json.loads(json.dumps(tables()[name]))
