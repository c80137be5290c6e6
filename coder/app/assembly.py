"""Puts the engine of a session together: the tools and the gate, what the model is told of the place, and whoever has a
word before, in and after a run. Must not know front ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING

from coder.agent.executor import Executor
from coder.agent.gate import Ask, Gate
from coder.agent.ports import Ports
from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.commanding.commanded import Commanded
from coder.app.commanding.making import parts_of
from coder.app.conversation import OpenConversation, told_by
from coder.app.engine import ends_with, engine_of
from coder.app.evidencing import evidencing_of
from coder.app.first_message import FirstMessage
from coder.app.gitting.session import SessionGit
from coder.app.hooking.pointing import points_of, telling_of_files
from coder.app.hosted import Hosted
from coder.app.memory import ProjectMemory
from coder.app.others import OtherSessions
from coder.app.outset import Outset
from coder.app.prompting import Prompting
from coder.app.reach.presence import Presence
from coder.app.reach.reaching import Late, reach_of
from coder.app.recording import Site
from coder.app.requests import Requests
from coder.app.shell_news import ShellNews
from coder.app.subagents.casting import SessionCasting, casting_of
from coder.app.subagents.late import LateAgents
from coder.app.subagents.parts import Told
from coder.app.system_prompt import system_prompt
from coder.app.toolbox import unknown
from coder.app.tooling import Tooling
from coder.app.typable import Typable
from coder.app.workflowing.late import Given, LateWorkflows
from coder.config.paths import user_home
from coder.core.events import Notice
from coder.core.frontend import Frontend
from coder.core.lazy import LazyModule
from coder.core.messages import Block

if TYPE_CHECKING:
    from coder.app import presenting, prompt_tool, shell_line, tasks
    from coder.app import structured as structuring
    from coder.app.reach.linking import Connect
    from coder.app.reach.session import Reach
    from coder.app.shell_line import ShellLine
    from coder.app.structured import Structured
    from coder.app.subagents import pooling
    from coder.app.subagents.pool import Pool
    from coder.app.workflowing import making as workflowing
    from coder.app.workflowing import shelf as shelves
    from coder.git.looking import Looking
    from coder.mcp.server import Server
    from coder.tools.shells import Shell
else:  # for people in front, calls on files, answers in a form, agents and workflows
    presenting, prompt_tool, shell_line, tasks = (
        LazyModule(f"coder.app.{name}") for name in ("presenting", "prompt_tool", "shell_line", "tasks")
    )
    structuring, pooling = LazyModule("coder.app.structured"), LazyModule("coder.app.subagents.pooling")
    workflowing, shelves = (LazyModule(f"coder.app.workflowing.{name}") for name in ("making", "shelf"))

SUBAGENTS = "subagents"


class Assembly:
    """Made in the order in which the parts need one another; what is needed before it is made is asked for late."""

    def __init__(
        self,
        outset: Outset,
        frontend: Frontend,
        today: date,
        reserved: Collection[str],
        looking: Looking | None = None,
        more_servers: Callable[[], Sequence[Server]] | None = None,
        connect: Connect | None = None,
        workflow: Given | None = None,
        hosted: Hosted | None = None,
    ) -> None:
        self.outset = outset
        self._config = outset.config
        self.points = points_of(outset, lambda: self.reach, lambda: self.agents, hosted)
        self.git = SessionGit(outset, looking, lambda: self.executor)
        self._today = today
        self.connect = connect
        earlier = outset.journal.folder / SUBAGENTS if outset.start.goes_on else None
        self.agents = LateAgents(self._pool, earlier, {**os.environ, **outset.config.env}, self._askable)
        self.commanded = Commanded(parts_of(self, reserved))
        self.workflows = LateWorkflows(
            self._config,
            lambda: shelves.Shelf(self._config, reserved, lambda: outset.book.rules),
            lambda shelf: workflowing.workflows_of(self, shelf),
            workflow,
        )
        self._reached = self._reaching(more_servers, connect, hosted)
        self.reach: Reach | None = self._reached(None)
        self.presence = Presence(lambda: self.reach)
        self.casting = self._casting()
        self.form: Structured | None = None
        if outset.config.json_schema is not None:
            self.form = structuring.structured_of(outset.config)
        self.tooling = Tooling(
            outset, self.agents, self.casting, self.commanded, self.git, lambda: self.reach, self.form
        )
        self.tools = self.tooling.tools
        self.shell_news = ShellNews(outset.tools.shells)
        outset.tools.shells.on_end = self._shell_ended
        self.others = self._others()
        self.ask = outset.figures.timed(self._asked(frontend))
        self.gate = self._gate()
        self.conversation = OpenConversation(
            outset.journal, lambda messages: self.agent.upkeep.restart(messages, "rewind")
        )
        self.checkpoints = self._checkpoints()
        self.autocommit = self.git.autocommit(self.checkpoints)
        watch = outset.ground.stashed.watching(outset.ground.created.watch)
        self.checkpoints.tell_changes(self.others.changed, rewinds=True)
        watched = self.agents.beside(self.autocommit or self.checkpoints)
        self.ports = Ports(watch, outset.journal, watched, self.points, self.others)
        self.executor = self._executor()
        self.memory = ProjectMemory(self._config, loaded=telling_of_files(self.points), warn=self._warn)
        self.first = FirstMessage(outset, self.memory, self.git, lambda: self.reach, today, self._listed())
        self.system = system_prompt(self._config, outset.model, self.tools.names())
        self.requests = Requests(outset, self.tools, self.system.texts, lambda: self.agent)
        self.agent = engine_of(self)
        self.evidencing = evidencing_of(self._config, outset.emit, self.line, self.checkpoints)
        ends_with(self)

    @property
    def prompting(self) -> Prompting:
        typable = Typable(
            self.workflows,
            self.commanded,
            lambda: self.reach.offering if self.reach is not None else None,
            lambda: self.casting.names() if self.tooling.has("Agent") else (),
            has_commands=self._config.guidance.commands,
        )
        return Prompting(
            typable.expand,
            self.commanded.attach,
            self.points,
            self.requests.another,
            typable.offered,
            self.evidencing.verify,
            self.commanded.run_ended,
            self._config.model.effort,
            self._ready,
            typable.mentions,
            self._warn,
            self._config.agents.opening,
            lambda: self.outset.tools.planning.due(self.outset.control.mode),
            typable.names,
        )

    async def _ready(self) -> None:
        """Before each run."""
        if self.reach is not None and await self.reach.ready():
            self.tooling.renew()
            self.requests.retool()
        await self.git.ready()

    def bring_servers(self) -> Reach:
        """The servers of the session, which takes further ones. Where it began without, its requests say of some more
        tools from the next one on: once, and the API is told."""
        if self.reach is None:
            late: Late = "begun" if self.agent.history.messages else "new"
            self.reach = self._reached(late)
            assert self.reach is not None
            self.tooling.renew()
            self.requests.retool()
        return self.reach

    @property
    def warnings(self) -> tuple[str, ...]:
        """About the choice of tools."""
        return unknown(self._config.tools or ())

    def line(self) -> ShellLine:
        """What runs a command that the person typed."""
        ground, outset = self.outset.ground, self.outset
        made: ShellLine = shell_line.ShellLine(
            ground.workspace,
            ground.spill_dir,
            outset.tools.bash,
            self.ports,
            self.gate.judge,
            self.checkpoints.stirred,
        )
        return made

    def _shell_ended(self, shell: Shell) -> None:
        self.outset.emit(tasks.ended(shell))
        self.shell_news.ended()

    def _asked(self, frontend: Frontend) -> Ask:
        name = self._config.prompt_tool
        if name in ("", "stdio"):
            return frontend.ask
        made: Ask = prompt_tool.PromptTool(name, lambda: self.reach, frontend.ask)
        return made

    def _gate(self) -> Gate:
        outset = self.outset
        return Gate(
            outset.judge,
            self.ask,
            outset.emit,
            self.remember,
            outset.control.set_mode,
            lambda: outset.ground.workspace.cwd,
            self.points.before_asking,
            self.others,
        )

    def _executor(self) -> Executor:
        outset, ground = self.outset, self.outset.ground
        return Executor(
            self.tools, self.gate, ground.workspace, outset.control, outset.emit, ground.spill_dir, self.ports
        )

    async def remember(self, rules: tuple[str, ...]) -> str:
        """Implements `coder.agent.gate.Remember`."""
        allow = self.outset.book.allow
        return await (self.reach.remembering(allow) if self.reach is not None else allow)(rules)

    def _reaching(
        self, more: Callable[[], Sequence[Server]] | None, connect: Connect | None, hosted: Hosted | None
    ) -> Callable[[Late | None], Reach | None]:
        def reached(late: Late | None) -> Reach | None:
            find, gate = lambda name: self.tools.find(name), lambda: self.gate
            return reach_of(self.outset, find, gate, self.points, more, connect, hosted, late)

        return reached

    def _casting(self) -> SessionCasting:
        outset = self.outset
        told = Told(
            lambda: self.memory.glimpse(),
            self.git.glimpse,
            lambda: self.commanded.commands.all_for_model() if self.tooling.has("Skill") else (),
            lambda: self.memory.glimpse(managed_only=True),
        )
        servers = lambda: tuple(each.name for each in self.reach.rows()) if self.reach is not None else ()  # noqa: E731
        return casting_of(outset, self._today, lambda: self.tools.names(), told, servers)

    def _listed(self) -> Sequence[Block]:
        """What the first message says of agents and skills."""
        own = self.casting.own_context() if self._config.agents.main else ()
        return (*own, *(self.commanded.listed() if self.tooling.has("Skill") else ()))

    def _askable(self) -> Sequence[tuple[str, str]]:
        return self.casting.described() if self.tooling.has("Agent") else ()

    def _pool(self) -> Pool:
        return pooling.pool_of(self)

    def _others(self) -> OtherSessions:
        outset, config = self.outset, self._config
        told = told_by(outset.journal.messages)
        first = told[0].text if told else ""
        return OtherSessions(
            lambda: presenting.who_of(outset), first, enabled=config.persist and not config.model.is_replay
        )

    def _checkpoints(self) -> Checkpointing:
        outset, config = self.outset, self._config
        workspace = outset.ground.workspace
        site = Site(
            base=config.home / FOLDER,
            session_id=outset.journal.session_id,
            roots=workspace.roots,
            home=user_home(os.environ),
            own=(config.home, outset.journal.folder),
            env={**os.environ, **config.env},
            is_busy=lambda: workspace.is_busy,
        )
        return Checkpointing(
            site,
            outset.emit,
            told=told_by(outset.journal.messages),
            conversation=self.conversation,
            enabled=config.checkpoints and config.persist,
        )

    def _warn(self, text: str) -> None:
        self.outset.emit(Notice(level="warning", text=text))
