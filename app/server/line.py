"""The place in line at the edge of the window, for who doesn't see where the answer will stand."""

from pathlib import Path

SCRIPT = Path(__file__).with_name("line.js")
STYLE = """
#line { position: fixed; inset: auto 12px 12px; width: fit-content; margin: 0 auto; padding: 8px 16px; z-index: 50;
  border-radius: 20px; background: #1c1917; color: #fafaf9; font: 15px ui-sans-serif, system-ui, sans-serif; }
#line[hidden] { display: none; }
"""


def head() -> str:
    return f"<style>{STYLE}</style><script>{SCRIPT.read_text()}</script>"
