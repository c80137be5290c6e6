"""What a compaction keeps word for word from our own records: what the person said, open todos, touched files. Pure;
must not know how the rest is summarised.

The blocks it makes are read back by the next compaction: a block's frame is what tells one text from another, so that
nothing a person wrote can pass for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Literal, TypeAlias

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.messages import ATTACHED, Json, Message, Text, ToolResult, ToolUse

Speech: TypeAlias = Literal["Message", "Answer", "Refusal"]
_HEAD = re.compile(r"\A(Message|Answer|Refusal) from the person( \(answered\))?:\n")
_TODOS, _FILES = "Todo items that are open:\n", "Files touched so far, the latest last:\n"
CHANGES = {"Edit": "edited", "MultiEdit": "edited", "NotebookEdit": "edited", "Write": "written"}
_TOUCHES = {**CHANGES, "Read": "read"}
_STRENGTH = ("read", "edited", "written")
_CUT_SHORT = ("interrupted", "max_tokens", "pause_turn")
MOST_FILES = 150
MOST_SAID = 60_000  # characters of all that was said
MOST_NEWEST = 40_000  # characters of the newest alone
MOST_TODOS = 100
_SHORTENED = 300


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the person. `is_answered`: a run ended after them, so they are no open request."""

    text: str
    speech: Speech = "Message"
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """`said` the oldest first; `files` by path, with how they were touched, the latest last."""

    said: tuple[Said, ...] = ()
    todos: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether the last thing the person said still waits for its answer."""
        last = next((each for each in reversed(self.said) if each.speech == "Message"), None)
        return last is not None and not last.is_answered


def records_of(messages: Sequence[Message], kept_from: int) -> Records:
    """The records of a conversation, of what an earlier compaction had kept too. What was said in messages from
    `kept_from` on is not among them: those messages stay."""
    said: list[tuple[int, Said]] = []
    todos: tuple[str, ...] = ()
    files: dict[str, str] = {}
    answered = 0  # how many of what was said an answer has come behind
    for index, message in enumerate(messages):
        if message.meta.kind == "summary":
            earlier = _read_back(message)
            said += [(index, each) for each in earlier.said]
            todos, files = earlier.todos, dict(earlier.files)
        elif message.role == "assistant":
            if not message.tool_uses and message.meta.stop_reason not in _CUT_SHORT:
                answered = len(said)
        else:
            said += [(index, each) for each in _said(message, messages[index - 1] if index else None)]
            for call in _succeeded(messages[index - 1], message) if index else ():
                todos = _todos(call) if call.name == "TodoWrite" else todos
                _touch(files, call)
    before = [
        replace(each, is_answered=each.is_answered or number < answered)
        for number, (at, each) in enumerate(said)
        if at < kept_from
    ]
    return Records(tuple(before), todos, tuple(files.items())[-MOST_FILES:])


def blocks(records: Records) -> tuple[Text, ...]:
    """The records as texts for the model, each of them a block of its own."""
    made = [Text(_headed(each, text)) for each, text in zip(records.said, _shortened(records.said), strict=True)]
    if records.todos:
        made.append(Text(_TODOS + "\n".join(records.todos)))
    if records.files:
        made.append(Text(_FILES + "\n".join(f"{how} {path}" for path, how in records.files)))
    return tuple(made)


def _headed(said: Said, text: str) -> str:
    return f"{said.speech} from the person{' (answered)' if said.is_answered else ''}:\n{text}"


def _shortened(said: Sequence[Said]) -> list[str]:
    """Whole as long as all of it fits; else the oldest are shortened first, the newest last."""
    texts = [each.text for each in said]
    left = sum(map(len, texts)) - MOST_SAID
    for index, text in enumerate(texts):
        most = MOST_NEWEST if index == len(texts) - 1 else _SHORTENED
        if (left > 0 or index == len(texts) - 1) and len(text) > most:
            texts[index] = f"{text[:most]}\n[{len(text) - most:,} more characters left out]"
            left -= len(text) - most
    return texts


def _read_back(summary: Message) -> Records:
    said: list[Said] = []
    todos: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    texts = [block.text for block in summary.content if isinstance(block, Text)]
    for text in texts[1:-1]:  # between the introduction and the summary
        if found := _HEAD.match(text):
            said.append(Said(text[found.end() :], found[1], bool(found[2])))  # type: ignore[arg-type]  # one of Speech
        elif text.startswith(_TODOS):
            todos = tuple(text.removeprefix(_TODOS).split("\n"))
        elif text.startswith(_FILES):
            parts = (line.partition(" ") for line in text.removeprefix(_FILES).split("\n"))
            files = tuple((path, how) for how, _, path in parts)
    return Records(tuple(said), todos, files)


@cache
def _refusal() -> str:
    """How a refusal that the person put into words begins."""
    return prompts.load("reminders/refused", words="\0").partition("\0")[0]


@cache
def _skill() -> str:
    """How the text of a skill begins."""
    return prompts.load("reminders/skill", folder="\0", body="\0").partition("\0")[0]


def _words(message: Message) -> str:
    """What was said, without the files that were attached to it, which can be read again, and without skills, which a
    shortened conversation goes on with anyway."""
    first, *rest = [block.text for block in message.content if isinstance(block, Text)] or [""]
    return first + "".join(text for text in rest if not text.startswith((ATTACHED, _skill())))


def _said(message: Message, before: Message | None) -> Iterator[Said]:
    if message.meta.kind in ("prompt", "steer"):
        others = sum(not isinstance(block, Text) for block in message.content)
        text = _words(message) + (f"\n[and {others} pictures or documents]" if others else "")
        yield Said(text)
        return
    asked = {call.id for call in before.tool_uses if call.name == "AskUserQuestion"} if before else set()
    refused = _refusal()
    for block in message.content:
        if isinstance(block, ToolResult):
            text = "".join(part.text for part in block.content if isinstance(part, Text))
            if block.is_error and text.startswith(refused):
                yield Said(text.removeprefix(refused), "Refusal")
            elif block.tool_use_id in asked and not block.is_error:
                yield Said(text, "Answer")


def _succeeded(reply: Message, results: Message) -> Iterator[ToolUse]:
    failed = {block.tool_use_id for block in results.content if isinstance(block, ToolResult) and block.is_error}
    if any(isinstance(block, ToolResult) for block in results.content):
        yield from (call for call in reply.tool_uses if call.id not in failed)


def _todos(call: ToolUse) -> tuple[str, ...]:
    """The open items of a list; its fields are checked, but only when the call ran."""
    items = call.input.get("todos")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    still = [item for item in found if item.get("status") != "completed"]
    return tuple(_todo(item) for item in still[:MOST_TODOS])


def _todo(item: Json) -> str:
    mark = "in progress" if item.get("status") == "in_progress" else "to do"
    return f"- [{mark}] {_line(str(item.get('content', '')))}"


def _touch(files: dict[str, str], call: ToolUse) -> None:
    path = call.input.get("file_path") or call.input.get("notebook_path")
    how = _TOUCHES.get(call.name)
    if how is None or not isinstance(path, str):
        return
    shown = _line(path)
    earlier = files.pop(shown, "read")
    files[shown] = max(how, earlier, key=_STRENGTH.index)


def _line(text: str) -> str:
    return text.replace("\n", "\\n")
