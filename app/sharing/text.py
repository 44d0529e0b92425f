"""The words of sharing: what is asked, and what the shared page says."""

SHARE = "Share this result"
YES = "Yes, share it"
NO = "Cancel"
LINKS = "Shared results"
OTHER_RESULT = "The page shows another result by now, so nothing was shared; press “Share this result” again."
FULL = "This server holds as many shared results as it can; try again when some of them are over."
FULL_FOR_ADDRESS = (
    "From your network's address as many results are shared as this server takes; delete one of them first."
)
TITLE = "What two networks saw"
NOT_THERE = "There is no such result: it was deleted, its time is over, or the address is not whole."
DELETED = "The result is deleted. Nobody can open its address any more."
WRONG_KEY = "This address does not allow deleting; nothing was deleted."
DELETE = "Delete this result now"
FROM = "Made with TDN Lens"
OTHERS = "Try a clip of your own"
A_VISITOR_S_CLIP = "a visitor's clip"


def duration(hours: int) -> str:
    if hours % 24 == 0:
        return "a day" if hours == 24 else f"{hours // 24} days"
    return "an hour" if hours == 1 else f"{hours} hours"


def question(hours: int) -> str:
    """What somebody has to know before others see it."""
    return (
        "**Share this result?** Whoever has its address can see and save: the film of your clip with the maps over it, "
        "without sound; the moments the networks looked at; their answers. The file you uploaded and its name stay "
        f"here. It is kept for {duration(hours)}, then deleted; you can delete it before. Share films of others only "
        "if they agree."
    )


def classes(count: int) -> str:
    return f"These networks know {count} classes and nothing else, and answer every clip with one of them."


def lead(label: str) -> str:
    return f"A visitor shared this. Maps show where each network finds evidence for “{label}”."


def until(when: str) -> str:
    return f"Shared by a visitor of this page, not checked by anybody. Kept until {when}, then deleted."


def description(label: str, tops: dict[str, str]) -> str:
    """What a link to it says."""
    said = "; ".join(f"{name}: “{top}”" for name, top in tops.items())
    return f"{said}. Maps of the evidence for “{label}”, frame by frame."
