"""The session a front end holds: one conversation, idle or running. Knows neither who holds it nor how it was built."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.agent.loop import Agent
from coder.app.hooking.points import NoPoints, Points
from coder.app.prompting import GIVEN, Given, Prompting, Refused
from coder.app.servers import Servers
from coder.app.session_facts import SessionFacts
from coder.app.steering import Picture, Steering, blocks_of
from coder.app.tuning import Tuning
from coder.app.typed_shell import TypedShell
from coder.app.under_way import UnderWay
from coder.core.errors import SessionError
from coder.core.events import CompactionEnded, RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Image, Kind, Message, Meta, said
from coder.sessions.titles import first_words

if TYPE_CHECKING:
    from coder.app import tasks as tasking
    from coder.app import unsaying
    from coder.app.beside import Beside
    from coder.app.checkpointing import Checkpointing
    from coder.app.commanding.expanded import Offered
    from coder.app.conversation import OpenConversation
    from coder.app.inquiries import Inquiries
    from coder.app.reach.session import Reach
    from coder.app.shell_line import ShellDone
    from coder.app.spent import Spent
    from coder.app.subagents.late import LateAgents
    from coder.app.tasks import Tasks
    from coder.app.workflowing.late import LateWorkflows
    from coder.telemetry.context_report import ContextReport
else:  # for people in front
    tasking, unsaying = (LazyModule(f"coder.app.{name}") for name in ("tasks", "unsaying"))


class Session:
    """`Idle | Running`: prompting while it runs is an error, steering queues, interrupting while idle does nothing."""

    def __init__(
        self,
        facts: SessionFacts,
        agent: Agent,
        control: Control,
        prompting: Prompting,
        beside: Beside,
        tuning: Tuning,
        spent: Callable[[], Spent],
        close: Callable[[], Awaitable[None]],
        context: Callable[[], Awaitable[ContextReport]],
        described: Callable[[], Sequence[tuple[str, str]]],
        roots: Callable[[], tuple[Path, ...]],
        inquiries: Callable[[], Inquiries],
        *,
        warnings: tuple[str, ...] = (),
        checkpoints: Checkpointing | None = None,
        conversation: OpenConversation | None = None,
        points: Points | None = None,
        after_run: Callable[[], Awaitable[None]] | None = None,
        reach: Callable[[], Reach | None] = lambda: None,
        agents: LateAgents | None = None,
        workflows: LateWorkflows | None = None,
    ) -> None:
        """`after_run` is awaited behind each run, however it ended."""
        self.facts = facts
        self.control = control
        self.tuning = tuning
        self.steering = Steering(agent)
        self.servers = Servers(reach, prompting.ready)
        self._reach = reach
        self.figures = beside.figures
        self.meet = beside.meet  # tells others that it is at work; who else works in the same place, the latest first
        self.warnings = warnings
        self.checkpoints = checkpoints
        self.points: Points = points or NoPoints()
        self.agents = agents
        self.workflows = workflows
        if agents is not None:
            agents.interrupt = self.interrupt
        self._agent = agent
        self._conversation = conversation
        self._prompting = prompting
        agent.inbox.completed_by(prompting.steered)
        self._beside = beside
        self._spent = spent
        self._close = close
        self._context = context
        self._described, self._roots = described, roots
        self._inquiries = inquiries
        self._after_run = after_run
        self._under_way = UnderWay()
        self._shell = TypedShell(beside.line, agent.tell, lambda: not self.is_running)

    @property
    def reach(self) -> Reach | None:
        """Its servers, in full; None where it has none."""
        return self._reach()

    @property
    def is_running(self) -> bool:
        return self._under_way.is_running

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
        self._under_way.expect_idle("steer it or interrupt it first")
        blocks = await asyncio.to_thread(blocks_of, pictures) if pictures else ()
        await self._shell.quiet()  # no prompt before what a command of the person printed is there
        self._under_way.expect_idle("steer it or interrupt it first")
        running = asyncio.create_task(self._run(text, blocks, given))
        async with self._under_way.until_done(running):
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

    def wait_for_agents(self) -> None:
        """From now on a run ends only when the agents in the background have: for who has but one run."""
        if self.agents is not None:
            self.agents.waits()

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

    @property
    def has_news(self) -> bool:
        """Whether something in the background has ended that the conversation does not know of."""
        return self._beside.news.are_due or (self.agents is not None and self.agents.has_news)

    async def follow_up(self) -> RunEnded | None:
        """A run with what agents in the background have reported since the last one, and no word of the person; None
        when there is nothing of that. `has_news` tells so; what no such run takes goes before the next prompt. What
        commands in the background came to is part of it where somebody follows `tasks`.

        Raises ProtocolError while a run is under way."""
        self._under_way.expect_idle("it is told of them by itself")
        news = self.agents.news() if self.agents is not None else None
        texts = (*(news.content if news is not None else ()), *self._beside.news.take())
        if not texts:
            return None
        self._agent.starts()
        running = asyncio.create_task(self._agent.run(Message("user", texts, Meta(kind="reminder"))))
        async with self._under_way.until_done(running):
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

    def mentionable(self) -> tuple[tuple[str, str], ...]:
        """What besides files can be named behind an `@`, with a word about each: agents, and what servers offer."""
        agents = self.agents.mentionable() if self.agents is not None else ()
        return (*agents, *self.servers.mentionable())

    async def compact(self, focus: str = "") -> CompactionEnded | None:
        """Shortens the conversation; `focus` is what the summary should dwell on. None when it was interrupted, and
        nothing has changed then. Raises ProtocolError while a run is under way."""
        self._under_way.expect_idle("compact when it has ended")
        running = asyncio.create_task(self._agent.compact(focus))
        async with self._under_way.until_done(running):
            await asyncio.wait({running})
            return None if running.cancelled() else running.result()

    def uncompact(self) -> bool:
        """Takes the last compaction back; False when there is none, or its original is no longer at hand.

        Blocks while it reads. Raises ProtocolError while a run is under way.
        """
        self._under_way.expect_idle("undo the compaction when it has ended")
        if self._agent.upkeep.uncompact():
            return True
        if self._conversation is None:
            return False
        try:
            self._conversation.uncompact()  # made before this process began
        except SessionError:
            return False
        return True

    def steer(self, text: str, pictures: Sequence[Picture] = ()) -> None:
        """Says something to the run under way. Raises SessionError that names a picture that cannot be sent. Blocks
        while it reads pictures."""
        self.steering.steer(text, pictures)

    def note(self, given: Given) -> None:
        """Adds a message to the conversation that the next prompt goes with. Raises ProtocolError while a run is under
        way."""
        self._under_way.expect_idle("it can be noted when it has ended")
        kind: Kind = "reminder" if given.is_synthetic else "prompt"
        self._agent.tell(Message("user", given.blocks, Meta(uuid=given.uuid, kind=kind)))

    def knows(self, uuid: str) -> bool:
        """Whether a message of this id is in the conversation."""
        return any(message.meta.uuid == uuid for message in self.messages)

    def unsay(self) -> bool:
        """Takes the last prompt out of the conversation, as if it had never been said: after a run that failed, or was
        interrupted, before the model said anything. False, with nothing changed, when something was said or done, or
        what is stored cannot be read. Blocks while it reads. Raises ProtocolError while a run is under way."""
        self._under_way.expect_idle("it may be answered yet")
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
        return await self._shell.run(command, on_output)

    @property
    def tasks(self) -> Tasks:
        """The commands in the background."""
        made: Tasks = tasking.Tasks(self._beside.shells, self._beside.news)
        return made

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
        """Whom to ask for what is no run."""
        return self._inquiries()

    def interrupt(self) -> None:
        """Ends the run under way; `prompt` returns. Does nothing while idle."""
        self.servers.interrupt()
        self._under_way.interrupt()

    async def aclose(self) -> None:
        """Ends processes and connections, and stores what is left. Idempotent."""
        self.interrupt()
        await self._shell.end()
        await self._close()
