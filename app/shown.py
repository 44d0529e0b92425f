"""What an event changes on the page, by name: values out of `handlers`, into the components that `ui` has laid out."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.components import Component

STAYS: Any = object()


@dataclass(frozen=True)
class Shown:
    """New values for parts of the page; what is not given stays as it is.

    The question: `video`, the class `target` less that of `versus`, by a `method`, both networks, with the words of
    `warning` and `about` on them. Its result: the `answer` as JSON, `scores`, `viewer` and `note`, the `token` of what
    numbers and files are made of ("" as long as there is none), its `focus` and `curve`, and `trouble`, the sentence
    where a result should be. A change of it: the `change` chosen, and what came of that, in the row `looked_again`, or
    `change_trouble`, why nothing did.
    Another value of `asked_for` makes the page ask for a result, one of `asked_change` for the change.
    """

    answer: Any = STAYS
    scores: Any = STAYS
    viewer: Any = STAYS
    note: Any = STAYS
    token: Any = STAYS
    focus: Any = STAYS
    curve: Any = STAYS
    trouble: Any = STAYS
    video: Any = STAYS
    target: Any = STAYS
    tdn: Any = STAYS
    baseline: Any = STAYS
    versus: Any = STAYS
    method: Any = STAYS
    warning: Any = STAYS
    about: Any = STAYS
    change: Any = STAYS
    compared: Any = STAYS
    scores_after: Any = STAYS
    viewer_after: Any = STAYS
    note_after: Any = STAYS
    comparison: Any = STAYS
    looked_again: Any = STAYS
    change_trouble: Any = STAYS
    asked_for: Any = STAYS
    asked_change: Any = STAYS


# In the order in which a program gets them; the first is the contract's.
RESULT = ("answer", "scores", "viewer", "note", "token", "focus", "curve", "trouble")
COMPARED = (
    *("compared", "scores_after", "viewer_after", "note_after", "comparison", "looked_again"),
    *("change", "change_trouble"),
)


class Parts:
    """The components of the page by the names that `Shown` has for them."""

    def __init__(self, **components: Component):
        self.components = components
        assert set(components) == {field.name for field in fields(Shown)}

    def of(self, *names: str) -> list[Component]:
        """The components of these names, all of them without any."""
        return [self.components[name] for name in names or self.components]

    def filled(self, shown: Shown) -> Any:
        """`shown` as Gradio takes it: a value by component, what is left out untouched."""
        values = {name: getattr(shown, name) for name in self.components}
        given = {self.components[name]: value for name, value in values.items() if value is not STAYS}
        return given or gr.skip()

    def by(self, handler: Callable) -> Callable:
        """`handler`, whose `Shown`, one or several, become values for the components."""
        if inspect.isgeneratorfunction(handler):

            @functools.wraps(handler)
            def several(*given: Any) -> Iterator[Any]:
                for shown in handler(*given):
                    yield self.filled(shown)

            return several

        @functools.wraps(handler)
        def one(*given: Any) -> Any:
            return self.filled(handler(*given))

        return one
