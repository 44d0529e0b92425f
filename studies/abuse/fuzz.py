"""What becomes of hostile files that are sent to the page: each has to end in a result or in one sentence.

    python -m studies.abuse.fuzz --mutations 1000 --seed 0 [--processes 3] [--save]
    python -m studies.abuse.fuzz --only 137 --seed 0         one of them again, with its file kept

Each goes the way of a visitor's upload (`app.handlers.Handlers.analyse`: the decoding process, both shipped networks,
the pictures for the browser, every twentieth time all files as well). Prints JSON; exits 1 if anything else happened,
or if the server's memory grew.
"""

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import gradio as gr

from app import text
from app.curve import Curves
from app.explainer import Explainer
from app.handlers import Handlers
from app.results import ANALYSES_KEPT
from app.server.settings import Settings
from app.server.visitors import RateLimit
from app.showcase import Showcase
from app.studio.exports import KINDS
from studies import report
from studies.abuse.mutations import mutation
from studies.abuse.sources import sources
from studies.abuse.visitors import is_sentence
from studies.speed.measure import resident_bytes
from tdn.data.worker import DecodingWorker
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE, checkpoint_folder

# By so many results networks are loaded, the analyses that are kept fill their place, and memory pools are grown.
WARM_RESULTS = 2 * ANALYSES_KEPT
GROWTH_MB = 100


def page(explainer: Explainer, cache: Path) -> Handlers:
    """What answers clicks, without samples and without a limit on calls."""
    pair = TDN_FILE, BASELINE_FILE
    return Handlers(
        explainer, [], pair, Showcase(explainer, explainer, [], *pair), Curves(explainer, pair[0]), RateLimit(0), cache
    )


def outcome(handlers: Handlers, path: Path, make_files: bool = False) -> tuple[str, str]:
    """What a visitor gets for a file: "result", "refused" or "broken", and in what words."""
    try:
        answers = list(handlers.analyse(str(path), text.TOP_CLASS, TDN_FILE, BASELINE_FILE))
        if make_files:
            for kind in KINDS:
                handlers.exports.make(kind, {}, answers[-1].token)
    except gr.Error as error:
        message = error.message
        cause = type(error.__context__).__name__
        if not is_sentence(message) or str(path.parent) in message:
            return "broken", f"{cause}: {message}"
        return "refused", cause
    except Exception as error:
        return "broken", f"{type(error).__name__}: {error}"
    return ("result", "") if len(answers) == 2 else ("broken", f"{len(answers)} answers")


def together(parts: list[dict]) -> dict:
    """The counts of several processes as one; of memory, that of the process that grew most."""
    grown = max(parts, key=lambda part: part["rss_after_mb"] - part["rss_before_mb"])
    slowest = max(parts, key=lambda part: part["slowest_s"])
    by_kind: dict[str, Counter] = {}
    for part in parts:
        for kind, counts in part["by_kind"].items():
            by_kind.setdefault(kind, Counter()).update(counts)
    return {
        "mutations": sum(part["mutations"] for part in parts),
        "seed": parts[0]["seed"],
        "outcomes": dict(sum((Counter(part["outcomes"]) for part in parts), Counter()).most_common()),
        "by_kind": {kind: dict(counts) for kind, counts in sorted(by_kind.items())},
        "broken": [one for part in parts for one in part["broken"]],
        "slowest_s": slowest["slowest_s"],
        "slowest": slowest["slowest"],
        "decoders_replaced": sum(part["decoders_replaced"] for part in parts),
        "rss_before_mb": grown["rss_before_mb"],
        "rss_after_mb": grown["rss_after_mb"],
        "minutes": max(part["minutes"] for part in parts),
    }


def fuzz(handlers: Handlers, mutations: range, seed: int, limit_sec: float, folder: Path) -> dict:
    """Send each mutation; count what became of them, by kind, and watch time and memory."""
    videos = sources(folder)
    counts, by_kind, broken = Counter(), {}, []
    slowest, before, began = (0.0, ""), None, time.monotonic()
    workers = {handlers.explainer.decoder.pid}
    for done, number in enumerate(mutations):
        with tempfile.TemporaryDirectory(dir=folder) as room:
            kind, path = mutation(number, seed, videos, Path(room))
            started = time.monotonic()
            ended, words = outcome(handlers, path, make_files=number % 20 == 0)
            took = time.monotonic() - started
            if (Path(room) / "written").exists():
                ended, words = "broken", "the file was run"
        workers.add(handlers.explainer.decoder.pid)
        slowest = max(slowest, (took, f"{number} ({kind})"))
        if took > limit_sec:
            ended, words = "broken", f"took {took:.0f} s"
        if ended == "broken":
            broken.append({"number": number, "kind": kind, "words": words})
        counts[f"{ended}: {words}" if ended == "refused" else ended] += 1
        by_kind.setdefault(kind, Counter())[ended] += 1
        if before is None and (counts["result"] >= WARM_RESULTS or done + 1 == len(mutations) // 2):
            before = resident_bytes()
        if done % 100 == 99:
            print(f"{done + 1} done, {len(broken)} broken, {resident_bytes() >> 20} MiB", file=sys.stderr)
    return {
        "mutations": len(mutations),
        "seed": seed,
        "outcomes": dict(counts.most_common()),
        "by_kind": {kind: dict(found) for kind, found in sorted(by_kind.items())},
        "broken": broken,
        "slowest_s": round(slowest[0], 1),
        "slowest": slowest[1],
        "decoders_replaced": len(workers) - 1,
        "rss_before_mb": (before or 0) >> 20,
        "rss_after_mb": resident_bytes() >> 20,
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one mutation")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--save", action="store_true", help="write docs/reliability.*")
    given = parser.parse_args()
    if given.only is None and given.part is None:
        found = in_processes(given.mutations, given.seed, given.processes)
        print(json.dumps(found, indent=1))
        if given.save:
            report.save("reliability", "fuzz", found)
        grew = found["rss_after_mb"] - found["rss_before_mb"]
        sys.exit(bool(found["broken"]) or grew > GROWTH_MB)
    settings = Settings()
    decoder = DecodingWorker(settings.decode_seconds, settings.decode_mb, settings.max_pixels, settings.max_frames)
    explainer = Explainer(checkpoint_folder(), "cpu", settings.max_seconds, settings.max_mb, decoder)
    with tempfile.TemporaryDirectory() as folder:
        handlers = page(explainer, Path(folder) / "cache")
        if given.only is not None:
            kept = Path(tempfile.mkdtemp(prefix="fuzz"))
            kind, path = mutation(given.only, given.seed, sources(Path(folder)), kept)
            print(kind, path, *outcome(handlers, path, make_files=True))
            return
        logging.getLogger("app").setLevel(logging.CRITICAL)
        part = range(given.mutations)[given.part :: given.processes]
        print(json.dumps(fuzz(handlers, part, given.seed, settings.decode_seconds + 30, Path(folder))))


def in_processes(mutations: int, seed: int, processes: int) -> dict:
    """Every so-manieth mutation in a process of its own, with its own server side."""
    same = ["--mutations", str(mutations), "--seed", str(seed), "--processes", str(processes)]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "studies.abuse.fuzz", *same, "--part", str(part)], stdout=subprocess.PIPE, text=True
        )
        for part in range(processes)
    ]
    printed = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("a process died; its last words are above, and --processes 1 shows after how many files")
    return together([json.loads(one) for one in printed])


if __name__ == "__main__":
    main()
