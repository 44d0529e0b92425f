"""Results as JSON, and the tables that documents show of them: no figure is typed by hand.

    python -m studies.report                     fill every table of docs/ anew from docs/*.json
    python -m studies.report DOCUMENT PART FILE  put a JSON file into docs/DOCUMENT.json first

A document marks a table's place by `<!-- table: NAME -->` and `<!-- end -->` on lines of their own.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from tdn.motion import PROBES
from tdn.motion.splits import SPLITS

DOCS = Path(__file__).resolve().parents[1] / "docs"
PLACE = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def save(name: str, part: str, found: object) -> None:
    """Write a result under `part` into docs/NAME.json, and docs/NAME.md's tables anew."""
    path = DOCS / f"{name}.json"
    parts = json.loads(path.read_text()) if path.exists() else {}
    parts[part] = found
    path.write_text(json.dumps(parts, indent=1) + "\n")
    fill(name)


def kept(name: str, part: str) -> dict:
    """What docs/NAME.json holds under `part`; nothing where it is not there yet."""
    path = DOCS / f"{name}.json"
    return (json.loads(path.read_text()) if path.exists() else {}).get(part, {})


def fill(name: str) -> None:
    """Replace every marked table of docs/NAME.md by what docs/NAME.json holds now."""
    document = DOCS / f"{name}.md"
    document.write_text(filled(document.read_text(), json.loads((DOCS / f"{name}.json").read_text())))


def filled(text: str, parts: dict) -> str:
    """`text` with each marked table from `parts`; a result that is not there yet is said to be missing."""

    def table(match: re.Match[str]) -> str:
        part = match[2].split()[0]
        lines = TABLES[match[2]](parts[part]) if part in parts else ["not measured yet"]
        return match[1] + "\n".join(lines) + "\n" + match[3]

    return PLACE.sub(table, text)


