"""What of memory a session reads, what it costs, and why: for people. Must not know pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.weight import text_tokens
from coder.app import memory_words as words
from coder.app.memory import ProjectMemory
from coder.core.dataclass import dataclass
from coder.memory.files import MemoryFile, Whose

if TYPE_CHECKING:
    from coder.core.config import Config
    from coder.core.messages import Message


@dataclass(frozen=True, slots=True)
class Row:
    """`is_read`: the model has it, or gets it with the next prompt; else it waits for a path. `touched` is the path
    that brought it, `globs` the paths it is for, `parent` the file that imports it. `tokens` are estimated."""

    path: Path
    whose: Whose
    size: int
    tokens: int
    is_read: bool = True
    parent: Path | None = None
    globs: tuple[str, ...] = ()
    touched: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`warnings` are about what was left out, `remarks` about what is too long."""

    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return sum(row.tokens for row in self.rows if row.is_read)

    @property
    def size(self) -> int:
        return sum(row.size for row in self.rows if row.is_read)


def report_of(config: Config, env: Mapping[str, str], messages: Iterable[Message] = ()) -> Report:
    """As it stands on the disk now, in order, with what belongs to the files that this conversation has
    touched."""
    warnings: list[str] = []
    memory = ProjectMemory(config, env, warn=warnings.append)
    said = tuple(messages)
    rows = [_row(file) for file in memory.memory.files]
    known = {file.real for file in memory.memory.files}
    for path in words.touched(said, config.cwd):
        for file in memory.due_for(path):
            if file.real not in known:
                known.add(file.real)
                rows.append(_row(file))
    rows += [_row(rule, is_read=False) for rule in memory.memory.scoped if rule.real not in known]
    return Report(tuple(rows), (*memory.warnings, *warnings), memory.memory.remarks)


def _row(file: MemoryFile, *, is_read: bool = True) -> Row:
    tokens = text_tokens(words.block(file).text)
    trigger = file.trigger if file.reason == "nested_traversal" else None
    return Row(file.path, file.whose, file.size, tokens, is_read, file.parent, file.globs, trigger)
