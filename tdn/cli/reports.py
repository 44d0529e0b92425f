"""Reports of `evaluate` and `ensemble`, averaged and printed."""

import json
from typing import Any


def averaged(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over split files, each counting the same whatever its size, as in the paper's Table 4."""
    from tdn.evaluate.intervals import of_mean

    count = len(reports)
    by_class: dict[str, list[float]] = {}
    for report in reports:
        for label, share in report["per_class"].items():
            by_class.setdefault(label, []).append(share)
    return {
        "top1": sum(report["top1"] for report in reports) / count,
        "top5": sum(report["top5"] for report in reports) / count,
        "chance": sum(report["chance"] for report in reports) / count,
        "interval": of_mean([report["top1"] for report in reports], [report["interval"] for report in reports]),
        "clips": sum(report["clips"] for report in reports),
        "per_class": {label: sum(shares) / len(shares) for label, shares in by_class.items()},
        "without_clips": [label for label in reports[0]["without_clips"] if label not in by_class],
        "protocol": f"{reports[0]['protocol']}, mean over {count} splits",
        "missing": [name for report in reports for name in report["missing"]],
        "scores": [report["scores"] for report in reports],
        "splits": reports,
    }


def print_reports(reports: list[dict[str, Any]], as_json: bool) -> None:
    whole = reports[0] if len(reports) == 1 else averaged(reports)
    if as_json:
        print(json.dumps(whole))
        return
    if len(reports) > 1:
        for report in reports:
            print_report(_title(report), report, classes=False)
    print_report(_title(whole) if len(reports) == 1 else "mean over splits", whole)


def _title(report: dict[str, Any]) -> str:
    return report["data"] if report["split"] == "val" else f"{report['data']} {report['split']}"


def print_report(title: str, report: dict[str, Any], classes: bool = True) -> None:
    """One line with both numbers and how they were measured; then the clips left out, the classes, the file."""
    if "interval" in report:
        low, high = report["interval"]
        likely = f" ({low:.1f} to {high:.1f}, chance {report['chance']:.1f})"
    else:
        likely = ""
    print(
        f"{title}: top-1 {report['top1']:.2f}%{likely}, top-5 {report['top5']:.2f}% "
        f"({report['protocol']}; {report['clips']} clips{_left_out(report['missing'])})"
    )
    from tdn.evaluate.splits import split_lines

    for line in split_lines(report):
        print(f"  {line}")
    if report["missing"]:
        print(f"  left out, could not be read: {', '.join(report['missing'])}")
    if classes:
        for label, share in report["per_class"].items():
            print(f"  {share:6.2f}%  {label}")
        for label in report.get("without_clips", ())[:20]:
            print(f"  no clips {label}")
        if len(report.get("without_clips", ())) > 20:
            print(f"  no clips of {len(report['without_clips']) - 20} more classes")
    if isinstance(report["scores"], str):
        print(f"  scores: {report['scores']}")


def _left_out(missing: list[str]) -> str:
    return f", {len(missing)} missing and left out" if missing else ""
