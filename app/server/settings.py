"""Limits and folders that an operator sets through the environment; docs/deploy.md has the table."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tdn.data.video import MAX_PIXELS
from tdn.networks.source import parse_source

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
# Apart from the folder that Gradio serves from; it outlives a restart of the server.
SHARED = Path(tempfile.gettempdir()) / "tdn-lens-shared"


@dataclass(frozen=True)
class Settings:
    """`queue` visitors may wait; a clip may have `max_mb` MiB, last `max_seconds`, hold `max_frames` of `max_pixels`
    each, and take `decode_seconds` and `decode_mb` MiB to decode; `rate` analyses a minute in one session and
    `address_rate` from one address, 0 for no limit; uploads and results are deleted after `keep_minutes`; `samples` is
    the folder of the gallery, which may be missing; `networks` are offered besides the checkpoints, each written as
    `tdn.networks.source` says; visitors may name checkpoints of the Hugging Face Hub with `allow_hub`, and upload
    official .pth files, which are pickles, with `allow_pth`. With `local_paths` a visitor may name any file of this
    machine, so nobody else may reach the page. Visitors may share a result for `share_hours`, 0 for not at all; those
    lie in `share_folder`.
    """

    queue: int = 64
    max_mb: int = 100
    max_seconds: int = 600
    max_frames: int = 100_000
    max_pixels: int = MAX_PIXELS
    decode_seconds: int = 30
    decode_mb: int = 1024
    rate: int = 30
    address_rate: int = 300
    keep_minutes: int = 60
    samples: Path = SAMPLES
    networks: tuple[str, ...] = ()
    allow_hub: bool = False
    allow_pth: bool = False
    local_paths: bool = False
    share_hours: int = 0
    share_folder: Path = SHARED

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Defaults, overridden by TDN_QUEUE, TDN_MAX_MB, ... Raises ValueError for a value that is no such number."""
        return cls(
            queue=_whole_number(environment, "TDN_QUEUE", cls.queue),
            max_mb=_whole_number(environment, "TDN_MAX_MB", cls.max_mb),
            max_seconds=_whole_number(environment, "TDN_MAX_SECONDS", cls.max_seconds),
            max_frames=_whole_number(environment, "TDN_MAX_FRAMES", cls.max_frames),
            max_pixels=_whole_number(environment, "TDN_MAX_PIXELS", cls.max_pixels),
            decode_seconds=_whole_number(environment, "TDN_DECODE_SECONDS", cls.decode_seconds),
            decode_mb=_whole_number(environment, "TDN_DECODE_MB", cls.decode_mb, smallest=64),
            rate=_whole_number(environment, "TDN_RATE", cls.rate, smallest=0),
            address_rate=_whole_number(environment, "TDN_ADDRESS_RATE", cls.address_rate, smallest=0),
            keep_minutes=_whole_number(environment, "TDN_KEEP_MINUTES", cls.keep_minutes),
            samples=Path(environment.get("TDN_SAMPLES") or SAMPLES),
            networks=_networks(environment, "TDN_NETWORKS"),
            allow_hub=_yes_or_no(environment, "TDN_ALLOW_HUB"),
            allow_pth=_yes_or_no(environment, "TDN_ALLOW_PTH"),
            local_paths=_yes_or_no(environment, "TDN_LOCAL_PATHS"),
            share_hours=_whole_number(environment, "TDN_SHARE", cls.share_hours, smallest=0),
            share_folder=Path(environment.get("TDN_SHARE_FOLDER") or SHARED),
        )

    def expect_private(self, host: str | None, environment: Mapping[str, str] = os.environ) -> None:
        """Raises ValueError where `local_paths` would let others than this machine's users name its files."""
        host = host or environment.get("GRADIO_SERVER_NAME") or "127.0.0.1"
        shared = environment.get("SYSTEM") == "spaces" or environment.get("GRADIO_SHARE", "").lower() == "true"
        if self.local_paths and (shared or host not in LOOPBACK):
            where = "a shared page" if shared else host
            raise ValueError(
                f"TDN_LOCAL_PATHS=1 lets visitors read this machine's videos, and {where} can be reached by others; "
                "use it with HOST=127.0.0.1 only, or leave it out"
            )


def _networks(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(filter(None, (one.strip() for one in (environment.get(name) or "").split(","))))
    for one in found:
        if parse_source(one).family in ("module", "tdn"):
            raise ValueError(
                f"{name}: {one!r} can't be offered; expected networks such as torchvision:r2plus1d_18 or hf:OWNER/NAME "
                "(checkpoints of ours belong into TDN_CHECKPOINTS, and code is run on the command line only)"
            )
    return found


def _yes_or_no(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "0"
    if text not in ("0", "1"):
        raise ValueError(f"{name}: expected 0 or 1, got {text!r}")
    return text == "1"


def _whole_number(environment: Mapping[str, str], name: str, default: int, smallest: int = 1) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or int(text) < smallest:
        raise ValueError(f"{name}: expected a whole number from {smallest} on, got {text!r}")
    return int(text)
