"""The composition root: puts a session together from its configuration. The only place where the layers meet."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import date, datetime
from typing import TYPE_CHECKING

from coder.app.assembly import SUBAGENTS, Assembly
from coder.app.beside import Beside
from coder.app.hearing import Listener
from coder.app.hosted import Hosted
from coder.app.outset import Outset, outset
from coder.app.plugging.late import with_plugins
from coder.app.rulebook import SaveRule
from coder.app.session import Session
from coder.app.session_facts import SessionFacts
from coder.app.starting import NEW, Start
from coder.app.tuning import Tuning
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.frontend import Frontend
from coder.core.lazy import LazyModule
from coder.core.tools import Mode
from coder.git.repository import repository_of
from coder.telemetry.logs import DebugLog

if TYPE_CHECKING:
    from coder.app import agent_progress as progressing
    from coder.app import asides, contents, permitting
    from coder.app import inquiries as inquiring
    from coder.app import titles as making
    from coder.app.agent_progress import AgentProgress
    from coder.app.reach.linking import Connect
    from coder.app.subagents import leading as leads
    from coder.app.subagents import remains
    from coder.app.titles import Titler
    from coder.app.workflowing.late import Given
    from coder.git import looking as looks
    from coder.git.looking import Looking
    from coder.mcp.server import Server
    from coder.sessions.mirrored import Mirror
    from coder.telemetry.context_report import ContextReport
else:  # for people in front, and in a repository
    leads, remains = (LazyModule(f"coder.app.subagents.{name}") for name in ("leading", "remains"))
    contents, making = LazyModule("coder.app.contents"), LazyModule("coder.app.titles")
    progressing, asides = LazyModule("coder.app.agent_progress"), LazyModule("coder.app.asides")
    inquiring, permitting = LazyModule("coder.app.inquiries"), LazyModule("coder.app.permitting")
    looks = LazyModule("coder.git.looking")


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
    looking: Looking | None = None,
    more_servers: Callable[[], Sequence[Server]] | None = None,
    connect: Connect | None = None,
    handed: Callable[[Outset, Assembly], None] | None = None,
    mirror: Mirror | None = None,
    logs: bool = True,
    workflow: Given | None = None,
    hosted: Hosted | None = None,
) -> Session:
    """A session ready for its first prompt. Contacts nothing and changes nothing on disk, but for completing a rewind
    that was cut off.

    `start` says which session it is. `save_rule` writes what the person allows from now on; by default into the
    settings file of this folder that is theirs alone. `reload` gives the settings when they have changed: the rules
    among them count from the next call on. `titles`: a small model finds a title for a new session.
    `looking` is the first look at the repository, where it was begun before. `more_servers` gives the servers that no
    settings name, such as those of a program that embeds us; `connect` makes the links to servers, by default for real.
    `workflow` is the one that the command line names, `hosted` what the program that embeds us does for the session.
    `handed` is given the parts, for whoever calls the tools itself.
    `mirror` is told whatever is stored of the conversation and its subagents.
    `logs`: what libraries log stays off standard error, and a debug log is kept where one is asked for; not in a
    program whose log is its own.
    Raises ConfigError and SessionError.
    """
    if looking is None and repository_of(config.cwd) is not None:
        looking = looks.begin(config)
    try:
        config = with_plugins(config)
        if config.agents.given:
            config = leads.checked(config)
        led = leads.leading(config, start) if config.agents.main else None
        config = led.config if led is not None else config
        begun = outset(config, frontend, start, save_rule, reload)
        if mirror is not None:
            begun.journal.mirror(mirror)
        day = today or datetime.now().astimezone().date()
        made = Assembly(begun, frontend, day, reserved, looking, more_servers, connect, workflow, hosted)
    except BaseException:
        if looking is not None:
            looking.end()
        raise
    if led is not None and led.hooks is not None:
        made.points.bring(led.hooks)
    titling = _titling(begun, made) if titles else ()
    progress = _progress(begun)
    begun.hearing.add(*_hearers(begun, made, titling), *progress)
    if handed is not None:
        handed(begun, made)
    warnings = (*config.warnings, *await _warnings(begun, made), *await made.checkpoints.recover())
    return _session(begun, made, warnings, _ends(begun, made, (*titling, *progress), logs=logs))


def _hearers(begun: Outset, made: Assembly, titling: tuple[Titler, ...]) -> list[Listener]:
    """Whoever hears what happens, in this order."""
    first: list[Listener] = [begun.purse, begun.journal, made.checkpoints, begun.figures, made.evidencing, *titling]
    last: list[Listener | None] = [made.autocommit, made.presence, made.git.context]
    return [*first, made.points, made.others, made.agents, *(each for each in last if each is not None)]


async def _warnings(begun: Outset, made: Assembly) -> tuple[str, ...]:
    """What is to be said of a session before its first prompt, but for what its settings say."""
    told = (*made.warnings, *made.memory.warnings, *made.commanded.warnings, *made.points.warnings)
    if made.reach is not None:
        told += made.reach.warnings
    if begun.config.auto_commit and made.autocommit is None:
        told += ("Nothing is committed by itself in this session: that needs checkpoints, and none are kept.",)
    left = await _left_behind(begun)
    return (*begun.warnings, *made.system.warnings, *told, *left, *begun.journal.notes)


def _session(begun: Outset, made: Assembly, warnings: tuple[str, ...], ends: AsyncExitStack) -> Session:
    async def what_fills_it() -> ContextReport:
        limit, messages = made.agent.upkeep.compacts_at, made.agent.history.messages or (made.first.now(),)
        counted: ContextReport = await contents.context_report(
            made.requests.template, messages, limit, begun.purse.model.count_tokens
        )
        return counted

    def permits(set_mode: Callable[[Mode], None]) -> permitting.Permitting:
        return permitting.Permitting(begun.config, begun.book, begun.ground.workspace, set_mode)

    facts = _facts(begun, made)
    return Session(
        facts,
        made.agent,
        begun.control,
        made.prompting,
        _beside(begun, made),
        Tuning(facts, begun.control, made.requests, permits),
        lambda: begun.purse.spent,
        ends.aclose,
        what_fills_it,
        made.casting.described,
        lambda: begun.ground.workspace.roots,
        lambda: inquiring.Inquiries(begun, made),
        warnings=warnings,
        checkpoints=made.checkpoints,
        conversation=made.conversation,
        points=made.points,
        after_run=made.autocommit.run_ended if made.autocommit is not None else None,
        reach=lambda: made.reach,
        agents=made.agents,
        workflows=made.workflows,
    )


def _beside(begun: Outset, made: Assembly) -> Beside:
    title = lambda: begun.journal.title  # noqa: E731  # as it is by then
    return Beside(begun.tools.shells, begun.figures, made.line, title, made.others.begin, made.shell_news)


async def _left_behind(begun: Outset) -> tuple[str, ...]:
    """What agents of a session that goes on left in worktrees, where they did not end."""
    if not begun.start.goes_on or not (begun.journal.folder / SUBAGENTS).is_dir():
        return ()
    found = await asyncio.to_thread(remains.remains, begun.config.cwd, begun.journal.session_id)
    text = remains.told(found)
    return (text,) if text else ()


def _progress(begun: Outset) -> tuple[AgentProgress, ...]:
    """Whoever says what subagents are doing; nobody where that was not asked for."""
    beat = begun.config.agents.summaries
    return () if beat is None else (progressing.AgentProgress(lambda: asides.Aside.of(begun), begun.emit, beat),)


def _ends(begun: Outset, made: Assembly, asking: tuple[Titler | AgentProgress, ...], *, logs: bool) -> AsyncExitStack:
    """What is to be closed; the last comes first. `asking` is what asks small models."""
    ends = AsyncExitStack()
    if logs:
        ends.callback(_debug_log(begun.config, begun.journal.session_id).close)
    for end in (
        begun.journal.aclose,
        begun.purse.aclose,
        *(each.aclose for each in asking),
        made.others.aclose,
        made.checkpoints.aclose,
        begun.ground.workspace.aclose,
    ):
        ends.push_async_callback(end)
    if made.git.context is not None:
        ends.push_async_callback(made.git.context.aclose)
    ends.push_async_callback(made.presence.aclose)
    ends.push_async_callback(made.agents.aclose)
    ends.callback(begun.tools.shells.forget)
    ends.push_async_callback(made.points.aclose)
    return ends


def _titling(begun: Outset, made: Assembly) -> tuple[Titler, ...]:
    """Whoever finds a title; nobody where it would have no place, or there is one, or a script answers."""
    config, journal = begun.config, begun.journal
    has_prompts = any(message.meta.kind == "prompt" for message in journal.messages)
    if has_prompts or journal.title or journal.path is None or config.model.is_replay:
        return ()
    name = making.cheap_model({**os.environ, **config.env}, config.model.name)

    def entitle(title: str) -> None:
        journal.entitle(title)
        made.others.entitled()

    return (making.Titler(begun.purse.side_model(), name, entitle, lambda event: None),)


def _facts(begun: Outset, made: Assembly) -> SessionFacts:
    return SessionFacts(
        session_id=begun.journal.session_id,
        cwd=begun.config.cwd,
        tools=made.tools.names(),
        model=begun.model,
        mode=begun.config.mode,
        key_source=begun.config.model.key_source,
        transcript=begun.journal.path,
        trust=begun.config.trust,
        style=begun.config.guidance.style,
        may_bypass=begun.config.may_bypass,
        agents=made.casting.names(),
        plugins=begun.config.plugins,
    )


def _debug_log(config: Config, session_id: str) -> DebugLog:
    if config.debug is None:
        return DebugLog.silent()
    try:
        path = config.debug_file or DebugLog.place(config.home, session_id)
        return DebugLog.start(path, (config.model.api_key, config.model.auth_token), config.debug)
    except OSError as error:
        where = f"to {config.debug_file}" if config.debug_file else f"below {config.home}"
        raise ConfigError(f"--debug: the log cannot be written {where}: {error.strerror}.") from error
