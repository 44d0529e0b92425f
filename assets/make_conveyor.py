"""Make the clip that the page opens on, assets/samples/conveyor.mp4: `python -m assets.make_conveyor SOURCE.gif`.

SOURCE is preview/fruit-and-vegetable-detection.gif of https://github.com/intel-iot-devkit/sample-videos (CC BY 4.0),
which is not part of this repository. Pictures, their number and their rate stay as they are; CREDITS.md beside the clip
says what changes.
"""

import argparse
from pathlib import Path

import numpy as np

from assets.make_samples import FOLDER
from tdn.data.video import probe, read_frames, write_mp4

# Good enough that the shipped networks answer as they do to the GIF; a third of the 400 kB that a first visit allows.
CRF = 23


def make(source: Path, path: Path) -> None:
    info = probe(source)
    # A GIF counts hundredths of a second: 15 frames a second stand in it as 7, 6, 7 of them.
    write_mp4(path, read_frames(source, np.arange(info.num_frames), info=info), fps=round(info.fps), crf=CRF)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="the GIF as published")
    make(parser.parse_args().source, FOLDER / "conveyor.mp4")


if __name__ == "__main__":
    main()
