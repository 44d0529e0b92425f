"""The candidates for the page's samples, and those that were chosen."""

from studies.tables.rows import rows_of


def samples(found: dict) -> list[str]:
    """Every candidate: answers, energy share (lift) of both networks at both layers, and whether they differ."""
    layers = next(list(row["tdn"]["focus"]) for row in found["rows"] if row["tdn"]["focus"])
    head = ["candidate", "kB", "class", "TDN says", "T-Conv says", "moves, %"]
    head += [f"{layer}: {system}, % (lift)" for layer in layers for system in ("TDN", "T-Conv")]
    return rows_of((*head, "differs", "sample"), (_cells(row, layers, found["chosen"]) for row in found["rows"]))


def _cells(row: dict, layers: list[str], chosen: list[str]) -> list[object]:
    both = row["tdn"], row["baseline"]
    answers = [f"{'**right**' if one['right'] else one['said']}, {one['probability']:.2f}" for one in both]
    shares = [_share(one["focus"].get(layer)) for layer in layers for one in both]
    place = chosen.index(row["name"]) + 1 if row["name"] in chosen else None
    area = f"{100 * row['tdn']['area']:.1f}"
    return [row["name"], row["bytes"] // 1000, row["label"], *answers, area, *shares, row["differs"], place]


def _share(numbers: dict | None) -> str | None:
    return None if numbers is None else f"{100 * numbers['energy_share']:.0f} ({numbers['lift']:.1f})"


def chosen(found: dict) -> list[str]:
    """In a sentence: how many of each kind were chosen, and on how many the pair differs."""
    rows = {row["name"]: row for row in found["rows"]}
    lines = []
    for kind, wanted in (("filmed", 5), ("photographic", 2), ("appearance-free", 1)):
        names = [name for name in found["chosen"] if rows[name]["kind"] == kind]
        counts = [sum(rows[name]["differs"] == how for name in names) for how in ("answer", "focus")]
        lines.append(
            f"- {kind}: {len(names)} of {wanted} ({', '.join(names) or 'none'}); the pair differs visibly on "
            f"{sum(counts)}, in the answer on {counts[0]}"
        )
    return lines
