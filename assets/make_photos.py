"""How the evaluation photos in assets/photos were made: python -m assets.make_photos CLIPS SKIMAGE PACKAGES

CLIPS holds Intel's sample videos (conveyor_fruit, bolts, cars, two people), SKIMAGE the pictures of scikit-image's
`skimage/data`, PACKAGES the Debian packages named in assets/CREDITS.md, each unpacked into a folder of its name. Things
are cut out with OpenCV's GrabCut, from what differs from the film's median or from a box; each was looked at.
"""

import sys
from pathlib import Path

import av
import cv2
import numpy as np

from tdn.motion.photos import SHIPPED, prepared_scene, prepared_texture, prepared_thing, read_picture

# File, frame, name of the cut-out, box (left, top, right, bottom) as shares of the picture, levels that tell it from
# the film's median; None where the middle of the box is known to be it.
MOVING = (
    ("long/conveyor_fruit_intel.gif", 14, "apple", (0.45, 0.4, 0.75, 0.85), 30),
    ("long/conveyor_fruit_intel.gif", 38, "broccoli", (0.1, 0.4, 0.65, 0.85), 30),
    ("long/conveyor_fruit_intel.gif", 68, "cauliflower", (0.45, 0.4, 0.9, 0.85), 30),
    ("long/conveyor_fruit_intel.gif", 92, "orange", (0.35, 0.4, 0.75, 0.85), 30),
    ("long/bolts_intel.gif", 10, "bolt", (0.3, 0.0, 0.55, 1.0), 30),
    ("long/cars_intel.mp4", 78, "car_white", (0.2, 0.05, 0.7, 0.98), 75),
    ("long/cars_intel.mp4", 212, "car_red", (0.35, 0.02, 0.75, 0.98), 70),
    ("long/cars_intel.mp4", 208, "car_silver", (0.05, 0.02, 0.4, 0.98), 50),
    ("long/cars_intel.mp4", 330, "car_white_from_the_front", (0.1, 0.02, 0.5, 0.98), 90),
    ("motion/approach_two_people_intel.mp4", 32, "woman_walking", (0.27, 0.36, 0.5, 1.0), None),
    ("motion/approach_two_people_intel.mp4", 32, "man_walking", (0.51, 0.24, 0.76, 1.0), None),
)
BOXED = (
    ("coffee.png", "cup", (0.24, 0.04, 0.72, 0.9)),
    ("chelsea.png", "cat", (0.1, 0.0, 0.8, 1.0)),
    ("camera.png", "photographer", (0.0, 0.08, 0.66, 0.98)),
)
SCENES = ("coffee.png", "rocket.jpg", "astronaut.png")
TEXTURES = ("brick.png", "grass.png", "gravel.png")
# In openclipart-png, usr/share/openclipart/png.
CLIPART = """
animals/az-lizard_benji_park_01 animals/birds/gull_marcelo_staudt_01 animals/bugs/butterfly_jonathan_dietr_01
animals/bugs/ladybug_02 animals/crawfish1_ganson animals/mammals/big_cats/color_tiger_susan_park_01
animals/mammals/sheep-md-v0.1 food/beverages/kubek_herbaty_-_mug_of__01 food/beverages/zielony_kubek_herbaty_-_01
food/desserts/pudim_valessio_soares_de_ food/fruit/grapes_01 food/fruit/pasteque_01 food/fruit/pear
food/fruit/pineapple food/fruit/strawberry_jonathan_diet_01 food/pumpkin2_yemu_01
office/lens_lente_francesco_ro_r office/pinzatrice_rollandin_arc_01 office/telephone/mobile_phone_01
people/bodypart/thumbs_up_nathan_eady_01 people/clothing/hats/sombrero_dave_pena_01
plants/daffodil_jonathan_dietri_01 plants/flowers/flowers_jonathan_dietric_01 plants/flowers/geranium_ganson
recreation/games/8_ball_jarno_vasamaa recreation/music/guitar_jarno_vasamaa1 recreation/party/balloon-blue-aj
recreation/sports/baseball_glove_ganson recreation/sports/volley-ball_andrea_bianc_01
recreation/toys/teddybear_jarno_vasamaa_ tools/bussola_mauro_olivo_01 tools/paint_brush_costea_bogda_01
tools/blue_vacuum_cleaner_jaim_01 transportation/bicycle_philippe_colin_01
transportation/boating/boat_jarno_vasamaa_ transportation/bus1_jarno_vasamaa_01 transportation/car_jamin_ellis_
transportation/hummer_07 transportation/truck_jarno_vasamaa1
""".split()
# In lomiri-wallpapers-16.04, usr/share/backgrounds.
WALLPAPERS = """
Bridge_by_Sander_Klootwijk Picture_0B_by_freespace Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi
friends_by_Aitzol_Berasategi life_by_Aitzol_Berasategi umang_by_Abhishek_Mudgal greentock_by_Peter_Nerlich
""".split()
# As textures too: wallpapers, and patterns in CLIPART_FOLDER, special/patterns.
ALL_OVER = ("life_by_Aitzol_Berasategi", "aitzgorri_by_Aitzol_Berasategi")
PATTERNS = ("herringbone-1", "parquet-2", "diamond-cubes-1")
CLIPART_FOLDER = "openclipart-png/usr/share/openclipart/png"
WALLPAPER_FOLDER = "lomiri-wallpapers-16.04/usr/share/backgrounds"


