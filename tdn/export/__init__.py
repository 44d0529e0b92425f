"""Networks as files for other programs: a browser's runtime (`web`)."""

from tdn.export.web import Exported, export_web

__all__ = ["Exported", "export_web"]
