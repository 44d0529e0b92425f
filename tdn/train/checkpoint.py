"""What a run needs to go on, on disk: written in one piece, the one before kept until the next is whole."""

import io
import sys
from pathlib import Path

import torch

from tdn.lfs import expect_no_pointer
from tdn.weights import CheckpointError
from tdn.weights.store import write_whole
from tdn.words import first_line

STATE, STATE_BEFORE, NEXT = "resume.pt", "resume-before.pt", "resume-next.pt"


def write_state(out: Path, state: dict) -> None:
    """Put `state` into `out/resume.pt`. A kill at any moment leaves this state or the one before it whole."""
    # In memory first: on a full disk torch's own writer ends in an error that does not say so.
    content = io.BytesIO()
    torch.save(state, content)
    write_whole(out / NEXT, content.getbuffer())
    if (out / STATE).exists():
        (out / STATE).replace(out / STATE_BEFORE)
    (out / NEXT).replace(out / STATE)


def has_state(out: Path) -> bool:
    return any((out / name).exists() for name in (STATE, STATE_BEFORE))


def read_state(out: Path) -> dict | None:
    """The newest whole state in `out`, None where there is none; says on standard error what it passes over.

    Raises CheckpointError where there are states but none is whole.
    """
    errors = []
    for name in (STATE, STATE_BEFORE):
        if not (out / name).exists():
            continue
        expect_no_pointer(out / name, CheckpointError)
        try:
            state = torch.load(out / name, weights_only=True, map_location="cpu")
        except Exception as error:  # a broken file ends in many kinds of error, by where it is broken
            errors.append(f"{out / name} is not whole ({first_line(error)})")
            print(errors[-1], file=sys.stderr)
            continue
        return state
    if errors:
        raise CheckpointError(f"{'; '.join(errors)}; remove it to start again")
    return None
