"""A long stay: does the server stay alive, right and of one size under good and bad visitors?

    python -m studies.abuse.soak --minutes 60 [--visitors 3] [--seed 0] [--save]

Starts the real server with the shipped weights. Each visitor does one thing after the other, drawn by chance: a sample
clip, a hostile file (`studies.abuse.mutations`), a link, a path of the server, a class or checkpoint that is not there,
other checkpoints, a comparison, the figure and its download, leaving while it waits, an upload broken off. Answers to
sample clips must equal those of the empty server. Prints JSON; exits 1 if one was wrong, if something ended in other
words than it should, if Ctrl-C did not end the server, or if the last third of the time needed more memory.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from app import change_text
from studies import report
from studies.abuse.crowd import SAMPLES, Tally
from studies.abuse.mutations import mutation
from studies.abuse.sources import sources
from studies.abuse.visitors import Memory, Refused, Server, Visitor, is_sentence, percentile
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE

GROWTH_MB = 100


class Guest:
    """A visitor with samples, their answers alone, and hostile files at hand."""

    def __init__(self, url: str, seed: int, number: int, alone: dict[str, dict], videos: list[Path], folder: Path):
        self.url = url
        self.rng = random.Random(f"{seed} {number}")
        self.seed = f"{seed} {number}"
        self.alone = alone
        self.videos = videos
        self.folder = folder
        self.done = 0

    def draw(self) -> str:
        """The name of what to do next."""
        return self.rng.choices(list(ACTS), [often for _, often in ACTS.values()])[0]

    def act(self, name: str) -> bool:
        """Do one thing; whether it ended as it should. Raises Refused where a good request was."""
        self.done += 1
        self.visitor = Visitor(self.url)
        return ACTS[name][0](self)

    def sample(self) -> tuple[Path, dict]:
        path = self.rng.choice(sorted(SAMPLES.glob("*.mp4")))
        return path, self.visitor.upload(path)

    def refused(self, call: Callable[[], object], words: str = "") -> bool:
        """Whether a call is refused in one sentence that has `words` in it."""
        try:
            call()
        except Refused as error:
            return words in str(error) and is_sentence(str(error))
        return False

    def sound_clip(self) -> bool:
        path, video = self.sample()
        return self.visitor.analyze(video)[0] == self.alone[path.name]

    def hostile_file(self) -> bool:
        with tempfile.TemporaryDirectory(dir=self.folder) as room:
            _, path = mutation(100 + self.done, self.seed, self.videos, Path(room))
            try:
                self.visitor.analyze(self.visitor.upload(path))
            except Refused as error:
                return is_sentence(str(error))
        return True

    def link(self) -> bool:
        address = self.rng.choice(("http://127.0.0.1:9/a.mp4", "https://example.com/a.mp4"))
        return self.refused(lambda: self.visitor.analyze({"path": address, "meta": {"_type": "gradio.FileData"}}))

    def path_of_the_server(self) -> bool:
        path = self.rng.choice(("/etc/passwd", "app.py", "../../etc/passwd", "/proc/self/environ"))
        return self.refused(
            lambda: self.visitor.analyze({"path": path, "meta": {"_type": "gradio.FileData"}})
        ) and self.refused(lambda: self.visitor.download({"path": path}), "40")

    def wrong_class(self) -> bool:
        _, video = self.sample()
        return self.refused(lambda: self.visitor.analyze(video, "Flying"), "no such class")

    def wrong_checkpoint(self) -> bool:
        _, video = self.sample()
        name = self.rng.choice(("gone.safetensors", "../app.py", "x" * 500))
        return self.refused(lambda: self.visitor.analyze(video, tdn=name))

    def other_checkpoints(self) -> bool:
        _, video = self.sample()
        answer = self.visitor.analyze(video, tdn=BASELINE_FILE, baseline=TDN_FILE)[0]
        return answer["target"] == answer["tdn"]["label"]

    def comparison(self) -> bool:
        path, video = self.sample()
        change = self.rng.choice(list(change_text.CHANGES))
        return self.visitor.compare(change, video)[0]["target"] == self.alone[path.name]["target"]

    def wrong_comparison(self) -> bool:
        _, video = self.sample()
        return self.refused(lambda: self.visitor.compare("melt", video), "expected one of")

    def figure(self) -> bool:
        _, video = self.sample()
        answer = self.visitor.analyze(video)
        frames = self.visitor.download(answer[2]["frames"])
        kind, begins = self.rng.choice([("png", b"\x89PNG"), ("pdf", b"%PDF"), ("zip", b"PK")])
        self.visitor.ask(f"make_{kind}", [{}, None])
        file, *_ = self.visitor.ask("hand_out", [None, None])
        return frames.startswith(b"\xff\xd8") and self.visitor.download(file).startswith(begins)

    def leaving(self) -> bool:
        _, video = self.sample()
        self.visitor.join("analyze", [video, None, None, None])
        with self.visitor.answers() as messages:
            next(messages)
        return True

    def broken_upload(self) -> bool:
        def half() -> object:
            yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + bytes(50_000)
            raise ConnectionError("the tab is closed")

        try:
            httpx.post(
                f"{self.url}/gradio_api/upload",
                content=half(),
                headers={"Content-Type": "multipart/form-data; boundary=b"},
                timeout=60,
            )
        except ConnectionError:
            return True
        return False


# What is done, and how often.
ACTS: dict[str, tuple[Callable[[Guest], bool], int]] = {
    "sound clip": (Guest.sound_clip, 6),
    "hostile file": (Guest.hostile_file, 8),
    "link": (Guest.link, 1),
    "path of the server": (Guest.path_of_the_server, 1),
    "wrong class": (Guest.wrong_class, 1),
    "wrong checkpoint": (Guest.wrong_checkpoint, 1),
    "other checkpoints": (Guest.other_checkpoints, 1),
    "comparison": (Guest.comparison, 2),
    "wrong comparison": (Guest.wrong_comparison, 1),
    "figure and downloads": (Guest.figure, 2),
    "leaving": (Guest.leaving, 2),
    "broken upload": (Guest.broken_upload, 1),
}


def stay(guest: Guest, until: float, tally: Tally, bad: list[dict]) -> None:
    while time.monotonic() < until:
        began, name, words = time.monotonic(), guest.draw(), ""
        try:
            is_right = guest.act(name)
        except Exception as error:
            is_right, words = False, f"{type(error).__name__}: {error}"
        tally.add(name, time.monotonic() - began if is_right and name == "sound clip" else None)
        if not is_right:
            bad.append({"act": name, "guest": guest.seed, "done": guest.done, "words": words[:300]})


def growth_mb(seen: list[dict]) -> int:
    """How much higher the server's memory stood in the last third of the time than ever before."""
    sizes = [one["server"] for one in seen]
    late = 2 * len(sizes) // 3
    return max(sizes[late:], default=0) - max(sizes[:late], default=0)


