"""Does a training run survive a full disk, wherever it fills up?

    python -m studies.abuse.full_disk [--save]         as root, on Linux: mounts a small disk in memory

The `smoke` recipe trains on a disk of 24 MiB of which a filler leaves less and less. Each time the run has to end by
itself with exit code 2 and one sentence, or succeed; then the filler goes, the run goes on, and its end is compared
with that of an undisturbed one.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from studies import report
from studies.abuse.kill_training import differences, place, start
from studies.tables import abuse

DISK_MB = 24
# The rendered clips take some 9.3 MiB, a state 1 MiB.
FREE_KB = (16, 2000, 6000, 9600, 10_000, 11_000, 12_000, 13_000, 16_000)


def measured() -> list[dict]:
    """For each room left on the disk: exit code, last words, what was saved, and what differed in the end."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole" / "run"
        whole.parent.mkdir()
        os.waitpid(start(whole), 0)
        for free in FREE_KB:
            disk = Path(folder) / f"disk-{free}"
            disk.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)], check=True)
            try:
                found.append({"free_kb": free, **survived(disk, free, whole)})
            finally:
                subprocess.run(["umount", "-l", str(disk)], check=True)
    return found


def survived(disk: Path, free_kb: int, whole: Path) -> dict:
    """Train on `disk` with so much room, then again with all of it."""
    filler, out = disk / "filler", disk / "run"
    room = os.statvfs(disk)
    filler.write_bytes(bytes(room.f_bavail * room.f_bsize - free_kb * 1024))
    words = Path(f"{disk}.txt")
    status = os.waitstatus_to_exitcode(os.waitpid(start(out, words), 0)[1])
    said = [line for line in words.read_text().splitlines() if line.strip()]
    errors = [line for line in said if line.startswith("error: ")]
    saved = place(out)
    filler.unlink()
    again = os.waitstatus_to_exitcode(os.waitpid(start(out, words), 0)[1])
    return {
        "exit": status,
        "errors": len(errors),
        "traceback": any("Traceback" in line for line in said),
        "reason": errors[-1].partition(": ")[2].replace(str(out), "OUT") if errors else "",
        "saved": saved,
        "exit_again": again,
        "equal": again == 0 and not differences(whole, out),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/reliability.*")
    arguments = parser.parse_args()
    found = measured()
    print("\n".join(abuse.full_disk(found)))
    if arguments.save:
        report.save("reliability", "full_disk", found)


if __name__ == "__main__":
    main()
