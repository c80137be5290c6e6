"""Makes of a brief, the definition it names and the session it is asked in what the engine runs. Must not know how that
is run, or front ends.

Two agents of one kind and model have the same system prompt and tools, byte for byte, so that one reads what the other
put into the cache. What differs stands behind it, in the first message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.context import context_message
from coder.app.subagents.built_in import GENERAL, HOOK, hook_agent
from coder.app.subagents.cast import Cast
from coder.app.subagents.choice import IN_BACKGROUND, NOT_FOR_AGENTS, REMEMBERING, Choice, tools_of
from coder.app.subagents.listing import denying, described_agents, lines, named
from coder.app.subagents.parts import Parts, Told
from coder.core import prompts
from coder.core.agents import Brief
from coder.core.errors import ConfigError, ToolError
from coder.core.events import Notice
from coder.core.lazy import LazyModule
from coder.core.messages import Message, Meta, Text

if TYPE_CHECKING:
    from coder.app.outset import Outset
    from coder.app.subagents import counting, modelling, preloading, remembering, roster
    from coder.app.subagents.counting import Counting
    from coder.app.subagents.modelling import Chosen
    from coder.app.subagents.roster import Roster
    from coder.commands.agents import Agent
else:  # a session that asks nobody only lists who could be asked
    counting, modelling, preloading, remembering, roster = (
        LazyModule(f"coder.app.subagents.{name}")
        for name in ("counting", "modelling", "preloading", "remembering", "roster")
    )

DEPTH = "CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH"
_DEEPEST = 2


def casting_of(
    outset: Outset,
    today: date,
    tools: Callable[[], Sequence[str]],
    told: Told,
    servers: Callable[[], Sequence[str] | None],
) -> SessionCasting:
    """Of a session. `tools` are the names of its own, `servers` those of its servers, None: not known."""
    config = outset.config
    env = {**os.environ, **config.env}
    held: list[Roster] = []

    def found() -> Roster:
        if not held:
            held.append(roster.roster_of(config, env))
        return held[0]

    return SessionCasting(
        Parts(
            config=config,
            env=env,
            today=today,
            rules=lambda: outset.book.rules,
            tools=tools,
            model=lambda: outset.control.model,
            mode=lambda: outset.control.mode,
            roster=found,
            emit=outset.emit,
            told=told,
            servers=servers,
            facts={
                "SESSION_ID": outset.journal.session_id,
                "PROJECT_DIR": str(config.cwd),
                "EFFORT": config.model.effort or "",
            },
        )
    )


class SessionCasting:
    """Implements `coder.app.subagents.cast.Casting`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._said: set[str] = set()
        self._listed: str | None = None

    # Who may be asked

    def listed(self) -> str:
        if self._listed is None:
            self._listed = lines(self._described())
        return self._listed

    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._described())

    def described(self) -> tuple[tuple[str, str], ...]:
        """Each with what it says of itself, as they are by now, and no rule denies it."""
        return self._described()

    def every(self) -> tuple[Agent, ...]:
        """The same with all that their files say. Blocks while it reads."""
        kept = {name for name, _ in self._described()}
        return tuple(agent for agent in self._parts.roster().all() if agent.name in kept)

    def _described(self) -> tuple[tuple[str, str], ...]:
        parts = self._parts
        found = described_agents(parts.config, parts.env, parts.roster)
        rules, spawns = parts.rules(), parts.config.agents.spawns
        return tuple(each for each in found if not denying(rules, each[0]) and (not spawns or each[0] in spawns))

    # One of them

    def cast(self, brief: Brief, depth: int) -> Cast:
        parts = self._parts
        agent = (
            hook_agent() if brief.kind == HOOK and not brief.call else self._agent(brief.kind.strip() or GENERAL, depth)
        )
        head = self._head(agent)
        background = agent.background if brief.background is None else brief.background or agent.background
        mode = head.mode(parts.mode())
        own, shared = head.described(parts.config, parts.servers() or ())
        chosen = Choice(agent.tools, agent.without, head.servers_chosen(parts.servers, shared))
        remembered = remembering.remembering_of(agent, parts.config) if head.remembers() else None
        return Cast(
            kind=agent.name,
            model=self._model(brief, agent, head),
            effort=brief.effort or agent.effort,
            tools=self._tools(
                agent,
                chosen,
                depth,
                background=background,
                plans=mode == "plan",
                remembers=remembered is not None,
                brings=own is not None,
            ),
            system=self._system(agent),
            prompt=brief.prompt,
            context=self._context(agent, head, remembered.told if remembered is not None else None),
            mode=mode,
            turns=brief.turns or agent.max_turns,
            calls=agent.max_calls,
            background=background,
            isolation=brief.isolation or ("worktree" if agent.isolation == "worktree" else ""),
            color=agent.color,
            choice=chosen,
            reads_only=agent.reads_only,
            knows_project=agent.knows_project and not agent.no_memory,
            rules=remembered.rules if remembered is not None else (),
            hooks=head.hooks(parts.config),
            described=own,
            compacts_at=agent.compacts_at,
            source=str(agent.file),
        )

    def own_context(self) -> tuple[Text, ...]:
        """What the conversation itself is told where it is an agent: its skills and its memory."""
        agent = self._parts.roster().find(self._parts.config.agents.main)
        if agent is None:
            return ()
        head = self._head(agent)
        remembered = remembering.remembering_of(agent, self._parts.config) if head.remembers() else None
        return (*self._skills(agent, head), *((remembered.told,) if remembered is not None else ()))

    def _head(self, agent: Agent) -> Counting:
        made: Counting = counting.Counting(agent, self._parts.roster().trusts(agent), partial(self._say, agent))
        return made

    def _agent(self, kind: str, depth: int) -> Agent:
        """Raises ToolError that names those there are."""
        parts = self._parts
        if rule := denying(parts.rules(), kind):
            raise ToolError(
                f"A rule denies the agent {counting.shown(kind)}: {rule}. Do it yourself, or ask another one."
            )
        spawns = parts.config.agents.spawns if depth <= 1 else ()
        if spawns and kind not in spawns:
            there = ", ".join(map(counting.shown, spawns))
            raise ToolError(f"This session may ask no agent {counting.shown(kind)!r}. It may ask: {there}.")
        found = parts.roster().find(kind)
        if found is not None:
            if (passed := parts.roster().passed_over(kind)) is not None:
                self._say(passed, f"not used: {counting.why_passed_over(passed)}")
            return found
        near = [name for name in parts.roster().near(kind) if not denying(parts.rules(), name)]
        hint = f" Did you mean {counting.shown(near[0])}?" if near else ""
        there = named(self._described()) or "none"
        raise ToolError(f"There is no agent {counting.shown(kind)!r}.{hint} There are: {there}.")

    def _model(self, brief: Brief, agent: Agent, head: Counting) -> str:
        parts = self._parts
        made: Chosen = modelling.chosen(
            parts.config, parts.env, parts.model(), brief.model, agent.model, is_ours=agent.origin == "built-in"
        )
        if made.note:
            head.say(made.note)
        return made.model

    def _tools(
        self, agent: Agent, chosen: Choice, depth: int, *, background: bool, plans: bool, remembers: bool, brings: bool
    ) -> tuple[str, ...]:
        every = tuple(self._parts.tools())
        without = set(NOT_FOR_AGENTS)
        if plans and not agent.reads_only:
            without.discard("ExitPlanMode")
        if depth >= deepest(self._parts.env):
            without.add("Agent")
        found = tools_of(
            chosen, every, without, IN_BACKGROUND if background else None, REMEMBERING if remembers else ()
        )
        if not found and not chosen.wants_servers and not brings:
            asked = ", ".join(map(counting.shown, agent.tools or ())) or "nothing"
            less = f" less {', '.join(map(counting.shown, agent.without))}" if agent.without else ""
            name, file = counting.shown(agent.name), counting.shown(str(agent.file))
            raise ToolError(
                f"The agent {name} has no tool to work with: {file} gives it {asked}"
                f"{less}, and this session has {', '.join(every) or 'none'}. Ask another agent, or do it yourself."
            )
        return tuple(found)

    def _system(self, agent: Agent) -> tuple[str, ...]:
        body = agent.prompt or self._general()
        appended = self._parts.config.agents.appended
        texts = (body, prompts.load("agents/frame"), appended)
        return tuple(text for text in texts if text.strip())

    def _general(self) -> str:
        """For a definition that says nothing."""
        return prompts.load(f"agents/{GENERAL}").rpartition("\n---\n")[2].strip()

    def _context(self, agent: Agent, head: Counting, remembered: Text | None) -> Message:
        parts = self._parts
        git = parts.told.git() if agent.knows_project else ()
        message = context_message(parts.config.cwd, self._roots(), parts.today, tells_branch=not git)
        memory = parts.told.memory() if agent.knows_project and not agent.no_memory else ()
        if agent.no_memory:
            memory = parts.told.managed()
        own = (remembered,) if remembered is not None else ()
        parts_of_it = (*message.content, *memory, *self._skills(agent, head), *own, *git)
        return Message("user", parts_of_it, Meta(kind="context"))

    def _roots(self) -> tuple[Path, ...]:
        config = self._parts.config
        return (config.cwd, *config.add_dirs)

    def _skills(self, agent: Agent, head: Counting) -> Iterator[Text]:
        if not agent.skills:
            return
        found = {each.name: each for each in self._parts.told.skills()}
        for name in agent.skills:
            if name not in found:
                head.say(f"there is no skill {counting.shown(name)} that agents may use, so it goes without it")
                continue
            try:
                yield Text(preloading.preloaded(found[name], self._parts.facts))
            except ConfigError as error:
                head.say(f"the skill {counting.shown(name)} is left out: {error}")

    def _say(self, agent: Agent, text: str) -> None:
        """Once each."""
        said = f"Agent {counting.shown(agent.name)} ({counting.shown(str(agent.file))}): {text}."
        if said not in self._said:
            self._said.add(said)
            self._parts.emit(Notice(level="warning", text=said))


def deepest(env: Mapping[str, str]) -> int:
    """How deep agents may ask agents."""
    said = env.get(DEPTH, "").strip()
    return min(max(int(said), 1), 10) if said.isdecimal() and len(said) < 4 else _DEEPEST
