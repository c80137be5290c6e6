"""Makes of what a person typed what the model is sent: commands of files expanded, files they mention attached, hooks
asked. Must not know front ends, or how a run goes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from coder.agent.replies import reminder
from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.lazy import LazyModule
from coder.core.messages import Block, Kind, Message, Meta, Text
from coder.core.model import ModelRequest

if TYPE_CHECKING:  # made where there are commands
    from coder.app.commanding.expanded import Expanded, Offered
    from coder.commands import asked
else:  # where a prompt says the word
    asked = LazyModule("coder.commands.asked")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Submitted:
    """What hooks say of a prompt. `refused` is why it is not sent, "" when it is; `notes` are for the model."""

    refused: str = ""
    notes: tuple[str, ...] = ()


Expand: TypeAlias = "Callable[[str], Awaitable[Expanded | None]]"
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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prepared:
    """A run that can begin. `before` is told ahead of the message, as reminders."""

    message: Message
    before: tuple[Message, ...] = ()
    during: AbstractContextManager[None] = field(default_factory=nullcontext)
    template: ModelRequest | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Refused:
    """The prompt is not sent; `why` is for people."""

    why: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Given:
    """What a program says beside a text: the id of the message, and its blocks. `is_synthetic`: no person is behind it,
    and a slash in it is a letter like any other. `is_verbatim`: the same, and an @ in it is one, too. `line` is the
    text of the last block, where that alone may name a command."""

    uuid: str = ""
    blocks: tuple[Block, ...] = ()
    is_synthetic: bool = False
    is_verbatim: bool = False
    line: str = ""


GIVEN = Given()


class Prompting:
    """`template` gives the request of a run with another model or effort (`effort` is that of the session), `offered`
    the commands there are by now, `names` the name and kind of each alone; `verify` is told what is to be checked of
    the answer of the run that begins, `ended` that the run is over, however it ended; `ready` is awaited when nothing
    else is left to do before a run; `further` attaches what else a text mentions, and raises CoderError where that is
    not to be had; `say` tells people of it where the text is sent all the same. `opening` stands before the first text
    that is no command; `due` gives what the model has to be told of the mode before a text, "" for nothing."""

    def __init__(
        self,
        expand: Expand | None = None,
        attach: Attach | None = None,
        hooks: PromptHooks | None = None,
        template: Callable[[str, Effort | None], ModelRequest] | None = None,
        offered: Callable[[], tuple[Offered, ...]] | None = None,
        verify: Callable[[tuple[str, ...]], None] | None = None,
        ended: Callable[[], None] | None = None,
        effort: Effort | None = None,
        ready: Callable[[], Awaitable[None]] | None = None,
        further: Attach | None = None,
        say: Callable[[str], None] = lambda text: None,
        opening: str = "",
        due: Callable[[], str] = str,
        names: Callable[[], tuple[tuple[str, str], ...]] | None = None,
    ) -> None:
        self._expand = expand
        self._attach = attach
        self._hooks = hooks
        self._template = template
        self._offered = offered
        self._verify = verify
        self._ended = ended
        self._effort = effort
        self._ready = ready
        self._further = further
        self._say = say
        self._opening = opening
        self._due = due
        self._names = names
        self._has_begun = False

    @property
    def offered(self) -> tuple[Offered, ...]:
        return self._offered() if self._offered is not None else ()

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        return self._names() if self._names is not None else ()

    async def ready(self) -> None:
        """What is left to do before a run, for who does not wait for one. May be called again."""
        if self._ready is not None:
            await self._ready()

    async def prepare(self, text: str, pictures: Sequence[Block] = (), given: Given = GIVEN) -> Prepared | Refused:
        """What the run begins with. Raises CoderError when a command cannot be expanded, or a resource not be had."""
        if self._opening and not text.lstrip().startswith("/"):
            text, self._opening = f"{self._opening}\n\n{text}", ""
        before = await self._begun()
        before += tuple(filter(None, (self._due(),)))
        if self._hooks is not None:  # before a command runs anything of its own
            said = await self._hooks.submitted(text)
            if said.refused:
                return Refused(said.refused)
            before += said.notes
        line = given.line or text
        is_command = line.lstrip().startswith("/") and not (given.is_synthetic or given.is_verbatim)
        expanded = await self._expand(line) if self._expand is not None and is_command else None
        blocks: tuple[Block, ...] = given.blocks or (Text(text),)
        if expanded is not None:
            blocks = (*_beside(given), *expanded.blocks)
        if "@" in text and not given.is_verbatim:
            files = await self._attach(text) if self._attach is not None and expanded is None else ()
            blocks = (*blocks, *files, *(await self._further(text) if self._further is not None else ()))
        await self.ready()
        kind: Kind = "reminder" if given.is_synthetic else "prompt"
        message = Message("user", (*pictures, *blocks), Meta(uuid=given.uuid, kind=kind))
        notes = tuple(reminder(note) for note in before)
        if expanded is None:
            return Prepared(message, notes, template=self._another("", self._harder(text)))
        if self._verify is not None and expanded.verify:
            self._verify(expanded.verify)
        return Prepared(message, notes, expanded.during, self._another(expanded.model, expanded.effort))

    async def steered(self, message: Message) -> Message:
        """What the person says to a run under way, with the files that it mentions. Never raises."""
        if "@" not in message.text:
            return message
        more = await self._attach(message.text) if self._attach is not None else ()
        if self._further is not None:
            try:
                more = (*more, *await self._further(message.text))
            except CoderError as error:
                self._say(str(error))
        return replace(message, content=(*message.content, *more))

    def run_ended(self) -> None:
        """To be called when a run is over, or was never begun: what it was allowed ends."""
        if self._ended is not None:
            self._ended()

    def _another(self, model: str, effort: Effort | None) -> ModelRequest | None:
        return self._template(model, effort) if self._template is not None and (model or effort) else None

    def _harder(self, text: str) -> Effort | None:
        """The effort that a word in the prompt asks for; None for that of the session."""
        return asked.harder(self._effort) if "ultrathink" in text.lower() and asked.thinks_harder(text) else None

    async def _begun(self) -> tuple[str, ...]:
        """What hooks say at the start, once."""
        if self._has_begun or self._hooks is None:
            return ()
        self._has_begun = True
        return (await self._hooks.began()).notes


def _beside(given: Given) -> tuple[Block, ...]:
    """What stays of the blocks when the line among them is expanded: all but texts, or all but the line."""
    if not given.line:
        return tuple(block for block in given.blocks if not isinstance(block, Text))
    last = max(index for index, block in enumerate(given.blocks) if isinstance(block, Text))
    return given.blocks[:last] + given.blocks[last + 1 :]
