"""Plans as files of their own, so that they can be read and edited outside. Must not know who approves one."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from pathlib import Path

from coder.core.errors import SessionError
from coder.core.private import made_private
from coder.core.visible import visible_line

FOLDER = "plans"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST = 40  # characters of each half of a name
_MOST_SAME = 1_000  # plans of one name


def save_plan(home: Path, folder: Path, plan: str) -> Path:
    """Keeps a plan for the project `folder`, called after it and the plan's first words, and returns where. A plan that
    is there already is not written again, and no other is ever replaced. Blocks. Raises SessionError."""
    plans = home / FOLDER
    place = visible_line(str(plans))
    stem = f"{_slug(folder.name) or 'project'}-{_slug(_first_words(plan)) or 'plan'}"
    data = plan.encode("utf-8", "replace")
    data += b"" if data.endswith(b"\n") else b"\n"
    try:
        made_private(home)
        plans.mkdir(mode=0o700, exist_ok=True)
        for number in itertools.islice(itertools.count(1), _MOST_SAME):
            path = plans / (f"{stem}.md" if number == 1 else f"{stem}-{number}.md")
            if _holds(path, data) or _written(path, data):
                return path
    except OSError as error:
        raise SessionError(f"The plan could not be saved below {place}: {error.strerror}.") from error
    raise SessionError(f"The plan could not be saved: {place} holds {_MOST_SAME} called {stem}.")


def _written(path: Path, data: bytes) -> bool:
    """False when there is something of that name."""
    try:
        fd = os.open(path, _NEW, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    return True


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == data


def _first_words(plan: str) -> str:
    line = next((line for line in plan.splitlines() if line.strip("#*- \t")), "")
    return re.sub(r"^\W*plan\b\W*", "", line, flags=re.IGNORECASE)


def _slug(text: str) -> str:
    """Small ASCII letters, digits and dashes, cut between words."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    lengths = itertools.accumulate(len(word) + 1 for word in words)
    kept = [word for word, length in zip(words, lengths, strict=True) if length <= _LONGEST + 1]
    return "-".join(kept or [word[:_LONGEST] for word in words[:1]])
