"""Explanations drawn and written: overlays, figures, and the folder of one answer."""
