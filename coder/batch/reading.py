"""Task files: JSON lines into tasks, with every bad line named. Reads no other file. Must not know who runs them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from coder.batch import swebench
from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.visible import visible_line

MOST_BYTES: Final = 200_000_000
MOST_TASKS: Final = 100_000
_LONGEST_ID, _LONGEST_PROMPT = 200, 10_000_000
_NOT_A_STRANGERS = (
    "{names}: rows of SWE-bench are strangers' words, so in a file of them this counts only with --allow-row-commands"
)
MODES = ("default", "manual", "acceptEdits", "plan", "dontAsk", "bypassPermissions")


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says. With any problem nothing is to be started."""

    tasks: tuple[Task, ...]
    problems: tuple[Problem, ...]


class _BadError(ValueError):
    pass


def read(
    data: bytes, folder: Path, defaults: Task, repositories: Path | None = None, *, may_command: bool = False
) -> Read:
    """`folder` is what a `cwd` is relative to, and where a task without one works. `defaults` holds the values of what
    a task does not say. SWE-bench rows work in one of `repositories`, or in that itself. A file with such rows was made
    by strangers: what runs or loosens something counts in none of its lines, unless it `may_command`."""
    tasks: list[Task] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    slugs: dict[str, str] = {}
    wanted: list[Problem] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        if len(tasks) >= MOST_TASKS:
            problems.append(Problem(number, f"more than {MOST_TASKS} tasks: split the file"))
            break
        try:
            task = _task(said := _object(line), number, folder, defaults, repositories)
        except _BadError as error:
            problems.append(Problem(number, str(error)))
            continue
        if task.id in seen:
            problems.append(Problem(number, f"the id {_shown(task.id)} is that of line {seen[task.id]}"))
        elif slugs.setdefault(task.slug, task.id) != task.id:
            problems.append(Problem(number, f"the id {_shown(task.id)} is too much like {_shown(slugs[task.slug])}"))
        seen.setdefault(task.id, number)
        tasks.append(task)
        if names := _commanding(said, task, (folder, *([repositories] if repositories is not None else []))):
            wanted.append(Problem(number, _NOT_A_STRANGERS.format(names=", ".join(names))))
    if not may_command and any(task.instance for task in tasks):
        problems += wanted
    return Read(tuple(tasks), tuple(problems))


def _commanding(said: Json, task: Task, places: tuple[Path, ...]) -> list[str]:
    """The fields that run or loosen something, or lead out of where the person is."""
    names = [name for name in ("check", "env", "permission_mode", "allowed_tools", "command") if said.get(name)]
    if not task.instance and task.prompt.lstrip().startswith("/") and "command" not in names:
        names.append("command")
    real = os.path.realpath(task.cwd)
    if said.get("cwd") and not any(Path(real).is_relative_to(os.path.realpath(place)) for place in places):
        names.append("cwd")
    return names


def _task(said: Json, number: int, folder: Path, defaults: Task, repositories: Path | None) -> Task:
    instance = ""
    if swebench.is_row(said):
        try:
            said, instance = swebench.fields(said, repositories), str(said["instance_id"])
        except ValueError as error:
            raise _BadError(str(error)) from error
    if unknown := [name for name in said if name not in _FIELDS]:
        raise _BadError(f"unknown field {_shown(unknown[0])}. There are: {', '.join(_FIELDS)}")
    values = {name: take(said[name]) for name, take in _FIELDS.items() if said.get(name) is not None}
    prompt, command = values.pop("prompt", ""), values.pop("command", "")
    if bool(prompt.strip()) == bool(command.strip()):
        raise _BadError("needs either a prompt or a command")
    if command and not command.startswith("/"):
        raise _BadError(f"command is {_shown(command)}: it begins with a slash, such as /review src")
    cwd = Path(values.pop("cwd", "") or ".").expanduser()
    made = {_NAMES.get(name, name): value for name, value in values.items()}
    made["id"] = made.get("id") or f"line-{number}"
    return replace(
        defaults,
        **made,
        prompt=prompt or command,
        cwd=cwd if cwd.is_absolute() else folder / cwd,
        instance=instance,
        line=number,
    )


def _object(line: bytes) -> Json:
    try:
        said = json.loads(line.decode("utf-8"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise _BadError(f"byte {error.start + 1} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise _BadError(f"no JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise _BadError("no task: it is nested too deeply") from error
    except _BadError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise _BadError("no JSON: a number is too long") from error
    if not isinstance(said, dict):
        raise _BadError('no task: a line is an object, such as {"prompt": "…"}')
    return said


def _once(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _BadError(f"the field {_shown(next(name for name in names if names.count(name) > 1))} is there twice")
    return made


def _text(name: str, most: int = 100_000) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise _BadError(f"{name} has to be a text of at most {most} characters")
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise _BadError(f"{name} has a character that no program can be given")
        return value

    return take


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = _text("id", _LONGEST_ID)(value)
    if text != text.strip() or not text or visible_line(text) != text:
        raise _BadError("id has to be a word or a few, without line ends or unseen characters")
    return text


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1_000_000:
        raise _BadError("max_turns has to be a whole number from 1")
    return value


def _above(name: str) -> Callable[[Any], float]:
    def take(value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 < value < 1e7:
            raise _BadError(f"{name} has to be a number above 0")
        return float(value)

    return take


def _mode(value: Any) -> str:
    if value not in MODES:
        raise _BadError(f"permission_mode is none of {', '.join(MODES)}")
    return str(value)


def _texts(name: str) -> Callable[[Any], tuple[str, ...]]:
    def take(value: Any) -> tuple[str, ...]:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list):
            raise _BadError(f"{name} has to be a list of texts")
        return tuple(_text(name)(each) for each in given)

    return take


def _variables(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise _BadError("env has to be an object of texts")
    return dict(_pairs(value))


def _pairs(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, text in value.items():
        if not name or "=" in name or "\0" in name or not isinstance(text, str) or "\0" in text:
            raise _BadError(f"env: {_shown(name)} has to be a name with a text")  # never what it is set to
        yield name, text


def _shown(text: str) -> str:
    seen = visible_line(text)
    return repr(seen if len(seen) <= 40 else f"{seen[:39]}…")


_FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "id": _id,
    "prompt": _text("prompt", _LONGEST_PROMPT),
    "command": _text("command", _LONGEST_PROMPT),
    "cwd": _text("cwd", 4_000),
    "base": _text("base", 1_000),
    "model": _text("model", 200),
    "max_turns": _count,
    "max_budget_usd": _above("max_budget_usd"),
    "timeout_s": _above("timeout_s"),
    "permission_mode": _mode,
    "allowed_tools": _texts("allowed_tools"),
    "env": _variables,
    "check": _text("check"),
    "tags": _texts("tags"),
}
_NAMES = {"max_budget_usd": "usd", "timeout_s": "timeout"}
