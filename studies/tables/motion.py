"""Accuracy: the ablation, cards, splits, probes, real video, the stroboscope, and how fast clips are made."""

from collections.abc import Callable, Iterable

from studies.tables.rows import rows_of
from tdn.motion import PROBES
from tdn.motion.splits import SPLITS


def mean_of_seeds(score: dict) -> str:
    half = score["half_interval"]
    return f"{score['mean']:.1f}" + ("" if half is None else f" ± {half:.1f}")


def ablation(found: dict) -> list[str]:
    columns = ("all", "long-range motion", "short-term motion", "still", "paper, Sth-Sth V1")
    return rows_of(
        ("network", "seeds", *columns),
        (
            (row["network"], row["seeds"], *(mean_of_seeds(row[name]) for name in columns[:-1]), row["paper"])
            for row in found["rows"]
        ),
    )


def ablation_splits(found: dict) -> list[str]:
    columns = ("val", "appearance-free", "pairs, both right")
    kinds = tuple(name for name in found["rows"][0] if name.startswith("pairs, ") and name not in columns)
    return rows_of(
        ("network", *columns, *kinds),
        ((row["network"], *(mean_of_seeds(row[name]) for name in (*columns, *kinds))) for row in found["rows"]),
    )


def search(found: dict) -> list[str]:
    rates = sorted({rate for tried in found["search"].values() for rate in tried}, key=float)
    return rows_of(
        ("network", *rates), ((name, *(tried[rate] for rate in rates)) for name, tried in found["search"].items())
    )


def backbones(found: dict) -> list[str]:
    columns = ("draws", "minutes", "MB", "version 2", "of it short-term", "val, photographic", "val, drawn")
    return rows_of(
        ("network", *columns, "real clips", "of them opposite"),
        (
            (
                name,
                f"{row['draws']:,}",
                row["minutes"],
                row["megabytes"],
                f"{row['groups']['all']:.1f}",
                f"{row['groups']['short-term motion']:.1f}",
                *(f"{row['val'][part]:.1f}" for part in ("photographic", "drawn")),
                *(f"{row['real'][share]:.1f}" for share in ("right", "opposite")),
            )
            for name, row in found.items()
        ),
    )


def tdn_first(found: dict) -> dict:
    return {name: found[name] for name in sorted(found, key=lambda name: (not name.startswith("tdn"), name))}


def appearance_free(found: dict) -> list[str]:
    kinds = list(next(iter(found["right"].values())))
    return rows_of(
        (f"{found['clips']} clips, chance {found['chance']:.1f}%", *(f"{kind}, % right" for kind in kinds)),
        ((given, *(f"{share:.1f}" for share in shares.values())) for given, shares in found["right"].items()),
    )


def planted_bias(found: dict) -> list[str]:
    return rows_of(
        (f"colours of one frame, {found['pairs']} clips each", "%", "95% interval", "chance"),
        (
            (name, f"{one['percent']:.1f}", "{:.1f} to {:.1f}".format(*one["interval"]), f"{found['chance']:.1f}")
            for name, one in found["answers"].items()
        ),
    )


def splits(found: dict) -> list[str]:
    """Each split's figures with 95% intervals, by network."""
    found = tdn_first(found)

    def cell(share: float, interval: tuple[float, float]) -> str:
        return f"{share:.1f} ({interval[0]:.0f} to {interval[1]:.0f})"

    def asked(split: str, one: dict) -> Iterable[tuple[str, int, float, str]]:
        """What is asked, of how many clips, its chance, and the answer."""
        yield split, one["clips"], one["chance"], cell(one["top1"], one["interval"])
        if "both_right" in one:
            told = cell(one["both_right"], one["both_right_interval"])
            yield f"{split}, both right", one["clips"], one["both_right_chance"], told
        for name, title in (("over_opposite", "above its opposite"), ("scene_class", "the class of the sign")):
            if one.get(name):
                share = one[name]
                yield f"{split}, {title}", share["clips"], share["chance"], cell(share["percent"], share["interval"])
        for part, share in one.get("parts", {}).items() if split != "stroboscope" else ():
            if "both_right" in share:
                told = cell(share["both_right"], share["both_right_interval"])
                yield f"{split}, {part}, both right", share["clips"], share["both_right_chance"], told
            else:
                yield f"{split}, {part}", share["clips"], one["chance"], cell(share["top1"], share["interval"])

    rows: dict[str, list] = {}
    for number, answers in enumerate(found.values()):
        for split, one in sorted(answers.items(), key=lambda answer: list(SPLITS).index(answer[0])):
            for title, clips, chance, told in asked(split, one):
                row = rows.setdefault(title, [clips, f"{chance:.1f}", *[None] * len(found)])
                row[2 + number] = told
    names = (name.removesuffix("_small_8f").replace("_", " ") for name in found)
    return rows_of(("%, 95% interval", "clips", "chance", *names), ((title, *row) for title, row in rows.items()))


def stroboscope(found: dict) -> list[str]:
    """Right, opposite and other by how often the thing passes, by network."""
    found = {name: answers for name, answers in tdn_first(found).items() if "stroboscope" in answers}
    if not found:
        return ["not measured yet"]

    def cell(one: dict) -> str:
        low, high = one["right_interval"]
        return f"{one['right']:.0f} ({low:.0f} to {high:.0f}) / {one['opposite']:.0f} / {one['other']:.0f}"

    parts = next(iter(found.values()))["stroboscope"]["parts"]
    names = (name.removesuffix("_small_8f").replace("_", " ") for name in found)
    return rows_of(
        (f"right (95%) / opposite / other, % of {next(iter(parts.values()))['clips']} clips", *names),
        ((part, *(cell(answers["stroboscope"]["parts"][part]) for answers in found.values())) for part in parts),
    )


