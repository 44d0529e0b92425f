"""`ensemble`: several networks together, from the score files that `evaluate` wrote."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Json, say
from tdn.cli.reports import print_report


def ensemble(
    scores: Annotated[list[Path], typer.Argument(metavar="SCORES...", help="Score files that `evaluate` wrote.")],
    rule: Annotated[
        str, typer.Option(help="released: sum of ReLU'd raw logits, as published; mean-probability: mean of softmaxes.")
    ] = "released",
    as_json: Json = False,
) -> None:
    """Accuracy of several networks together, such as the paper's 8 + 16 frames.

    \b
    evaluate something-v1:/data/sthv1 --checkpoint tdn_8f.safetensors --out eight
    evaluate something-v1:/data/sthv1 --checkpoint tdn_16f.safetensors --out sixteen
    ensemble eight/*.npz sixteen/*.npz
    """
    from tdn.evaluate import RULES, Scores, combine, expect_different, numbers

    parts = [Scores.load(path) for path in scores]
    for said in expect_different(scores, parts):
        say(said)
    report = numbers(combine(parts, rule), parts[0].labels, parts[0].class_names)
    report["protocol"] = f"{RULES[rule]}, of {' and '.join(part.protocol for part in parts)}"
    report |= {"rule": rule, "scores": [str(path) for path in scores], "missing": parts[0].missing}
    report["single"] = [
        {"scores": str(path), "protocol": part.protocol, "top1": part.top_k(1), "top5": part.top_k(5)}
        for path, part in zip(scores, parts, strict=True)
    ]
    if as_json:
        print(json.dumps(report))
        return
    for one in report["single"]:
        print(f"{one['scores']}: top-1 {one['top1']:.2f}%, top-5 {one['top5']:.2f}% ({one['protocol']})")
    print_report("together", report)
