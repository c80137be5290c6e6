"""What a session begins with, before there is an engine: what it remembers, what it may spend, where it works, and by
which rules. Must not know the engine, or what the model is told.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from coder.agent.control import Control
from coder.app.attribution import credit_objection
from coder.app.created import Created
from coder.app.figures import Figures
from coder.app.hearing import Hearing
from coder.app.journal import Journal
from coder.app.judge import Judge, Surroundings
from coder.app.purse import Purse
from coder.app.rulebook import RuleBook, SaveRule, rules_of
from coder.app.starting import Start
from coder.app.stashed import Stashed
from coder.app.web import web_room
from coder.config.paths import local_settings, user_home
from coder.core.config import Behaviour, Config
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent
from coder.core.frontend import Frontend
from coder.core.lazy import LazyModule
from coder.models import catalog
from coder.permissions.rules import Rules
from coder.tools.plan import Planning
from coder.tools.registry import ToolSession
from coder.workspace.local import LocalWorkspace

_saving = LazyModule("coder.app.saving")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ground:
    """Where a session works, and what it made there."""

    workspace: LocalWorkspace
    spill_dir: Path
    created: Created
    stashed: Stashed
    surroundings: Surroundings


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outset:
    """`model` is the one that is asked; `edited` why the first request is not what the last one of the session led to,
    "" when it is. `tools` is what the tools of the session share, `warnings` are about its rules."""

    config: Config
    start: Start
    journal: Journal
    model: str
    edited: str
    purse: Purse
    figures: Figures
    hearing: Hearing
    control: Control
    ground: Ground
    rules: Rules
    book: RuleBook
    judge: Judge
    tools: ToolSession
    warnings: tuple[str, ...]

    @property
    def emit(self) -> Callable[[AnyEvent], None]:
        return self.hearing.emit


def outset(
    config: Config,
    frontend: Frontend,
    start: Start,
    save_rule: SaveRule | None,
    reload: Callable[[], Config | None] | None,
) -> Outset:
    """Raises ConfigError and SessionError."""
    rules, warnings = rules_of(config)
    journal = Journal.open(config, start)
    goes_on_with = journal.model if start.keeps_model and not config.model.is_fixed else ""
    model = goes_on_with or catalog.resolve(config.model.name, config.env)
    edited = _edited(journal, start, model)
    before, start = start.before, replace(start, before=None)  # else each would hold all those before it
    purse = Purse(config, journal.session_id, model, edited, before.purse if before is not None else None)
    hearing = Hearing(frontend)
    journal.warn_through(hearing.emit)
    purse.tell_through(hearing.emit)
    journal.asks(model)
    control = Control(config.mode, model, hearing.emit)
    ground = _ground(config, journal)
    book = _book(config, rules, save_rule)
    judge = Judge(book, control, ground.workspace, ground.surroundings, hearing.emit, reload)
    return Outset(
        config,
        start,
        journal,
        model,
        edited,
        purse,
        Figures() if before is None else before.figures,
        hearing,
        control,
        ground,
        rules,
        book,
        judge,
        _shared(config, rules, judge, model, purse, before),
        warnings,
    )


def _ground(config: Config, journal: Journal) -> Ground:
    spill_dir = journal.folder / "tool-results"
    reports = journal.folder / "artifacts"
    created = Created((spill_dir,))
    workspace = LocalWorkspace(config.cwd, config.add_dirs, {**os.environ, **config.env})
    stashed = Stashed(journal.session_id, lambda: workspace.cwd)
    surroundings = Surroundings(user_home(os.environ), config.home, (spill_dir, reports), created.holds, stashed.holds)
    return Ground(workspace, spill_dir, created, stashed, surroundings)


def _edited(journal: Journal, start: Start, model: str) -> str:
    """Why the first request is not what the last one of the session led to; "" when it is."""
    changed = "another model" if journal.model not in ("", model) else ""
    return journal.edited_since or changed or start.edited


def _book(config: Config, rules: Rules, save_rule: SaveRule | None) -> RuleBook:
    path, closed = local_settings(config.cwd), config.managed_rules_only
    return RuleBook(rules, path, config.cwd, save_rule or _save(config), is_closed=closed)


def _shared(config: Config, rules: Rules, judge: Judge, model: str, purse: Purse, before: Outset | None) -> ToolSession:
    env, denied = {**os.environ, **config.env}, rules.denied_reads(judge.world())
    web = web_room(config, env, model, purse.side_model)
    planning = Planning(config.plan_instructions)
    made = ToolSession.from_env(env, (config.home,), denied, partial(credit_objection, config, model), web, planning)
    return made if before is None else replace(made, ledger=before.tools.ledger, todos=before.tools.todos)


def _save(config: Config) -> SaveRule:
    def save(path: Path, behaviour: Behaviour, text: str) -> None:
        _saving.save_rule(config, path, behaviour, text)

    return save
