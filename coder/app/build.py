"""The composition root: puts a session together from its configuration. The only place where the layers meet."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.agent.executor import Executor
from coder.agent.gate import Gate
from coder.agent.history import History
from coder.agent.loop import Agent
from coder.agent.ports import Ports
from coder.app.again import Again
from coder.app.attribution import commit_trailer, pr_trailer
from coder.app.beside import Beside
from coder.app.budgets import PrimaryAgain
from coder.app.checkpointing import FOLDER, Checkpointing, Site
from coder.app.commanded import Commanded, Parts
from coder.app.conversation import OpenConversation, told_by
from coder.app.created import Created
from coder.app.evidencing import evidencing_of
from coder.app.figures import Figures
from coder.app.hearing import Hearing
from coder.app.journal import Journal
from coder.app.judge import Judge, Surroundings
from coder.app.memory import ProjectMemory
from coder.app.pictures import shrunk
from coder.app.pointing import points_of, tell_of_file
from coder.app.prompting import Prompting
from coder.app.purse import Purse
from coder.app.requesting import policies_of, room_of, template_of, thinks_by_tool
from coder.app.rulebook import RuleBook, SaveRule, rules_of
from coder.app.session import Session, SessionFacts
from coder.app.starting import NEW, Start
from coder.app.system_prompt import system_prompt
from coder.app.toolbox import SessionTools
from coder.config.paths import local_settings, user_home
from coder.core.choices import Effort
from coder.core.config import Behaviour, Config
from coder.core.errors import ConfigError
from coder.core.events import AnyEvent, Notice
from coder.core.frontend import Frontend
from coder.core.lazy import LazyModule
from coder.core.model import ModelRequest
from coder.models import catalog
from coder.permissions.rules import Rules
from coder.telemetry.logs import DebugLog
from coder.tools.read import Read
from coder.tools.registry import ToolSession, builtins
from coder.tools.skill import Skill
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.app import contents, shell_line, tasks
    from coder.app import titles as making
    from coder.app.shell_line import ShellLine
    from coder.app.titles import Titler
    from coder.commands.definition import Definition
    from coder.config import trust
    from coder.telemetry.context_report import ContextReport
else:  # for people in front
    contents, making, shell_line, tasks = (
        LazyModule(f"coder.app.{name}") for name in ("contents", "titles", "shell_line", "tasks")
    )
    trust = LazyModule("coder.config.trust")


async def open_session(
    config: Config,
    frontend: Frontend,
    *,
    start: Start = NEW,
    today: date | None = None,
    save_rule: SaveRule | None = None,
    reload: Callable[[], Config | None] | None = None,
    titles: bool = False,
    reserved: Collection[str] = (),
) -> Session:
    """A session ready for its first prompt. Contacts nothing and changes nothing on disk, but for completing a rewind
    that was cut off.

    `start` says which session it is. `save_rule` writes what the person allows from now on; by default into the
    settings file of this folder that is theirs alone. `reload` gives the settings when they have changed: the rules
    among them count from the next call on. `titles`: a small model finds a title for a new session.
    Raises ConfigError and SessionError.
    """
    rules, rule_warnings = rules_of(config)
    journal = Journal.open(config, start)
    goes_on_with = journal.model if start.keeps_model and not config.model.is_fixed else ""
    model_name = goes_on_with or catalog.resolve(config.model.name, config.env)
    edited = _edited(journal, start, model_name)
    purse = Purse(config, journal.session_id, model_name, edited)
    figures = Figures()
    hearing = Hearing(frontend)
    emit = hearing.emit
    journal.warn_through(emit)
    purse.tell_through(emit)
    journal.asks(model_name)
    control = Control(config.mode, model_name, emit)
    ground = _ground(config, journal)
    workspace, spill_dir = ground.workspace, ground.spill_dir
    book = _book(config, rules, save_rule)
    judge = Judge(book, control, workspace, ground.surroundings, emit, reload)
    shared = _shared(config, rules, judge)
    commanded = Commanded(
        Parts(
            config=config,
            book=book,
            judge=lambda call, access: gate.judge(call, access),
            executor=lambda: executor,
            has_shell=lambda: tools.find("Bash") is not None,
            read=Read(shared.ledger, shared.read_tokens),
            workspace=workspace,
            control=control,
            spill_dir=spill_dir,
            emit=emit,
            tell=lambda message: agent.tell(message),
            messages=lambda: agent.history.messages,
            is_trusted=partial(_grants, config),
            window=catalog.describe(model_name).context_window,
            facts={
                "SESSION_ID": journal.session_id,
                "COMMIT_TRAILER": commit_trailer(config, model_name),
                "PR_TRAILER": pr_trailer(config, model_name),
            },
            reserved=reserved,
            on_expansion=lambda *told: points.expanded(*told),
        )
    )
    tools = _tools(config, shared, rules, commanded, model_name)
    shared.shells.on_end = lambda shell: emit(tasks.ended(shell))
    points = points_of(config, start, journal, workspace, control, judge, purse, shared.shells, emit)
    ask = figures.timed(frontend.ask)
    gate = Gate(judge, ask, emit, book.allow, control.set_mode, lambda: workspace.cwd, points.before_asking)
    conversation = OpenConversation(journal, lambda messages: agent.upkeep.restart(messages, "rewind"))
    checkpoints = _checkpoints(config, journal, workspace, conversation, emit)
    ports = Ports(ground.created.watch, journal, checkpoints, points)
    executor = Executor(tools, gate, workspace, control, emit, spill_dir, ports)
    memory = ProjectMemory(
        config, loaded=partial(tell_of_file, points), warn=lambda text: emit(Notice(level="warning", text=text))
    )
    context = memory.context(workspace.roots, today or datetime.now().astimezone().date())
    has_skills = tools.find("Skill") is not None
    if has_skills:
        context = replace(context, content=(*context.content, *commanded.listed()))
    system = system_prompt(config, model_name, tools.names())
    template = template_of(config, model_name, tools.specs(), system.texts)
    room = room_of(config, template, spill_dir, Again(tools, judge, workspace), memory.renewed)
    news = (commanded.news(),) if has_skills else ()
    policies = (PrimaryAgain(purse.model), *policies_of(config), memory, *news, points)
    history = _history(journal)
    agent = Agent(purse.model, template, history, executor, emit, policies, context, room, journal, edited, points)
    titling = _titling(config, purse, journal) if titles else ()
    line = partial(_line, ground, shared, ports, gate, checkpoints)
    evidencing = evidencing_of(config, emit, line, checkpoints)
    agent.ends_with((*evidencing.policies(), points), evidencing.attach)
    hearing.add(purse, journal, checkpoints, figures, evidencing, *titling, points)

    ends = AsyncExitStack()  # the last comes first
    ends.callback(_debug_log(config, journal.session_id).close)
    for end in (journal.aclose, purse.aclose, *(each.aclose for each in titling), checkpoints.aclose, workspace.aclose):
        ends.push_async_callback(end)
    ends.callback(shared.shells.forget)
    ends.push_async_callback(points.aclose)

    async def what_fills_it() -> ContextReport:
        limit, messages = agent.upkeep.compacts_at, history.messages or (context,)
        report: ContextReport = await contents.context_report(template, messages, limit, purse.model.count_tokens)
        return report

    facts = _facts(config, journal, tools, model_name)
    own = (*rule_warnings, *system.warnings, *memory.warnings, *points.warnings, *journal.notes)
    warnings = (*config.warnings, *own, *await checkpoints.recover())
    beside = Beside(shared.shells, figures, line, lambda: journal.title)
    return Session(
        facts,
        agent,
        control,
        lambda: purse.spent,
        ends.aclose,
        what_fills_it,
        beside,
        warnings,
        checkpoints,
        conversation,
        Prompting(
            commanded.expand,
            commanded.attach,
            points,
            _another(config, template),
            commanded.offered,
            evidencing.verify,
        ),
        points,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """Where a session works, and what it made there."""

    workspace: LocalWorkspace
    spill_dir: Path
    created: Created
    surroundings: Surroundings


def _ground(config: Config, journal: Journal) -> _Ground:
    spill_dir = journal.folder / "tool-results"
    created = Created((spill_dir,))
    surroundings = Surroundings(user_home(os.environ), config.home, (spill_dir,), created.holds)
    workspace = LocalWorkspace(config.cwd, config.add_dirs, {**os.environ, **config.env})
    return _Ground(workspace, spill_dir, created, surroundings)


def _line(ground: _Ground, shared: ToolSession, ports: Ports, gate: Gate, checkpoints: Checkpointing) -> ShellLine:
    made: ShellLine = shell_line.ShellLine(
        ground.workspace, ground.spill_dir, shared.bash, ports, gate.judge, checkpoints.stirred
    )
    return made


def _edited(journal: Journal, start: Start, model: str) -> str:
    """Why the first request is not what the last one of the session led to; "" when it is."""
    changed = "another model" if journal.model not in ("", model) else ""
    return journal.edited_since or changed or start.edited


def _titling(config: Config, purse: Purse, journal: Journal) -> tuple[Titler, ...]:
    """Whoever finds a title; nobody where it would have no place, or there is one, or a script answers."""
    has_prompts = any(message.meta.kind == "prompt" for message in journal.messages)
    if has_prompts or journal.title or journal.path is None or config.model.is_replay:
        return ()
    name = making.cheap_model({**os.environ, **config.env}, config.model.name)
    return (making.Titler(purse.side_model(), name, journal.entitle, lambda event: None),)


def _book(config: Config, rules: Rules, save_rule: SaveRule | None) -> RuleBook:
    path, closed = local_settings(config.cwd), config.managed_rules_only
    return RuleBook(rules, path, config.cwd, save_rule or _save(config), is_closed=closed)


def _checkpoints(
    config: Config,
    journal: Journal,
    workspace: LocalWorkspace,
    conversation: OpenConversation,
    emit: Callable[[AnyEvent], None],
) -> Checkpointing:
    site = Site(
        base=config.home / FOLDER,
        session_id=journal.session_id,
        roots=workspace.roots,
        home=user_home(os.environ),
        own=(config.home, journal.folder),
        env={**os.environ, **config.env},
        is_busy=lambda: workspace.is_busy,
    )
    enabled = config.checkpoints and config.persist
    return Checkpointing(site, emit, told=told_by(journal.messages), conversation=conversation, enabled=enabled)


def _another(config: Config, template: ModelRequest) -> Callable[[str, Effort | None], ModelRequest]:
    """The request of a run with another model or effort."""

    def another(model: str, effort: Effort | None) -> ModelRequest:
        name = catalog.resolve(model, config.env) if model else template.model
        wanted = replace(config, model=replace(config.model, effort=effort or config.model.effort))
        return template_of(wanted, name, template.tools, template.system)

    return another


def _grants(config: Config, definition: Definition) -> bool:
    """Whether what the head of a command grants counts: of a repository, only what the person has approved."""
    if definition.origin not in ("project", "added"):
        return True
    return bool(trust.covers(config.trust, definition.file, definition.digest))


def _shared(config: Config, rules: Rules, judge: Judge) -> ToolSession:
    return ToolSession.from_env({**os.environ, **config.env}, (config.home,), rules.denied_reads(judge.world()))


def _tools(config: Config, shared: ToolSession, rules: Rules, commanded: Commanded, model: str) -> SessionTools:
    skill = (Skill(commanded.commands),) if commanded.has_skills() else ()
    every = (*builtins(shared, thinks=thinks_by_tool(config, model)), *skill)
    kept = [tool for tool in every if config.tools is None or tool.name in config.tools]
    return SessionTools(kept, rules.removed_tools(tool.name for tool in kept))


def _history(journal: Journal) -> History:
    return History(
        journal.append,
        journal.messages,
        edit_sink=journal.edited,
        uncompact_sink=journal.uncompacted,
        shrink=shrunk,
    )


def _facts(config: Config, journal: Journal, tools: SessionTools, model: str) -> SessionFacts:
    return SessionFacts(
        session_id=journal.session_id,
        cwd=config.cwd,
        tools=tools.names(),
        model=model,
        mode=config.mode,
        key_source=config.model.key_source,
        transcript=journal.path,
        trust=config.trust,
        style=config.guidance.style,
    )


def _save(config: Config) -> SaveRule:
    def save(path: Path, behaviour: Behaviour, text: str) -> None:
        from coder.app.saving import save_rule

        save_rule(config, path, behaviour, text)

    return save


def _debug_log(config: Config, session_id: str) -> DebugLog:
    if not {**os.environ, **config.env}.get("CODER_DEBUG"):
        return DebugLog.silent()
    try:
        return DebugLog.start(config.home, session_id, (config.model.api_key, config.model.auth_token))
    except OSError as error:
        raise ConfigError(f"CODER_DEBUG: the log cannot be written below {config.home}: {error.strerror}.") from error
