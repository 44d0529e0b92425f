"""What networks make of the splits of the motion benchmark, each number with chance and interval.

    python -m studies.motion.splits [CHECKPOINT...] [--clips N] [--json] [--save]

The numbers are those of `python -m tdn evaluate synthetic:NAME`; without checkpoints, of the four shipped networks.
"""

import argparse
import json
from pathlib import Path

from studies import report
from tdn.evaluate import Protocol, SyntheticSet, numbers, run_protocol
from tdn.evaluate.splits import split_numbers
from tdn.motion.splits import SPLITS
from tdn.weights import load_model
from tdn.weights.shipped import checkpoint_folder

ASKED = ("appearance-free", "minimal-pairs", "stroboscope", "planted-bias")


def shipped() -> list[Path]:
    """The four networks that come with the project."""
    return sorted(checkpoint_folder().glob("*_small_8f.safetensors"), key=lambda path: path.stem[:4] != "tdn_")


def measured(checkpoint: Path, split: str, clips: int | None) -> dict:
    """As `evaluate --json` says of a split, less the classes."""
    scores = run_protocol(load_model(checkpoint), SyntheticSet(clips, 0, split), Protocol())
    found = numbers(scores.mean_probabilities(), scores.labels, scores.class_names)
    return {name: found[name] for name in ("top1", "clips")} | split_numbers(scores, split, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", type=Path, default=shipped())
    parser.add_argument("--splits", nargs="+", choices=list(SPLITS), default=ASKED, metavar="NAME")
    parser.add_argument("--clips", type=int, help="of each split; as many as evaluate takes if left out")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*, beside what stands there already")
    arguments = parser.parse_args()
    found: dict = {}
    for path in arguments.checkpoints:
        found[path.stem] = {}
        for split in arguments.splits:
            found[path.stem][split] = measured(path, split, arguments.clips)
            if arguments.save:
                kept = report.kept("benchmark", "splits")
                kept[path.stem] = kept.get(path.stem, {}) | found[path.stem]
                report.save("benchmark", "splits", kept)
    tables = [report.table(name, found) for name in ("splits", "splits stroboscope")]
    print(json.dumps(found, indent=1) if arguments.json else "\n\n".join(tables))


if __name__ == "__main__":
    main()
