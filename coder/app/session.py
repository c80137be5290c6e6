"""The session a front end holds: one conversation, idle or running. Knows neither who holds it nor how it was built."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.agent.control import Control
from coder.agent.loop import Agent
from coder.app.hooking.points import NoPoints, Points
from coder.app.prompting import GIVEN, Given, Prompting, Refused
from coder.core.dataclass import dataclass
from coder.core.errors import ProtocolError, SessionError
from coder.core.events import CompactionEnded, RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Image, Kind, Message, Meta, Text, said
from coder.core.tools import Mode
from coder.sessions.titles import first_words

if TYPE_CHECKING:
    from coder.app import pictures as pictured
    from coder.app import tasks as tasking
    from coder.app import unsaying
    from coder.app.beside import Beside
    from coder.app.checkpointing import Checkpointing
    from coder.app.commanding.expanded import Offered
    from coder.app.conversation import OpenConversation
    from coder.app.inquiries import Inquiries
    from coder.app.permitting import Permitting
    from coder.app.reach.rows import ServerRow
    from coder.app.reach.session import Reach
    from coder.app.shell_line import ShellDone
    from coder.app.spent import Spent
    from coder.app.subagents.late import LateAgents
    from coder.app.tasks import Task
    from coder.app.workflowing.late import LateWorkflows
    from coder.core.permits import Change
    from coder.core.plugins import PluginSettings
    from coder.core.trust import Trust
    from coder.sessions.presence import Here
    from coder.telemetry.context_report import ContextReport
else:  # for people in front
    pictured, tasking, unsaying = (LazyModule(f"coder.app.{name}") for name in ("pictures", "tasks", "unsaying"))

Picture: TypeAlias = "Path | Image"
Tuned: TypeAlias = Literal["thinking", "effort"]


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What front ends tell about a session: contracts §3.3."""

    session_id: str
    cwd: Path
    tools: tuple[str, ...]
    model: str
    mode: Mode
    key_source: str
    transcript: Path | None
    trust: Trust | None = None
    style: str = "default"  # as it was set, whether there is such a style or not
    may_bypass: bool = False  # bypassPermissions can be chosen later on
    agents: tuple[str, ...] = ()  # the kinds that can be asked
    plugins: PluginSettings | None = None  # those that were named


