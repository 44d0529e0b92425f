"""Many visitors at once: does each get the answer that it gets alone, and is one too many refused politely?

    python -m studies.abuse.crowd --clients 32 --minutes 3 [--save]

Starts the real server twice, with TDN_QUEUE=64 and with its default queue. Each visitor uploads one of the sample
clips, asks, compares what it gets with the answer of an empty server, and asks again; every eighth leaves before its
answer comes. Prints JSON; exits 1 if an answer was wrong or missing, or the queue did not empty.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from studies import report
from studies.abuse.visitors import Memory, Refused, Server, Visitor, percentile

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"


class Tally:
    """What became of requests, from all threads."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.waits: list[float] = []
        self.words: list[str] = []
        self._lock = threading.Lock()

    def add(self, ended: str, wait: float | None = None, words: str = "") -> None:
        with self._lock:
            self.counts[ended] += 1
            if wait is not None:
                self.waits.append(wait)
            if words and words not in self.words:
                self.words.append(words)


def visit(url: str, number: int, paths: list[Path], alone: dict[str, dict], until: float, tally: Tally) -> None:
    """One visitor, until the time is over."""
    rng = random.Random(number)
    while time.monotonic() < until:
        path = rng.choice(paths)
        began = time.monotonic()
        try:
            visitor = Visitor(url)
            video = visitor.upload(path)
            if rng.random() < 1 / 8:
                visitor.join("analyze", [video, None, None, None])
                with visitor.answers() as messages:
                    next(messages)
                tally.add("left")
                continue
            answer = visitor.analyze(video)[0]
        except Refused as words:
            tally.add("refused", words=str(words).split(" and size")[0])
            time.sleep(rng.uniform(1, 3))
        except Exception as error:  # whatever it is, the visitor has no answer
            tally.add("lost", words=f"{type(error).__name__}: {error}")
        else:
            ended = "right" if answer == alone[path.name] else "wrong"
            tally.add(ended, time.monotonic() - began)


def crowd(clients: int, minutes: float, **environment: str) -> dict:
    """What `clients` visitors meet in `minutes` minutes."""
    server = Server(**environment)
    try:
        paths = sorted(SAMPLES.glob("*.mp4"))
        first = Visitor(server.url)
        alone = {path.name: first.analyze(first.upload(path))[0] for path in paths}
        start = server.resident_mb()
        memory, tally = Memory(server, 2), Tally()
        until = time.monotonic() + 60 * minutes
        threads = [
            threading.Thread(target=visit, args=(server.url, number, paths, alone, until, tally), daemon=True)
            for number in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waiting = server.waiting()
        again = {path.name: first.analyze(first.upload(path))[0] for path in paths}
        seen = memory.stop()
        found = {
            "clients": clients,
            "minutes": minutes,
            "queue": environment.get("TDN_QUEUE", "default"),
            **{name: tally.counts[name] for name in ("right", "wrong", "lost", "left", "refused")},
            "words": tally.words,
            "p50_s": percentile(tally.waits, 0.5),
            "p95_s": percentile(tally.waits, 0.95),
            "same_afterwards": again == alone,
            "waiting_afterwards": waiting,
            "rss_start_mb": start["server"],
            "rss_highest_mb": max(one["server"] for one in seen),
            "rss_end_mb": server.resident_mb()["server"],
            "decoder_highest_mb": max(one["decoder"] for one in seen),
            "tracebacks": server.tracebacks(),
        }
    finally:
        stopped = server.close()
    return found | {"stopped_by_ctrl_c": stopped}


def is_sound(found: dict) -> bool:
    return (
        found["right"] > 0
        and not (found["wrong"] or found["lost"] or found["waiting_afterwards"])
        and all((found["same_afterwards"], found["stopped_by_ctrl_c"]))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--save", action="store_true", help="write docs/reliability.*")
    given = parser.parse_args()
    found = [crowd(given.clients, given.minutes, TDN_QUEUE="64"), crowd(given.clients, given.minutes)]
    print(json.dumps(found, indent=1))
    if given.save:
        report.save("reliability", "crowd", found)
    sys.exit(not all(map(is_sound, found)))


if __name__ == "__main__":
    main()
