"""Tells the model of skills that it was not told of: installed meanwhile, or for a file that was touched only now.

Nothing that was sent before changes: the list of the beginning stays as it is. Must not know where skills lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.agent.replies import reminder
from coder.commands.definition import Definition
from coder.core import prompts
from coder.core.messages import Message

_FIELDS = ("file_path", "notebook_path", "path")


class SkillNews:
    """A policy before each turn. `offered` is what the model may use by now, `listed` makes a line of each of them,
    `touch` is told the files that calls name."""

    def __init__(
        self,
        offered: Callable[[], Sequence[Definition]],
        listed: Callable[[Sequence[Definition]], str],
        touch: Callable[[Path], None],
    ) -> None:
        self._offered = offered
        self._listed = listed
        self._touch = touch
        self._looked = 0

    def before_turn(self, turn: int, history: History) -> Verdict:
        messages = history.messages
        self._look(messages)
        offered = self._offered()
        if not offered:
            return None
        lines = {line for message in messages for line in _lines(message)}
        new = [each for each in offered if f"- {each.name}" not in lines]
        if not new or not (listed := self._listed(new)):
            return None
        return Inject(reminder(prompts.load("reminders/skills_new", skills=listed)))

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


def _lines(message: Message) -> set[str]:
    """The names that a list in a message tells of, each behind its dash."""
    if message.meta.kind not in ("context", "reminder") or "- " not in message.text:
        return set()
    return {line.partition(": ")[0] for line in message.text.split("\n") if line.startswith("- ")}
