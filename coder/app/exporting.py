"""A session as a document in a file of its own, without keys and passwords. Must not know how a document is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from coder.sessions.export import as_json, markdown
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.html_page import html
from coder.sessions.telling import conversation
from coder.telemetry.credentials import without_credentials

Format: TypeAlias = Literal["md", "html", "json"]
LOOK_OVER = "Look it over before you share it: only known forms of secrets are hidden."
_FORMATS: dict[str, Format] = {"html": "html", "htm": "html", "json": "json"}
_WRITERS = {"md": markdown, "html": html, "json": as_json}
_SECRET = re.compile(r"(?i)key|token|secret|passw|credential|auth")
_SHORTEST_SECRET = 8


def document(
    transcript: Path,
    kind: Format,
    env: Mapping[str, str],
    *,
    everything: bool = False,
    secrets: Iterable[str] = (),
) -> str:
    """The whole conversation; with `everything` also what was compacted or left behind. Neither `secrets` nor what the
    environment keeps secret is in it. Blocks while it reads. Raises SessionError."""
    messages = conversation(transcript, everything=everything)
    known = glimpse(transcript) or Glimpse(transcript, 0.0, 0)
    return _WRITERS[kind](known, messages, partial(without_credentials, secrets=_longest_first(secrets, env)))


def format_of(file: Path | None) -> Format:
    """By the ending of its name; Markdown where that says nothing."""
    return _FORMATS.get(file.suffix.lower().lstrip("."), "md") if file is not None else "md"


def write_new(file: Path, text: str) -> None:
    """Raises OSError; FileExistsError for one that is there, which stays as it is."""
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as opened:
        opened.write(text)


def _longest_first(secrets: Iterable[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """So that none leaves a rest of another."""
    named = (text for name, text in env.items() if _SECRET.search(name))
    found = {text for text in (*secrets, *named) if len(text) >= _SHORTEST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))
