"""`assets`: photos for training clips, and what was taken from where."""

import json
import sys
from typing import Annotated

import typer

from tdn.cli.options import Json

assets_app = typer.Typer(no_args_is_help=True, help="Photos that training clips are made of.")


@assets_app.callback()
def assets() -> None:
    """Photos that training clips are made of."""


@assets_app.command()
def fetch(
    large: Annotated[
        bool, typer.Option("--large", help="Also the two large packages of textures, some 800 MB to download.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring photos out of Debian packages, with apt-get download and without installing anything; some 540 MB.

    They go to TDN_ASSETS (~/.cache/tdn-lens if unset), prepared, about 250 MB. Clips of version 3 that are trained on
    are made of them from then on. Without them everything works, with drawn things and scenes.
    """
    from tdn.motion.assets import fetch, listed

    for taken in fetch(large):
        print(_line(taken.to_dict()), file=sys.stderr, flush=True)
    _print(listed(), as_json)


@assets_app.command(name="list")
def list_(
    as_json: Json = False,
) -> None:
    """Say what is there: packages, versions, licences, pictures, and the checksum of them all; or your own pictures."""
    from tdn.motion.assets import listed

    found = listed()
    if found is None:
        raise ValueError("nothing was fetched yet, training clips are drawn; run python -m tdn assets fetch")
    _print(found, as_json)


def _print(found: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    for package in found["packages"]:
        print(_line(package))
    print(f"{', '.join(f'{count} {part}' for part, count in found['pictures'].items())}; checksum {found['checksum']}")
    whose = "each package's copyright file lies beside it, in packages" if found["packages"] else "your own pictures"
    print(f"in {found['folder']}; {whose}")


def _line(package: dict) -> str:
    return "{package} {version}: {pictures} {part}, {licence}".format(**package)
