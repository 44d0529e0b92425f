"""The words of motion focus."""

from collections.abc import Mapping, Sequence

from app.text import plain

PENDING = "Measuring how much of each map lies on what moves …"
ONE_FRAME = "This network takes one frame a segment, so nothing can be seen to move, and motion focus is not measured."
NOTHING_MOVES = (
    "Nothing moves by itself in the frames the networks read (the camera's own motion is taken out), so no map can lie "
    "on motion, and there are no numbers to show."
)
CONTROLS = {
    "uniform": "the same everywhere (chance)",
    "centre": "the middle of the picture",
    "frame_difference": "frame differences",
}
# Above this share of the picture chance itself is near the most that any map can reach.
MOST_MOVES = 0.5


def reading(area: float, lifts: list[tuple[str, float | None]], difference: float | None, by_flow: bool) -> str:
    """In plain words: `lifts` are network and times chance at Res2, None where that map is empty."""
    first, *others = [f"{plain(name)}'s Res2 map" for name, _ in lifts]
    said = [
        "has no evidence at all"
        if lift is None
        else f"puts {lift:.1f} times as much evidence on what moves as chance would"
        for _, lift in lifts
    ]
    sentences = [
        f"**{first} {said[0]}"
        + "".join(f"; {name} {words}" for name, words in zip(others, said[1:], strict=True))
        + ".**"
    ]
    if difference is not None:
        sentences.append(f"Mere frame differences, which know no class, reach {difference:.1f} times.")
    if area > MOST_MOVES:
        sentences.append(f"But {100 * area:.0f}% of the picture moves, so these numbers tell little.")
    source = "as optical flow less the camera's motion tells" if by_flow else "as the clip's generator knows"
    sentences.append(f"What moves is {_small_share(area)} of the picture, {source}.")
    return " ".join(sentences)


def _small_share(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * share:.0f}%"


HEAD = ("Map", "Evidence on what moves", "Times chance", "Brightest point on it", "by chance")


def numbers(numbers: Mapping[str, float] | None) -> list[str]:
    """One map's cells of the table; dashes for a map without evidence."""
    if numbers is None:
        return ["no evidence", *["–"] * (len(HEAD) - 2)]
    shares = [_small_share(numbers[name]) for name in ("energy_share", "pointing", "pointing_chance")]
    return [shares[0], f"{numbers['lift']:.1f}", *shares[1:]]


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
