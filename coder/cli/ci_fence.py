"""Words of others on their way into a prompt and out of an answer. Pure: what is fenced can neither end its fence nor
mention a file, and what is told to a service starts nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from coder.frontends.plain import printable

HIDDEN = "***"
_SHORTEST_SECRET = 6
_TICKS = re.compile(r"`+")
_MENTION = re.compile(r"(?<![\w`])@(?=[A-Za-z0-9])")
_PICTURE = re.compile(
    r"!(?=\[)|<(?=(?:img|picture|video|audio|source|iframe|object|embed|svg|link|meta)\b)", re.IGNORECASE
)
_KEYS = re.compile(r"\bsk-ant-[\w-]{4,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}")


def fenced(name: str, text: str, most: int, *, from_end: bool = False) -> str:
    """The text between fences that it cannot close, cut to `most` characters; what is left out is said.

    Within a fence nothing is a mention of a file, so that no word of others has one attached.
    """
    plain = printable(text).strip("\n")
    left = len(plain) - most
    if left > 0:
        plain = plain[-most:] if from_end else plain[:most]
    ticks = max((len(found) for found in _TICKS.findall(plain)), default=0)
    fence = "`" * max(4, ticks + 1)
    cut = f"({left:,} characters {'before this' if from_end else 'more'} are left out)" if left > 0 else ""
    return "\n".join(part for part in (f"{name}:", fence, plain or "(empty)", fence, cut) if part)


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets, and without what looks like a key."""
    text = _KEYS.sub(HIDDEN, text)
    for secret in sorted({each for each in secrets if len(each) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def as_comment(text: str, most: int = 60_000) -> str:
    """An answer as a comment: it calls nobody, starts no bot by a line of its own, and loads nothing from elsewhere."""
    quiet = _PICTURE.sub(lambda found: "" if found[0] == "!" else "&lt;", printable(text))
    quiet = _MENTION.sub("@\u200b", quiet)
    quiet = "\n".join(f"\u200b{line}" if line.lstrip().startswith("/") else line for line in quiet.split("\n"))
    return quiet if len(quiet) <= most else f"{quiet[:most]}\n\n(cut)"
