"""A visitor's own shared results: their addresses and QR codes, and the way to delete them."""

from gradio.data_classes import GradioModel

from app.viewer.component import Drawn


class SharedLink(GradioModel):
    """`name` is the address, `key` deletes it, `until` in seconds since 1970."""

    name: str
    key: str
    label: str
    until: float


class SharedLinks(GradioModel):
    links: list[SharedLink]


class LinkList(Drawn):
    """value: SharedLinks."""

    name = "links"
    data_model = SharedLinks
