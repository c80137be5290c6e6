"""What a session remembers of a repository between its runs, in a small file beside its transcript: how it was left,
what the model was told last, and what was changed before the session began. Must not know git.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary
from coder.core.private import made_private
from coder.git.state import MOST, State

NAME = "git.json"
_MOST_BYTES = 16 << 20
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class Record:
    """`told` is the text that the model was told last, `seen` how the repository was left, None where nobody looked.
    `earlier` are the paths that were changed before the session; None where that is not known."""

    told: str = ""
    seen: State | None = None
    earlier: tuple[str, ...] | None = None


def load(folder: Path) -> Record:
    """An empty one where there is none, or it is not as it was written. Never raises."""
    try:
        found = json.loads(read_ordinary(folder / NAME, _MOST_BYTES))
        earlier = found["earlier"]
        return Record(
            _text(found["told"]), _state(found["seen"]), None if earlier is None else tuple(map(_text, earlier))
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Record()


def save(folder: Path, record: Record) -> None:
    """Whole or not at all; without it the next start tells the model anew. Never raises."""
    seen = record.seen
    kept = {
        "told": record.told,
        "seen": None
        if seen is None
        else {
            "branch": seen.branch,
            "commit": seen.commit,
            "underway": seen.underway,
            "count": seen.count,
            "letters": None if seen.letters is None else dict(seen.letters),
        },
        "earlier": record.earlier,
    }
    made = folder / f".{NAME}.{os.getpid()}.tmp"
    with suppress(OSError):
        made_private(folder)
        try:
            made.touch(mode=0o600)
            made.write_text(json.dumps(kept), encoding="ascii")
            made.replace(folder / NAME)
        finally:
            made.unlink(missing_ok=True)


def _state(found: Any) -> State | None:
    if found is None:
        return None
    commit, count, letters = _text(found["commit"]), found["count"], found["letters"]
    if not _COMMIT.fullmatch(commit) or not (count is None or type(count) is int):
        raise ValueError(commit)
    if letters is not None:
        if not isinstance(letters, Mapping) or len(letters) > MOST:
            raise ValueError("letters")
        letters = {path: _text(each) for path, each in letters.items()}
    return State(_text(found["branch"]), commit, _text(found["underway"]), count, letters)


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError(found)
    return found