class Session:
    """`Idle | Running`: prompting while it runs is an error, steering queues, interrupting while idle does nothing."""

    def __init__(
        self,
        facts: SessionFacts,
        agent: Agent,
        control: Control,
        spent: Callable[[], Spent],
        close: Callable[[], Awaitable[None]],
        context: Callable[[], Awaitable[ContextReport]],
        beside: Beside,
        warnings: tuple[str, ...] = (),
        checkpoints: Checkpointing | None = None,
        conversation: OpenConversation | None = None,
        prompting: Prompting | None = None,
        points: Points | None = None,
        after_run: Callable[[], Awaitable[None]] | None = None,
        reach: Reach | None = None,
        agents: LateAgents | None = None,
        workflows: LateWorkflows | None = None,
        *,
        switch: Callable[[str], None] | None = None,
        tune: Callable[[Tuned, object], None] | None = None,
        described: Callable[[], Sequence[tuple[str, str]]] = tuple,
        roots: Callable[[], tuple[Path, ...]] = tuple,
        permits: Callable[[], Permitting] | None = None,
        inquiries: Callable[[], Inquiries] | None = None,
    ) -> None:
        self.facts = facts
        self.control = control
        self.warnings = warnings
        self.checkpoints = checkpoints
        self.points: Points = points or NoPoints()
        self.reach = reach  # its servers; None where it has none
        self._after_run = after_run
        self._switch = switch
        self._tune = tune
        self.tuned: dict[Tuned, object] = {}  # what was changed of that
        self._permits = permits
        self._inquiries = inquiries
        self._described, self._roots = described, roots
        self.agents = agents
        self.workflows = workflows
        if agents is not None:
            agents.interrupt = self.interrupt
        self._requiring: asyncio.Task[tuple[str, ...]] | None = None
        self._agent = agent
        self._conversation = conversation
        self._prompting = prompting or Prompting()
        agent.inbox.completed_by(self._prompting.steered)
        self._spent = spent
        self._close = close
        self._context = context
        self._beside = beside
        self._line = asyncio.Lock()  # one command of the person at a time, and no prompt before its output is there
        self._shelling: asyncio.Task[ShellDone] | None = None
        self._running: asyncio.Task[RunEnded] | asyncio.Task[CompactionEnded] | None = None

    @property
    def is_running(self) -> bool:
        return self._running is not None

    def described_agents(self) -> Sequence[tuple[str, str]]:
        """The kinds of agents that can be asked, each with what it says of itself, as they are by now. Blocks while it
        reads."""
        return self._described()

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders it works in, as they are by now."""
        return self._roots()

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of the tools that the model is told of, as they are by now."""
        return self._agent.tools

    @property
    def servers(self) -> tuple[ServerRow, ...]:
        """How the session's servers are doing, also those that are not used."""
        return self.reach.rows() if self.reach is not None else ()

    @property
    def skipped_servers(self) -> tuple[tuple[str, str, str], ...]:
        """Entries that name no server that could be used: name, what kind of mistake, and the word for people."""
        return self.reach.skipped if self.reach is not None else ()

    @property
    def spent(self) -> Spent:
        return self._spent()

    async def context(self) -> ContextReport:
        """What fills the context, by part. Asks the API to count, which costs nothing, before the first reply only."""
        return await self._context()

    async def prompt(
        self,
        text: str,
        pictures: Sequence[Picture] = (),
        *,
        time_budget: float | None = None,
        given: Given = GIVEN,
    ) -> RunEnded:
        """Runs to the final answer. An interrupt, or `time_budget` seconds gone, is an end like any other. A text that
        names a command of a file is sent as what that command says; one that names a workflow runs that. `given` is
        what a program says beside it.

        Raises ProtocolError while a run is under way; CoderError that says why a command could not be expanded, and
        SessionError that names a picture that cannot be sent, with nothing said then; CancelledError when the caller
        itself is cancelled.
        """
        self._expect_idle("steer it or interrupt it first")
        blocks = await asyncio.to_thread(_blocks, pictures) if pictures else ()
        async with self._line:
            self._expect_idle("steer it or interrupt it first")
        running = asyncio.create_task(self._run(text, blocks, given))
        async with self._until_done(running):
            done, _ = await asyncio.wait({running}, timeout=time_budget)
            if not done:
                running.cancel()
                await asyncio.wait({running})
            if self._after_run is not None:
                await self._after_run()
            if not done:
                return self._agent.ended_early("time_budget", f"The time budget of {time_budget:g}s is used up")
            if running.cancelled():
                return self._agent.ended_early("interrupted", "Interrupted")
            return running.result()

    def servers_told(self) -> None:
        if self.reach is not None:
            self.reach.release()

    def wait_for_agents(self) -> None:
        """From now on a run ends only when the agents in the background have: for who has but one run."""
        if self.agents is not None:
            self.agents.waits()

    def begin_servers(self) -> None:
        """Lets its servers connect while the person thinks; else they do so with the first request."""
        if self.reach is not None:
            self.reach.begin_soon()

    def look_at_servers(self) -> None:
        """Somebody wants to know how they are doing: they connect, if they have not."""
        if self.reach is not None:
            self.reach.begin()

    async def required(self) -> tuple[str, ...] | None:
        """Waits for the servers without which nothing is to be begun. Returns what is to be said of those that are not
        there; None when it was interrupted. `servers_told` is to follow: nothing is said of servers until then."""
        if self.reach is None:
            return ()
        self._requiring = asyncio.create_task(self._there(self.reach))
        try:
            await asyncio.wait({self._requiring})
            return None if self._requiring.cancelled() else self._requiring.result()
        finally:
            self._requiring.cancel()
            self._requiring = None

    async def _there(self, reach: Reach) -> tuple[str, ...]:
        missing = await reach.required()
        if not missing and reach.has_hosted:
            await self._prompting.ready()  # with their tools in the requests, so that they can be told of
        return missing

    async def _run(self, text: str, pictures: Sequence[Image], given: Given) -> RunEnded:
        self._agent.starts()
        try:
            prepared = await self._prompting.prepare(text, pictures, given)
            if isinstance(prepared, Refused):
                return self._agent.ended_early("hook_stopped", prepared.why)
            for message in prepared.before:
                self._agent.tell(message)
            if self.workflows is not None and self.workflows.names(text):
                return await self.workflows.run(prepared.message, text)
            with prepared.during:
                return await self._agent.run(prepared.message, prepared.template)
        finally:
            self._prompting.run_ended()

    def follow_tasks(self, heard: Callable[[], None]) -> None:
        """From now on the model is told of commands in the background that have ended; `heard` is called with each:
        for who can say more by themselves. Idempotent."""
        self._beside.news.follow(heard)

    @property
    def has_news(self) -> bool:
        """Whether something in the background has ended that the conversation does not know of."""
        return self._beside.news.are_due or (self.agents is not None and self.agents.has_news)

    async def follow_up(self) -> RunEnded | None:
        """A run with what agents in the background have reported since the last one, and no word of the person; None
        when there is nothing of that. `has_news` tells so; what no such run takes goes before the next prompt. What
        commands in the background came to is part of it where `follow_tasks` was called.

        Raises ProtocolError while a run is under way."""
        self._expect_idle("it is told of them by itself")
        news = self.agents.news() if self.agents is not None else None
        texts = (*(news.content if news is not None else ()), *self._beside.news.take())
        if not texts:
            return None
        self._agent.starts()
        running = asyncio.create_task(self._agent.run(Message("user", texts, Meta(kind="reminder"))))
        async with self._until_done(running):
            await asyncio.wait({running})
            if self._after_run is not None:
                await self._after_run()
            return self._agent.ended_early("interrupted", "Interrupted") if running.cancelled() else running.result()

    @property
    def commands(self) -> tuple[Offered, ...]:
        """The commands of files that may be typed, as they are now: `prompt` takes a line that names one."""
        return self._prompting.offered

    @property
    def command_names(self) -> tuple[tuple[str, str], ...]:
        """The name and the kind of each of `commands`; reads no file where it need not."""
        return self._prompting.names

    def may_be_command(self, name: str) -> bool:
        """Whether a name that is among no `commands` may be one all the same: a prompt of a server that is not
        connected yet. `prompt` says so where it is none."""
        return self.reach is not None and self.reach.offering.may_be(name)

    def mentionable(self) -> tuple[tuple[str, str], ...]:
        """What besides files can be named behind an `@`, with a word about each: agents, and what servers offer."""
        agents = self.agents.mentionable() if self.agents is not None else ()
        return (*agents, *(self.reach.offering.mentionable() if self.reach is not None else ()))

    def on_servers(self, changed: Callable[[], None]) -> None:
        """`changed` is called when what servers offer may be something else."""
        if self.reach is not None:
            self.reach.on_change = changed

    async def compact(self, focus: str = "") -> CompactionEnded | None:
        """Shortens the conversation; `focus` is what the summary should dwell on. None when it was interrupted, and
        nothing has changed then. Raises ProtocolError while a run is under way."""
        self._expect_idle("compact when it has ended")
        running = asyncio.create_task(self._agent.compact(focus))
        async with self._until_done(running):
            await asyncio.wait({running})
            return None if running.cancelled() else running.result()

    def uncompact(self) -> bool:
        """Takes the last compaction back; False when there is none, or its original is no longer at hand.

        Blocks while it reads. Raises ProtocolError while a run is under way.
        """
        self._expect_idle("undo the compaction when it has ended")
        if self._agent.upkeep.uncompact():
            return True
        if self._conversation is None:
            return False
        try:
            self._conversation.uncompact()  # made before this process began
        except SessionError:
            return False
        return True

    @asynccontextmanager
    async def _until_done(self, running: asyncio.Task[RunEnded] | asyncio.Task[CompactionEnded]) -> AsyncIterator[None]:
        """The task is what is under way inside the block, and has ended when the block is left."""
        self._running = running
        try:
            yield
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
            self._running = None

    def steer(self, text: str, pictures: Sequence[Picture] = ()) -> None:
        """Says something to the run under way; it is read at the next turn boundary, with the files that it mentions,
        and `MessageAdded` tells so. What is not delivered when that run ends waits for `take_back`.

        Raises SessionError that names a picture that cannot be sent. Blocks while it reads pictures.
        """
        self._agent.steer(Message("user", (*_blocks(pictures), Text(text)), Meta(kind="steer")))

    def steer_with(self, given: Given) -> None:
        """The same for a program. What is not delivered is for `undelivered`; only what stands behind the results of
        calls is, from now on, so that an answer without any ends the run that it belongs to."""
        self._agent.inbox.waits_for_calls = True
        self._agent.steer(Message("user", given.blocks, Meta(uuid=given.uuid, kind="steer")))

    def undelivered(self) -> tuple[str, ...]:
        """The ids of what was said to a run and has not been delivered, in order; it is out of the queue then."""
        return tuple(message.meta.uuid for message in self._agent.inbox.take_back())

    def withdraw(self, uuid: str) -> bool:
        """Takes back what was said to a run and has not been delivered; False where there is no such message."""
        return self._agent.inbox.withdraw(uuid)

    def note(self, given: Given) -> None:
        """Adds a message to the conversation that the next prompt goes with. Raises ProtocolError while a run is under
        way."""
        self._expect_idle("it can be noted when it has ended")
        kind: Kind = "reminder" if given.is_synthetic else "prompt"
        self._agent.tell(Message("user", given.blocks, Meta(uuid=given.uuid, kind=kind)))

    def knows(self, uuid: str) -> bool:
        """Whether a message of this id is in the conversation."""
        return any(message.meta.uuid == uuid for message in self.messages)

    @property
    def queued(self) -> tuple[str, ...]:
        """What was said to a run and has not been delivered."""
        return tuple(said(message) for message in self._agent.inbox.queued)

    def take_back(self) -> tuple[str, ...]:
        """What was said to a run and has not been delivered, in order; it is out of the queue then."""
        return tuple(said(message) for message in self._agent.inbox.take_back())

    def unsay(self) -> bool:
        """Takes the last prompt out of the conversation, as if it had never been said: after a run that failed, or was
        interrupted, before the model said anything. False, with nothing changed, when something was said or done, or
        what is stored cannot be read. Blocks while it reads. Raises ProtocolError while a run is under way."""
        self._expect_idle("it may be answered yet")
        prompt = unsaying.unsay(self._agent, self._conversation)
        if prompt and self.checkpoints is not None:
            self.checkpoints.forget(prompt)
        return bool(prompt)

    async def shell(self, command: str, on_output: Callable[[str], None]) -> ShellDone:
        """Runs a command of the person's own, where the session's next command would run, and adds it with what it
        printed to the conversation: at once, or at the next turn boundary of the run under way. It asks nobody, and
        what it changes can be undone. Cancel to kill it; it is added all the same then.

        `on_output` is given what it prints as it comes, raw. Raises SessionError when it cannot be started.
        """
        async with self._line:
            line, is_alone = self._beside.line(), self._running is None
            running = asyncio.create_task(line.run(command, on_output, self._told, is_alone=is_alone))
            self._shelling = running
            try:
                await asyncio.wait({running})
                return running.result()
            finally:
                await self._end_shell()

    def tasks(self) -> tuple[Task, ...]:
        """The commands in the background, ended ones too, in the order in which they came there."""
        return tasking.tasks_of(self._beside.shells)

    async def stop_task(self, id: str) -> None:
        """Ends one with all it started. Raises SessionError for an unknown id."""
        await tasking.stop(self._beside.shells, id)

    def to_background(self, call: str = "") -> bool:
        """Lets the run go on without waiting for the commands it waits for, or for that of one call; False when it
        waits for none."""
        return self._beside.shells.send_back(call)

    async def meet(self) -> tuple[Here, ...]:
        """Tells other sessions that this one is at work. Returns who else works in the same place, the latest first."""
        return await self._beside.meet()

    @property
    def title(self) -> str:
        """The person's name for the session, else a model's title, else the first words that were said; "" for none."""
        words = next((said(message) for message in self.messages if message.meta.kind == "prompt"), "")
        return self._beside.title() or first_words(words)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as it goes on: what was compacted stands as its summary."""
        return self._agent.history.messages

    def last_run(self) -> tuple[Message, ...]:
        """What was said and done since the last prompt, which comes first; empty when there is none."""
        messages = self.messages
        at = max((index for index, message in enumerate(messages) if message.meta.kind == "prompt"), default=None)
        return () if at is None else messages[at:]

    @property
    def inquiries(self) -> Inquiries:
        """Whom to ask for what is no run. Raises SessionError where nobody answers."""
        if self._inquiries is None:
            raise SessionError("this session cannot be asked for that")
        return self._inquiries()

    async def permit(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """Takes in what whoever answers for the person changes about what is allowed; in force when it returns. Returns
        what went wrong, a line for people each."""
        return await self._permits().apply(changes) if self._permits is not None else ()

    def allow_as(self, other: Session) -> None:
        """The rules and folders that somebody has set in the other session hold in this one too."""
        if self._permits is not None and other._permits is not None:
            self._permits().hold(other._permits().held())

    def set_mode(self, mode: Mode) -> None:
        """From the next call on. Raises SessionError for a mode that is only to be had from the start."""
        if mode == "bypassPermissions" and self.facts.mode != mode and not self.facts.may_bypass:
            raise SessionError(
                "bypassPermissions can only be chosen at the start: coder --permission-mode bypassPermissions"
            )
        self.control.set_mode(mode)

    def set_model(self, model: str) -> None:
        """From the next request on; "" is the model that the session began with. Raises ConfigError for one that cannot
        be asked."""
        if self._switch is not None:
            self._switch(model)

    def tune(self, what: Tuned, value: object) -> None:
        """How the model thinks, from the next request on; None is as the session began."""
        if self._tune is not None:
            self._tune(what, value)
            self.tuned[what] = value

    @property
    def waited(self) -> float:
        """The seconds that questions to the person took."""
        return self._beside.figures.waited

    def lines_changed(self) -> tuple[int, int]:
        """How many lines the calls of this process added and removed in files."""
        return self._beside.figures.added, self._beside.figures.removed

    def interrupt(self) -> None:
        """Ends the run under way; `prompt` returns. Does nothing while idle."""
        if self._requiring is not None:
            self._requiring.cancel()
        if self._running is not None:
            self._running.cancel()

    async def aclose(self) -> None:
        """Ends processes and connections, and stores what is left. Idempotent."""
        self.interrupt()
        await self._end_shell()
        await self._close()

    def _told(self, done: ShellDone) -> None:
        self._agent.tell(done.message)

    async def _end_shell(self) -> None:
        running, self._shelling = self._shelling, None
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait({running})

    def _expect_idle(self, otherwise: str) -> None:
        if self._running is not None:
            raise ProtocolError(f"a run is under way: {otherwise}")


def _blocks(pictures: Sequence[Picture]) -> tuple[Image, ...]:
    return tuple(each if isinstance(each, Image) else pictured.picture(each) for each in pictures)
