"""Facts about the repository for the texts of commands, each found out when a text names it and not before.

Must not know texts, what else they hold, or front ends.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.messages import INLINE, Text, ToolUse
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git import porcelain
from coder.git.call import Git
from coder.git.earlier import Earlier
from coder.git.messages.found import last_messages, person_of, rules_of_messages
from coder.git.messages.style import learn
from coder.git.messages.style_words import example_lines, style_lines
from coder.git.repository import repository_of
from coder.git.view import Refusal, View, view
from coder.tools.git.withheld import Withheld

Denied: TypeAlias = tuple[tuple[Path, str], ...]
"""Patterns, each below a folder."""

Fact: TypeAlias = Callable[[], Awaitable[str]]
"""What a name in a text stands for. Never raises."""

_TOOL = "Git"
_TAG = re.compile(r"</(?=(?:commit-style|git-[a-z-]+)>)")
_OUTSIDE = "this folder is in no git repository"
_TAKEN = "a rule takes it away, or it was left out of the tools"
_NOTHING = "(nothing that is known)"
_UNKNOWN = "(git does not tell what is changed)"
_ALL = "(all of it: this session changed nothing that is not committed)"
_NAMED = 40
_MOST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Gathering:
    """`workspace` is where the session works; `executor` is asked for late, as by whoever runs commands; `has` tells
    whether the session has a tool, `before` what was changed before it began: None says all that is changed by now.
    `denied` are files not to be named."""

    git: Git
    workspace: Workspace
    executor: Callable[[], Executor]
    has: Callable[[str], bool]
    before: Callable[[], Earlier | None]
    denied: Callable[[], Denied] = tuple

    @property
    def facts(self) -> Mapping[str, Fact]:
        return {"COMMIT_STYLE": self.commit_style, "CHANGES": self.changes, "EARLIER": self.earlier}

    async def commit_style(self) -> str:
        """How the messages of this repository are written."""
        seen = await self._seen()
        if isinstance(seen, Refusal):
            return prompts.load("facts/no_git", why=_why(seen))
        folder = seen.folder
        person = await person_of(self.git, folder)
        style = learn(await last_messages(self.git, folder), person.email)
        lines = style_lines(style, person.signer, await rules_of_messages(self.git, folder, seen.repository.top))
        examples = [f"- {line}" for line in example_lines(style)]
        begin = ("Subjects:", *examples) if examples else ()
        return prompts.load("facts/commit_style", lines=_inside(lines), examples=_inside(begin))

    async def changes(self) -> str:
        """What the Git tool says of what is not committed, judged as when the model asks for it."""
        if not self.has(_TOOL):
            is_outside = repository_of(self.workspace.cwd) is None
            return prompts.load("facts/no_git", why=_OUTSIDE if is_outside else _TAKEN)
        status = await self._said(action="status")
        diff = await self._said(action="diff")
        staged = await self._said(action="diff", staged=True)
        return prompts.load("facts/changes", status=status, diff=diff, staged=staged)

    async def earlier(self) -> str:
        """Which of the changes there were before the session began, and so are not its own."""
        seen, before = await self._seen(), self.before()
        if isinstance(seen, Refusal) or (before is not None and not before.paths):
            return _NOTHING
        asked = await seen.asked(*porcelain.ARGUMENTS, "--no-renames", most=_MOST_BYTES)
        if not asked.ok:
            return _UNKNOWN
        changes = porcelain.parse(asked.out).changes
        top = seen.repository.top
        old = [change.path for change in changes if before is None or before.holds(top, change.path)]
        if not old:
            return _NOTHING
        if len(old) == len(changes):
            return _ALL
        withheld = Withheld(self.denied(), top)
        shown = [visible_line(path) for path in old if not withheld.covers(path)]
        left = len(old) - len(shown[:_NAMED])
        return ", ".join(shown[:_NAMED]) + (f" and {left:,} more" if left else "")

    async def _seen(self) -> View | Refusal:
        return await view(self.git, self.workspace.cwd, self.workspace.roots)

    async def _said(self, **parameters: str | bool) -> str:
        call = ToolUse(f"{INLINE}{uuid4().hex[:16]}", _TOOL, dict(parameters))
        outcomes: dict[str, Outcome] = {}
        await self.executor().run([call], outcomes)
        content = outcomes[call.id].result.content
        return _inside(block.text for block in content if isinstance(block, Text))


def _why(refusal: Refusal) -> str:
    return _OUTSIDE if refusal.is_missing else visible_line(refusal.text)


def _inside(lines: Iterable[str]) -> str:
    """The lines as they may stand between our tags: they cannot end them."""
    return _TAG.sub("<\\/", "\n".join(lines))
