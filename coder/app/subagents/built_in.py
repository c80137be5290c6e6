"""The agents that come with coder: files like everybody's, and what no file can say of them. Must not know sessions.

Who only names them reads a line of each file, and loads nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.core import prompts
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.commands import agents, places
    from coder.commands.agents import Agent
else:  # a session that asks nobody only lists them
    agents, places = (LazyModule(f"coder.commands.{name}") for name in ("agents", "places"))

GENERAL = "general-purpose"
NAMES = (GENERAL, "Explore", "Plan", "reviewer")
HOOK = "coder:hook"  # whom hooks ask, and nobody else: no file can have such a name
_HOOKS_FILE, _HOOK_TURNS = "hook", 50
EXPLORES = 20  # tool calls
_ALL_OFF = "CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS"
_SOME_OFF = "CLAUDE_CODE_DISABLE_EXPLORE_PLAN_AGENTS"
_OFF = ("", "0", "false", "no", "off")


def names(env: Mapping[str, str]) -> tuple[str, ...]:
    """Those that nobody switched off."""
    if _is_on(env, _ALL_OFF):
        return ()
    return tuple(name for name in NAMES if name not in ("Explore", "Plan") or not _is_on(env, _SOME_OFF))


def switched_off(env: Mapping[str, str]) -> dict[str, str]:
    """The others, each with the variable that did it."""
    variable = _ALL_OFF if _is_on(env, _ALL_OFF) else _SOME_OFF
    return {name: variable for name in NAMES if name not in names(env)}


def described(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each with what its file says of it."""
    for name in names(env):
        head = prompts.load(f"agents/{name}").partition("\ndescription: ")[2]
        yield name, head.partition("\n")[0]


def built_ins(env: Mapping[str, str]) -> tuple[Agent, ...]:
    return tuple(map(_built_in, names(env)))


def hook_agent() -> Agent:
    """Reads, looks, and says yes or no."""
    return replace(_built_in(_HOOKS_FILE), name=HOOK, max_turns=_HOOK_TURNS)


def _built_in(name: str) -> Agent:
    folder = prompts.folder() / "agents"
    place = places.Place(folder, "agents", "built-in")
    agent: Agent | None
    agent, _ = agents.agent_of(prompts.load(f"agents/{name}").encode(), folder / f"{name}.md", place)
    if agent is None:
        raise ValueError(f"the built-in agent {name} is none")
    if name == GENERAL:
        return agent
    calls = EXPLORES if name == "Explore" else None
    return replace(agent, reads_only=True, knows_project=False, max_calls=calls)


def _is_on(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").strip().lower() not in _OFF
