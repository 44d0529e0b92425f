"""Does the sign of planted-bias mislead who looks at stills? A classifier of colours, one frame a clip, says.

    python -m studies.motion.planted_bias [--json] [--save]

A ridge classifier learns the class from the colour histogram of one frame of each training clip. It has never seen a
motion, so on clean clips it must stay at chance; on conflicting ones it should say the class of the sign.
"""

import argparse
import json

import numpy as np

from studies import report
from tdn.evaluate.intervals import wilson
from tdn.motion import LABELS
from tdn.motion.bias import sign_of
from tdn.motion.splits import SPLITS

SIDE, LEVELS = 56, 8


def colours(picture: np.ndarray) -> np.ndarray:
    """How often each of 512 colours occurs, the square root of its share."""
    red, green, blue = (picture // (256 // LEVELS)).reshape(-1, 3).astype(int).T
    counts = np.bincount((red * LEVELS + green) * LEVELS + blue, minlength=LEVELS**3)
    return np.sqrt(counts / counts.sum())


def stills(split: str, indices: range) -> tuple[np.ndarray, np.ndarray]:
    """The colours of the middle frame of each clip [n, 512], and its class [n]."""
    clips = [SPLITS[split].make(0, index, SIDE) for index in indices]
    return np.stack([colours(one.image(one.num_frames // 2)) for one in clips]), np.array(
        [one.label_index for one in clips]
    )


def misled(training: int, pairs: int) -> dict[str, dict]:
    """Percent of test clips that the classifier gets right, and of conflicting ones whose sign it names."""
    given, labels = stills("planted-bias-train", range(training))
    mean = given.mean(0)
    given = given - mean
    weights = np.linalg.solve(given @ given.T + 3 * np.eye(training), np.eye(len(LABELS))[labels] - 1 / len(LABELS))

    def answers(side: int) -> tuple[np.ndarray, np.ndarray]:
        asked, truth = stills("planted-bias", range(side, 2 * pairs, 2))
        return ((asked - mean) @ given.T @ weights).argmax(1), truth

    (clean, clean_truth), (conflicting, truth) = answers(0), answers(1)
    signs = np.array([sign_of(0, index) for index in range(1, 2 * pairs, 2)])
    hits = {
        "clean, right": clean == clean_truth,
        "conflicting, right": conflicting == truth,
        "conflicting, the class of the sign": conflicting == signs,
    }
    shares = {name: 100 * float(hit.mean()) for name, hit in hits.items()}
    return {name: {"percent": share, "interval": wilson(share, pairs)} for name, share in shares.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*")
    arguments = parser.parse_args()
    found = {"pairs": 114, "chance": 100 / len(LABELS), "answers": misled(760, 114)}
    print(json.dumps(found, indent=1) if arguments.json else report.table("planted_bias", found))
    if arguments.save:
        report.save("benchmark", "planted_bias", found)


if __name__ == "__main__":
    main()
