"""What may become a sample of the page, and how each file is made: filmed clips, clips of photos, appearance-free ones.

Filmed candidates are cuts of Intel's sample videos (https://github.com/intel-iot-devkit/sample-videos, CC BY 4.0).
They are not part of this repository: SOURCES is a folder that holds them. They are all cuts at hand that show one
motion with a name; cars going both ways at once have none. Made candidates are clips of the benchmark's splits,
numbered as there, of a seed that neither training, nor the published accuracy, nor the lab uses.

Which of them are samples is decided by `python -m studies.motion.samples`, which says how.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from tdn.data.video import probe, read_frames, write_mp4
from tdn.motion import LABELS, make_scene
from tdn.motion.photos import PARTS, SHIPPED, Photos, photographic, picture_files, shipped_photos
from tdn.motion.splits import OF_PHOTOS, SPLITS, Clip, fps_of, scene_seed

SEED = 7
SIZE, MASK_SIZE = 224, 112
# Good enough that the shipped networks answer as they do to the published files.
FILMED_CRF, WIDEST = 27, 480
CRF = {"photographic": 24, "appearance-free": 34}  # noise needs more room than anything else
# A first visit should be light, and a visitor has seconds.
MOST_BYTES, LONGEST_SEC = 150_000, 8
# Photographic and drawn clips follow each other, a clip of each class; so many photographic rounds are candidates.
ROUNDS = 3
LEFT, RIGHT, UP, DOWN, CLOSER = LABELS[:5]


@dataclass(frozen=True)
class Filmed:
    """Frames `first` to `last` (left out) of `source`, a file of SOURCES; `film` says what is seen, as in the credits.

    `opening` is what the page may open on: the first `part` percent, in which one thing passes, and that part `repeat`
    times over. With seven repeats, eight segments stand 7/8 of a round apart.
    """

    name: str
    source: str
    film: str
    label: str
    title: str
    first: int = 0
    last: int | None = None
    opening: dict = field(default_factory=dict)
    kind = "filmed"

    @property
    def credit(self) -> str:
        return f"Intel IoT DevKit sample videos, CC BY 4.0, {'cut and ' * self.is_cut}re-encoded"

    @property
    def is_cut(self) -> bool:
        return not self.source.endswith(".gif") or (self.first, self.last) != (0, None)


@dataclass(frozen=True)
class Made:
    """Clip `index` of a split: `photographic` ones of `val`, or `appearance-free` ones."""

    kind: str
    index: int

    @property
    def name(self) -> str:
        return f"{'photos' if self.kind == 'photographic' else 'noise'}_{self.index}"

    @property
    def clip(self) -> Clip:
        return SPLITS["val" if self.kind == "photographic" else self.kind].make(SEED, self.index, SIZE)

    @property
    def label(self) -> str:
        return LABELS[self.clip.label_index]

    @property
    def title(self) -> str:
        """The class in few words, and what the clip is made of."""
        short = re.sub(" (inside )?something", "", self.label).replace("Making vibrate", "Vibrating")
        return f"{short}, {'photos' if self.kind == 'photographic' else 'noise'}"


Candidate = Filmed | Made
FRUIT, BOLT, CARS = "fruit and vegetables on a belt", "a bolt on a belt", "cars from above"
PEOPLE, CLASSROOM = "two people in a corridor", "a classroom"
# Films whose published file is known; of the others the collection is named.
PUBLISHED = {FRUIT: "preview/fruit-and-vegetable-detection.gif", CARS: "car-detection.mp4"}
CONVEYOR = Filmed(
    "conveyor",
    "long/conveyor_fruit_intel.gif",
    FRUIT,
    LEFT,
    "Conveyor, filmed",
    opening={"sentence": "A belt carries fruit to the left.", "part": 30, "repeat": 7},
)
FILMED = (
    CONVEYOR,
    Filmed("conveyor_three", "long/conveyor_fruit_intel.gif", FRUIT, LEFT, "Three things, filmed", 16),
    Filmed("conveyor_apple", "motion/left_conveyor_apple_intel.mp4", FRUIT, LEFT, "Apple, filmed"),
    Filmed("conveyor_cauliflower", "motion/left_conveyor_cauliflower_intel.mp4", FRUIT, LEFT, "Cauliflower, filmed"),
    Filmed("bolts", "long/bolts_intel.gif", BOLT, RIGHT, "Bolt and bare belt, filmed"),
    Filmed("bolt", "motion/right_bolt_intel.mp4", BOLT, RIGHT, "Bolt, filmed"),
    Filmed("car_up", "long/cars_intel.mp4", CARS, UP, "Car going up, filmed", 54, 110),
    Filmed("car_down", "long/cars_intel.mp4", CARS, DOWN, "Car going down, filmed", 314, 352),
    Filmed("people", "motion/approach_two_people_intel.mp4", PEOPLE, CLOSER, "Two people, filmed"),
    Filmed("classroom", "motion/still_classroom_intel.mp4", CLASSROOM, "Holding something still", "Classroom, filmed"),
)


def made() -> Iterator[Made]:
    """Photographic candidates that are short enough, then an appearance-free one of each of its classes."""
    together = OF_PHOTOS["val"]
    for index in range(2 * ROUNDS * together):
        candidate = Made("photographic", index)
        if index // together % 2:  # drawn
            continue
        clip = candidate.clip
        if clip.num_frames <= LONGEST_SEC * fps_of(clip):
            yield candidate
    yield from (Made("appearance-free", index) for index in range(len(SPLITS["appearance-free"].classes)))


def candidates() -> list[Candidate]:
    return [*FILMED, *made()]


def write(candidate: Candidate, folder: Path, sources: Path | None = None) -> Path:
    """Write NAME.mp4 into `folder`, and for a made clip NAME_mask.npz: what moves in each frame.

    A filmed one needs `sources`; pictures wider than 480 pixels are halved, their number and rate stay.
    """
    path = folder / f"{candidate.name}.mp4"
    if isinstance(candidate, Filmed):
        _encode(sources / candidate.source, candidate, path)
        return path
    clip = candidate.clip
    frames = (clip.image(index) for index in range(clip.num_frames))
    write_mp4(path, frames, fps=fps_of(clip), crf=CRF[candidate.kind])
    # Half the size is exact enough for maps of a few cells.
    step = SIZE // MASK_SIZE
    masks = np.stack([clip.mask(index)[::step, ::step] for index in range(clip.num_frames)])
    np.savez_compressed(folder / f"{candidate.name}_mask.npz", mask=masks)
    return path


def _encode(source: Path, candidate: Filmed, path: Path) -> None:
    info = probe(source)
    frames = read_frames(source, np.arange(info.num_frames)[candidate.first : candidate.last], info=info)
    if info.width > WIDEST:
        size = info.width // 2, info.height // 2
        frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])
    # A GIF counts hundredths of a second: 15 frames a second stand in it as 7, 6, 7 of them.
    write_mp4(path, frames, fps=round(info.fps, 1), crf=FILMED_CRF)


class _Noted:
    """Pictures that note which of them were taken."""

    def __init__(self, pictures: np.ndarray):
        self.pictures, self.taken = pictures, set()

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> np.ndarray:
        self.taken.add(index)
        return self.pictures[index]


def photos_in(candidate: Candidate) -> list[str]:
    """The files of assets/photos that a photographic candidate was made of, such as things/apple.png."""
    if candidate.kind != "photographic":
        return []
    photos = shipped_photos()
    noted = [_Noted(getattr(photos, part)) for part in PARTS]
    material = photographic(Photos(*noted, photos.checksum))
    make_scene(candidate.label, scene_seed("val", SEED, candidate.index), SIZE, material=material)
    return [
        f"{part}/{picture_files(SHIPPED / part)[index].name}"
        for part, one in zip(PARTS, noted, strict=True)
        for index in sorted(one.taken)
    ]


def named(names: Sequence[str]) -> list[Candidate]:
    """The candidates of these names. Raises ValueError for one that does not exist."""
    known = {candidate.name: candidate for candidate in candidates()}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no candidate is called {unknown[0]}; choose again with `python -m studies.motion.samples`")
    return [known[name] for name in names]
