"""From what the lab computed to its boards: pure functions, arrays to tiles, opinions to bars."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from app.lab import text
from app.lab.board import Bar, Board, Card, Curve, Effect, Tile, TileRow
from app.lab.lessons import Dropped, Gates, LabClip, Opinion, Sweep, shows_after, windows
from app.lab.sheets import DIFFERENCE_GAIN, cell_sheet, difference_tiles, photo_sheet
from tdn.data.clip import Clip
from tdn.explain import parse_change

BARS = 4
STRIP_TILE = 220
PALE = 200


def positions(clip: Clip) -> list[str]:
    """What the slider says at each segment."""
    centres = clip.frames[:, clip.frames.shape[1] // 2]
    return [
        text.segment_position(number, len(centres), float(seconds), int(frame))
        for number, (seconds, frame) in enumerate(zip(clip.times_sec, centres, strict=True))
    ]


def card(opinion: Opinion, right: str | None, name: str | None = None, count: int = BARS) -> Card:
    """The likeliest classes and, where it is not among them, the right one in the last place."""
    order = np.argsort(-opinion.probabilities)[:count]
    labels = [opinion.labels[index] for index in order]
    if right in opinion.labels and right not in labels:
        labels[-1] = right
    bars = [Bar(label=label, shares=[opinion.of(label)], right=label == right) for label in labels]
    return Card(name=name or opinion.network, file=opinion.file, bars=bars)


def still(clip: Clip, segment: int) -> Board:
    """Step 1 before the guess: one frame, and nothing of the rest."""
    frame = clip.centre_frames[segment][None, None]
    row = TileRow(title=text.STILL, tiles=[Tile(sheet=0, alone=True)], count=1, width=320)
    return Board(sheets=[photo_sheet(frame)], rows=[row])


def revealed(clip: Clip, segment: int, opinions: dict[str, Opinion], guess: str, right: str) -> Board:
    """Step 1 after the guess: the frame, its window playing, and what the networks say of the whole clip."""
    seen = windows(clip.tensor)
    board = still(clip, segment)
    board.sheets.append(photo_sheet(seen[segment][:, None]))
    board.rows[0].tiles = [
        Tile(sheet=0, alone=True, caption=text.STILL_AGAIN),
        Tile(sheet=1, alone=True, by="frame", caption=text.PLAYING),
    ]
    board.rows[0].title = text.still_of(segment + 1, len(seen))
    board.rows[0].count, board.rows[0].width = 2, 260
    board.frames = seen.shape[1]
    board.said = text.guess(guess, right, {one.network: one.top for one in opinions.values()})
    board.outlined = text.OUTLINED
    board.cards = [card(one, right) for one in opinions.values()]
    return board


def differences(clip: Clip, levels: np.ndarray) -> Board:
    """Step 3: five frames at half resolution, and the four differences between them."""
    frames, drawn = clip.half_windows(), difference_tiles(levels)
    count = frames.shape[1]
    return Board(
        positions=positions(clip),
        segment=len(frames) // 2,
        sheets=[
            photo_sheet(frames.swapaxes(0, 1), 92),
            photo_sheet(drawn.swapaxes(0, 1), 92),
        ],
        rows=[
            TileRow(
                title=text.half_frames(*frames.shape[2:4]),
                tiles=[Tile(sheet=0, row=k, caption=text.frame(k + 1)) for k in range(count)],
                count=count,
            ),
            TileRow(
                title=text.differences(DIFFERENCE_GAIN, float(np.abs(levels).max())),
                tiles=[Tile(sheet=1, row=k, caption=text.difference(k + 1)) for k in range(count - 1)],
                count=count,
            ),
        ],
    )


def fusion(clip: Clip, sweep: Sweep, right: str | None) -> Board:
    """Step 4: features before and after the sum at Res1 and Res2, and scores, at each weight of S-TDM."""
    last = sweep.opinions[-1]
    shown = right if right in last.labels else last.top
    seen = windows(clip.tensor)
    middle = seen.shape[1] // 2
    # Beside each row one of the things that the features are made of, to find one's way.
    inputs = seen[:, middle], difference_tiles(sweep.levels[:, middle])
    sheets, rows = [photo_sheet(pictures[None]) for pictures in inputs], []
    for stage in (1, 2):
        names = (f"rgb{stage}", f"diff{stage}", f"res{stage}")
        maximum = float(max(sweep.means[name].max() for name in names))
        tiles = [Tile(sheet=stage - 1, caption=text.FUSION_INPUTS[stage - 1])]
        for name, caption in zip(names, text.FUSION_CAPTIONS, strict=True):
            moves = len(sweep.means[name]) > 1
            tiles.append(Tile(sheet=len(sheets), by="weight" if moves else "", caption=caption))
            sheets.append(cell_sheet(sweep.means[name], maximum))
        title = text.fusion(last.network, stage, sweep.alpha, sweep.beta, maximum)
        rows.append(TileRow(title=title, tiles=tiles, count=4, width=190))
    return Board(
        positions=positions(clip),
        segment=len(clip.frames) // 2,
        weights=list(sweep.weights),
        sheets=sheets,
        rows=rows,
        outlined=text.outlined(shown == right),
        cards=[_swept_card(sweep, shown), card(sweep.baseline, shown, text.no_weight(sweep.baseline.network))],
        curve=Curve(
            label=shown,
            shares=[one.of(shown) for one in sweep.opinions],
            other=sweep.baseline.of(shown) or 0.0,
            other_name=sweep.baseline.network,
        ),
    )


def _swept_card(sweep: Sweep, shown: str) -> Card:
    """The right class and those that come up most at any weight; the page sorts them at each."""
    everywhere = np.stack([one.probabilities for one in sweep.opinions])  # [W, K]
    labels = sweep.opinions[0].labels
    order = [labels[index] for index in np.argsort(-everywhere.max(0))]
    chosen = list(dict.fromkeys([shown, *order]))[:BARS]
    bars = [
        Bar(label=label, shares=everywhere[:, labels.index(label)].tolist(), right=label == shown) for label in chosen
    ]
    one = sweep.opinions[-1]
    return Card(name=text.at_weight(one.network), file=one.file, bars=bars)


def belt(clip: Clip, said: str = "", opinions: dict[str, Opinion] | None = None, right: str | None = None) -> Board:
    """Step 2: the frames of all segments in order, a window of TDN, and what both networks say once they are asked."""
    seen = windows(clip.tensor)
    count = len(seen)
    size = np.array(clip.centre_frames.shape[2:0:-1]) * min(1, STRIP_TILE / clip.centre_frames.shape[2])
    frames = np.stack([np.asarray(Image.fromarray(one).resize(size.round().astype(int))) for one in clip.centre_frames])
    # In two lines, so that a phone shows them large enough.
    lines = np.stack([np.concatenate(list(half), axis=1) for half in np.split(frames, 2)])[:, None]
    strip = [TileRow(title="", tiles=[Tile(sheet=0, row=line, alone=True)], count=1, width=900) for line in range(2)]
    strip[0].title = text.BELT_STRIP
    return Board(
        said=said,
        positions=[text.segment_number(number, count) for number in range(count)],
        segment=count // 2,
        frames=seen.shape[1],
        sheets=[photo_sheet(lines), photo_sheet(seen.swapaxes(0, 1))],
        rows=[
            *strip,
            TileRow(title=text.BELT_WINDOW, tiles=[Tile(sheet=1, by="frame")], count=1, width=220),
        ],
        outlined=text.OUTLINED if opinions else "",
        cards=[card(one, right) for one in (opinions or {}).values()],
    )


def noise(clip: Clip, said: str = "", opinions: dict[str, Opinion] | None = None, right: str | None = None) -> Board:
    """Frames of noise, the window of a segment that plays, and what both networks say once they are asked."""
    seen = windows(clip.tensor)
    count = len(seen)
    middle = seen[:, seen.shape[1] // 2]
    lines = np.stack([np.concatenate(list(half), axis=1) for half in np.split(middle, 2)])[:, None]
    return Board(
        said=said,
        positions=[text.segment_number(number, count) for number in range(count)],
        segment=count // 2,
        frames=seen.shape[1],
        # Fine noise survives no strong compression.
        sheets=[photo_sheet(seen.swapaxes(0, 1), 92), photo_sheet(lines, 80)],
        rows=[
            TileRow(title=text.NOISE_WINDOW, tiles=[Tile(sheet=0, by="frame")], count=1, width=320),
            TileRow(title=text.NOISE_STRIP, tiles=[Tile(sheet=1, row=0, alone=True)], count=1, width=640),
            TileRow(title="", tiles=[Tile(sheet=1, row=1, alone=True)], count=1, width=640),
        ],
        outlined=text.OUTLINED if opinions else "",
        cards=[card(one, right) for one in (opinions or {}).values()],
    )


def dropped(clip: Clip, found: Dropped, right: str | None) -> Board:
    """The segments with those that stand in drawn pale, the answers before and after, and each segment's own effect."""
    frames = clip.centre_frames[found.order].copy()
    for segment in found.gone:
        frames[segment] = (frames[segment].astype(int) + 3 * PALE) // 4
    lines = np.stack([np.concatenate(list(half), axis=1) for half in np.split(frames[:, ::2, ::2], 2)])[:, None]
    strip = [TileRow(title="", tiles=[Tile(sheet=0, row=line, alone=True)], count=1, width=900) for line in range(2)]
    strip[0].title = text.DROP_STRIP
    tdn = found.answers["tdn"].whole
    shown = right if right in tdn.labels else tdn.top
    cards, effects = [], []
    for one in found.answers.values():
        name, before = one.whole.network, one.whole.of(shown) or 0.0
        cards.append(card(one.whole, shown, text.on(name, text.WHOLE), count=3))
        cards.append(card(one.rest, shown, text.on(name, text.REST), count=3))
        changes = [(without.of(shown) or 0.0) - before for without in one.without]
        effects.append(Effect(name=name, label=shown, changes=changes))
    return Board(
        said=text.dropped([segment + 1 for segment in found.gone]),
        sheets=[photo_sheet(lines)],
        rows=strip,
        outlined=text.outlined(shown == right),
        cards=cards,
        effects_title=text.DROP_EFFECTS,
        effects=effects,
    )