def frames_of(path: Path) -> np.ndarray:
    """uint8 [F, h, w, 3]."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def cut_out(picture: np.ndarray, box: tuple[float, ...], changed: np.ndarray | None = None, core: bool = False):
    """What GrabCut finds in a box, or around what has `changed` there: uint8 [h, w, 4]."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(part * side) for part, side in zip(box, (width, height) * 2, strict=True))
    mask = np.full((height, width), cv2.GC_BGD, np.uint8)
    inside = mask[top:bottom, left:right]
    inside[:] = cv2.GC_PR_FGD
    if core:
        height, width = inside.shape
        inside[int(0.05 * height) :, int(0.4 * width) : int(0.6 * width)] = cv2.GC_FGD
    if changed is not None:
        part = changed[top:bottom, left:right].astype(np.uint8)
        near = cv2.dilate(part, np.ones((9, 9), np.uint8))
        inside[:] = np.where(part > 0, cv2.GC_PR_FGD, np.where(near > 0, cv2.GC_PR_BGD, cv2.GC_BGD))
        inside[cv2.erode(cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((9, 9))), np.ones((9, 9))) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 8, cv2.GC_INIT_WITH_MASK)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(found)
    largest = (parts == 1 + sizes[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    # Holes are filled: windows of cars belong to them.
    outline, _ = cv2.findContours(largest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros_like(largest), outline, -1, 255, -1)
    # The edge is soft, and a pixel further in, where no background shines through.
    whole = cv2.GaussianBlur(cv2.erode(whole, np.ones((3, 3), np.uint8)), (3, 3), 0)
    return np.dstack([picture, whole])


def things(clips: Path, skimage: Path, packages: Path) -> dict[str, np.ndarray]:
    """Cut-outs by name."""
    found = {}
    for file, frame, name, box, levels in MOVING:
        film = frames_of(clips / file)
        apart = np.abs(film[frame].astype(int) - np.median(film[::4], axis=0)).max(2)
        changed = apart > levels if levels is not None else None
        found[name] = cut_out(film[frame], box, changed, core=levels is None)
    for file, name, box in BOXED:
        found[name] = cut_out(read_picture(skimage / file)[..., :3].copy(), box)
    for name in CLIPART:
        found[f"openclipart_{Path(name).name}"] = read_picture(packages / CLIPART_FOLDER / f"{name}.png")
    return found


def save(path: Path, picture: np.ndarray) -> None:
    """Things without loss, scenes and textures as JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture.shape[2] == 4:
        order, options = cv2.COLOR_RGBA2BGRA, [cv2.IMWRITE_PNG_COMPRESSION, 9]
    else:
        order, options = cv2.COLOR_RGB2BGR, [cv2.IMWRITE_JPEG_QUALITY, 90]
    cv2.imwrite(str(path), cv2.cvtColor(picture, order), options)


def main(clips: Path, skimage: Path, packages: Path) -> None:
    for name, picture in things(clips, skimage, packages).items():
        save(SHIPPED / "things" / f"{name}.png", prepared_thing(picture))
    for file in SCENES:
        save(SHIPPED / "scenes" / f"{Path(file).stem}.jpg", prepared_scene(read_picture(skimage / file)))
    for name in WALLPAPERS:
        picture = read_picture(packages / WALLPAPER_FOLDER / f"{name}.jpg")
        save(SHIPPED / "scenes" / f"{name}.jpg", prepared_scene(picture))
    for file in TEXTURES:
        save(SHIPPED / "textures" / f"{Path(file).stem}.jpg", prepared_texture(read_picture(skimage / file)))
    for name in ALL_OVER:
        picture = read_picture(packages / WALLPAPER_FOLDER / f"{name}.jpg")
        save(SHIPPED / "textures" / f"{name}.jpg", prepared_texture(picture))
    for name in PATTERNS:
        picture = read_picture(packages / CLIPART_FOLDER / "special" / "patterns" / f"pattern-{name}.png")
        alpha = picture[..., 3:] / 255
        picture = (picture[..., :3] * alpha + 230 * (1 - alpha)).astype(np.uint8)  # on light paper
        save(SHIPPED / "textures" / f"openclipart_{name}.jpg", prepared_texture(picture))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
