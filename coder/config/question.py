"""What a folder wants, put into words: the notice of a run, and the question before it is trusted. Pure values.

Must not know where it is shown, nor how an approval is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from coder.config.brought import MARKDOWN, name_of
from coder.config.shown import shown
from coder.config.trust import Change, changes
from coder.core.dataclass import dataclass
from coder.core.trust import Brought, Kind, Trust

Answer = Literal["not_now", "trust", "show", "leave"]
_CHOICES: tuple[tuple[Answer, str], ...] = (
    ("not_now", "Not now: open it, ignore those"),
    ("trust", "Yes, trust this folder"),
    ("show", "Show them first"),
    ("leave", "Leave"),
)
_NAMED = 3  # as many are named in a line; of more the number is told


@dataclass(frozen=True, slots=True)
class TrustQuestion:
    """`lines` complete "This folder wants to: …"; `details` are for "Show them first", `changes` for a folder that was
    approved before. `choices` are in the order of their numbers; the first is the safe one and the default.
    """

    folder: Path
    text: str
    lines: tuple[str, ...]
    details: tuple[str, ...]
    changes: tuple[Change, ...]
    choices: tuple[tuple[Answer, str], ...] = _CHOICES


def question(trust: Trust) -> TrustQuestion | None:
    """What to ask before the folder's own settings count. None when there is nothing to ask about."""
    if not trust.off:
        return None
    folder = shown(str(trust.here))
    text = f"{folder} has changed since you trusted it. Trust it as it is now?"
    if not trust.known:
        text = f"Do you trust the files in {folder}?"
    return TrustQuestion(trust.here, text, wants(trust.off), detailed(trust.off), changes(trust))


def notice(trust: Trust) -> str:
    """One line for a run that goes on without asking, although something is off."""
    counts = Counter(item.word for item in trust.own_off)
    unused = ", ".join(_number(count, word) for word, count in counts.items())
    files = _some(dict.fromkeys(item.file for item in trust.own_off))
    why = "has changed since you trusted it" if trust.known else "is not trusted"
    verb = "is" if len(trust.own_off) == 1 else "are"
    note = f" {trust.note}" if trust.note else ""
    remedy = "`coder trust` shows it, `coder trust add` trusts it, --trust-folder does for one run."
    return f"this folder {why}, so {unused} ({files}) {verb} not used.{note} {remedy}"


def wants(brought: Iterable[Brought]) -> tuple[str, ...]:
    """`run 2 hooks (.coder/settings.json)`, `start 1 MCP server: npx some-server`, and so on: a line for each kind."""
    items = list(brought)
    by_kind: dict[Kind, list[Brought]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    return tuple(line for kind, group in by_kind.items() for line in _wanted(kind, group))


def detailed(brought: Iterable[Brought]) -> tuple[str, ...]:
    """Each thing with its file and its content; a mark stands in front of the file, where no content can forge it."""
    return tuple(
        ("(never used from a folder) " if item.never else "")
        + f"{item.file}: {item.label}"
        + (f": {item.text}" if item.text else "")
        for item in brought
    )


def _wanted(kind: Kind, group: list[Brought]) -> Iterator[str]:
    if kind == "rule":
        yield from _commands([item for item in group if item.file.endswith(MARKDOWN)])
        group = [item for item in group if not item.file.endswith(MARKDOWN)]
    count = len(group)
    names = _some(item.name for item in group)
    match kind:
        case "hook":
            by_file = Counter(item.file for item in group)
            for file, number in [*by_file.items()][: _NAMED * 2]:
                yield f"run {_number(number, 'hook')} ({file})"
            if len(by_file) > _NAMED * 2:
                yield f"run hooks of {len(by_file) - _NAMED * 2} more files"
        case "server":
            yield f"start {_number(count, 'MCP server')}: {group[0].text if count == 1 else names}"
        case "key":
            yield from (f"give your {item.name} to the MCP server {item.text}" for item in group)
        case "command":
            yield from (f"run its {item.name}: {item.text}" for item in group)
        case "variable":
            yield from (
                f"send the conversation and your key to {item.text}" for item in group if item.name.endswith("BASE_URL")
            )
            yield f"set {_number(count, 'variable')}: {names}"
        case "rule" if group:
            commands = all(item.name.startswith("Bash(") for item in group)
            yield f"allow {_number(count, 'command' if commands else 'call')} without asking"
        case "folder":
            yield f"work in {_number(count, 'more folder')}: {names}"
        case "mode":
            agents = [item for item in group if item.file.endswith(MARKDOWN)]
            yield from (f"start in the mode {item.name}" for item in group if item not in agents)
            if agents:
                names = _some(name_of(item.file) for item in agents)
                yield f"let {_number(len(agents), 'agent')} edit files without asking: {names}"
        case "setting":
            yield f"change {_number(count, 'setting')}: {names}"


def _commands(group: list[Brought]) -> Iterator[str]:
    files = list(dict.fromkeys(item.file for item in group))
    if files:
        names = _some(f"/{name_of(file)}" for file in files)
        yield f"let {_number(len(files), 'command')} use tools without asking: {names}"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:_NAMED]) + (f" and {len(every) - _NAMED} more" if len(every) > _NAMED else "")


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
