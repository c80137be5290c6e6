"""What the model is told of the agents it may ask: a line each, bounded, the same all session long. Must not know how
it reaches the model.

Where there can be no agent file but ours, nothing is loaded for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from coder.app.subagents.built_in import described
from coder.config.paths import MANAGED, user_home
from coder.core.config import Config
from coder.core.messages import ToolUse
from coder.core.visible import visible_line
from coder.frontmatter.folders import holds_any
from coder.permissions.matching import rule_for_call
from coder.permissions.rules import Rules

if TYPE_CHECKING:
    from coder.app.subagents.roster import Roster

_MOST_EACH = 400  # characters of a description
_MOST_TOGETHER = 6_000


def described_agents(
    config: Config, env: Mapping[str, str], roster: Callable[[], Roster]
) -> tuple[tuple[str, str], ...]:
    """The name of each agent there is, with what it says of itself; ours come first."""
    ours = tuple(described(env))
    if not config.agents.given and not may_lie(config):
        return ours
    found = {agent.name: agent.description for agent in roster().all()}
    first = [(name, found.pop(name, about)) for name, about in ours]
    return (*first, *found.items())


def may_lie(config: Config) -> bool:
    """A first look, which loads nothing: False where there can be no agent file but ours."""
    if not config.agents.files:
        return False
    own = (config.home, user_home(os.environ), MANAGED)
    bases = (*own, config.cwd, *config.cwd.parents, *config.add_dirs)
    return config.plugins is not None or holds_any(bases, ("agents",))


def denying(rules: Rules, kind: str) -> str:
    """The deny rule that takes an agent away, as it is written, with where; "" when there is none."""
    rule = rule_for_call(rules.deny, ToolUse("", "Agent", {"subagent_type": kind}))
    if rule is None:
        return ""
    return f"{rule.text} in {rule.origin}" if rule.origin else rule.text


def lines(found: Iterable[tuple[str, str]]) -> str:
    """A name for everyone comes before a description for some."""
    every = tuple(found)
    room = _MOST_TOGETHER
    made: list[str] = []
    for name, _ in every:
        line = f"- {visible_line(name)}"
        if len(line) + 1 > room:
            break
        made.append(line)
        room -= len(line) + 1
    for place, (_, about) in enumerate(every[: len(made)]):
        said = _short(about)
        if said and len(said) + 2 <= room:
            made[place] += f": {said}"
            room -= len(said) + 2
    return "\n".join(made)


def _short(about: str) -> str:
    # On one line, and nothing unseen in it: what a file says must not look like another entry of the list.
    text = visible_line(" ".join(about.split()))
    return text if len(text) <= _MOST_EACH else f"{text[: _MOST_EACH - 1].rstrip()}…"


def named(found: Sequence[tuple[str, str]], most: int = 20) -> str:
    """The names, for a message."""
    names = ", ".join(visible_line(name) for name, _ in found[:most])
    return names + (f" and {len(found) - most} more" if len(found) > most else "")
