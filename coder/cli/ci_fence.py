"""Words of others on their way into a prompt and out of an answer. Pure: what is fenced can neither end its fence nor
mention a file, and what is told to a service starts nothing there.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote

from coder.frontends.plain import printable

HIDDEN = "***"
_SHORTEST_SECRET = 6
_SHORTEST_LINE = 12  # of a secret of several lines, such as a private key: each is one by itself
_TICKS = re.compile(r"`+")
# Also behind a backtick, which may begin no code, and behind what makes a word stand out: services see the name alone.
_MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
_ENTITY = re.compile(r"&(?=#0*64;|#x0*40;|commat;)", re.IGNORECASE)  # other ways to write an @
_PICTURE = re.compile(
    r"!+(?=\[)|<(?=(?:img|picture|video|audio|source|iframe|object|embed|svg|link|meta)\b)", re.IGNORECASE
)
_DRAWN = re.compile(r"^([^\n`~]*[`~]{3,}[ \t]*)(?:mermaid|geojson|topojson|stl)\b", re.IGNORECASE | re.MULTILINE)
_KEYS = re.compile(r"\bsk-ant-[\w-]{4,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}")


_ADDRESSED = str.maketrans("+/", "-_")


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
    """The text without secrets, however programs usually write them, and without what looks like a key."""
    text = _KEYS.sub(HIDDEN, text)
    for form in _spellings(tuple(secrets)):
        text = text.replace(form, HIDDEN)
    return text


@lru_cache(maxsize=4)
def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The longest first."""
    known = {form for each in secrets for part in _parts(each) for form in _forms(part)}
    return tuple(sorted(known, key=len, reverse=True))


def _parts(secret: str) -> Iterator[str]:
    """The secret, and its lines: in a log each may stand alone, behind something else."""
    whole = secret.strip()
    if len(whole) >= _SHORTEST_SECRET:
        yield from dict.fromkeys((secret, whole))
    lines = [line.strip() for line in whole.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE)


def _forms(secret: str) -> Iterator[str]:
    """As it is, as in JSON and in addresses, backwards, in hexadecimal digits, and in base64 wherever it begins."""
    data = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield quote(data, safe="")
    yield secret[::-1]
    yield data.hex()
    yield data.hex().upper()
    for before in range(3):  # the letters that bytes of others have a part in are left out
        code = b64encode(b"\0" * before + data).decode()
        whole = code[(0, 2, 3)[before] : len(code) - (0, 3, 2)[(before + len(data)) % 3]]
        if len(whole) >= _SHORTEST_SECRET:
            yield from (whole, whole.translate(_ADDRESSED))


def as_comment(text: str, most: int = 60_000) -> str:
    """An answer as a comment: it calls nobody, starts no bot by a line of its own, and loads nothing from elsewhere."""
    quiet = _DRAWN.sub(r"\1text", _ENTITY.sub("&amp;", printable(text)))
    quiet = _PICTURE.sub(lambda found: "" if found[0][0] == "!" else "&lt;", quiet)
    quiet = _MENTION.sub("@\u200b", quiet)
    quiet = "\n".join(f"\u200b{line}" if line.lstrip().startswith("/") else line for line in quiet.split("\n"))
    return quiet if len(quiet) <= most else f"{quiet[:most]}\n\n(cut)"
