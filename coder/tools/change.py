"""A file about to be changed: as it is now, and as the model last saw it. Must not know what the change is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.tools import ToolContext
from coder.tools import files
from coder.tools.encoding import is_binary
from coder.tools.ledger import FileLedger, Seen, digest_of
from coder.tools.patch import Patch, patch
from coder.tools.textfile import TextFile, printable

_KEPT_ORIGINAL = 256 << 10  # characters of a file repeated in a structured result


@dataclass(frozen=True, slots=True)
class Current:
    """`is_stale` when the bytes differ from those seen; `since` is that difference, None when it cannot be told."""

    path: Path
    file: TextFile
    seen: Seen
    is_stale: bool = False
    since: Patch | None = None

    @property
    def since_text(self) -> str:
        """What else changed, for the model; "" when nothing did."""
        if not self.is_stale:
            return ""
        if self.since is None:
            return "Something else changed the file since you read it; the difference is too large to show."
        return f"Something else changed the file since you read it:\n{self.since.text()}"

    @property
    def is_seen_whole(self) -> bool:
        """Whether the model, once told `since_text`, knows every line of the file."""
        return self.seen.whole and (not self.is_stale or (self.since is not None and self.since.is_shown_whole()))


async def current(path: Path, found: os.stat_result, context: ToolContext, ledger: FileLedger, verb: str) -> Current:
    """Loads an existing text file for a change. Raises ToolError when it is too large, unread or no text."""
    name = files.shown(path)
    if found.st_size > files.LOAD_LIMIT:
        raise ToolError(
            f"{name} is {files.size_text(found.st_size)}; {verb} takes files of {files.size_text(files.LOAD_LIMIT)} at "
            "most. Nothing was changed. Use Bash (sed, a short script) for a file of this size."
        )
    seen = ledger.known(path)
    data = await files.load(path, context)
    if is_binary(data):
        raise ToolError(f"{name} is a binary file and {verb} changes text only. Nothing was changed.")
    if seen is None:
        raise ToolError(
            f"{name} has not been read in this session, so {verb} would change it blindly. Nothing was changed. "
            f'Read it first: Read {{"file_path": "{name}"}}'
        )
    return await asyncio.to_thread(_compared, path, data, seen)


def _compared(path: Path, data: bytes, seen: Seen) -> Current:
    file = TextFile.of(data)
    if digest_of(data) == seen.digest:
        return Current(path, file, seen)
    since = None if seen.content is None else patch(printable(TextFile.of(seen.content).view), printable(file.view))
    return Current(path, file, seen, True, since)


def original(file: TextFile) -> str | None:
    """The file's text for a structured result; None when it is too long to be worth repeating."""
    return printable(file.text) if len(file.text) <= _KEPT_ORIGINAL else None


def changed(path: Path, made: Patch) -> Json:
    """What the structured results of Edit and Write share."""
    return {"filePath": files.shown(path), "structuredPatch": list(made.hunks)}
