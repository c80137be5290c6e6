"""What a call of the Git tool is about, in the words of its summary. Pure; must not know rows, or what git answers."""

from __future__ import annotations

from coder.core.messages import Json

TOOL = "Git"
READING = ("status", "diff", "log", "show", "blame", "branches", "stashes")
_DIFFS = frozenset({"diff", "show"})
_NAMED = frozenset({"status", "diff", "log", "show", "blame", "add", "unstage", "stash"})  # that say their paths


def reads(given: Json) -> bool:
    return text(given, "action") in READING


def is_diff(given: Json) -> bool:
    """Whether what comes of it shows lines that went and came."""
    return text(given, "action") in _DIFFS


def about(given: Json) -> str:
    """`diff staged src/a.py`, `commit "feat: x"`; "" for a call without an action."""
    action, rev, base = (text(given, key) for key in ("action", "rev", "base"))
    message = text(given, "message").strip().partition("\n")[0]
    words: tuple[str, ...] = (rev,)
    match action:
        case "diff":
            words = ("staged" if given.get("staged") is True else "", f"since {base}" if base else "", rev)
        case "log":
            words = (rev, _quoted(text(given, "grep")))
        case "commit":
            words = ("--amend" if given.get("amend") is True else "", _quoted(message))
        case "switch" if given.get("create") is True:
            words = ("to the new branch", rev, f"from {base}" if base else "")
    paths = given.get("paths") if action in _NAMED else None
    named = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    lines = text(given, "lines") if action == "blame" else ""
    return " ".join(filter(None, (action, *words, *named, lines)))


def text(given: Json, key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""


def _quoted(words: str) -> str:
    return f'"{words}"' if words else ""
