"""Networks as files for other programs: a browser's runtime (`web`)."""

from tdn.export.web import Exported, export_web, write_site

__all__ = ["Exported", "export_web", "write_site"]
