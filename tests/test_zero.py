"""Borrowing a GPU, with a stand-in for the package `spaces`, which only a Space has."""

from types import SimpleNamespace

import gradio as gr
import pytest

from app.handlers import passes_of
from app.server import zero


class Spaces:
    """Remembers for how long a GPU was asked; refuses with `error` where there is one."""

    def __init__(self, error: Exception | None = None):
        self.error, self.asked = error, []

    def GPU(self, duration):
        def mark(function):
            def whole(*given):
                self.asked.append(duration(*given))
                if self.error:
                    raise self.error
                return function(*given)

            return whole

        return mark


def in_parts(count):
    yield from range(count)


def on_cpu(count):
    yield from ("cpu", count)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said = []
    monkeypatch.setattr(gr, "Info", said.append)
    return said


def test_elsewhere_nothing_changes():
    assert zero.spaces is not None or zero.gpu(1, on_cpu)(in_parts) is in_parts


def test_a_call_asks_for_what_it_needs(monkeypatch: pytest.MonkeyPatch):
    spaces = Spaces()
    monkeypatch.setattr(zero, "spaces", spaces)
    assert list(zero.gpu(lambda count: 2 * count, on_cpu)(in_parts)(4)) == [0, 1, 2, 3]
    zero.gpu(400, len)(len)([])
    assert spaces.asked == [6, 10]  # 8 passes of a quarter of a second after 4 to start; never more than 10


def test_an_analysis_of_a_pair_asks_for_six_seconds():
    pair = SimpleNamespace(request=SimpleNamespace(baseline="b.safetensors"))
    alone = SimpleNamespace(request=SimpleNamespace(baseline=None))
    assert [zero.seconds(passes_of(one)) for one in (pair, alone)] == [6, 5]


@pytest.mark.parametrize("title", zero.NO_TIME_LEFT)
def test_once_the_time_is_used_up_the_cpu_answers_and_the_visitor_is_told(monkeypatch, told, title: str):
    monkeypatch.setattr(zero, "spaces", Spaces(gr.Error("Sign up for more", title=title)))
    assert list(zero.gpu(1, on_cpu)(in_parts)(4)) == ["cpu", 4]
    assert zero.gpu(1, lambda items: "cpu")(len)([]) == "cpu"
    assert told == [zero.ON_CPU_INSTEAD] * 2


def test_any_other_error_stays_one(monkeypatch, told):
    monkeypatch.setattr(zero, "spaces", Spaces(gr.Error("GPU task aborted", title="ZeroGPU worker error")))
    with pytest.raises(gr.Error, match="aborted"):
        list(zero.gpu(1, on_cpu)(in_parts)(4))
    assert told == []
