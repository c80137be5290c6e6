"""The engine of one subagent, put together and run: a conversation, tools and a workspace of its own, the session's
gate, rules and money. Must not know who asked for it, or what becomes of its report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.executor import Executor
from coder.agent.gate import Gate
from coder.agent.loop import Agent
from coder.agent.policies import EndPolicy, Later, RepeatedFailure, TurnPolicy
from coder.agent.ports import Ports
from coder.agent.replies import reminder
from coder.app.again import Again
from coder.app.engine import history_of
from coder.app.hooking.points import AgentScene, HeadHooks
from coder.app.journal import Journal
from coder.app.judge import Judge
from coder.app.requesting import room_of, template_of
from coder.app.subagents.berth import Berth
from coder.app.subagents.bounds import Bounds, Turns
from coder.app.subagents.cast import Cast
from coder.app.subagents.coming import Coming
from coder.app.subagents.footing import AgentControl, Footing
from coder.app.subagents.outfit import Outfit
from coder.app.subagents.record import Record
from coder.app.subagents.relay import Relay
from coder.app.subagents.submitting import Submit
from coder.core.config import Config
from coder.core.events import RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Message, Meta, Text
from coder.core.model import ModelRequest
from coder.core.requests import Deny, PermissionRequest, Reply, Request
from coder.tools.ledger import FileLedger
from coder.tools.plan import Planning
from coder.tools.registry import Helpers, ToolSession
from coder.tools.shells import Shells
from coder.tools.todo import Todos
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.app.subagents import bringing
    from coder.app.subagents.bringing import Brought
    from coder.models.budget import Budget
else:  # for an agent that brings servers
    bringing = LazyModule("coder.app.subagents.bringing")

_repetition = LazyModule("coder.agent.repetition")


class Child:
    """`helpers` are what its own tools ask agents of; `ancestors` the ids of those above it."""

    def __init__(
        self,
        footing: Footing,
        record: Record,
        cast: Cast,
        berth: Berth,
        relay: Relay,
        helpers: Helpers,
        ancestors: Sequence[str],
        within: Budget | None = None,
    ) -> None:
        self._footing, self._record, self._cast, self._relay = footing, record, cast, relay
        outset = footing.outset
        config, ground = outset.config, outset.ground
        transcript = record.transcript or outset.journal.folder
        self.journal = Journal.of_agent(outset.journal, transcript, config.home, berth.cwd, record.id, relay.emit)
        self._workspace = LocalWorkspace(
            berth.cwd,
            config.add_dirs if berth.is_apart else ground.workspace.roots,
            dict(ground.workspace.environment),
        )
        own = "plan" if cast.reads_only else cast.mode
        self._control = AgentControl(outset.control, own, cast.model, is_bound=cast.reads_only)
        self._model = outset.purse.agent(record.id, within)
        self._spill = ground.spill_dir / record.id
        judge = self._judge(berth)
        self._shared = self._tool_session(berth, judge)
        out = record.brief.out
        self.submit = Submit(out, is_due=not record.is_told_more) if out is not None else None
        self._points = footing.points.of_agent(self._scene())
        self._brought = self._brings()
        self._outfit = self._fitted(helpers)
        self._tools = self._outfit.box
        self._bounds = Bounds(self._points, cast.calls, self._tools.names, lambda: self._is_handed_in)
        template = self._template()
        self._checks = self._gate(judge)
        again = Again(self._tools, judge, self._workspace)
        self.agent = Agent(
            self._model,
            template,
            history_of(self.journal),
            self._executor(self._checks, ancestors, berth),
            relay.emit,
            self._policies(berth),
            self._context if cast.context is not None else None,
            room_of(self._within(config), template, self._spill, again),
            self.journal,
            self.journal.edited_since,
            self._bounds,
        )
        ends: tuple[EndPolicy, ...] = (self.submit,) if self.submit is not None else ()
        self.agent.ends_with((*ends, self._points))

    @property
    def _is_handed_in(self) -> bool:
        return self.submit is not None and self.submit.value is not None

    async def run(self, prompt: str) -> RunEnded:
        """To its last word; what was said to it until then is read first. May be cancelled at any time."""
        if not self.agent.history.messages:
            for note in await self._points.started():
                self.agent.tell(reminder(note))
        if self._brought is not None and await self._with_servers(self._brought):
            self._outfit.renew()
            self.agent.begins_with(self._template())
        said = Message("user", (Text(prompt),), Meta(kind="prompt"))
        while True:
            ended = await self.agent.run(said)
            left = self.agent.inbox.take_back()
            if ended.reason != "done" or not left:
                return ended
            said = Message("user", tuple(block for each in left for block in each.content), Meta(kind="prompt"))

    async def _with_servers(self, brought: Brought) -> bool:
        self._record.doing = "starting its servers"
        self._relay.progress()
        return await brought.begin()

    def steer(self, text: str) -> None:
        self.agent.steer(Message("user", (Text(text),), Meta(kind="steer")))

    async def aclose(self) -> None:
        """Ends what it started, and stores what is left. Never raises."""
        self._shared.shells.forget()
        if self._brought is not None:
            await self._brought.aclose()
        await self._points.aclose()
        await self._workspace.aclose()
        await self._model.aclose()
        await self.journal.settle()
        await self.journal.aclose()

    def _scene(self) -> AgentScene:
        cast, config = self._cast, self._footing.outset.config
        head = None
        if cast.hooks and config.hooks.heads == "all":
            head = HeadHooks(
                cast.source or cast.kind, str(Path(cast.source).parent if cast.source else config.cwd), cast.hooks
            )
        return AgentScene(
            self._record.id,
            cast.kind,
            self._record.transcript,
            self._workspace,
            self._control,
            self.journal.folder,
            cast.effort or config.model.effort or "",
            head,
        )

    def _brings(self) -> Brought | None:
        if self._cast.described is None:
            return None
        needs = bringing.Needs(
            lambda: self._checks,
            lambda name: self._tools.find(name),
            lambda: tuple(self._workspace.roots),
            self._relay.emit,
            self._record.transcript,
        )
        made: Brought | None = bringing.brought(self._footing, self._cast, self._cast.described, needs)
        return made

    def _context(self) -> Message:
        assert self._cast.context is not None
        return self._brought.told(self._cast.context) if self._brought is not None else self._cast.context

    def _within(self, config: Config) -> Config:
        """With the smaller of the windows that are wished for."""
        wished = [each for each in (self._cast.compacts_at, config.auto_compact_window) if each is not None]
        return replace(config, auto_compact_window=min(wished)) if wished else config

    def _fitted(self, helpers: Helpers) -> Outfit:
        every = self._footing.tools(
            self._shared,
            self._workspace,
            helpers,
            lambda message: self.agent.tell(message),
            lambda: self.agent.history.messages,
        )
        more = (self.submit,) if self.submit is not None else ()
        plans = self._control.mode == "plan"
        return Outfit(self._footing, self._cast, every, more, self._brought, plans=plans)

    def _template(self) -> ModelRequest:
        config, cast = self._footing.outset.config, self._cast
        model = replace(config.model, effort=cast.effort or config.model.effort)
        return template_of(replace(config, model=model), cast.model, self._tools.specs(), cast.system)

    def _tool_session(self, berth: Berth, judge: Judge) -> ToolSession:
        shared = self._footing.outset.tools
        if berth.is_apart:  # what may not be read in the session's folder may not be in its copy
            denied = berth.rules(self._footing.outset.book.rules).denied_reads(judge.world())
            shared = replace(shared, search=shared.search.denying(denied))
        return replace(shared, ledger=FileLedger(), shells=Shells(), todos=Todos(), planning=Planning())

    def _judge(self, berth: Berth) -> Judge:
        outset = self._footing.outset
        around = outset.ground.surroundings
        around = replace(around, readable=(*around.readable, self._spill))
        return Judge(
            outset.book, self._control, self._workspace, around, self._relay.emit, outset.judge.reload, berth.rules
        )

    def _gate(self, judge: Judge) -> Gate:
        footing = self._footing
        return Gate(
            judge,
            self._ask,
            self._relay.emit,
            footing.remember if self._brought is None else self._brought.remembering(footing.remember),
            self._control.set_mode,
            lambda: self._workspace.cwd,
            self._points.before_asking,
            footing.others,
            footing.gate.questions,
        )

    async def _ask(self, request: Request) -> Reply:
        if isinstance(request, PermissionRequest):
            request = replace(request, agent=self._record.id, agent_title=self._record.title)
        reply = await self._footing.ask(request)
        if isinstance(reply, Deny) and reply.interrupt and not self._record.background:
            self._footing.interrupt()  # whoever waits for this agent ends too
        return reply

    def _executor(self, gate: Gate, ancestors: Sequence[str], berth: Berth) -> Executor:
        footing, record = self._footing, self._record
        kept = berth.pen.around(record.id, ancestors, self._relay.waits)
        ports = Ports(footing.watch, self.journal, kept, self._bounds, footing.others)
        return Executor(self._tools, gate, self._workspace, self._control, self._relay.emit, self._spill, ports)

    def _policies(self, berth: Berth) -> tuple[TurnPolicy, ...]:
        turns = self._record.brief.turns or self._cast.turns
        limit = (Turns(turns),) if turns else ()
        submit = (self.submit,) if self.submit is not None else ()
        circles = Later(lambda: _repetition.Repetition())
        coming = (Coming(self._footing.due, berth.cwd, berth.here),) if self._cast.knows_project else ()
        news = (self._brought.news,) if self._brought is not None else ()
        return (*limit, RepeatedFailure(), circles, *news, *coming, *submit, self._bounds, self._points)