def rows_of(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table; the first column is text, the others are numbers."""
    head = list(head)
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    return lines + [f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |" for row in rows]


def ablation(found: dict) -> list[str]:
    groups = ("all", "long-range motion", "short-term motion", "still")

    def cell(score: dict) -> str:
        half = score["half_interval"]
        return f"{score['mean']:.1f}" + ("" if half is None else f" ± {half:.1f}")

    return rows_of(
        ("start, network", "seeds", *groups, "paper, Sth-Sth V1"),
        (
            (f"{row['start']}: {row['variant']}", row["seeds"], *(cell(row[g]) for g in groups), row["paper"])
            for row in found["rows"]
        ),
    )


def search(found: dict) -> list[str]:
    rates = sorted({rate for tried in found["search"].values() for rate in tried}, key=float)
    return rows_of(
        ("network", *rates), ((name, *(tried[rate] for rate in rates)) for name, tried in found["search"].items())
    )


FOCUS = ("energy_share", "mask_area", "lift", "lift_of_ceiling", "pointing", "pointing_chance", "pixel_auc")


def focus(found: dict) -> list[str]:
    def lines(means: dict) -> Iterable[tuple]:
        for role, name in (("tdn", "TDN"), ("baseline", "T-Conv")):
            for layer, numbers in means["models"][role].items():
                yield (f"{name}, {layer}", *(f"{numbers[key]:.3f}" for key in FOCUS))
        for name, numbers in means["controls"].items():
            if name != "random_weights":
                yield (name.replace("_", " "), *(f"{numbers[key]:.3f}" for key in FOCUS))
        for layer, numbers in means["controls"]["random_weights"].items():
            yield (f"random weights, {layer}", *(f"{numbers[key]:.3f}" for key in FOCUS))

    return rows_of((f"{found['clips']} clips", *(name.replace("_", " ") for name in FOCUS)), lines(found))


def focus_both(found: dict) -> list[str]:
    return focus(found["both_right"])


def focus_intervals(found: dict) -> list[str]:
    def lines() -> Iterable[tuple]:
        for which, means in (("all", found), ("both right", found["both_right"])):
            for layer, numbers in means["paired"].items():
                yield (f"{which}, {layer}", *(f"{low:+.2f} to {high:+.2f}" for low, high in numbers.values()))

    names = next(iter(found["paired"].values()))
    return rows_of(("TDN less T-Conv, 95%", *(name.replace("_", " ") for name in names)), lines())


def faithful(found: dict) -> list[str]:
    """Means, and for the first three the 95% interval of the difference to places drawn by chance."""
    names = ("deletion", "insertion", "freeze_gap", "randomised_6", "randomised_4", "randomised_1")

    def cell(role: str, layer: str, name: str) -> str | None:
        value = found["faithfulness"][role][layer].get(name)
        gain = found["less_random"][role].get(layer, {}).get(name)
        return None if value is None else f"{value:+.2f}" + (f" ({gain[0]:+.2f} to {gain[1]:+.2f})" if gain else "")

    return rows_of(
        (f"{found['clips']} clips", *(name.replace("_", " ") for name in names)),
        (
            (f"{title}, {layer}", *(cell(role, layer, name) for name in names))
            for role, title in (("tdn", "TDN"), ("baseline", "T-Conv"))
            for layer in found["faithfulness"][role]
        ),
    )


def flow(found: dict) -> list[str]:
    names = ("area", "flow_area", "precision", "recall", "lift", "auc")
    return rows_of(
        ("sequence", *(name.replace("_", " ") for name in names)),
        ((sequence, *(f"{numbers[key]:.3f}" for key in names)) for sequence, numbers in found.items()),
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
    return rows_of(
        ("part", "clips", "right, %", "opposite, %", "right of those sure, %", "sure, %"),
        (
            (part, n["clips"], n["right"], n["opposite"], n["right_of_sure"], n["sure"])
            for part, n in tdn_first(found["parts"]).items()
        ),
    )


def cards(found: dict) -> list[str]:
    names = list(tdn_first(found))
    labels = found[names[0]]["per_class"]
    groups = found[names[0]]["groups"]
    rows = [(f"**{group}**", *(f"{found[name]['groups'][group]:.1f}" for name in names)) for group in groups]
    rows += [(label, *(found[name]["per_class"][label] for name in names)) for label in labels]
    return rows_of(("top-1, %", *(name.removesuffix("_small_8f") for name in names)), rows)


TARGETS = {
    "forward_fp32": "0.90",
    "forward_bf16": "0.42",
    "maps_pair": "0.25 (memory 0.35)",
    "class_switch_res2": "0.5",
    "class_switch_final": "0.02",
    "read_10min": "0.6, under 100 MiB",
    "train_step": "0.67",
    "train_pipeline": "0.67",
}


def speed(found: list[dict]) -> list[str]:
    def share(value: float | None) -> str | None:
        return None if value is None else f"{100 * value:.0f}%"

    return rows_of(
        ("what", "ours, s", "plain, s", "ratio", "target", "memory, MiB", "plain, MiB", "of sgemm", "of 3x3 conv"),
        (
            (
                row["name"],
                f"{row['ours_s']:.4g}",
                f"{row['plain_s']:.4g}",
                f"{row['ratio']:.3g}",
                TARGETS.get(row["name"]),
                f"{row['ours_peak_mb']:.0f}",
                f"{row['plain_peak_mb']:.0f}",
                share(row["floor_fraction"]),
                share(row["floor_fraction_convolution"]),
            )
            for row in found
        ),
    )


def scaling(found: dict[str, list[dict]]) -> list[str]:
    return rows_of(
        ("what grows", "seconds", "MiB above idle"),
        ((f"{name} {row[name]}", row["seconds"], row["mb"]) for name, rows in found.items() for row in rows),
    )


def table5(found: dict) -> list[str]:
    return rows_of(
        (f"ms a video, {found['device']}, batch {found['batch']}", "reading", "network", "together"),
        ((name, *row.values()) for name, row in found["rows"].items()),
    )


def compiled(found: dict) -> list[str]:
    return rows_of(
        ("compiled forward", "seconds", "to ours", "to plain", "compiling, s", "difference of scores"),
        [
            (
                "TDN-ResNet50, float32",
                f"{found['compiled_s']:.3f}",
                f"{found['to_ours']:.2f}",
                f"{found['to_plain']:.2f}",
                f"{found['compiling_s']:.0f}",
                f"{found['difference']:.0e} of their spread",
            )
        ],
    )


def serving(found: list[dict]) -> list[str]:
    return rows_of(
        ("small pair, CPU", "seconds to the scores", "to the maps", "clips a second"),
        ((f"{row['threads']} threads", row["scores_s"], row["maps_s"], row["clips_per_second"]) for row in found),
    )


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


def strobe_speed(found: list[dict]) -> list[str]:
    """The curve of the stroboscope beside one analysis of the pair."""
    return rows_of(
        ("two seconds of video", "the curve, s", "one analysis of the pair, s", "ratio", "target"),
        (
            (
                f"{row['width']} x {row['height']}",
                f"{row['curve_s']:.3f}",
                f"{row['pair_s']:.3f}",
                f"{row['ratio']:.1f}",
                12,
            )
            for row in found
        ),
    )


def page(found: dict) -> list[str]:
    return rows_of(
        (f"CPU, {found['threads']} threads", "to the answers, s", "to the maps, s", "another class, s", "a scrub, ms"),
        ((name, *waits.values()) for name, waits in found["waits"].items()),
    )


def web(found: dict) -> list[str]:
    head = ("Chromium, one thread", "opening to maps, s", "a file to maps, s", "camera, answers a second", "memory, MB")
    return rows_of(head, ((name, *waits.values()) for name, waits in found["screens"].items()))


def web_bytes(found: dict) -> list[str]:
    return rows_of(
        ("a first visit fetches", "MB", "MB with gzip"), ((kind, *pair) for kind, pair in found["megabytes"].items())
    )


def training(found: dict[str, float]) -> list[str]:
    plain = found["plain, float32"]
    return rows_of(
        ("a training step", "seconds", "times as fast as plain"),
        ((name, f"{taken:.3f}", f"{plain / taken:.2f}") for name, taken in found.items()),
    )


def kill_training(found: dict) -> list[str]:
    places = found["saved_at_kill"]
    return rows_of(
        ("kills", "with nothing saved yet", "within an epoch", "between epochs", "runs that ended", "equal to the bit"),
        [
            (
                found["kills"],
                places.count("nothing saved"),
                sum("step" in place and not place.endswith("step 0") for place in places),
                sum(place.endswith("step 0") for place in places),
                found["runs"],
                found["equal"],
            )
        ],
    )


def full_disk(found: list[dict]) -> list[str]:
    return rows_of(
        ("room left, KiB", "exit code", "error lines", "tracebacks", "saved then", "equal in the end"),
        (
            (
                row["free_kb"],
                row["exit"],
                row["errors"],
                int(row["traceback"]),
                row["saved"],
                "yes" if row["equal"] else "no",
            )
            for row in found
        ),
    )


def fuzz(found: dict) -> list[str]:
    """What became of each kind of hostile file."""
    outcomes = ("result", "refused", "broken")
    rows = [(kind, *(counts.get(name, 0) for name in outcomes)) for kind, counts in found["by_kind"].items()]
    together = [sum(row[column] for row in rows) for column in range(1, 1 + len(outcomes))]
    return rows_of(("hostile files", *outcomes), [*rows, ("**together**", *together)])


def fuzz_run(found: dict) -> list[str]:
    refusals = {name.removeprefix("refused: "): n for name, n in found["outcomes"].items() if name != "result"}
    return rows_of(
        ("the run", ""),
        [
            ("mutations, seed", f"{found['mutations']}, {found['seed']}"),
            *((f"refused as {name}", count) for name, count in refusals.items()),
            ("longest, seconds", f"{found['slowest_s']}: number {found['slowest']}"),
            ("decoding processes replaced", found["decoders_replaced"]),
            ("memory of the server, MiB", f"{found['rss_before_mb']} to {found['rss_after_mb']}"),
        ],
    )


def crowd(found: list[dict]) -> list[str]:
    names = ("right", "wrong", "lost", "left", "refused", "p50_s", "p95_s")
    memory = ("rss_start_mb", "rss_highest_mb", "rss_end_mb", "decoder_highest_mb")
    return rows_of(
        ("visitors, minutes, queue", *names[:-2], "p50, s", "p95, s", "MiB before", "highest", "after", "decoder"),
        (
            (f"{row['clients']}, {row['minutes']:g}, {row['queue']}", *(row[name] for name in names + memory))
            for row in found
        ),
    )


def soak(found: dict) -> list[str]:
    bad = Counter(one["act"] for one in found["bad"])
    rows = [(name, count, bad[name]) for name, count in found["acts"].items()]
    return rows_of((f"{found['minutes']:g} minutes, {found['visitors']} visitors", "times", "ended wrongly"), rows)


def soak_memory(found: dict) -> list[str]:
    seen = found["memory"]
    every = max(1, len(seen) // 8)
    return rows_of(
        ("minute", "server, MiB", "decoder, MiB"),
        ((f"{one['minute']:.0f}", one["server"], one["decoder"]) for one in seen[::every]),
    )


def rendering(found: dict) -> list[str]:
    head = ("clips", "photos", "clips/s, one core", "two cores", "MB after a fifth", "MB at the end")
    columns = ("photos", "one_core", "two_cores", "mb_early", "mb_end")
    return rows_of(head, ((kind, *(row[column] for column in columns)) for kind, row in found.items()))


TABLES: dict[str, Callable[[dict], list[str]]] = {
    "ablation": ablation,
    "ablation search": search,
    "focus": focus,
    "focus both": focus_both,
    "realfocus": focus,
    "focus intervals": focus_intervals,
    "faithful": faithful,
    "flow": flow,
    "appearance_free": appearance_free,
    "planted_bias": planted_bias,
    "splits": splits,
    "splits stroboscope": stroboscope,
    "rendering": rendering,
    "probes": probes,
    "probes named": named,
    "real": real,
    "cards": cards,
    "speed": speed,
    "speed2": speed,
    "scaling": scaling,
    "table5": table5,
    "compiled": compiled,
    "serving": serving,
    "strobe": strobe,
    "conveyor": strobe,
    "strobe intervals": strobe_intervals,
    "strobe_speed": strobe_speed,
    "page": page,
    "web": web,
    "web bytes": web_bytes,
    "training": training,
    "kill_training": kill_training,
    "full_disk": full_disk,
    "fuzz": fuzz,
    "fuzz run": fuzz_run,
    "crowd": crowd,
    "soak": soak,
    "soak memory": soak_memory,
}

if __name__ == "__main__":
    if len(sys.argv) == 4:
        save(sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text()))
    for results in sorted(DOCS.glob("*.json")):
        fill(results.stem)
