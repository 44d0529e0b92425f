"""The words of motion focus."""

from collections.abc import Mapping, Sequence

from app.text import plain

PENDING = "Measuring how much of each map lies on what moves …"
ONE_FRAME = "This network takes one frame a segment, so nothing can be seen to move, and motion focus is not measured."
NOTHING_MOVES = (
    "Within the few neighbouring frames of a window nothing was found to move by itself (the camera's own motion is "
    "taken out). What moves too slowly for that may still cross the picture from one window to the next. So there are "
    "no numbers to show."
)
# docs/benchmark.md, motion focus: random weights.
ARCHITECTURE = (
    "A lead at Res2 is not all learned: there S-TDM adds differences of frames to a network's features, and even with "
    "random weights TDN's Res2 map lies on motion more than the trained baseline's."
)
# The same, other methods beside Grad-CAM.
AVERAGED = (
    "At Res2 Grad-CAM averages over the frame how much a channel counts, which can hide what {network} uses: XGrad-CAM "
    "and HiResCAM, in the settings, average less away."
)
CONTROLS = {
    "uniform": "the same everywhere (chance)",
    "centre": "the middle of the picture",
    "frame_difference": "frame differences",
}
# Above this share of the picture chance itself is near the most that any map can reach.
MOST_MOVES = 0.5


def reading(
    area: float,
    lifts: Mapping[str, list[tuple[str, float | None]]],
    difference: float | None,
    by_flow: bool,
    early: str = "",
) -> str:
    """In plain words: `lifts` are network and times chance by layer, None where that map is empty; `early` is what is
    to know of those at Res2.
    """
    layers = [
        f"{'at the final stage' if layer == 'final' else f'at {layer}'} "
        + ", ".join(f"{plain(name)} {'none' if lift is None else f'{lift:.1f}'}" for name, lift in found)
        for layer, found in lifts.items()
    ]
    sentences = [f"**Evidence on what moves, in times of chance: {'; '.join(layers)}.**"]
    if early:
        sentences.append(early)
    if difference is not None:
        sentences.append(f"Mere frame differences, which know no class, reach {difference:.1f} times.")
    if area > MOST_MOVES:
        sentences.append(f"But {100 * area:.0f}% of the picture moves, so these numbers tell little.")
    source = "as optical flow less the camera's motion tells" if by_flow else "as the clip's generator knows"
    sentences.append(f"What moves is {_small_share(area)} of the picture, {source}.")
    return " ".join(sentences)


def at_res2(network: str, lift: float | None, other: float | None) -> str:
    """Of the Grad-CAM maps of a network with S-TDM, and of another without."""
    return ARCHITECTURE if (lift or 0) > (other or 0) else AVERAGED.format(network=plain(network))


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


def not_measured(networks: Sequence[str]) -> str:
    """Of networks that look at other moments than those for which it is known what moves."""
    return f"{plain(' and '.join(networks))}: not measured, it looks at other frames."
