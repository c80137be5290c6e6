"""The commands and skills of a session: a line that names one becomes what it says, and the model may use those it is
told of. Must not know front ends, where files lie, or how a run goes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeAlias, get_args

from coder.app.commanding.attaching import Attaching
from coder.app.commanding.expanded import Expanded, Offered
from coder.app.commanding.expanding import Body, Inline, expanded
from coder.app.commanding.granting import Granting
from coder.app.prompting import Submitted
from coder.commands.asked import Asked, asked, harder, head, thinks_harder
from coder.commands.definition import Definition
from coder.commands.listing import Listing
from coder.commands.loader import body
from coder.commands.mentions import mentions
from coder.commands.substitution import names_fact
from coder.commands.suggest import near
from coder.core import prompts
from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError, SessionError, ToolError
from coder.core.messages import Block, Message, Meta, Text
from coder.core.visible import visible_line

OnExpansion: TypeAlias = Callable[[str, str, str, str], Awaitable[Submitted]]
"""What hooks say of a command that was typed: its name, its arguments, whose it is, and the line."""
Fork: TypeAlias = Callable[[Definition, str], Awaitable[str]]
"""Has an agent do what the text of a command says, to its end. Raises CoderError."""
_EFFORTS: tuple[Effort, ...] = get_args(Effort)


class Catalogue(Protocol):
    """The commands and skills there are."""

    def find(self, name: str) -> Definition | None: ...

    def all(self) -> Sequence[Definition]: ...

    def further(self) -> Mapping[str, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What commands need of their session. `facts` are by the names they have in texts: SESSION_ID, PROJECT_DIR,
    EFFORT, COMMIT_TRAILER, PR_TRAILER; `gathered` are further ones, which are found out when a text names them.
    `inline` is None where no text may run anything; `tell` adds a message to the conversation behind the calls of this
    turn; `say` tells people something; `messages` is the conversation as it goes on; `listed` the bounded list of what
    the model may use; `is_due` tells whether something for certain files is to be offered; `brings` has the hooks of a
    head count for the rest of the session; `body` reads a text, and raises CoderError when it cannot; `fork` has an
    agent do what a text says and gives its report, None where nobody can be asked.
    """

    facts: Callable[[], Mapping[str, str]]
    attach: Attaching
    inline: Inline | None
    tell: Callable[[Message], None]
    say: Callable[[str], None]
    messages: Callable[[], Sequence[Message]]
    listed: Callable[[Sequence[Definition]], Listing]
    on_expansion: OnExpansion | None = None
    is_due: Callable[[Definition], bool] = lambda definition: True
    brings: Callable[[Definition], None] = lambda definition: None
    body: Callable[[Definition], str] = body
    gathered: Callable[[], Mapping[str, Callable[[], Awaitable[str]]]] = dict
    fork: Fork | None = None


