"""Who a commit message says wrote it: lines that name coder or its model go, the one that was set comes. Pure."""

from __future__ import annotations

import re
import shlex

# A program's own praise of itself, as a whole line; "Generated with protoc" is none.
_MODEL = r"claude(?:[ -](?:\d[\w.]*|opus|sonnet|haiku|fable|mythos|instant))+"
_BY_US = rf"{_MODEL}|claude(?:[ -]?code)?|coder|anthropic(?:'s)?(?: claude)?"
_PRAISE = re.compile(
    rf"[\W_]*(?:co-?)?(?:generated|written|created|made|authored|assisted)\s+(?:with|by|using)\s+[\W_]*(?:{_BY_US})(?![a-z0-9-]).*",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    rf"\s*(?:co-authored|co-written|assisted|generated|written|signed-off|created)-by\s*:\s*"
    rf"(?:(?:{_BY_US})\s*(?:\([^)]*\))?\s*(?:<.*>)?|.*<[^<>]*@(?:[\w-]+\.)*anthropic\.com>)\s*",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: ?\S.*|\(cherry picked from commit [0-9a-f]+\)")


def attributed(message: str, trailer: str) -> str:
    """The message without such lines, with `trailer` at its end; "" when nothing else was in it. Doing it again changes
    nothing."""
    ours = {line.strip().casefold() for line in trailer.splitlines() if line.strip()}
    lines = [
        line.rstrip()
        for line in message.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if not _names_us(line) and line.strip().casefold() not in ours
    ]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if not text or not ours:
        return text
    credits = "\n".join(line.rstrip() for line in trailer.strip().splitlines())
    return f"{text}\n{credits}" if _ends_in_trailers(text) and _are_trailers(credits) else f"{text}\n\n{credits}"


def credit_in(command: str, trailer: str) -> str:
    """The first line in the words of a shell command that names coder or its model and is not of `trailer`; "" for
    none."""
    ours = {line.strip().casefold() for line in trailer.splitlines() if line.strip()}
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    lines = (line.strip() for text in (*words, command) for line in re.split(r"\n|\\n", text))
    return next((line for line in lines if _names_us(line) and line.casefold() not in ours), "")


def _names_us(line: str) -> bool:
    return bool(_PRAISE.fullmatch(line.strip()) or _CREDIT.fullmatch(line))


def _ends_in_trailers(text: str) -> bool:
    head, _, last = text.rpartition("\n\n")
    return bool(head) and _are_trailers(last)


def _are_trailers(text: str) -> bool:
    return all(_TRAILER.fullmatch(line) for line in text.splitlines())
