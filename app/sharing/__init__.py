"""A result shared by consent: stored for a stated time, at an address that can't be guessed, or until it is deleted.

`store` keeps results on the disk, `pages` shows them, `panel` is the button and the question on the page, `links` what
the browser draws of a visitor's own, `text` the words. Off unless the operator says how long (TDN_SHARE).
"""

from app.sharing.pages import SharedPages
from app.sharing.panel import SharePanel
from app.sharing.store import Shares

__all__ = ["SharePanel", "SharedPages", "Shares"]
