"""Tells the model of skills that it was not told of: installed meanwhile, or for a file that was touched only now.

Nothing that was sent before changes: the list of the beginning stays as it is. What a list had no room for does not
come with the next one: the room is a bound, not a page. Must not know where skills lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.agent.replies import reminder
from coder.commands.definition import Definition
from coder.commands.listing import Listing
from coder.core import prompts
from coder.core.messages import Message, Text

_FIELDS = ("file_path", "notebook_path", "path")
_OPENS = "<skills>\n"  # how the lists in prompts/ begin


class SkillNews:
    """A policy before each turn. `offered` is what the model may use by now, `listed` makes the bounded list of some,
    `touch` is told the files that calls name; `short` is told, for people, when a list had no room for all."""

    def __init__(
        self,
        offered: Callable[[], Sequence[Definition]],
        listed: Callable[[Sequence[Definition]], Listing],
        touch: Callable[[Path], None],
        short: Callable[[str], None],
    ) -> None:
        self._offered = offered
        self._listed = listed
        self._touch = touch
        self._short = short
        self._looked = 0
        self._left_out: set[str] | None = None  # not known before the first look

    def before_turn(self, turn: int, history: History) -> Verdict:
        messages = history.messages
        self._look(messages)
        offered = self._offered()
        if not offered:
            return None
        told = {name for message in messages for name in _names(message)}
        if self._left_out is None:
            self._left_out = _left_out_of(self._listed(offered), offered, told) if told else set()
        new = [each for each in offered if each.name not in told and each.name not in self._left_out]
        if not new:
            return None
        listed = self._listed(new)
        if listed.left_out:
            self._left_out |= {each.name for each in new} - set(_names_in(listed.text))
            self._short(listed.notice)
        return Inject(reminder(prompts.load("reminders/skills_new", skills=listed.text))) if listed.text else None

    def _look(self, messages: Sequence[Message]) -> None:
        if self._looked > len(messages):
            self._looked = 0
        for message in messages[self._looked :]:
            for call in message.tool_uses:
                for field in _FIELDS:
                    value = call.input.get(field)
                    if isinstance(value, str) and value.startswith("/") and "\0" not in value:
                        self._touch(Path(value))
        self._looked = len(messages)


def _left_out_of(whole: Listing, offered: Sequence[Definition], told: set[str]) -> set[str]:
    """What the list of the beginning had no room for: everything it does not name, where not all have room."""
    return {each.name for each in offered} - told if whole.left_out else set()


def _names(message: Message) -> Iterator[str]:
    """Who is named in the lists of a message."""
    if message.meta.kind in ("context", "reminder"):
        for block in message.content:
            if isinstance(block, Text) and block.text.startswith(_OPENS):
                yield from _names_in(block.text)


def _names_in(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.startswith("- "):
            yield line[2:].partition(": ")[0]