def compared(
    clip: Clip, change: str, before: dict[str, Opinion], after: dict[str, Opinion], right: str | None
) -> Board:
    """Step 5: a window before and after a change of the clip, and both networks' answers."""
    tensors = clip.tensor, parse_change(change).does(clip.tensor)
    sheets = [photo_sheet(windows(tensor).swapaxes(0, 1)) for tensor in tensors]
    captions = text.AS_FILMED, text.CHANGES[change]
    tiles = [Tile(sheet=k, by="frame", caption=caption) for k, caption in enumerate(captions)]
    wanted = shows_after(change, right)
    cards = []
    for role in before:
        cards.append(card(before[role], right, text.on(before[role].network, captions[0]), count=3))
        cards.append(card(after[role], wanted, text.on(after[role].network, captions[1]), count=3))
    return Board(
        said=text.changed(
            {one.network: (one.top, after[role].top) for role, one in before.items()},
            wanted,
            [one.network for role, one in before.items() if np.allclose(one.probabilities, after[role].probabilities)],
        ),
        positions=positions(clip),
        segment=len(clip.frames) // 2,
        frames=clip.frames.shape[1],
        sheets=sheets,
        rows=[TileRow(title=text.CHANGED_WINDOWS, tiles=tiles, count=2, width=260)],
        outlined=text.OUTLINED_AFTER if wanted else text.OUTLINED if right else "",
        cards=cards,
    )


