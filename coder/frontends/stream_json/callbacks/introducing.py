"""The answer to `initialize`: what there is in the session, as the SDKs read it. Must not know what was asked for, and
tells no secret: where a key comes from, never the key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from coder import __version__
from coder.app.session import Session
from coder.app.styling import available
from coder.config.paths import expand
from coder.core.choices import Effort
from coder.core.config import Config, ModelConfig
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.commands import OWN
from coder.frontends.slash.registry import Command, find
from coder.models import catalog

_PROVIDERS = {"anthropic": "firstParty"}


def introduced(session: Session, config: Config, own: Callable[[], tuple[str, ...]] = lambda: OWN) -> Json:
    """Blocks while it looks at the files of styles. `own` are the names of the commands of coder itself that a host may
    type."""
    return {
        "commands": commands_of(session, own),
        "agents": agents_of(session),
        "output_style": session.facts.style,
        "available_output_styles": _styles(config),
        "models": models(session, config),
        "account": account(config.model),
        "claude_code_version": __version__,
        "hook_on_failure_supported": True,
    }


def has_plugins(session: Session, paths: Sequence[str]) -> bool:
    """Whether each of them is loaded, whoever named it."""
    there = {os.path.realpath(each.path) for each in session.facts.plugins.loaded} if session.facts.plugins else set()
    return all(os.path.realpath(expand(path, os.environ, session.facts.cwd)) in there for path in paths)


def models(session: Session, config: Config) -> list[Json]:
    """The one that the session has by default, the short names, and the ids they do not stand for."""
    env = config.env
    names = [name for name in catalog.aliases() if name != "default"]
    found = [("default", session.facts.model), *((name, catalog.resolve(name, env)) for name in names)]
    meant = {model for _, model in found}
    return [_model(*each) for each in (*found, *((id, id) for id in catalog.models() if id not in meant))]


def account(model: ModelConfig) -> Json:
    """Which key is used, by where it comes from."""
    source = model.key_source
    found: Json = {"apiProvider": _PROVIDERS.get(model.provider, model.provider)}
    if model.auth_token and not model.api_key:
        return {**found, "apiKeySource": "none", "tokenSource": source}
    return {**found, "apiKeySource": source}


def _model(value: str, model: str) -> Json:
    facts = catalog.describe(model)
    made: Json = {
        "value": value,
        "resolvedModel": model,
        "displayName": "Default" if value == "default" else catalog.title(model),
        "description": f"{catalog.title(model)} · {facts.context_window // 1000:,}k context",
        "supportsEffort": facts.effort,
        "supportsAdaptiveThinking": facts.thinking,
    }
    return made | ({"supportedEffortLevels": list(get_args(Effort))} if facts.effort else {})


def commands_of(session: Session, own: Callable[[], tuple[str, ...]]) -> list[Json]:
    return [*_own_commands(own()), *_commands(session)]


def _own_commands(names: tuple[str, ...]) -> list[Json]:
    known = (command for name in names if (command := find(name)) is not None)
    return [_own(command) for command in known]


def _own(command: Command) -> Json:
    return {"name": command.name, "description": command.about, "argumentHint": "", "builtin": True}


def _commands(session: Session) -> list[Json]:
    return [
        {
            "name": each.name,
            "description": visible_line(each.about),
            "argumentHint": visible_line(each.hint),
            **({"aliases": list(each.also)} if each.also else {}),
        }
        for each in session.commands
    ]


def agents_of(session: Session) -> list[Json]:
    described: Mapping[str, str] = dict(session.described_agents())
    return [{"name": name, "description": visible_line(about)} for name, about in described.items()]


def _styles(config: Config) -> list[str]:
    return ["default", *(style.name for style in available(config) if style.name.casefold() != "default")]
