"""The agents of a folder as people look at them: whose each is, what it has, and why one does not count. Must not know
how they are shown, or what runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from coder.app.rulebook import rules_of
from coder.app.subagents.counting import Counting, why_passed_over
from coder.app.subagents.listing import denying
from coder.app.subagents.modelling import chosen
from coder.app.subagents.roster import Roster, roster_of
from coder.commands.agents import Agent
from coder.commands.check import examined
from coder.commands.definition import Mistake
from coder.config.paths import MANAGED
from coder.core import prompts
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.models import catalog
from coder.permissions.rules import Rules


@dataclass(frozen=True, slots=True, eq=False)
class RosterRow:
    """`note` says why it is not used, "" when it is; `model` is the one that would be asked, as things are; `notes` are
    what of its head does not count here. `mistakes` are those of its file."""

    agent: Agent
    model: str
    note: str = ""
    notes: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def words(self) -> str:
        agent = self.agent
        return f"{agent.name} {agent.description} {agent.origin} {agent.file} {self.model} {self.note}".lower()


@dataclass(frozen=True, slots=True)
class RosterShelf:
    """What counts first. `mistakes` are of files that gave no agent at all; `warning` says that no file counts."""

    rows: tuple[RosterRow, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    warning: str = ""

    def find(self, name: str) -> RosterRow | None:
        """By its name, also one that does not count, or by its file."""
        exact = [row for row in self.rows if row.agent.name == name]
        alike = [row for row in self.rows if row.agent.name.casefold() == name.casefold()]
        return next(iter((*exact, *alike)), None)


def roster_shelf(config: Config, env: Mapping[str, str], managed: Path = MANAGED) -> RosterShelf:
    """Reads the files. Never raises."""
    every = {**env, **config.env}
    roster = roster_of(config, every, managed)
    rules, _ = rules_of(config)
    mistakes = (*roster.given_mistakes, *examined(roster.places).mistakes)
    found = [_row(agent, config, every, roster, rules) for agent in roster.all()]
    hidden = [
        replace(_row(agent, config, every, roster, rules), note=_why_hidden(agent, roster)) for agent in roster.hidden()
    ]
    rows = (*(row for row in found if not row.note), *(row for row in found if row.note), *hidden)
    rows = tuple(replace(row, mistakes=tuple(m for m in mistakes if m.path == row.agent.file)) for row in rows)
    known = {row.agent.file for row in rows}
    loose = tuple(mistake for mistake in mistakes if mistake.path not in known)
    warning = "" if config.agents.files else "agent files are switched off in this session: none of them counts"
    return RosterShelf(rows, loose, warning)


def own_words(agent: Agent) -> Iterator[str]:
    """What it is told for good: its own text, or ours where it says nothing, and what every agent is told."""
    yield agent.prompt or prompts.load("agents/general-purpose").rpartition("\n---\n")[2].strip()
    yield prompts.load("agents/frame")


def _row(agent: Agent, config: Config, env: Mapping[str, str], roster: Roster, rules: Rules) -> RosterRow:
    notes: list[str] = []
    head = Counting(agent, roster.trusts(agent), notes.append)
    head.mode(config.mode)
    head.remembers()
    head.hooks(config)
    head.servers(lambda: None)
    head.described(config, ())
    main = catalog.resolve(config.model.name, config.env)
    model = chosen(config, env, main, "", agent.model, is_ours=agent.origin == "built-in")
    notes += [model.note] if model.note else []
    rule = denying(rules, agent.name)
    return RosterRow(agent, model.model, f"a rule denies it: {rule}" if rule else "", tuple(notes))


def _why_hidden(agent: Agent, roster: Roster) -> str:
    if agent is roster.passed_over(agent.name):
        return why_passed_over(agent)
    found = roster.find(agent.name)
    return f"{found.file if found is not None else 'another'} comes first"
