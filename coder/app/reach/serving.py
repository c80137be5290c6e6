"""Our tools for other programs: a session without a model, whose calls come over MCP and pass the same gate, rules,
hooks and checkpoints as a model's. Must not know the protocol, or in which words a person is asked.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

from coder.agent.answers import Answers, Unlogged
from coder.agent.outcome import Outcome
from coder.app.build import open_session
from coder.app.starting import Start
from coder.core import prompts
from coder.core.config import Config, ServerSettings
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.events import AnyEvent, Notice, PermissionDenied, RunStarted, ToolProgress, ToolStarted
from coder.core.messages import Document, Image, Json, Message, Meta, Text, ToolUse
from coder.core.model import ToolSpec
from coder.core.requests import Allow, Deny, PermissionRequest, Reply, Request
from coder.core.visible import visible_line
from coder.mcp.server import Answer
from coder.mcp.serving import Caller, Postponed

if TYPE_CHECKING:
    from coder.app.assembly import Assembly
    from coder.app.outset import Outset
    from coder.app.session import Session

# What only makes sense where a model of ours talks with a person of ours, or costs them a request of it.
_OURS = frozenset(
    (
        *("AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "Skill", "Think", "ToolSearch", "UseTool"),
        *("Agent", "SendMessage"),
    )
)
_OURS |= {"WebSearch"}
_READS = ("Reads", "Fetches")
_BESIDE = ("TodoWrite", "TaskOutput")  # touch nothing but the session's own notes
_HELD = 200_000  # tokens of past calls that are kept in memory; the transcript has all
_CLIENT = 60


@dataclass(frozen=True, slots=True)
class Form:
    """A question as whoever is in front of another program sees it: the answers by their labels. With `confirm` there
    are none: only that word means yes."""

    message: str
    replies: Mapping[str, Allow | Deny] = field(default_factory=dict)
    confirm: str = ""


Put: TypeAlias = Callable[[PermissionRequest, str], Form]
"""The question, as it is put in the name of the program that made the call."""


@asynccontextmanager
async def serving(
    config: Config,
    start: Start,
    put: Put,
    say: Callable[[str], None],
    reload: Callable[[], Config | None] | None = None,
    tools: Collection[str] | None = None,
) -> AsyncIterator[Serving]:
    """The tools of a session that is opened for them; `tools` names those there are, None: all. `say` tells the person
    who started it. Raises ConfigError and SessionError."""
    served = Serving(put, say, tools)
    # Servers of its own are not for others: one of them may be this very program.
    config = replace(config, servers=ServerSettings(), auto_commit=False)
    session = await open_session(
        config, served, start=start, save_rule=_held_only, reload=reload, handed=served.take_parts
    )
    try:
        served.take(session)
        yield served
    finally:
        await session.aclose()


def _held_only(*rule: object) -> None:
    """What somebody in front of another program allows holds until we end: no file here is theirs."""


@dataclass(slots=True, eq=False)
class _Call:
    """One that is under way. `remedy` is what would have allowed it, where it was denied because nobody was there."""

    use: ToolUse
    caller: Caller
    only_reads: bool
    remedy: str = ""


class Serving:
    """Implements `coder.mcp.serving.Served`, and the session's front end. Calls that only read run side by side, the
    others one after another, as they do for a model."""

    def __init__(self, put: Put, say: Callable[[str], None], tools: Collection[str] | None) -> None:
        self._put, self._say, self._wanted = put, say, tools
        self._calls: dict[str, _Call] = {}
        self._changing = asyncio.Lock()
        self._beginning = asyncio.Lock()
        self._has_begun = False

    def take_parts(self, begun: Outset, made: Assembly) -> None:
        self._outset, self._made = begun, made
        begun.tools.web.answer = None  # a long page is handed over as it is: no model is paid to read it

    def take(self, session: Session) -> None:
        """Raises ConfigError for the name of a tool that there is none of."""
        self.session = session
        offered = {spec.name: spec for spec in self._made.tools.specs() if spec.name not in _OURS}
        if unknown := [name for name in self._wanted or () if name not in offered]:
            names = ", ".join(offered)
            raise ConfigError(f"--tools: there is no tool {visible_line(unknown[0])} to serve. Those are: {names}.")
        self._specs = {name: spec for name, spec in offered.items() if self._wanted is None or name in self._wanted}
        for warning in session.warnings:
            self._say(warning)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._specs)

    @property
    def instructions(self) -> str:
        facts = self.session.facts
        return prompts.load("served", cwd=str(facts.cwd), session=facts.session_id)

    def listed(self) -> Sequence[Json]:
        return [self._listed(spec) for spec in self._specs.values()]

    def has(self, name: str) -> bool:
        return name in self._specs

    async def call(self, name: str, given: Json, caller: Caller) -> Answer:
        await self._begin()
        use = ToolUse(f"toolu_{uuid.uuid4().hex[:24]}", name, given)
        executor, history = self._made.executor, self._made.agent.history
        call = _Call(use, caller, executor.only_reads(use))
        self._calls[use.id] = call
        answers, is_postponed = Answers([use], history.cleaned, Unlogged()), False
        try:
            async with nullcontext() if call.only_reads else self._changing:
                await executor.run([use], answers)
        except* Postponed:  # also from among calls that run side by side
            is_postponed = True
        finally:
            del self._calls[use.id]
            if not is_postponed:
                self._note(use, answers)
        if is_postponed:
            raise Postponed
        return _answer(answers.outcomes[0], call.remedy)

    def emit(self, event: AnyEvent) -> None:
        match event:
            case ToolStarted(call=use, summary=summary) if use.id in self._calls:
                self._started(self._calls[use.id], summary)
            case ToolProgress(tool_use_id=id, text=text) if id in self._calls:
                lines = text.strip().splitlines()
                self._calls[id].caller.progress(visible_line(lines[-1]) if lines else "")
            case PermissionDenied(call=use, nobody=True, remedy=remedy) if use.id in self._calls:
                self._calls[use.id].remedy = remedy
            case Notice(text=text):
                self._say(text)
            case _:
                pass

    async def ask(self, request: Request) -> Reply:
        call = self._calls.get(request.call.id) if isinstance(request, PermissionRequest) else None
        if call is None or not isinstance(request, PermissionRequest) or not call.caller.can_ask:
            return Deny("", nobody=True)
        form = self._put(request, _client(call.caller))
        return _reply(form, await call.caller.ask(form.message, _schema(form)))

    async def _begin(self) -> None:
        """Before the first call: what is run at the start of a session."""
        async with self._beginning:
            if not self._has_begun:
                await self._made.points.began()
                await self._made.git.ready()
                self._has_begun = True

    def _started(self, call: _Call, summary: str) -> None:
        """A call that may change something is a point to go back to, as a prompt would be."""
        if call.only_reads:
            return
        text = prompts.load("reminders/served_call", summary=summary, client=_client(call.caller))
        message = Message("user", (Text(text),), Meta(uuid=str(uuid.uuid4()), kind="prompt"))
        self._made.agent.tell(message)
        self._outset.emit(RunStarted(prompt=message))

    def _note(self, use: ToolUse, answers: Answers) -> None:
        """Call and result at once: those of other calls may not fall between."""
        agent = self._made.agent
        agent.tell(Message("assistant", (use,), Meta(kind="reply", api_id=f"msg_{uuid.uuid4().hex[:24]}")))
        agent.tell(answers.message())
        if agent.history.tokens > _HELD:
            agent.history.restart([each for each in agent.history.messages[:1] if each.meta.kind == "context"])

    def _listed(self, spec: ToolSpec) -> Json:
        tool = self._made.tools.find(spec.name)
        assert tool is not None
        access = str(tool.access.__annotations__.get("return", ""))
        reads = access in _READS or spec.name in _BESIDE
        hints = {
            "readOnlyHint": reads,
            "destructiveHint": not reads,
            "idempotentHint": reads,
            "openWorldHint": access in ("Runs", "Fetches", "Access"),
        }
        return {
            "name": spec.name,
            "description": spec.description,
            "inputSchema": spec.input_schema,
            "annotations": {"title": spec.name, **hints},
        }


def _client(caller: Caller) -> str:
    return visible_line(caller.name)[:_CLIENT].strip() or "another program"


def _schema(form: Form) -> Json:
    if form.confirm:
        answer: Json = {"type": "string", "title": f"Type {form.confirm} to run it"}
        return {"type": "object", "properties": {"answer": answer}, "required": ["answer"]}
    properties: Json = {
        "answer": {"type": "string", "title": "Answer", "enum": list(form.replies)},
        "instead": {"type": "string", "title": "If not: what to do instead"},
    }
    return {"type": "object", "properties": properties, "required": ["answer"]}


def _reply(form: Form, result: Json) -> Reply:
    """Nothing but a clear yes is one."""
    content = result.get("content")
    if result.get("action") != "accept" or not isinstance(content, dict):
        return Deny("")
    given, instead = content.get("answer"), content.get("instead")
    if form.confirm:
        return Allow() if given == form.confirm else Deny("")
    reply = form.replies.get(given) if isinstance(given, str) else None
    if isinstance(reply, Allow):
        return reply
    return Deny(instead.strip() if isinstance(instead, str) else "")


def _answer(outcome: Outcome, remedy: str) -> Answer:
    blocks = [_block(each) for each in outcome.result.content]
    if remedy:
        blocks.append({"type": "text", "text": prompts.load("reminders/served_denied", remedy=remedy)})
    return Answer(tuple(blocks), is_error=outcome.result.is_error)


def _block(part: Text | Image | Document) -> Json:
    match part:
        case Text(text=text):
            inner = text.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>")
            return {"type": "text", "text": inner.encode("utf-8", "replace").decode()}
        case Image(media_type=kind, data=data):
            return {"type": "image", "data": data, "mimeType": kind}
        case Document(media_type=kind, data=data):
            resource = {"uri": f"coder://document/{uuid.uuid4().hex}", "mimeType": kind, "blob": data}
            return {"type": "resource", "resource": resource}
