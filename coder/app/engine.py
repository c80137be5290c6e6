"""The engine of a session, put together from the parts of the session: its history, its room, and whoever has a word
before a turn and at the end. Must not know front ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.loop import Agent
from coder.agent.policies import EndPolicy, TurnPolicy
from coder.agent.room import Room
from coder.app.again import Again
from coder.app.budgets import PrimaryAgain
from coder.app.journal import Journal
from coder.app.pictures import shrunk
from coder.app.requesting import policies_of, room_of

if TYPE_CHECKING:
    from coder.app.assembly import Assembly


def engine_of(made: Assembly) -> Agent:
    """Whoever has a word at the end is made later: `ends_with`."""
    outset = made.outset
    return Agent(
        outset.purse.model,
        made.requests.template,
        history_of(outset.journal),
        made.executor,
        outset.emit,
        _before_turns(made),
        made.first.now,
        _room(made),
        outset.journal,
        outset.edited,
        made.points,
    )


def ends_with(made: Assembly) -> None:
    """Whoever has a word at the end of a run, and what stands behind it then."""
    policies: tuple[EndPolicy, ...] = (*made.evidencing.policies(), made.agents, made.points)
    form, attach = made.form, made.evidencing.attach
    if form is None:
        made.agent.ends_with(policies, attach)
    else:
        made.agent.ends_with((form, *policies), lambda ended: form.attach(attach(ended)))


def history_of(journal: Journal) -> History:
    """Every change of it is stored."""
    return History(
        journal.append,
        journal.messages,
        edit_sink=journal.edited,
        uncompact_sink=journal.uncompacted,
        shrink=shrunk,
    )


def _before_turns(made: Assembly) -> tuple[TurnPolicy, ...]:
    form = (made.form,) if made.form is not None else ()
    skills = (made.commanded.news(),) if made.tooling.has("Skill") else ()
    told = (made.memory, *skills, made.presence, *made.git.policies, made.agents, made.shell_news)
    again = PrimaryAgain(made.outset.purse.model)
    return (again, *form, *policies_of(made.outset.config), *told, made.points)


def _room(made: Assembly) -> Room:
    outset = made.outset
    again = Again(made.tools, outset.judge, outset.ground.workspace)
    return room_of(outset.config, made.requests.template, outset.ground.spill_dir, again, made.first.renewed)
