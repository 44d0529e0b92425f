"""Speed and memory."""

from studies.tables.rows import rows_of

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
