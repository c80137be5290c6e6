"""An agent's last word as its report: bounded, with all of it in a file where it is longer. Must not know agents."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core import prompts
from coder.core.private import made_private

MOST = 8_000  # characters: about 2,000 tokens
_NOTE = 400  # characters that the word about the rest may take
FOLDER = "artifacts"


def bounded(text: str, folder: Path, id: str) -> tuple[str, Path | None]:
    """The text, or its beginning and the file that holds all of it. Blocks."""
    whole, text = text, text.strip()
    if len(text) <= MOST:
        return text, None
    path = folder / FOLDER / f"{id}.md"
    try:
        made_private(path.parent)
        _write(path, whole.encode("utf-8", "replace"))
    except OSError as error:
        cut = f"[The rest of {len(text):,} characters is lost: it could not be written ({error.strerror}).]"
        return f"{text[: MOST - _NOTE]}\n\n{cut}", None
    note = prompts.load("reminders/report_whole", chars=f"{len(text):,}", path=str(path))
    return f"{text[: MOST - _NOTE]}\n\n{note}", path


def _write(path: Path, data: bytes) -> None:
    """Another report of the same agent takes the place of the one before."""
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    part.replace(path)
