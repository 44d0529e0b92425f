"""Write the page's samples, chosen by `python -m studies.motion.samples`, with their credits: `make samples`.

    python -m assets.make_samples [SOURCES]

Without SOURCES, the folder of Intel's videos (`assets/candidates.py`), filmed samples stay as they lie there.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from assets.candidates import CARS, PUBLISHED, Candidate, Filmed, named, photos_in, write
from studies import report
from tdn.motion.photos import PARTS, SHIPPED

FOLDER = Path(__file__).parent / "samples"
PHOTO_CREDITS = SHIPPED.parent / "CREDITS.md"
COLLECTION = "[Intel IoT DevKit sample videos](https://github.com/intel-iot-devkit/sample-videos)"
CC_BY = "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"
CC_BY_SA = "[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/)"
LINE = "| file | by | licence | changes |\n| --- | --- | --- | --- |\n"


def credited() -> dict[str, tuple[str, str]]:
    """Author and licence of each file of assets/photos, such as things/apple.png, as its credits say."""
    rows = [line.strip("| \n").split(" | ") for line in PHOTO_CREDITS.read_text().splitlines() if line.startswith("| ")]
    return {file: (author, licence) for file, _, author, licence in rows if file.split("/")[0] in PARTS}


def entry(candidate: Candidate) -> dict:
    """What samples.json says of a sample; `credit` is what the page shows of who made it."""
    found = {"file": f"{candidate.name}.mp4", "label": candidate.label, "title": candidate.title}
    if isinstance(candidate, Filmed):
        found["credit"] = candidate.credit
        return found | ({"opening": candidate.opening} if candidate.opening else {})
    return found | ({"credit": photo_credit(candidate)} if candidate.kind == "photographic" else {})


def photo_credit(candidate: Candidate) -> str:
    """Whose photos a clip shows, in a line, those in the public domain left out."""
    by_licence: dict[str, list[str]] = {}
    for file in photos_in(candidate):
        author, licence = credited()[file]
        if licence.startswith("CC BY"):
            names = by_licence.setdefault(licence, [])
            names += [] if author in names else [author]
    named_ = "; ".join(f"{', '.join(names)} ({licence})" for licence, names in by_licence.items())
    return f"Drawn from photos by {named_ or 'authors in CREDITS.md, all in the public domain'}"


def credits(chosen: Sequence[Candidate]) -> str:
    """CREDITS.md of the samples."""
    filmed = [one for one in chosen if isinstance(one, Filmed)]
    of_photos = [one for one in chosen if photos_in(one)]
    return (
        "# Credits\n\nWritten by `python -m assets.make_samples`.\n\n"
        + (LINE + "".join(map(_film_line, filmed)) + "\n")
        + "`make samples SOURCES=FOLDER` makes these files from the published ones.\n"
        + "No endorsement by Intel is implied.\n\n"
        + (_of_photos(of_photos) if of_photos else "")
        + "All other clips here and in `../lab/` are drawn by this project, of no one's pictures.\n"
    )


def _film_line(one: Filmed) -> str:
    published = f", `{PUBLISHED[one.film]}`" if one.film in PUBLISHED else ""
    size = ", half as wide" if one.film == CARS else ""
    cut = f"a cut of {one.film}; " if one.is_cut else f"{one.film}; "
    return (
        f"| `{one.name}.mp4` | Intel Corporation, {COLLECTION}{published} | {CC_BY} | {cut}"
        f"encoded anew as H.264 (4:2:0, BT.601){size} |\n"
    )


def _of_photos(clips: Sequence[Candidate]) -> str:
    """Which photos each clip shows; a clip that shows one under CC BY-SA is under it itself."""
    lines = []
    for clip in clips:
        rows = [(file, *credited()[file]) for file in photos_in(clip)]
        own = f"; the clip is under {CC_BY_SA}" if any("BY-SA" in licence for *_, licence in rows) else ""
        shown = "; ".join(f"`{file}` ({author}, {licence})" for file, author, licence in rows)
        lines.append(f"- `{clip.name}.mp4`: {shown}{own}\n")
    return (
        "These clips are drawn by this project from photos, which were cut out, scaled and lit anew; "
        "[where each is from](../CREDITS.md):\n\n" + "".join(lines) + "\n"
    )


def make(names: Sequence[str], folder: Path, sources: Path | None = None) -> None:
    """Write the samples of these names with samples.json and CREDITS.md, and delete all others of the folder.

    Raises FileNotFoundError for a filmed one that is neither there nor can be made without `sources`.
    """
    chosen = named(names)
    for candidate in chosen:
        if not isinstance(candidate, Filmed) or sources:
            write(candidate, folder, sources)
        elif not (folder / f"{candidate.name}.mp4").is_file():
            raise FileNotFoundError(f"{candidate.name}.mp4 is not there; pass the folder of the published videos")
    for path in [*folder.glob("*.mp4"), *folder.glob("*_mask.npz")]:
        if path.stem.removesuffix("_mask") not in names:
            path.unlink()
    (folder / "samples.json").write_text(json.dumps([entry(one) for one in chosen], indent=1) + "\n")
    (folder / "CREDITS.md").write_text(credits(chosen))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="?", metavar="SOURCES")
    make(report.kept("benchmark", "samples")["chosen"], FOLDER, parser.parse_args().sources)


if __name__ == "__main__":
    main()
