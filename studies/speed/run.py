"""All measurements; `python -m tdn benchmark` calls it. studies/README.md explains them.

python -m studies.speed.run [NAME...] [--quick] [--threads N] [--json] [--save]
"""

import argparse
import json
import sys

import torch

from studies import report
from studies.speed.cases import CASES, QUICK
from studies.speed.measure import convolution_rate, interleaved, matrix_rate, peak_rise_mb

ROUNDS = {"maps_pair": 3, "read_10min": 3, "read_1min": 3, "analysis": 1, "several_classes": 2, "train_pipeline": 3}
USUAL_ROUNDS = 5


def measure(name: str, rates: tuple[float, float]) -> dict:
    """One row. `floor_fraction` is the share of the matrix product's rate that ours reaches; None: no arithmetic."""
    case = CASES[name]()
    ours, plain, ratio = interleaved(case, ROUNDS.get(name, USUAL_ROUNDS))
    floor, floor_by_convolution = (
        None if case.multiply_adds is None else round(case.multiply_adds / rate / ours, 3) for rate in rates
    )
    return {
        "name": name,
        "ours_s": round(ours, 4),
        "plain_s": round(plain, 4),
        "ratio": round(ratio, 4),
        "ours_peak_mb": round(peak_rise_mb(name, "ours"), 1),
        "plain_peak_mb": round(peak_rise_mb(name, "plain"), 1),
        "floor_fraction": floor,
        "floor_fraction_convolution": floor_by_convolution,
        "threads": torch.get_num_threads(),
    }


def run_all(names: list[str] | None = None, threads: int = 1) -> list[dict]:
    """Measure the named cases, all of them by default; a line each on standard error as it is done."""
    unknown = [name for name in names or [] if name not in CASES]
    if unknown:
        raise ValueError(f"benchmark {unknown[0]!r}: expected one of {', '.join(CASES)}")
    torch.set_num_threads(threads)
    rates = matrix_rate(), convolution_rate()
    rows = []
    for name in names or CASES:
        rows.append(measure(name, rates))
        print(json.dumps(rows[-1]), file=sys.stderr)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these measurements")
    parser.add_argument("--quick", action="store_true", help="without names: leave the longest out")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    names = arguments.names or (QUICK if arguments.quick else None)
    try:
        rows = run_all(names, arguments.threads)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(json.dumps(rows) if arguments.json else report.table("speed", rows))
    if arguments.save:
        part = "speed" if arguments.threads == 1 else f"speed{arguments.threads}"
        by_name = {row["name"]: row for row in (*report.kept("performance", part), *rows)}
        report.save("performance", part, list(by_name.values()))


if __name__ == "__main__":
    main()
