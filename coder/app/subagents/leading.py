"""The conversation itself as an agent (`--agent`): what its definition changes in the settings of the session. Must not
know the engine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from coder.app.hooking.points import HeadHooks
from coder.app.starting import Start
from coder.app.subagents import counting, modelling, remembering
from coder.app.subagents.choice import bounded
from coder.app.subagents.roster import roster_of
from coder.commands.agents import Agent, given_agents
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.models import catalog

_MOST_SAID = 10  # of what does not count


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Leading:
    """`hooks` count all session long, None where there are none."""

    config: Config
    hooks: HeadHooks | None = None


def leading(config: Config, start: Start) -> Leading:
    """The settings of a session that is the agent they name. What the command line says itself counts more than what
    the definition does. Raises ConfigError for an agent that is not there. Reads files."""
    env = {**os.environ, **config.env}
    roster = roster_of(config, env)
    agent = roster.find(config.agents.main)
    if agent is None:
        wanted, near = counting.shown(config.agents.main), roster.near(config.agents.main)
        hint = f"Did you mean {counting.shown(near[0])}?" if near else "coder agents lists them."
        raise ConfigError(f"there is no agent {wanted!r}. {hint}")
    notes: list[str] = []
    head = counting.Counting(agent, roster.trusts(agent), notes.append)
    remembered = remembering.remembering_of(agent, config) if head.remembers() else None
    mode = head.mode(config.mode)
    hooks = head.hooks(config)
    there = (*(name for source in config.servers.sources for name in source.servers), *config.servers.unapproved)
    own, shared = head.described(config, there)
    servers = head.servers_chosen(lambda: None, (*shared, *(own.servers if own is not None else ())))
    notes += [f"{key} does not count where a session is this agent" for key in _idle(agent)]
    if (passed := roster.passed_over(agent.name)) is not None:
        notes.append(f"{counting.shown(str(passed.file))} is not used: {counting.why_passed_over(passed)}")
    who = f"Agent {counting.shown(agent.name)} ({counting.shown(str(agent.file))})"
    made = replace(
        config,
        model=replace(
            config.model,
            name=_model(config, env, agent, start, notes),
            effort=config.model.effort or agent.effort,
        ),
        mode=mode if mode is not None and config.mode == "default" else config.mode,
        max_turns=config.max_turns or agent.max_turns,
        system_prompt=config.system_prompt or agent.prompt or config.system_prompt,  # "": none was asked for by SDKs
        servers=replace(config.servers, sources=(*config.servers.sources, *((own,) if own is not None else ()))),
        rules=(*config.rules, *(remembered.rules if remembered is not None else ())),
        agents=replace(
            config.agents,
            tools=agent.tools,
            without=agent.without,
            servers=servers,
            spawns=bounded(agent.tools or ()),
            opening=agent.opening if not start.goes_on else "",
        ),
        warnings=(*config.warnings, *(f"{who}: {note}." for note in notes)),
    )
    return Leading(made, HeadHooks(str(agent.file), str(agent.file.parent), hooks) if hooks else None)


def checked(config: Config) -> Config:
    """With a warning of what does not count of the agents of the command line, or of a host. Raises ConfigError for one
    that is none: who gave it is there to mend it."""
    mistakes = given_agents(config.agents.given)[1]
    wrong = next((each for each in mistakes if each.level == "error"), None)
    if wrong is not None:
        raise ConfigError(f"--agents: {counting.shown(wrong.text)}.")
    said = tuple(f"--agents: {counting.shown(each.text)}." for each in mistakes[:_MOST_SAID])
    return replace(config, warnings=(*config.warnings, *said)) if said else config


def _model(config: Config, env: Mapping[str, str], agent: Agent, start: Start, notes: list[str]) -> str:
    """Its own where nobody named one, in a new session: an old one goes on with what it had."""
    if not agent.model or not config.agents.sets_model or start.goes_on:
        return config.model.name
    others = {name: value for name, value in env.items() if name != modelling.VARIABLE}
    is_ours = agent.origin == "built-in"
    main = catalog.resolve(config.model.name, env)
    found = modelling.chosen(config, others, main, "", agent.model, is_ours=is_ours)
    notes += [found.note] if found.note else []
    return found.model


def _idle(agent: Agent) -> tuple[str, ...]:
    said = {"isolation": bool(agent.isolation), "background": agent.background}
    return tuple(key for key, is_said in said.items() if is_said)
