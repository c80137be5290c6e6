"""Opens a page in the person's browser. Must not know why, or who asked."""

from __future__ import annotations

import webbrowser
from pathlib import Path

_IN_THE_TERMINAL = ("lynx", "w3m", "elinks", "links", "www-browser")


def opened(address: str) -> bool:
    """Whether a browser was told to. Blocks while it is started. One that would take the terminal is not begun."""
    try:
        browser = webbrowser.get()
        name = Path(getattr(browser, "name", "") or "").name
        return name not in _IN_THE_TERMINAL and browser.open(address)
    except (OSError, webbrowser.Error):
        return False
