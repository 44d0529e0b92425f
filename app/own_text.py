"""The words for checkpoints that visitors bring."""

CHECKPOINT = "Your own checkpoint"
FILE = "A .safetensors file of this project"
FILE_OR_PTH = "A .safetensors file of this project, or an official .pth"
SEGMENTS = "Segments of an official .pth"
SEGMENTS_INFO = "The file itself can't tell; its name often does."
HUB = "Or its name on the Hugging Face Hub"
HUB_HINT = "owner/name, or owner/name/FILE.safetensors"
FETCH = "Fetch"
CHECKING = "Checking the checkpoint"
NO_SESSION = "Open the page, or use one client for all calls: a checkpoint belongs to the session that brings it."
FULL = "This server holds as many visitors' checkpoints as it can; try again in a while."


def limits(max_mb: int, keep_minutes: int, each: int) -> str:
    return (
        f"Up to {max_mb} MB; only you can use it. The last {each} are kept, and deleted from this server after "
        f"{keep_minutes} minutes."
    )


def too_large(name: str, max_mb: int) -> str:
    return f"{name}: larger than {max_mb} MB, the limit for checkpoints of visitors."


def taken(file: str, network: str, classes: int, segments: int) -> str:
    return f"**{file}** is yours to choose: {network}, {segments} segments, {classes} classes."
