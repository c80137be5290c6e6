"""What becomes of the live rows when the terminal is made narrower: most wrap them anew. Pure; draws nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Where nothing is known, rows are taken to stay: better a piece of a rule that is left behind than a row of an answer
# that is gone.
_SIGNS = (
    "ALACRITTY_WINDOW_ID",
    "GHOSTTY_RESOURCES_DIR",
    "ITERM_SESSION_ID",
    "KITTY_WINDOW_ID",
    "KONSOLE_VERSION",
    "TMUX",
    "VTE_VERSION",
    "WEZTERM_PANE",
    "WT_SESSION",
)
_PROGRAMS = frozenset({"Apple_Terminal", "Hyper", "WezTerm", "ghostty", "iTerm.app", "tmux", "vscode"})
_NAMES = ("alacritty", "foot", "tmux", "xterm-ghostty", "xterm-kitty")


def reflows(env: Mapping[str, str]) -> bool:
    """Whether this terminal is known to wrap its rows anew when its width changes."""
    term = env.get("TERM", "")
    if "XTERM_VERSION" in env or (term.startswith("screen") and "TMUX" not in env):
        return False
    return env.get("TERM_PROGRAM") in _PROGRAMS or term.startswith(_NAMES) or any(env.get(name) for name in _SIGNS)


def keeps_erased(env: Mapping[str, str]) -> bool:
    """Whether it wraps a row as wide as it ever was, although its end was erased since: tmux does."""
    return bool(env.get("TMUX")) or env.get("TERM_PROGRAM") == "tmux" or env.get("TERM", "").startswith("tmux")


def rows_more(widths: Iterable[int], caret: int, columns: int) -> int:
    """How many rows further up the live rows begin: `widths` are those of the rows above that of the caret, `caret` is
    its column."""
    columns = max(columns, 1)
    return sum(max(width - 1, 0) // columns for width in widths) + caret // columns
