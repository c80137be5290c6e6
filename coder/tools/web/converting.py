"""Has a page turned into Markdown by a process that may be ended, and does without it when that fails.

Must not know HTTP. A page may be built so that reading it takes hours or all memory; here it costs a few seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from html import unescape
from pathlib import Path

import coder
from coder.core.dataclass import dataclass

LARGEST = 2 << 20  # characters of HTML that are converted
_PATIENCE = 15.0  # seconds
_CHILD = Path(__file__).with_name("html_child.py")
_ROOT = Path(coder.__file__).resolve().parent.parent
_UNREAD = re.compile(r"<(script|style|template|noscript|svg)\b", re.IGNORECASE)
_ENDLESS = re.compile(r"&#[0-9]{100,};?")
_BLANKS = re.compile(r"[ \t\r\f\v]+(\n?)")
_EMPTY_LINES = re.compile(r"\n[ \n]*\n")


@dataclass(frozen=True, slots=True)
class Converted:
    """`is_plain`: the text without its form, because the page could not be converted."""

    title: str
    text: str
    is_plain: bool = False


async def convert(html: str, base: str, patience: float = _PATIENCE) -> Converted:
    """Never raises but CancelledError. What is longer than LARGEST is cut."""
    html = _sane(html[:LARGEST])
    given = json.dumps({"html": html, "base": base}).encode("ascii")
    try:
        async with asyncio.timeout(patience):
            found = json.loads(await _told(given))
        return Converted(str(found["title"]), str(found["text"]))
    except (OSError, TimeoutError, ValueError, KeyError, TypeError):
        return Converted("", plain(html), is_plain=True)


async def _told(given: bytes) -> bytes:
    """What the process answers; nothing when it was ended or failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-X", "utf8", str(_CHILD), str(_ROOT)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env={},
    )
    try:
        said, _ = await process.communicate(given)
        return said if process.returncode == 0 else b""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _sane(html: str) -> str:
    """Without numbers of characters so long that whoever reads them gives up."""
    return _ENDLESS.sub("\ufffd", html)


def plain(html: str) -> str:
    """The text between the marks. Linear, whatever it is given."""
    kept: list[str] = []
    at = 0
    while (start := html.find("<", at)) >= 0:
        kept.append(html[at:start])
        unread = _UNREAD.match(html, start)
        close = re.compile(f"</{unread[1]}", re.IGNORECASE).search(html, start) if unread else None
        end = -1 if unread and close is None else html.find(">", close.start() if close else start)
        if end < 0:
            at = len(html)
            break
        kept.append(" " if html[start + 1 : start + 2] in ("a", "b", "i", "s", "/") else "\n")
        at = end + 1
    kept.append(html[at:])
    text = _BLANKS.sub(lambda run: run[1] or " ", unescape(_sane("".join(kept))))
    return _EMPTY_LINES.sub("\n\n", text).strip()
