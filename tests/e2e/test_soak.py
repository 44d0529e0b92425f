"""The short version of `studies.abuse.soak`: everything its visitors do ends as it should on the page, once."""

import pytest

from studies.abuse.crowd import SAMPLES
from studies.abuse.soak import ACTS, Guest
from studies.abuse.sources import sources
from studies.abuse.visitors import Visitor


@pytest.fixture(scope="module")
def guest(app_url: str, tmp_path_factory: pytest.TempPathFactory) -> Guest:
    folder = tmp_path_factory.mktemp("soak")
    first = Visitor(app_url)
    alone = {path.name: first.analyze(first.upload(path))[0] for path in SAMPLES.glob("*.mp4")}
    return Guest(app_url, seed=0, number=0, alone=alone, videos=sources(folder), folder=folder)


@pytest.mark.parametrize("act", ACTS)
def test_what_visitors_do_ends_as_it_should(guest: Guest, act: str):
    assert guest.act(act)