def soak(minutes: float, visitors: int, seed: int) -> dict:
    server = Server()
    try:
        first = Visitor(server.url)
        alone = {path.name: first.analyze(first.upload(path))[0] for path in sorted(SAMPLES.glob("*.mp4"))}
        memory, tally, bad = Memory(server, max(1, minutes)), Tally(), []
        with tempfile.TemporaryDirectory() as folder:
            videos = sources(Path(folder))
            until = time.monotonic() + 60 * minutes
            guests = [Guest(server.url, seed, number, alone, videos, Path(folder)) for number in range(visitors)]
            threads = [threading.Thread(target=stay, args=(guest, until, tally, bad), daemon=True) for guest in guests]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                time.sleep(min(60, 6 * minutes))
                print(server.resident_mb(), dict(tally.counts), bad[-3:], server.tracebacks()[-3:], file=sys.stderr)
        again = {path.name: first.analyze(first.upload(path))[0] for path in sorted(SAMPLES.glob("*.mp4"))}
        seen = memory.stop()
        found = {
            "minutes": minutes,
            "visitors": visitors,
            "acts": dict(tally.counts.most_common()),
            "bad": bad,
            "p50_s": percentile(tally.waits, 0.5),
            "p95_s": percentile(tally.waits, 0.95),
            "same_afterwards": again == alone,
            "waiting_afterwards": server.waiting(),
            "tracebacks": Counter(server.tracebacks()),
            "memory": seen,
        }
    finally:
        stopped = server.close()
    return found | {"stopped_by_ctrl_c": stopped}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="write docs/reliability.*")
    given = parser.parse_args()
    found = soak(given.minutes, given.visitors, given.seed)
    print(json.dumps(found, indent=1))
    if given.save:
        report.save("reliability", "soak", found)
    sound = found["same_afterwards"] and found["stopped_by_ctrl_c"] and growth_mb(found["memory"]) <= GROWTH_MB
    sys.exit(bool(found["bad"]) or not sound)


if __name__ == "__main__":
    main()
