"""Memory files from the disk, each parsed once as long as it does not change. Must not know which files count."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.ordinary import open_ordinary
from coder.memory.files import MOST_BYTES
from coder.memory.looking import is_folder

if TYPE_CHECKING:
    from coder.frontmatter import read
    from coder.memory import markdown
    from coder.memory.markdown import Mention
else:  # for rules, and where there is a file at all
    read, markdown = LazyModule("coder.frontmatter.read"), LazyModule("coder.memory.markdown")

MOST_MENTIONS = 200
_SIGNATURE: TypeAlias = tuple[int, int, int, int]
_QUIET = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Page:
    """What a file holds: `globs` are the paths a rule is for. `problem` says why it is not read; nothing else then."""

    text: str = ""
    size: int = 0
    lines: int = 0
    globs: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    problem: str = ""


class Store:
    """Reads blockingly, bounded; never raises."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str, bool], tuple[_SIGNATURE, Page]] = {}

    def page(self, real: str, *, is_rule: bool = False) -> Page | None:
        """The page at a path without links; None where no file is."""
        try:
            facts = Path(real).stat()
            signature = (facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino)
            held = self._pages.get((real, is_rule))
            if held is not None and held[0] == signature:
                return held[1]
            page = _read(Path(real), is_rule=is_rule)
        except OSError as error:
            return None if error.errno in _QUIET or is_folder(Path(real)) else Page(problem=_why(error))
        except ValueError:  # a name that no file can have
            return None
        self._pages[real, is_rule] = (signature, page)
        return page


def _why(error: OSError) -> str:
    return "it is no ordinary file" if error.errno == errno.EINVAL else (error.strerror or "it cannot be read").lower()


def _read(path: Path, *, is_rule: bool) -> Page:
    with open_ordinary(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return Page(problem=f"it is larger than {MOST_BYTES >> 20} MiB")
    if b"\0" in data[:8192]:
        return Page(problem="it is no UTF-8 text")
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.count("\n") + (not text.endswith("\n") and bool(text))
    text = text.replace("\r\n", "\n")
    globs: tuple[str, ...] = ()
    first = 1
    if is_rule and text.lstrip()[:3] == "---":
        head = read.split(text)
        text, globs, first = head.body, _globs(head.meta), head.first_line
    mentions = markdown.mentions(text, MOST_MENTIONS + 1)
    named = (markdown.Mention(each.name, each.line + first - 1) for each in mentions)
    return Page(markdown.without_comments(text).strip("\n"), len(data), lines, globs, tuple(named))


def _globs(meta: Mapping[str, object]) -> tuple[str, ...]:
    """Of `paths:`, a list or a text with commas between, those in braces left alone."""
    value = meta.get("paths")
    if isinstance(value, str):
        return tuple(_parts(value))
    if isinstance(value, list):
        return tuple(part for item in value if isinstance(item, str) for part in _parts(item))
    return ()


def _parts(text: str) -> list[str]:
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "{") - (sign == "}" and depth > 0)
        if sign in ",\n" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip().strip("\"'") for part in parts if part.strip()]
