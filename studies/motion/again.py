"""After new weights: every figure and picture that tells of them, made again. What is done stays done.

    python -m studies.motion.again CLIPS            # runs all of it
    python -m studies.motion.again CLIPS --list     # only says what it would run

CLIPS holds real videos: in motion/ and long/ those of `strobe_clips.csv`, in masks/ two sequences as DAVIS has them.
Each step keeps its log under runs/again, in a folder named after the weights. After an interruption the same command
goes on with the first step that is not done; started twice, it works on two at a time. The sentences in the documents
are left to people. `python -m studies.motion.calibrate` comes before it.
"""

import argparse
import csv
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from studies.motion.real_video import LIST as REAL
from tdn.weights.shipped import shipped_networks

ROOT = Path(__file__).resolve().parents[2]
STROBE = Path(__file__).with_name("strobe_clips.csv")
# A step that shows what another one makes, or adds to it, waits for it.
AFTER = {"pictures": ("samples", "lab"), "splits": ("val",)}
# Beside Grad-CAM.
BESIDE = ("hirescam", "xgradcam")
STILL = "Holding something still"
CONVEYOR = ("long/conveyor_fruit_intel.gif", "Moving something from right to left")


def steps(clips: Path, work: Path) -> dict[str, list[str]]:
    """Shell lines by the name of what they measure; `work` takes what they write beside the documents."""
    real, strobe, q = work / "real", work / "strobe", shlex.quote
    moving = sum(row["label"] != STILL for row in real_clips())
    study, tdn, report = "python -m studies.", "python -m tdn ", "python -m studies.report benchmark "
    return {
        "cards": [f"{study}motion.cards --save"],
        "real": [f"{study}motion.real_video {clips / 'motion'} --save"],
        # From the videos' folder: results name videos as they are given, and no place of this machine.
        "conveyor": [
            f"cd {clips} && {tdn}strobe {CONVEYOR[0]} --target {q(CONVEYOR[1])} --json > {work}/conveyor.json",
            f"{report}conveyor {work}/conveyor.json",
        ],
        "strobe": [
            f"cd {strobe} && {tdn}strobe strobe_clips.csv --out {work}/strobe-out --json > {work}/strobe.json",
            f"{report}strobe {work}/strobe.json",
        ],
        "flow": [f"{study}motion.flow {clips / 'masks'} --save"],
        "realfocus": [
            f"{tdn}focus {real} --clips {moving} --out {work}/focus-real",
            f"{report}realfocus {work}/focus-real/focus.json",
        ],
        **{
            f"real{method}": [
                f"{tdn}focus {real} --clips {moving} --method {method} --out {work}/{method}-real",
                f"{report}real{method} {work}/{method}-real/focus.json",
            ]
            for method in BESIDE
        },
        "val": [f"{study}motion.splits --splits val --clips 380 --save"],
        "splits": [f"{study}motion.splits --save"],
        "probes": [f"{study}motion.probes --clips 60 --save"],
        "faithful": [
            f"{tdn}focus synthetic --clips 40 --faithful --workers 2 --out {work}/faithful",
            f"{report}faithful {work}/faithful/focus.json",
        ],
        "focus": [
            f"{tdn}focus synthetic --clips 500 --workers 2 --out {work}/focus",
            f"{report}focus {work}/focus/focus.json",
        ],
        **{
            method: [
                f"{tdn}focus synthetic --clips 500 --method {method} --workers 2 --out {work}/{method}",
                f"{report}{method} {work}/{method}/focus.json",
            ]
            for method in BESIDE
        },
        "faithfulhirescam": [
            f"{tdn}focus synthetic --clips 40 --faithful --method hirescam --workers 2 --out {work}/faithful-hirescam",
            f"{report}faithfulhirescam {work}/faithful-hirescam/focus.json",
        ],
        "samples": [f"{study}motion.samples {clips} --save", f"make samples SOURCES={clips}"],
        "lab": ["python -m assets.make_lab_clips"],
        "pictures": ["make figures compare cards page-picture"],
        "tables": ["python -m studies.report"],
    }


def real_clips() -> list[dict[str, str]]:
    with REAL.open(newline="") as file:
        return list(csv.DictReader(file))


def lay_out(clips: Path, work: Path) -> None:
    """The real videos in a folder per class, for `focus`, and as the list of `strobe` names them."""
    for row in real_clips():
        place = work / "real" / row["label"] / row["file"]
        # Nothing moves in a still scene, so that there is nothing for a map to lie on.
        if row["label"] != STILL and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(clips / "motion" / row["file"])
    (work / "strobe").mkdir(exist_ok=True)
    shutil.copy(STROBE, work / "strobe")
    for name in ("motion", "long"):
        if not (work / "strobe" / name).exists():
            (work / "strobe" / name).symlink_to(clips / name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, help="the folder with motion/, long/ and masks/")
    parser.add_argument("--list", action="store_true", help="only say what would be run")
    asked = parser.parse_args()
    clips = asked.clips.resolve()
    weights = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(shipped_networks()))).hexdigest()
    work = ROOT / "runs" / "again" / weights[:12]
    if missing := [name for name in ("motion", "long", "masks") if not (clips / name).is_dir()]:
        print(f"{clips} has no folder {', '.join(missing)}", file=sys.stderr)
        return 2
    if not asked.list:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work / "lay_out.lock"):
            lay_out(clips, work)
    # `python` is this one, and finds the project from any folder.
    ours = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    for name, lines in steps(clips, work).items():
        if asked.list:
            is_done = is_finished(work / f"{name}.done", lines)
            print(f"{name}:", *(["done before"] if is_done else lines), sep="\n    ")
        elif not finished(name, lines, work, ours):
            return 1
    return 0


def is_finished(done: Path, lines: list[str]) -> bool:
    """Whether a step was done as it is: one that has become another is not."""
    return done.exists() and done.read_text() == "\n".join(lines)


def finished(name: str, lines: list[str], work: Path, environment: dict[str, str]) -> bool:
    """Run a step unless it is done or another process is at it; False where it fails."""
    done = work / f"{name}.done"
    try:
        with FileLock(work / f"{name}.lock", timeout=0):
            if is_finished(done, lines):
                print(f"{name}: done before")
                return True
            for before in AFTER.get(name, ()):
                with FileLock(work / f"{before}.lock"):
                    pass
                if not (work / f"{before}.done").exists():
                    print(f"{name}: {before}, which comes before it, failed", file=sys.stderr)
                    return False
            began = time.monotonic()
            with (work / f"{name}.log").open("w") as log:
                for line in lines:
                    told = subprocess.run(["bash", "-c", line], cwd=ROOT, env=environment, stderr=log, stdout=log)
                    if told.returncode:
                        print(f"{name}: failed, see {log.name}\n    {line}", file=sys.stderr)
                        return False
            done.write_text("\n".join(lines))
            print(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    except Timeout:
        print(f"{name}: another process is at it", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
