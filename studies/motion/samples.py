"""Which clips are the page's samples: what both networks say of every candidate, and where they look.

    python -m studies.motion.samples SOURCES [--out FOLDER] [--save]

`assets/candidates.py` lists the candidates; SOURCES holds the published videos that filmed ones are cut from. Every
file is made as it would be shipped and read from there. Maps are those of the clip's class. What moves is known of made
clips, and measured by optical flow on filmed ones.

The rule. A pair *differs visibly* on a clip where TDN names its class and T-Conv another ("answer"), or else where the
share of the maps' energy on what moves differs by a tenth or more at one of the two layers, whichever network has more
("focus"). A candidate has to be named by TDN, and its file must not exceed 150 kB.

- Filmed, five: the conveyor, which the page opens on, whatever the networks say of it. Then those that differ in the
  answer, then in the focus, then the others, each by the difference of the shares, largest first; of one film and class
  only one, unless five can't be had otherwise.
- Photographic, two: of long-range and of short-term motion the first, in order of their numbers, that differs in the
  answer; where there is none, in the focus; where there is none, the first.
- Appearance-free, one: in the same way.

With other weights: this command with --save, then `make samples`.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from assets.candidates import CONVEYOR, MOST_BYTES, Candidate, Filmed, candidates, write
from studies import report
from studies.tables import TABLES
from tdn.data.clip import load_clip
from tdn.explain.classes import same_label
from tdn.explain.forward_pass import ForwardPass
from tdn.measure.flow import flow_of_windows, moving_by_flow
from tdn.measure.focus import focus_of_clip
from tdn.measure.masks import known_masks, mask_path
from tdn.motion.labels import GROUPS, SHORT_TERM
from tdn.networks import Network, open_network
from tdn.weights.shipped import shipped_pair

FILMED_SAMPLES = 5
VISIBLE = 0.1  # of the energy of a map
NUMBERS = ("energy_share", "lift")
GRADES = ("answer", "focus", "")


def seen_by(network: Network, path: Path, label: str) -> dict:
    """What a network says of a file, and how far its maps of class `label` lie on what moves, by layer.

    The numbers are missing where nothing moves.
    """
    clip = load_clip(path, network)
    if mask_path(path).exists():
        moving, _ = known_masks(path, clip)
    else:
        moving = moving_by_flow(flow_of_windows(clip.tensor, network.preprocess))
    taken = ForwardPass(network, network.arrange(clip.tensor))
    target = same_label(network.labels, label)
    probabilities = taken.logits[0].float().softmax(0)
    said = int(probabilities.argmax())
    found = {"said": network.labels[said], "probability": float(probabilities[said]), "right": said == target}
    found["area"], found["focus"] = float(moving.mean()), {}
    for layer, maps in taken.maps([target], for_the_last_time=True).items() if moving.any() else ():
        numbers = focus_of_clip(maps[0].relu().float().cpu().numpy(), moving)
        found["focus"][layer] = {name: numbers[name] for name in NUMBERS}
    return found


def row_of(candidate: Candidate, path: Path, networks: dict[str, Network]) -> dict:
    """What both networks make of a candidate's file, and whether they differ visibly."""
    row = {"name": candidate.name, "kind": candidate.kind, "label": candidate.label, "bytes": path.stat().st_size}
    row |= {"film": candidate.film} if isinstance(candidate, Filmed) else {}
    row |= {role: seen_by(network, path, candidate.label) for role, network in networks.items()}
    row["difference"] = difference(row)
    row["differs"] = differs(row)
    return row


def difference(row: dict) -> float:
    """TDN's share of energy on what moves less T-Conv's, at the layer where they differ more; 0 where nothing moves."""
    layers = zip(*(row[role]["focus"].values() for role in ("tdn", "baseline")), strict=True)
    shares = [ours["energy_share"] - others["energy_share"] for ours, others in layers]
    return max(shares, key=abs, default=0.0)


def differs(row: dict) -> str:
    """One of GRADES."""
    if row["tdn"]["right"] and not row["baseline"]["right"]:
        return "answer"
    return "focus" if abs(row["difference"]) >= VISIBLE else ""


def chosen(rows: list[dict]) -> list[str]:
    """The names of the samples, by the rule above, in the order they are shown in."""
    able = [row for row in rows if row["tdn"]["right"] and row["bytes"] <= MOST_BYTES]
    photographic = [row for row in able if row["kind"] == "photographic"]
    short = [row for row in photographic if GROUPS[row["label"]] == SHORT_TERM]
    long = [row for row in photographic if GROUPS[row["label"]] == "long-range motion"]
    noise = [row for row in able if row["kind"] == "appearance-free"]
    firsts = [min(part, key=grade) for part in (long, short, noise) if part]
    return _names([*_filmed(able), *firsts])


def grade(row: dict) -> int:
    """0 where the pair differs in the answer, 1 in the focus, 2 where it does not differ visibly."""
    return GRADES.index(row["differs"])


def _filmed(able: Iterable[dict]) -> list[dict]:
    best_first = sorted(
        (row for row in able if row["kind"] == "filmed" and row["name"] != CONVEYOR.name),
        key=lambda row: (grade(row), -abs(row["difference"])),
    )
    taken = {(CONVEYOR.film, CONVEYOR.label)}
    new, again = [], []
    for row in best_first:
        seen = row["film"], row["label"]
        (again if seen in taken else new).append(row)
        taken.add(seen)
    others = sorted((new + again)[: FILMED_SAMPLES - 1], key=best_first.index)
    return [{"name": CONVEYOR.name}, *others]


def _names(rows: Iterable[dict]) -> list[str]:
    return [row["name"] for row in rows]


def measured(folder: Path, sources: Path, said: Callable[[str], None] = print) -> dict:
    """All candidates made in `folder`, asked, and chosen from."""
    networks = dict(
        zip(("tdn", "baseline"), (open_network(path).for_inference() for path in shipped_pair()), strict=True)
    )
    rows = []
    for candidate in candidates():
        rows.append(row_of(candidate, write(candidate, folder, sources), networks))
        said(f"{candidate.name}: {rows[-1]['differs'] or 'no visible difference'}")
    return {"rows": rows, "chosen": chosen(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, metavar="SOURCES")
    parser.add_argument("--out", type=Path, help="keep the candidates' files there")
    parser.add_argument("--save", action="store_true", help="write docs/benchmark.*; `make samples` reads it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = measured(folder, arguments.sources)
    if arguments.save:
        report.save("benchmark", "samples", found)
    print("\n".join([*TABLES["samples"](found), "", *TABLES["samples chosen"](found)]))


if __name__ == "__main__":
    main()
