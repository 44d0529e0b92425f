"""The checkpoints that come with the project: the pair that is shown by default, and each module alone."""

import os
from pathlib import Path

TDN_FILE = "tdn_small_8f.safetensors"
BASELINE_FILE = "tconv_baseline_small_8f.safetensors"
S_TDM_FILE = "s_tdm_small_8f.safetensors"
L_TDM_FILE = "l_tdm_small_8f.safetensors"


def checkpoint_folder() -> Path:
    """`checkpoints/` of the project, or the folder named by the variable TDN_CHECKPOINTS."""
    return Path(os.environ.get("TDN_CHECKPOINTS") or Path(__file__).resolve().parents[2] / "checkpoints")


def shipped_pair() -> tuple[Path, Path]:
    """Paths of the shipped TDN and of its temporal-convolution baseline."""
    return checkpoint_folder() / TDN_FILE, checkpoint_folder() / BASELINE_FILE


def shipped_networks() -> list[Path]:
    """The shipped TDN, S-TDM only, L-TDM only and T-Conv baseline, those that are here."""
    found = [checkpoint_folder() / name for name in (TDN_FILE, S_TDM_FILE, L_TDM_FILE, BASELINE_FILE)]
    return [path for path in found if path.exists()] or [shipped_pair()[0]]  # which then is missing by name
