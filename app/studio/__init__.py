"""The figure studio: what the page shows, put aside, arranged, and written as files for a paper."""

from app.studio.exports import Exports
from app.studio.panel import Downloads, FigureTab

__all__ = ["Downloads", "Exports", "FigureTab"]
