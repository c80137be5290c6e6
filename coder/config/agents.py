"""Who can be asked besides the conversation, as flags and settings say it. Must not know agent files, or what stands in
them.
"""

from __future__ import annotations

from collections.abc import Mapping

from coder.config.flags import Flags
from coder.config.layers import Stack
from coder.core.config import AgentSettings
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

_jsonfile = LazyModule("coder.config.jsonfile")  # loaded for --agents


def agents_of(flags: Flags, stack: Stack, env: Mapping[str, str]) -> AgentSettings:
    """Raises ConfigError for a flag that says nothing that can be used."""
    is_plain = flags.bare or flags.safe_mode
    if flags.agent is not None and not flags.agent.strip():
        raise ConfigError("--agent is empty. Give it the name of an agent: coder agents lists them.")
    said = None if is_plain else stack.first(lambda settings: settings.agent)
    if flags.agents is not None and not flags.agents.lstrip().startswith("{"):
        raise ConfigError('--agents: expected a JSON object: {"name": {"description": "…", "prompt": "…"}}.')
    given = _jsonfile.parse_object(flags.agents, "--agents").value if flags.agents is not None else {}
    return AgentSettings(
        files=not is_plain,
        given=given,
        main=(flags.agent or said or "").strip(),
        appended=flags.append_subagent_system_prompt,
        sets_model=flags.model is None and not env.get("ANTHROPIC_MODEL"),
    )
