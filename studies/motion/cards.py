"""What the shipped checkpoints score on the validation clips, class by class, from their cards.

python -m studies.motion.cards [--save]
"""

import argparse

from studies import report
from tdn.motion import GROUPS
from tdn.weights import read_card
from tdn.weights.shipped import checkpoint_folder


def by_group(per_class: dict[str, float | None]) -> dict[str, float]:
    """Top-1 of all classes and of each group, in percent; every class has as many clips, or none (None)."""
    groups: dict[str, list[float]] = {}
    for label, share in per_class.items():
        if share is not None:
            for group in ("all", GROUPS[label]):
                groups.setdefault(group, []).append(share)
    return {group: sum(shares) / len(shares) for group, shares in groups.items()}


def shipped() -> dict[str, dict]:
    """The cards of checkpoints trained on the procedural clips, the TDN first."""
    found = {}
    for path in sorted(checkpoint_folder().glob("*_small_8f.safetensors"), key=lambda path: path.stem[:4] != "tdn_"):
        card = read_card(path)
        found[path.stem] = {
            **card.accuracy,
            "groups": by_group(card.accuracy["per_class"]),
            "trained_on": card.trained_on,
            "command": card.command,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    found = shipped()
    print(report.table("cards", found))
    if parser.parse_args().save:
        report.save("benchmark", "cards", found)


if __name__ == "__main__":
    main()
