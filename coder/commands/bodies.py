"""What is wrong in the text of a command or skill: fences, commands nobody allows, files that are not there, arguments.

Must not know the head's form, nor run anything.
"""

from __future__ import annotations

import os
import re
from bisect import bisect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from coder.commands.definition import Definition
from coder.core.config import RuleText
from coder.core.messages import ToolUse
from coder.core.tools import Runs
from coder.permissions.decide import decide
from coder.permissions.rules import parse_rules
from coder.permissions.world import LocalWorld

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)\Z")
_INLINE = re.compile(r"(?:^|(?<=\s))!`([^`\n]+)`", re.MULTILINE)
_MENTION = re.compile(
    r"(?:^|(?<=\s))@((?:\.{0,2}/)?[\w.-]+(?:/[\w.-]+)*\.[A-Za-z]\w{0,7})(?=[\s,;:)]|\.?$)", re.MULTILINE
)
_LINK = re.compile(r"\]\(((?!\w+:|#|/|~)[^)\s#?]+\.\w{1,8})(?:#[^)\s]*)?\)")
_ARGUMENT = re.compile(r"(?<!\\)\$(?:ARGUMENTS\[)?(\d{1,2})(?!\d)")
_HINTED = re.compile(r"\[[^\]]*\]|<[^>]*>|[^\s\[\]<>|]+")
_PLACEHOLDER = re.compile(r"\$(?:ARGUMENTS(?:\[\d+\])?|\d{1,2}|\{CLAUDE_\w+\})")
_WINDOWS = re.compile(
    r"(?<![\w\\/.])(?:[A-Za-z]:\\[\w\\. -]*\w|[\w-]+(?:\\[\w-]+)+\.(?:py|sh|js|ts|md|json|ya?ml|txt))\b"
)
_MOST = 20  # of one kind in one file


class Code(NamedTuple):
    """A fenced block: the lines of its fences within the text, 0-based; `end` is None when it is never closed."""

    start: int
    end: int | None
    info: str


def fences(lines: list[str]) -> list[Code]:
    found: list[Code] = []
    opened: tuple[int, str, str] | None = None
    for number, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        fence = _FENCE.match(line)
        if fence is None:
            continue
        marks, info = fence[1], fence[2].strip()
        if opened is None:
            if "`" not in info:
                opened = (number, marks, info)
        elif marks[0] == opened[1][0] and len(marks) >= len(opened[1]) and not info:
            found.append(Code(opened[0], number, opened[2]))
            opened = None
    if opened is not None:
        found.append(Code(opened[0], None, opened[2]))
    return found


def body_problems(one: Definition, body: str, project: Path | None) -> Iterator[tuple[int, str]]:
    """Each with its line in the file. `project` is the folder that `@file` is relative to, None: it is not known."""
    lines = body.split("\n")
    first = one.first_line
    code = fences(lines)
    for block in code:
        if block.end is None:
            yield first + block.start, "the code fence that begins here is never closed"
    text = _Text(body, lines, code, first)
    yield from _commands(one, text)
    yield from _windows(text)
    yield from _arguments(one, text)
    yield from _files(one, text, project)


class _Text:
    """A body whose places can be told as lines, and what of it stands in code."""

    def __init__(self, body: str, lines: list[str], code: list[Code], first: int) -> None:
        self.body, self.lines, self.code, self.first = body, lines, code, first
        self._starts: list[int] = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def line(self, place: int) -> int:
        return self.first + bisect(self._starts, place) - 1

    def is_code(self, place: int) -> bool:
        number = self.line(place) - self.first
        if any(block.start <= number and (block.end is None or number <= block.end) for block in self.code):
            return True
        start = self._starts[number]
        return self.body.count("`", start, place) % 2 == 1


def _commands(one: Definition, text: _Text) -> Iterator[tuple[int, str]]:
    """Each would be judged as in a session without any other rule."""
    found = [(text.line(match.start()), match[1]) for match in _INLINE.finditer(text.body)]
    for block in text.code:
        if block.info.startswith("!") and block.end is not None:
            found.append((text.first + block.start, "\n".join(text.lines[block.start + 1 : block.end])))
    if not found:
        return
    folder = one.folder or one.file.parent
    rules, _ = parse_rules([RuleText(_own(one, rule), "allow", "session", "", folder) for rule in one.grants])
    world = LocalWorld(folder, (folder,), Path("/nobody"), Path("/nobody/.coder"))
    for line, command in found[:_MOST]:
        filled = _PLACEHOLDER.sub("x", _own(one, command))
        verdict = decide(ToolUse("", "Bash", {"command": filled}), Runs(filled), rules, "default", world).verdict
        if verdict != "allow":
            word = (_own(one, command).split() or ["…"])[0].strip("\"'")
            yield (
                line,
                f"!`{_brief(command)}` runs only where somebody allows it: add Bash({_brief(word)} …) to allowed-tools",
            )


def _own(one: Definition, text: str) -> str:
    """Its own folders in the place of their names, which rules may hold as well."""
    for name, folder in (("PLUGIN_ROOT", one.plugin), ("SKILL_DIR", one.folder)):
        if folder is not None:
            text = text.replace(f"${{CLAUDE_{name}}}", str(folder))
    return text


def _windows(text: _Text) -> Iterator[tuple[int, str]]:
    for match, _ in zip(_WINDOWS.finditer(text.body), range(_MOST), strict=False):
        if not text.is_code(match.start()):
            yield text.line(match.start()), f"{_brief(match[0])} is a path of Windows: write it with /"


def _arguments(one: Definition, text: _Text) -> Iterator[tuple[int, str]]:
    hinted = _HINTED.findall(one.hint)
    if not hinted or "..." in one.hint or "…" in one.hint:
        return
    used = [match for match in _ARGUMENT.finditer(text.body) if not text.is_code(match.start())]
    highest = max(used, key=lambda match: int(match[1]), default=None)
    if highest is not None and int(highest[1]) > max(len(hinted), len(one.arguments)):
        names = f"{len(hinted)} argument" + ("" if len(hinted) == 1 else "s")
        yield text.line(highest.start()), f"${highest[1]} is beyond argument-hint, which names {names}"


def _files(one: Definition, text: _Text, project: Path | None) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    if project is not None:
        for match, _ in zip(_MENTION.finditer(text.body), range(10 * _MOST), strict=False):
            if match[1] not in seen and not text.is_code(match.start()) and not _is_there(match[1], project):
                seen.add(match[1])
                yield text.line(match.start()), f"@{match[1]} names a file that is not in {project}"
    if one.folder is None:
        return
    for match, _ in zip(_LINK.finditer(text.body), range(10 * _MOST), strict=False):
        if match[1] not in seen and not text.is_code(match.start()) and not _is_there(match[1], one.folder):
            seen.add(match[1])
            where = "is not there" if match[1].startswith("..") else "is not in the folder of the skill"
            yield text.line(match.start()), f"{_brief(match[1])} is linked, and {where}"


def _is_there(path: str, folder: Path) -> bool:
    try:
        return os.path.lexists(folder / path)
    except ValueError:
        return False


def _brief(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"
