"""Makes of what a person typed what the model is sent: commands of files expanded, files they mention attached, hooks
asked. Must not know front ends, or how a run goes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from coder.agent.replies import reminder
from coder.core.choices import Effort
from coder.core.messages import Block, Message, Meta, Text
from coder.core.model import ModelRequest


@dataclass(frozen=True, slots=True, eq=False)
class Expanded:
    """What a line that names a command of a file stands for. `blocks` are what the model reads, what was typed first;
    `during` is entered for the run (what it may do meanwhile); `model` and `effort` are those of this run alone;
    `verify` is what is checked of its answer."""

    blocks: tuple[Block, ...]
    during: AbstractContextManager[None] = field(default_factory=nullcontext)
    model: str = ""
    effort: Effort | None = None
    verify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """What hooks say of a prompt. `refused` is why it is not sent, "" when it is; `notes` are for the model."""

    refused: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """A command of a file that a person may type. `origin` says whose it is: "built-in", "project", "yours", …;
    `also` are further names that may be typed for it, or for one that it hides."""

    name: str
    about: str = ""
    hint: str = ""
    origin: str = ""
    kind: Literal["command", "skill"] = "command"
    also: tuple[str, ...] = ()


Expand: TypeAlias = Callable[[str], Awaitable[Expanded | None]]
"""What a line stands for; None when it names no command of a file. Raises CoderError when it cannot be made."""
Attach: TypeAlias = Callable[[str], Awaitable[tuple[Block, ...]]]
"""The files that a text mentions, as blocks to stand behind it. Never raises."""


class PromptHooks(Protocol):
    """None of it raises but CancelledError."""

    async def began(self) -> Submitted:
        """SessionStart, before the first prompt of this process. `refused` is not looked at."""
        ...

    async def submitted(self, text: str) -> Submitted:
        """UserPromptSubmit."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A run that can begin. `before` is told ahead of the message, as reminders."""

    message: Message
    before: tuple[Message, ...] = ()
    during: AbstractContextManager[None] = field(default_factory=nullcontext)
    template: ModelRequest | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The prompt is not sent; `why` is for people."""

    why: str


class Prompting:
    """`template` gives the request of a run with another model or effort, `offered` the commands there are by now;
    `verify` is told what is to be checked of the answer of the run that begins."""

    def __init__(
        self,
        expand: Expand | None = None,
        attach: Attach | None = None,
        hooks: PromptHooks | None = None,
        template: Callable[[str, Effort | None], ModelRequest] | None = None,
        offered: Callable[[], tuple[Offered, ...]] | None = None,
        verify: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        self._expand = expand
        self._attach = attach
        self._hooks = hooks
        self._template = template
        self._offered = offered
        self._verify = verify
        self._has_begun = False

    @property
    def offered(self) -> tuple[Offered, ...]:
        return self._offered() if self._offered is not None else ()

    async def prepare(self, text: str, pictures: Sequence[Block] = ()) -> Prepared | Refused:
        """What the run begins with. Raises CoderError when a command of a file cannot be expanded."""
        before = await self._begun()
        expanded = await self._expand(text) if self._expand is not None and text.lstrip().startswith("/") else None
        if self._hooks is not None:
            said = await self._hooks.submitted(text)
            if said.refused:
                return Refused(said.refused)
            before += said.notes
        blocks: tuple[Block, ...] = (Text(text),)
        if expanded is not None:
            blocks = expanded.blocks
        elif self._attach is not None and "@" in text:
            blocks = (*blocks, *await self._attach(text))
        message = Message("user", (*pictures, *blocks), Meta(kind="prompt"))
        notes = tuple(reminder(note) for note in before)
        if expanded is None:
            return Prepared(message, notes)
        template = None
        if self._template is not None and (expanded.model or expanded.effort):
            template = self._template(expanded.model, expanded.effort)
        if self._verify is not None and expanded.verify:
            self._verify(expanded.verify)
        return Prepared(message, notes, expanded.during, template)

    async def _begun(self) -> tuple[str, ...]:
        """What hooks say at the start, once."""
        if self._has_begun or self._hooks is None:
            return ()
        self._has_begun = True
        return (await self._hooks.began()).notes
