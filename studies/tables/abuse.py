"""What a server and a training run withstand."""

from collections import Counter

from studies.tables.rows import rows_of


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
