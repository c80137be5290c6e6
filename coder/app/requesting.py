"""What of a configuration shapes the requests of a session and bounds its runs. Must not know who sends them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from coder.agent.policies import Later, RepeatedFailure, TurnLimit, TurnPolicy
from coder.agent.room import Renew, Room
from coder.app.again import Again
from coder.core.choices import Effort
from coder.core.config import Config
from coder.core.lazy import LazyModule
from coder.core.model import ModelRequest, ToolSpec
from coder.models import catalog

_repetition = LazyModule("coder.agent.repetition")


def thinks_by_tool(config: Config, model: str) -> bool:
    """Whether the model has the Think tool: where it was asked for, else where it surely cannot think by itself."""
    if config.guidance.think is not None:
        return config.guidance.think
    return catalog.describe(model).lacks_thinking and not config.model.thinking


def template_of(config: Config, model: str, tools: tuple[ToolSpec, ...], system: tuple[str, ...]) -> ModelRequest:
    """The part of every request that never changes within a session."""
    facts, asked = catalog.describe(model), config.model
    most = min(asked.max_tokens or 32_000, facts.max_output)
    return ModelRequest(
        model=model,
        messages=(),
        system=system,
        tools=tools,
        max_tokens=most,
        thinking=facts.thinking if asked.thinking is None else asked.thinking,
        thinking_tokens=_thinking_tokens(asked.thinking_tokens, most, decides=facts.thinking),
        thinking_display=asked.thinking_display,
        effort=asked.effort if facts.effort or not facts.known else None,
        task_budget=asked.task_budget,
        mark_system=True,
    )


def _thinking_tokens(tokens: int | None, most: int, *, decides: bool) -> int | None:
    """As the API takes it: from 1024, and less than all of the reply. A model that decides by itself is told none."""
    return None if decides or tokens is None else max(1024, min(tokens, most - 1))


def room_of(config: Config, template: ModelRequest, folder: Path, again: Again, renew: Renew | None = None) -> Room:
    """What the conversation may hold. `folder` keeps what is cleared from it, `again` says what could be had again,
    `renew` what a compacted one begins with."""
    return Room(
        window=catalog.describe(template.model).context_window,
        max_output=template.max_tokens,
        auto=config.auto_compact,
        auto_window=config.auto_compact_window,
        percent=config.auto_compact_percent,
        folder=folder,
        renewal=again,
        renew=renew,
    )


def policies_of(config: Config) -> tuple[TurnPolicy, ...]:
    limit = (TurnLimit(config.max_turns),) if config.max_turns else ()
    return (*limit, RepeatedFailure(), Later(lambda: _repetition.Repetition()))


def another(config: Config, template: ModelRequest) -> Callable[[str, Effort | None], ModelRequest]:
    """The request of a run with another model or effort."""

    def request(model: str, effort: Effort | None) -> ModelRequest:
        name = catalog.resolve(model, config.env) if model else template.model
        wanted = replace(config, model=replace(config.model, effort=effort or config.model.effort))
        return template_of(wanted, name, template.tools, template.system)

    return request
