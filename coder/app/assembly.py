"""Puts the engine of a session together: the tools and the gate, what the model is told of the place, and whoever has a
word before, in and after a run. Must not know front ends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from coder.agent.executor import Executor
from coder.agent.gate import Ask, Gate, Remember
from coder.agent.history import History
from coder.agent.loop import Agent
from coder.agent.policies import EndPolicy
from coder.agent.ports import Ports
from coder.agent.room import Room
from coder.app.again import Again
from coder.app.budgets import PrimaryAgain, budget_of
from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.commanding.commanded import Commanded, Parts
from coder.app.conversation import OpenConversation, told_by
from coder.app.evidencing import evidencing_of
from coder.app.gitting.session import SessionGit
from coder.app.hooking.pointing import bring, points_of, tell_of_file
from coder.app.hosted import Hosted
from coder.app.memory import ProjectMemory
from coder.app.others import OtherSessions
from coder.app.outset import Outset
from coder.app.pictures import shrunk
from coder.app.prompting import Prompting
from coder.app.reach.reaching import reach_of
from coder.app.recording import Site
from coder.app.requesting import another, policies_of, room_of, template_of, thinks_by_tool
from coder.app.shell_news import ShellNews
from coder.app.subagents.casting import SessionCasting, casting_of
from coder.app.subagents.choice import Choice
from coder.app.subagents.late import LateAgents
from coder.app.subagents.parts import Told
from coder.app.system_prompt import system_prompt
from coder.app.toolbox import SessionTools, chosen, unknown
from coder.app.workflowing.late import Given, LateWorkflows
from coder.config.paths import user_home
from coder.core.errors import ConfigError
from coder.core.events import Notice
from coder.core.frontend import Frontend
from coder.core.lazy import LazyModule
from coder.core.messages import Block, Message
from coder.core.tools import Tool
from coder.memory.files import MemoryFile, Reason
from coder.models import catalog
from coder.tools.read import Read
from coder.tools.registry import builtins

if TYPE_CHECKING:
    from coder.app import presenting, prompt_tool, shell_line, tasks
    from coder.app import structured as structuring
    from coder.app.commanding import granting
    from coder.app.commanding import kept as skills_kept
    from coder.app.commanding.expanded import Expanded, Offered
    from coder.app.reach.linking import Connect
    from coder.app.reach.offering import Offering
    from coder.app.shell_line import ShellLine
    from coder.app.structured import Structured
    from coder.app.subagents import forking, mentioned, pooling, skilled
    from coder.app.subagents.pool import Pool
    from coder.app.workflowing import making as workflowing
    from coder.app.workflowing import shelf as shelves
    from coder.commands.definition import Definition
    from coder.git.looking import Looking
    from coder.mcp.server import Server
    from coder.tools import skill as following
    from coder.tools.registry import Helpers, ToolSession
    from coder.tools.shells import Shell
    from coder.workspace.local import LocalWorkspace
else:  # for people in front, calls on files, and folders with commands of their own
    presenting, prompt_tool, shell_line, tasks = (
        LazyModule(f"coder.app.{name}") for name in ("presenting", "prompt_tool", "shell_line", "tasks")
    )
    granting, skills_kept = (LazyModule(f"coder.app.commanding.{name}") for name in ("granting", "kept"))
    following, structuring = LazyModule("coder.tools.skill"), LazyModule("coder.app.structured")
    forking, mentioned, pooling, skilled = (
        LazyModule(f"coder.app.subagents.{name}") for name in ("forking", "mentioned", "pooling", "skilled")
    )
    workflowing = LazyModule("coder.app.workflowing.making")
    shelves = LazyModule("coder.app.workflowing.shelf")

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
        self.commanded = Commanded(self._command_parts(reserved))
        self.workflows = LateWorkflows(
            self._config,
            lambda: shelves.Shelf(self._config, reserved, lambda: outset.book.rules),
            lambda shelf: workflowing.workflows_of(self, shelf),
            workflow,
        )
        self.reach = reach_of(
            outset, lambda name: self.tools.find(name), lambda: self.gate, self.points, more_servers, connect, hosted
        )
        self.casting = self._casting()
        told = outset.config.agents
        self._choice = Choice(told.tools, told.without, told.servers)  # where the session is an agent itself
        self._structured: Structured | None = None
        if outset.config.json_schema is not None:
            self._structured = structuring.structured_of(outset.config)
        self.tools = self._tools()
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
        self.executor = Executor(
            self.tools,
            self.gate,
            outset.ground.workspace,
            outset.control,
            outset.emit,
            outset.ground.spill_dir,
            self.ports,
        )
        self.memory = ProjectMemory(self._config, loaded=self._loaded(), warn=self._warn)
        self._context = self._first_message(today)
        self.system = system_prompt(self._config, outset.model, self.tools.names())
        self.template = template_of(self._config, outset.model, self.tools.specs(), self.system.texts)
        self.agent = self._agent()
        self.evidencing = evidencing_of(self._config, outset.emit, self.line, self.checkpoints)
        self._ends()

    @property
    def prompting(self) -> Prompting:
        return Prompting(
            self._expand,
            self.commanded.attach,
            self.points,
            lambda model, effort: another(self._config, self.template)(model, effort),
            self._offered,
            self.evidencing.verify,
            self.commanded.run_ended,
            self._config.model.effort,
            self._ready,
            self._further_mentions,
            self._warn,
            self._config.agents.opening,
            lambda: self.outset.tools.planning.due(self.outset.control.mode),
            self._names,
        )

    async def _further_mentions(self, text: str) -> tuple[Block, ...]:
        """What else than files a text mentions. Raises CoderError where that is not to be had."""
        agents = mentioned.wanted(text, self.casting.names()) if self._has("Agent") and "agent" in text else ()
        return (*agents, *(await self.reach.offering.attach(text) if self.reach is not None else ()))

    @property
    def _prompted(self) -> Offering | None:
        """Whose prompts can be typed; nobody's where a slash is a letter like any other."""
        return self.reach.offering if self.reach is not None and self._config.guidance.commands else None

    async def _expand(self, line: str) -> Expanded | None:
        if self.workflows.names(line):
            return None
        offering = self._prompted
        found = await offering.expand(line) if offering is not None else None
        return found if found is not None else await self.commanded.expand(line)

    def _offered(self) -> tuple[Offered, ...]:
        """What can be typed; a file that is called like the prompt of a server stands behind it."""
        prompts = self._prompted.commands() if self._prompted is not None else ()
        names = {each.name for each in prompts}
        files = (*self.workflows.offered(), *self.commanded.offered())
        kept = {each.name: each for each in reversed(files) if each.name not in names}
        return (*prompts, *(each for each in files if kept.get(each.name) is each))

    def _names(self) -> tuple[tuple[str, str], ...]:
        has_prompts = self._prompted is not None and self._prompted.commands()
        found = None if has_prompts else self.commanded.names()
        return found if found is not None else tuple((each.name, each.kind) for each in self._offered())

    async def _ready(self) -> None:
        """Before each run."""
        if self.reach is not None and await self.reach.ready():
            self.tools.hold(self._every())
            model = self.outset.control.model
            self.template = template_of(self._config, model, self.tools.specs(), self.system.texts)
            self.agent.begins_with(self.template)
        await self.git.ready()

    def switch(self, model: str) -> None:
        """Another model from the next request on; "" is the one that the session began with. Raises ConfigError where
        money is limited and its price is not known."""
        name = catalog.resolve(model, self._config.env) if model else self.outset.model
        budget_of(self._config, (name,))
        self.template = another(self._config, self.template)(name, None)
        self.agent.go_on_with(self.template, catalog.describe(name).context_window)
        self.outset.control.set_model(name)

    def tune(self, what: Literal["thinking", "effort"], value: object) -> None:
        """How the model thinks, from the next request on; None is as the session began."""
        wanted: Any = getattr(self.outset.config.model, what) if value is None else value
        changes: dict[str, Any] = {what: wanted}
        self._config = replace(self._config, model=replace(self._config.model, **changes))
        self.template = another(self._config, self.template)("", None)
        self.agent.go_on_with(self.template, catalog.describe(self.template.model).context_window)

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

    def _has(self, tool: str) -> bool:
        return self.tools.find(tool) is not None

    def _command_parts(self, reserved: Collection[str]) -> Parts:
        outset, config = self.outset, self._config
        return Parts(
            config=config,
            book=outset.book,
            judge=lambda call, access: self.gate.judge(call, access),
            executor=lambda: self.executor,
            has_shell=lambda: self._has("Bash"),
            read=Read(outset.tools.ledger, outset.tools.read_tokens),
            workspace=outset.ground.workspace,
            control=outset.control,
            spill_dir=outset.ground.spill_dir,
            emit=outset.emit,
            tell=lambda message: self.agent.tell(message),
            messages=lambda: self.agent.history.messages,
            is_trusted=lambda definition: granting.grants_count(config, definition),
            window=catalog.describe(outset.model).context_window,
            gathered=lambda: self.git.gathering(self._has).facts,
            facts={"SESSION_ID": outset.journal.session_id, **self.git.trailers},
            reserved=reserved,
            on_expansion=self.points.expanded,
            brings=partial(bring, self.points, config.hooks.heads),
            fork=self._fork,
        )

    async def _fork(self, definition: Definition, text: str) -> str:
        report: str = await forking.forked(self.agents, definition, text)
        return report

    def _tools(self) -> SessionTools:
        every, further = self._every(), self._further if self.reach is not None else None
        removed = self.outset.rules.removed_tools(tool.name for tool in every)
        if self._structured is not None and self._structured.name in removed:
            raise ConfigError("--json-schema cannot be met: a deny rule takes Submit away, by which it is.")
        return SessionTools(every, removed, further, self._config.tool_aliases)

    def _further(self, name: str) -> Tool | None:
        return self.reach.find(name) if self.reach is not None and self._choice.allows(name) else None

    def _every(self) -> list[Tool]:
        """The tools that requests say of, in their order; those of servers come last."""
        outset, config = self.outset, self._config
        skill = (following.Skill(self.commanded.commands),) if self.commanded.has_skills() else ()
        readers = self.reach.offering.readers() if self.reach is not None else ()
        every = (
            *builtins(
                outset.tools,
                thinks=thinks_by_tool(config, outset.model),
                agents=self.agents,
                kinds=self.casting.listed,
            ),
            *self.git.tools,
            *skill,
            *readers,
        )
        kept = chosen(every, config.tools)
        found = [*kept, *(self.reach.tools() if self.reach is not None else ())]
        form = (self._structured,) if self._structured is not None else ()
        return [*form, *(tool for tool in found if self._choice.has(tool.name))]

    def _asked(self, frontend: Frontend) -> Ask:
        name = self._config.prompt_tool
        if name in ("", "stdio"):
            return frontend.ask
        made: Ask = prompt_tool.PromptTool(name, self.reach, frontend.ask)
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

    @property
    def remember(self) -> Remember:
        book = self.outset.book
        return self.reach.remembering(book.allow) if self.reach is not None else book.allow

    def _casting(self) -> SessionCasting:
        outset = self.outset
        told = Told(
            lambda: self.memory.glimpse(),
            self.git.glimpse,
            lambda: self.commanded.commands.all_for_model() if self._has("Skill") else (),
            lambda: self.memory.glimpse(managed_only=True),
        )
        servers = lambda: tuple(each.name for each in self.reach.rows()) if self.reach is not None else ()  # noqa: E731
        return casting_of(outset, self._today, lambda: self.tools.names(), told, servers)

    def _askable(self) -> Sequence[tuple[str, str]]:
        return self.casting.described() if self._has("Agent") else ()

    def _pool(self) -> Pool:
        return pooling.pool_of(self)

    def tools_of_agent(
        self,
        shared: ToolSession,
        workspace: LocalWorkspace,
        agents: Helpers,
        tell: Callable[[Message], None],
        messages: Callable[[], Sequence[Message]],
    ) -> Sequence[Tool]:
        """The session's tools, made anew for an agent that works in a place of its own."""
        outset, config, made = self.outset, self._config, dict[str, Tool]()
        every = builtins(shared, thinks=thinks_by_tool(config, outset.model), agents=agents, kinds=self.casting.listed)
        made |= {tool.name: tool for tool in (*every, *self.git.tools_in(workspace, shared.search.denied))}
        if self._has("Skill"):
            made["Skill"] = following.Skill(skilled.AgentSkills(self.commanded.commands, tell, messages))
        held = ((name, self.tools.find(name)) for name in self.tools.names())
        return [made.get(name, tool) for name, tool in held if tool is not None]

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

    def context(self) -> Message:
        """The first message, as it is by now."""
        message = self.git.with_now(self._context)
        return self.reach.with_servers(message) if self.reach is not None else message

    def _first_message(self, today: date) -> Message:
        """What of it stays: the place, the memory, and which skills there are."""
        roots = self.outset.ground.workspace.roots
        context = self.memory.context(roots, today, tells_branch=self.git.context is None)
        if self._config.agents.main:
            context = replace(context, content=(*context.content, *self.casting.own_context()))
        if not self._has("Skill"):
            return context
        return replace(context, content=(*context.content, *self.commanded.listed()))

    def _agent(self) -> Agent:
        outset = self.outset
        news = (self.commanded.news(),) if self._has("Skill") else ()
        servers = (self.reach.news,) if self.reach is not None else ()
        form = (self._structured,) if self._structured is not None else ()
        ended = (self.agents, self.shell_news)
        ours = (*form, *policies_of(self._config), self.memory, *news, *servers, *self.git.policies, *ended)
        return Agent(
            outset.purse.model,
            self.template,
            self._history(),
            self.executor,
            outset.emit,
            (PrimaryAgain(outset.purse.model), *ours, self.points),
            self.context,
            self._room(),
            outset.journal,
            outset.edited,
            self.points,
        )

    def _ends(self) -> None:
        policies: tuple[EndPolicy, ...] = (*self.evidencing.policies(), self.agents, self.points)
        form, attach = self._structured, self.evidencing.attach
        if form is None:
            self.agent.ends_with(policies, attach)
        else:
            self.agent.ends_with((form, *policies), lambda ended: form.attach(attach(ended)))

    def _history(self) -> History:
        journal = self.outset.journal
        return History(
            journal.append,
            journal.messages,
            edit_sink=journal.edited,
            uncompact_sink=journal.uncompacted,
            shrink=shrunk,
        )

    def _room(self) -> Room:
        ground = self.outset.ground
        again = Again(self.tools, self.outset.judge, ground.workspace)
        return room_of(self._config, self.template, ground.spill_dir, again, self._renewed)

    def _renewed(self, contexts: Sequence[Message], gone: Sequence[Message]) -> Sequence[Message]:
        """What a shortened conversation begins with."""
        made = skills_kept.with_skills(self.memory.renewed(contexts), gone)
        return self.git.renewed(self.outset.tools.planning.renewed(self.outset.control.mode, made))

    def _loaded(self) -> Callable[[MemoryFile, Reason], None]:
        """Tells hooks which memory the model reads. Memory is also read in a thread, hooks are run in the loop."""
        loop = asyncio.get_running_loop()

        def loaded(file: MemoryFile, reason: Reason) -> None:
            loop.call_soon_threadsafe(tell_of_file, self.points, file, reason)

        return loaded

    def _warn(self, text: str) -> None:
        self.outset.emit(Notice(level="warning", text=text))