def gates(clip: Clip, found: Gates, right: str | None) -> Board:
    """Step 6: the size of L-TDM's gates in each stage, and the answer with all of them at zero."""
    seen = windows(clip.tensor)
    sheets = [photo_sheet(seen[:, seen.shape[1] // 2][None])]
    tiles = [Tile(sheet=0, caption=text.CENTRE)]
    for stage, sizes in found.sizes.items():
        maximum = float(sizes.max())
        tiles.append(Tile(sheet=len(sheets), caption=text.gate(stage, maximum)))
        sheets.append(cell_sheet(sizes[None], maximum))
    shown = right if right in found.on.labels else found.on.top
    return Board(
        said=text.gates(shown, found.on.of(shown), found.off.of(shown), found.on.top, found.off.top),
        positions=positions(clip),
        segment=len(seen) // 2,
        sheets=sheets,
        rows=[TileRow(title=text.gate_title(found.on.network), tiles=tiles, count=len(tiles), width=220)],
        outlined=text.outlined(shown == right),
        cards=[
            card(found.on, shown, text.on(found.on.network, text.GATES_ON)),
            card(found.off, shown, text.on(found.off.network, text.GATES_OFF)),
        ],
    )


def clip_choices(clips: Sequence[LabClip]) -> list[tuple[str, str]]:
    """What the lists of clips offer: titles, with the place in `clips` as value; the visitor's own comes last."""
    return [*((clip.title, str(number)) for number, clip in enumerate(clips)), (text.OWN, text.OWN)]