def probes(found: dict) -> list[str]:
    found = tdn_first(found)
    titles = {name: name.removesuffix("_small_8f").replace("_", " ") for name in found}

    def cells(probe: str) -> Iterable[object]:
        for answers in found.values():
            yield f"{answers[probe]['right']:.0f}"
        for answers in found.values():
            res2 = answers[probe].get("res2", {})
            yield None if res2.get("selectivity") is None else f"{res2['selectivity']:+.2f}"

    head = [f"{title}, % right" for title in titles.values()] + [f"{title}, selectivity" for title in titles.values()]
    measured = next(iter(found.values()))
    return rows_of(("probe set", *head), ((probe, *cells(probe)) for probe in PROBES if probe in measured))


def named(found: dict) -> list[str]:
    return rows_of(
        ("checkpoint", "Res2", "final"),
        (
            (name, *(f"{answers['opposite'][layer]['named_share']:.2f}" for layer in ("res2", "final")))
            for name, answers in tdn_first(found).items()
        ),
    )


def real(found: dict) -> list[str]:
    return of_showings("part", found["parts"])


def real_ways(found: dict) -> list[str]:
    return of_showings("shown", found["ways"])


def of_showings(first: str, parts: dict[str, dict]) -> list[str]:
    return rows_of(
        (first, "clips", "right, %", "opposite, %", "right of those sure, %", "sure, %"),
        (
            (part, n["clips"], n["right"], n["opposite"], n["right_of_sure"], n["sure"])
            for part, n in sorted(parts.items(), key=lambda part: not part[0].startswith("tdn"))
        ),
    )


def cards(found: dict) -> list[str]:
    names = list(tdn_first(found))
    labels = found[names[0]]["per_class"]
    groups = found[names[0]]["groups"]
    rows = [(f"**{group}**", *(f"{found[name]['groups'][group]:.1f}" for name in names)) for group in groups]
    rows += [(label, *(found[name]["per_class"][label] for name in names)) for label in labels]
    return rows_of(("top-1, %", *(name.removesuffix("_small_8f") for name in names)), rows)


def calibration(found: dict) -> list[str]:
    """A column a network; what a threshold keeps is given with how many of it are right."""
    found = tdn_first(found)

    def of_films(one: dict, kind: str, what: str) -> str | None:
        return f"{one[kind][what]} of {one[kind]['clips']}" if kind in one else None

    rows = {
        "temperature": lambda one: f"{one['temperature']:.2f}",
        "probabilities off by, before, %": lambda one: f"{one['error_before']:.1f}",
        "probabilities off by, after, %": lambda one: f"{one['error_after']:.1f}",
        "sure from, %": lambda one: f"{100 * one['sure_above']:.0f}",
        "photographic clips, sure": lambda one: f"{one['sure']} of {one['clips']}",
        "of these right": lambda one: f"{one['sure_right']} of {one['sure']}",
        "photographic clips, called unlike": lambda one: f"{one['unlike']} of {one['clips']}",
        "real clips of its classes, called unlike": lambda one: of_films(one, "real", "unlike"),
        "films of other actions, called unlike": lambda one: of_films(one, "actions", "unlike"),
        "films of other actions, sure": lambda one: of_films(one, "actions", "sure"),
    }
    names = [name.removesuffix("_small_8f").replace("_", " ") for name in found]
    return rows_of(("", *names), ((title, *(cell(one) for one in found.values())) for title, cell in rows.items()))


def strobe(found: dict) -> list[str]:
    """How many clips get the right and the opposite direction, and the mean probability of both; of one clip latter."""

    def cell(columns: dict, place: int) -> str:
        right, opposite = (f"{columns[f'p_{way}'][place]:.2f}" for way in ("right", "opposite"))
        counts = f"{columns['right'][place]} / {columns['opposite'][place]}, " if found["videos"] > 1 else ""
        return f"{counts}{right} {opposite}"

    return _strobe_rows(found, cell)


def strobe_intervals(found: dict) -> list[str]:
    """95% intervals of the mean probabilities, right and opposite."""

    def cell(columns: dict, place: int) -> str:
        spans = (columns[f"p_{way}_interval"][place] for way in ("right", "opposite"))
        return ", ".join(f"{low:.2f} to {high:.2f}" for low, high in spans)

    return _strobe_rows(found, cell)


def _strobe_rows(found: dict, cell: Callable[[dict, int], str]) -> list[str]:
    networks = found["networks"]
    cut = [(f"first {100 * part:.0f}%", "by_part", place) for place, part in enumerate(found["parts"])]
    shown = cut + [(f"{repeat} x", None, place) for place, repeat in enumerate(found["repeats"])]
    clips = f"{found['videos']} clip{'s' * (found['videos'] > 1)}"
    return rows_of(
        (f"{clips}, shown", *(name.removesuffix("_small_8f") for name in networks)),
        (
            (title, *(cell(numbers[kind] if kind else numbers, place) for numbers in networks.values()))
            for title, kind, place in shown
        ),
    )


def rendering(found: dict) -> list[str]:
    head = ("clips", "photos", "clips/s, one core", "two cores", "MB after a fifth", "MB at the end")
    columns = ("photos", "one_core", "two_cores", "mb_early", "mb_end")
    return rows_of(head, ((kind, *(row[column] for column in columns)) for kind, row in found.items()))