class Commands:
    """`catalogue` gives the commands as they are on disk by now."""

    def __init__(self, catalogue: Callable[[], Catalogue], granting: Granting, around: Surroundings) -> None:
        self._catalogue = catalogue
        self._granting = granting
        self._around = around
        self._said_of: set[str] = set()

    async def attach(self, text: str) -> tuple[Block, ...]:
        """The files that a prompt mentions. Never raises."""
        return await self._around.attach(text)

    def run_ended(self) -> None:
        """What the skills of a run were allowed ends with it. To be called when it has ended."""
        self._granting.end()

    def typed(self, name: str) -> Definition | None:
        """The command of that name that a person may type."""
        catalogue = self._catalogue()
        found = catalogue.find(name) or next((each for each in catalogue.all() if _is_alike(each.name, name)), None)
        if found is None:
            also = (other for names in catalogue.further().values() for other in names if _is_alike(other, name))
            found = next((catalogue.find(other) for other in also), None)
        return found if found is not None and found.person_may else None

    async def expand(self, line: str) -> Expanded | None:
        """What a line that begins with a slash stands for; None when no command of a file has that name.

        Raises CoderError that says why it could not be made; nothing is sent then.
        """
        chosen = [(each, self.typed(each.name)) for each in asked(line, lambda name: self.typed(name) is not None)]
        uses = [(each, definition) for each, definition in chosen if definition is not None]
        if not uses:
            return None
        notes = await self._hooked(line, uses)
        definitions = [definition for _, definition in uses]
        facts = self._around.facts()
        with self._granting.during(definitions, facts):
            bodies = [await self._forked(await self._body(each, definition), definition) for each, definition in uses]
            attached = await self._around.attach.of(
                (*mentions(uses[-1][0].arguments), *(mention for body in bodies for mention in body.mentioned))
            )
        first = uses[0][0].name
        typed = head(first, line.strip().removeprefix(f"/{first}").strip())
        texts = [self._once(definition, body.text) for (_, definition), body in zip(uses, bodies, strict=True)]
        here = [each for each in definitions if not self._forks(each)]
        model = next((each.model for each in reversed(here) if each.model not in ("", "inherit")), "")
        return Expanded(
            blocks=tuple(Text(text) for text in (typed, *texts)) + attached + tuple(Text(note) for note in notes),
            during=self._running(definitions, facts),
            model=model,
            effort=self._effort(here, (line, *texts), facts),
            verify=tuple(what for each in definitions for what in each.verify),
        )

    def offered(self) -> tuple[Offered, ...]:
        """What a person may type."""
        catalogue = self._catalogue()
        also = catalogue.further()
        found = (each for each in catalogue.all() if each.person_may)
        return tuple(
            Offered(each.name, each.description, each.hint, each.origin, each.kind, also.get(each.name, ()))
            for each in found
        )

    @property
    def taken(self) -> frozenset[str]:
        """Every name that a workflow may have to stand behind, whoever may use what has it."""
        names = [each.name for each in self._catalogue().all()]
        return frozenset((*names, *(name.rpartition(":")[2] for name in names)))

    # The model's own use of skills: coder.tools.skill.Skills

    def for_model(self) -> tuple[Definition, ...]:
        """What the model may use by itself, in the order of the catalogue."""
        return tuple(each for each in self._catalogue().all() if self._is_offered(each))

    def all_for_model(self) -> tuple[Definition, ...]:
        """What the model may use now or, when a file it is for is touched, later."""
        return tuple(each for each in self._catalogue().all() if _is_for_model(each))

    def listing(self) -> tuple[str, str]:
        """What the first message tells the model of them, "" for nothing, and what people are told of that list."""
        made = self._around.listed(self.for_model())
        return (prompts.load("reminders/skills", skills=made.text) if made.text else ""), made.notice

    def gains(self, name: str) -> str:
        found = self._catalogue().find(name)
        return ", ".join(self._granting.gains(found)) if found is not None else ""

    async def use(self, name: str, arguments: str) -> str:
        definition = self._catalogue().find(name)
        if definition is None or definition.name != name or not self._is_offered(definition):
            raise ToolError(self._no_skill(name, definition))
        if not self._forks(definition):
            return await self.use_in(self._around.messages, self._around.tell, name, arguments)
        try:
            with self._granting.during((definition,), self._around.facts()):
                body = await self._body(Asked(name, arguments), definition)
                return (await self._forked(body, definition)).text
        except CoderError as error:
            raise ToolError(f"The skill {name} could not be carried out: {error}") from error

    async def use_in(
        self, messages: Callable[[], Sequence[Message]], tell: Callable[[Message], None], name: str, arguments: str
    ) -> str:
        """The same in another conversation, that of an agent."""
        definition = self._catalogue().find(name)
        if definition is None or definition.name != name or not self._is_offered(definition):
            raise ToolError(self._no_skill(name, definition))
        self._say_it_stays_here(definition)
        facts = self._around.facts()
        try:
            with self._granting.during((definition,), facts):
                body = await self._body(Asked(name, arguments), definition)
                attached = await self._around.attach.of(body.mentioned)
        except CoderError as error:
            raise ToolError(f"The skill {name} could not be loaded: {error}") from error
        self._granting.lend(definition, facts)
        self._hook(definition)
        text = self._once(definition, body.text, messages)
        tell(Message("user", (Text(text), *attached), Meta(kind="reminder")))
        return prompts.load("reminders/skill_begins", skill=name)

    # Parts

    @contextmanager
    def _running(self, definitions: Sequence[Definition], facts: Mapping[str, str]) -> Iterator[None]:
        """Entered when the run begins: a prompt that is not sent brings nothing."""
        for each in definitions:
            self._hook(each)
        with self._granting.during(definitions, facts):
            yield

    def _hook(self, definition: Definition) -> None:
        if definition.hooks and self._granting.trusts(definition):
            self._around.brings(definition)

    async def _body(self, each: Asked, definition: Definition) -> Body:
        text = self._around.body(definition)
        if not text.strip():
            raise SessionError(f"/{definition.name} says nothing: {visible_line(str(definition.file))} has no text.")
        around = self._around
        known = around.gathered() if "${" in text else {}  # most texts name none, and who knows them is not small
        gathered = {name: await fact() for name, fact in known.items() if names_fact(text, name)}
        return await expanded(definition, text, each.arguments, {**around.facts(), **gathered}, around.inline)

    def _forks(self, definition: Definition) -> bool:
        return definition.forks and self._around.fork is not None

    async def _forked(self, body: Body, definition: Definition) -> Body:
        """What an agent reports that did what the text says, where its head asks for one; else the text itself."""
        if not self._forks(definition) or self._around.fork is None:
            return body
        report = await self._around.fork(definition, body.text)
        agent = definition.agent or "general-purpose"
        inside = report.replace("</agent-report>", "<\\/agent-report>")
        told = {"name": definition.name, "agent": visible_line(agent)[:80], "report": inside}
        return Body(prompts.load("reminders/forked", **told), ())

    async def _hooked(self, line: str, uses: Sequence[tuple[Asked, Definition]]) -> tuple[str, ...]:
        notes: list[str] = []
        for each, definition in uses:
            self._say_it_stays_here(definition)
            if self._around.on_expansion is None:
                continue
            said = await self._around.on_expansion(definition.name, each.arguments, definition.origin, line)
            if said.refused:
                raise SessionError(f"/{definition.name} was not sent: {visible_line(said.refused)}")
            notes += said.notes
        return tuple(notes)

    def _once(self, definition: Definition, text: str, messages: Callable[[], Sequence[Message]] | None = None) -> str:
        """The text, or that it stands above already."""
        blocks = (block for message in (messages or self._around.messages)() for block in message.content)
        if any(isinstance(block, Text) and block.text == text for block in blocks):
            return prompts.load("reminders/skill_again", skill=definition.name)
        return text

    def _effort(
        self, definitions: Sequence[Definition], texts: Sequence[str], facts: Mapping[str, str]
    ) -> Effort | None:
        """What the last of them wants, and a word in any text raises."""
        chosen = next((each.effort for each in reversed(definitions) if each.effort is not None), None)
        if not any(thinks_harder(text) for text in texts):
            return chosen
        session = next((each for each in _EFFORTS if each == facts.get("EFFORT")), None)
        return harder(chosen or session) or chosen

    def _say_it_stays_here(self, definition: Definition) -> None:
        """Once for each: what its head asks for and does not get yet."""
        if definition.name in self._said_of:
            return
        self._said_of.add(definition.name)
        if self._forks(definition):
            return
        if definition.forks:
            text = "asks for a context of its own; it runs in this conversation for now"
            text += f", and not as the agent {definition.agent!r}" if definition.agent else ""
        elif definition.agent:
            text = f"names the agent {definition.agent!r}, which counts with `context: fork` only; it is ignored"
        else:
            return
        self._around.say(f"/{definition.name} {visible_line(text)}.")

    def _is_offered(self, definition: Definition) -> bool:
        return _is_for_model(definition) and self._around.is_due(definition)

    def _no_skill(self, name: str, found: Definition | None) -> str:
        offered = [each.name for each in self.for_model()]
        if found is not None and found.name in offered:
            return f"There is no skill {name!r}; send its whole name, {found.name!r}."
        if found is not None:
            return f"The skill {name!r} is for the person, who types /{found.name}. Do not do what it does unasked."
        close = near(name, offered, 1)
        hint = f" Did you mean {close[0]!r}?" if close else f" The skills are: {', '.join(offered[:50]) or 'none'}."
        return f"There is no skill {name!r}.{hint}"


def _is_for_model(definition: Definition) -> bool:
    """Our own are for people: what they do, a model does when it is asked to."""
    return definition.model_may and definition.origin != "built-in"


def _is_alike(name: str, typed: str) -> bool:
    return name.lower() == typed.lower()
