"""What `studies.gpu.train` needs on a machine without a network, packed small.

    python -m studies.gpu.carry --out lent

writes `lent/mobilenet_v2.pth`, torchvision's ImageNet weights of the 2-D trunk in half precision, and `lent/photos`,
the photos that `python -m tdn assets fetch` prepared, as WebP, a twentieth of their size. Where none were fetched none
are written, and clips stay drawn. Pixels change a little and so does their checksum, which clips made of them carry in
their name.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from tdn.motion.photos import PARTS, Photos, fetched_photos, open_photos
from tdn.weights import imagenet_state

QUALITY = 90


def write_weights(path: Path) -> None:
    """The trunk of torchvision's MobileNetV2, convolutions in half precision, as a file that `start_from` takes."""
    trunk = {name: value for name, value in imagenet_state("mobilenetv2").items() if name.startswith("features.")}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.half() if value.ndim == 4 else value for name, value in trunk.items()}, path)


def pack_photos(photos: Photos, folder: Path) -> None:
    """Write every picture as FOLDER/PART/NUMBER.webp, with its alpha where it has one."""
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(getattr(photos, part)):
            order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
            pixels = cv2.cvtColor(np.ascontiguousarray(picture), order)
            _, data = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
            (folder / part / f"{number:05d}.webp").write_bytes(data.tobytes())


def unpack_photos(folder: Path, target: Path) -> None:
    """Lay the photos of `folder` out in `target` as rendering reads them, unless that was done before."""
    if (target / "checksum").is_file():
        return
    photos = open_photos(folder)
    target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        np.save(target / f"{part}.npy", getattr(photos, part))
    # Put there last: its presence says that the rest is whole.
    (target / "checksum").write_text(photos.checksum)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("lent"), help="folder that travels")
    out = parser.parse_args().out
    write_weights(out / "mobilenet_v2.pth")
    photos = fetched_photos()
    if photos is None:
        print("no photos: `python -m tdn assets fetch` was not run here, so clips will be drawn", file=sys.stderr)
    else:
        pack_photos(photos, out / "photos")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
