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
        ((name, row["reading_ms"], row["network_ms"], row["total_ms"]) for name, row in found["rows"].items()),
    )


def reading(found: dict) -> list[str]:
    """Where our reader's time goes, and how many frames it decodes."""
    videos = list(found.values())
    rows = []
    for stage in videos[0]["stages"]:
        row = [stage]
        for video in videos:
            taken = video["stages"][stage]
            row += [f"{taken:.3f}", f"{100 * taken / video['stages']['in all']:.0f}%"]
        rows.append(row)
    for count, words in COUNTS.items():
        rows.append([words, *(cell for video in videos for cell in (video["counts"][count], None))])
    return rows_of(("ours, 40 frames", *(cell for name in found for cell in (f"{name}, s", "share"))), rows)


COUNTS = {"packets": "packets given to the decoder", "decoded": "frames decoded", "wanted": "frames wanted"}


def reading_ways(found: dict) -> list[str]:
    """Seconds of each library, and whether its frames are the right ones."""
    return rows_of(
        ("40 frames, one thread", "s", "to decord, frame by frame", "right frames", "grey levels from ours"),
        (
            (f"{way}; {name}", f"{row['seconds']:.3f}", f"{row['to_decord']:.2f}", row["right"], row["difference"])
            for name, video in found.items()
            for way, row in video["ways"].items()
        ),
    )


def reading_floor(found: dict) -> list[str]:
    """Whether the goal can be reached, by what can't be left out."""
    target, lines = GOALS["reading"][1], []
    for name, video in found.items():
        least, whole = video["least_to_decord"], video["ways"]["ours"]["to_decord"]
        rest = (
            "more than the goal, which can't be reached" if least > target else f"{target - least:.2f} below the goal"
        )
        lines.append(f"- {name}: {least:.2f} of decord's seconds, {rest} ({target}); ours takes {whole:.2f} in all")
    return lines


# What is to be reached, and the share.
GOALS = {
    "maps": ("four maps of a pair, share of the plain way's seconds", 0.16),
    "memory": ("their memory, share of the plain way's", 0.20),
    "train_step": ("a training step with two threads, share of the plain way's seconds", 0.55),
    "reading": ("40 frames of ten minutes of 1080p, share of decord's seconds frame by frame", 0.3),
}
GPU_GOALS = (
    ("TDN-ResNet50, scores, batch 16: ms a clip", "under 1", "python -m studies.gpu --parts rates"),
    ("four maps of a pair of ResNet-50: ms", "under 6", "python -m studies.gpu --parts rates"),
    ("a step of 8 clips fed from 16 cores: ms", "under 100", "python -m tdn train RECIPE --data DATA --dry-run"),
)


def goals(parts: dict) -> list[str]:
    """Every goal of speed beside its figure, from all results of the document."""
    one, two = ({row["name"]: row for row in parts.get(part, ())} for part in ("speed", "speed2"))
    maps, step = one.get("maps_pair"), two.get("train_step")
    videos = list(parts.get("reading", {}).values())
    run = "python -m studies.speed.run"
    figures = {
        "maps": (maps and maps["ratio"], f"{run} maps_pair"),
        "memory": (maps and maps["ours_peak_mb"] / maps["plain_peak_mb"], f"{run} maps_pair"),
        "train_step": (step and step["ratio"], f"{run} train_step --threads 2"),
        "reading": (videos and videos[0]["ways"]["ours"]["to_decord"], "python -m studies.speed.reading"),
    }
    rows = []
    for name, (goal, target) in GOALS.items():
        figure, command = figures[name]
        rows.append((goal, f"{target:.2f}", _beside(figure, target) if figure else "not measured yet", f"`{command}`"))
    rows += [(goal, target, "not confirmed on a GPU yet", f"`{command}`") for goal, target, command in GPU_GOALS]
    return rows_of(("goal", "target", "today", "printed by"), rows)


def _beside(figure: float, target: float) -> str:
    return f"{figure:.2f}, {'reached' if figure <= target else 'missed'}"


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
