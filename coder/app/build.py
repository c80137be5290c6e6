"""The composition root: puts a session together from its configuration. The only place where the layers meet."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.agent.executor import Executor
from coder.agent.gate import Gate
from coder.agent.history import History
from coder.agent.loop import Agent
from coder.agent.policies import Later, RepeatedFailure, TurnLimit, TurnPolicy
from coder.agent.ports import Ports
from coder.agent.room import Room
from coder.app.again import Again
from coder.app.budgets import PrimaryAgain
from coder.app.checkpointing import FOLDER, Checkpointing, Site
from coder.app.context import context_message
from coder.app.conversation import OpenConversation, told_by
from coder.app.created import Created
from coder.app.journal import Journal
from coder.app.judge import Judge, Surroundings
from coder.app.pictures import shrunk
from coder.app.purse import Purse
from coder.app.rulebook import RuleBook, SaveRule, rules_of
from coder.app.session import Session, SessionFacts
from coder.app.starting import NEW, Start
from coder.app.toolbox import SessionTools
from coder.config.paths import local_settings, user_home
from coder.core import prompts
from coder.core.config import Behaviour, Config
from coder.core.errors import ConfigError
from coder.core.events import AnyEvent
from coder.core.frontend import Frontend
from coder.core.model import ModelRequest
from coder.models import catalog
from coder.permissions.rules import Rules
from coder.telemetry.logs import DebugLog
from coder.tools.registry import ToolSession, builtins
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.telemetry.context_report import ContextReport


async def open_session(
    config: Config,
    frontend: Frontend,
    *,
    start: Start = NEW,
    today: date | None = None,
    save_rule: SaveRule | None = None,
    reload: Callable[[], Config | None] | None = None,
) -> Session:
    """A session ready for its first prompt. Contacts nothing and changes nothing on disk, but for completing a rewind
    that was cut off.

    `start` says which session it is. `save_rule` writes what the person allows from now on; by default into the
    settings file of this folder that is theirs alone. `reload` gives the settings when they have changed: the rules
    among them count from the next call on.
    Raises ConfigError and SessionError.
    """
    rules, rule_warnings = rules_of(config)
    journal = Journal.open(config, start)
    model_name = (start.keeps_model and journal.model) or catalog.resolve(config.model.name, config.env)
    purse = Purse(config, journal.session_id, model_name, journal.edited_since)

    def emit(event: AnyEvent) -> None:
        for listener in (purse, journal, checkpoints):
            listener.on(event)
        frontend.emit(event)

    journal.warn_through(emit)
    purse.tell_through(emit)
    journal.asks(model_name)
    control = Control(config.mode, model_name, emit)
    workspace = LocalWorkspace(config.cwd, config.add_dirs, {**os.environ, **config.env})
    spill_dir = journal.folder / "tool-results"
    created = Created((spill_dir,))
    book = _book(config, rules, save_rule)
    surroundings = Surroundings(user_home(os.environ), config.home, (spill_dir,), created.holds)
    judge = Judge(book, control, workspace, surroundings, emit, reload)
    tools = _tools(config, rules, judge)
    gate = Gate(judge, frontend.ask, emit, book.allow, control.set_mode, lambda: workspace.cwd)
    conversation = OpenConversation(journal, lambda messages: agent.upkeep.restart(messages, "rewind"))
    checkpoints = _checkpoints(config, journal, workspace, conversation, emit)
    ports = Ports(created.watch, journal, checkpoints)
    executor = Executor(tools, gate, workspace, control, emit, spill_dir, ports)
    history = _history(journal)
    context = context_message(config.cwd, workspace.roots, today or datetime.now().astimezone().date())
    template = _template(config, model_name, tools)
    room = _room(config, template, spill_dir, Again(tools, judge, workspace))
    policies = (PrimaryAgain(purse.model), *_policies(config))
    agent = Agent(
        purse.model, template, history, executor, emit, policies, context, room, journal, journal.edited_since
    )

    log = _debug_log(config, journal.session_id)

    async def close() -> None:
        await workspace.aclose()
        await checkpoints.aclose()
        await purse.aclose()
        await journal.aclose()
        log.close()

    async def what_fills_it() -> ContextReport:
        from coder.app.contents import context_report

        limit = agent.upkeep.compacts_at
        return await context_report(template, history.messages or (context,), limit, purse.model.count_tokens)

    facts = _facts(config, journal, tools, model_name)
    warnings = (*config.warnings, *rule_warnings, *journal.notes, *await checkpoints.recover())
    return Session(
        facts, agent, control, lambda: purse.spent, close, what_fills_it, warnings, checkpoints, conversation
    )


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


def _tools(config: Config, rules: Rules, judge: Judge) -> SessionTools:
    denied = rules.denied_reads(judge.world())
    every = builtins(ToolSession.from_env({**os.environ, **config.env}, (config.home,), denied))
    return SessionTools(every, rules.removed_tools(tool.name for tool in every))


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


def _template(config: Config, model_name: str, tools: SessionTools) -> ModelRequest:
    """The part of every request that never changes within a session."""
    facts = catalog.describe(model_name)
    own = prompts.load("system") if config.system_prompt is None else config.system_prompt
    return ModelRequest(
        model=model_name,
        messages=(),
        system=tuple(text for text in (own, config.append_system_prompt) if text.strip()),
        tools=tools.specs(),
        max_tokens=min(config.model.max_tokens or 32_000, facts.max_output),
        thinking=facts.thinking if config.model.thinking is None else config.model.thinking,
        effort=config.model.effort if facts.effort or not facts.known else None,
        mark_system=True,
    )


def _room(config: Config, template: ModelRequest, folder: Path, again: Again) -> Room:
    return Room(
        window=catalog.describe(template.model).context_window,
        max_output=template.max_tokens,
        auto=config.auto_compact,
        auto_window=config.auto_compact_window,
        percent=config.auto_compact_percent,
        folder=folder,
        renewal=again,
    )


def _policies(config: Config) -> tuple[TurnPolicy, ...]:
    limit = (TurnLimit(config.max_turns),) if config.max_turns else ()
    return (*limit, RepeatedFailure(), Later(_repetition))


def _repetition() -> TurnPolicy:
    from coder.agent.repetition import Repetition

    return Repetition()
