"""Which model, where, and with which key: from flags, environment, settings and what `coder auth login` kept. Must not
know HTTP or model names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from coder.config import environment
from coder.config.flags import Flags
from coder.config.helper import key_from
from coder.config.layers import Layer, Stack
from coder.config.paths import key_file, user_home
from coder.config.settings import Settings
from coder.core.choices import Effort
from coder.core.config import ModelConfig, Provider, Transport
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.config import stored_key
else:  # loaded where a key is kept, and neither environment nor settings give one
    stored_key = LazyModule("coder.config.stored_key")

BASE_URL = "https://api.anthropic.com"
DEFAULT_MODEL = "default"
_SCRIPT = "demo"
_MOST_RETRIES = 15
_PROVIDERS: dict[str, Provider] = {
    "CLAUDE_CODE_USE_BEDROCK": "bedrock",
    "CLAUDE_CODE_USE_VERTEX": "vertex",
    "CLAUDE_CODE_USE_FOUNDRY": "foundry",
}


@dataclass(frozen=True, slots=True)
class _Key:
    api_key: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    source: str = "none"
    base_url: str = ""  # of a kept key: where it goes


def model_config(flags: Flags, env: Mapping[str, str], stack: Stack, home: Path, warnings: list[str]) -> ModelConfig:
    """`home` is where a key may be kept. Blocks while an apiKeyHelper runs. Adds to `warnings`. Raises ConfigError;
    never shows a secret."""
    provider = _provider(env, stack)
    key = _Key()
    if provider == "anthropic":
        key = _given_key(env, stack) if flags.bare else _key(env, stack, home, warnings)
    fixed = stack.where(lambda s: s.model, "managed")
    retries = environment.whole(env, "CLAUDE_CODE_MAX_RETRIES", 0)
    timeout = environment.whole(env, "API_TIMEOUT_MS", 1)
    defaults = ModelConfig(name="", base_url="")
    return ModelConfig(
        name=_name(flags.model, env, stack, fixed, warnings),
        is_fixed=fixed is not None,
        base_url=key.base_url or _base_url(env, provider),
        api_key=key.api_key,
        auth_token=key.auth_token,
        key_source=key.source,
        key_header=stack.first(lambda s: s.key_header) or defaults.key_header,
        transport=_transport(provider, stack),
        provider=provider,
        max_tokens=environment.whole(env, "CLAUDE_CODE_MAX_OUTPUT_TOKENS", 1),
        thinking=_thinking(flags, env, stack),
        thinking_tokens=(flags.thinking_tokens or None) if flags.thinking is None else None,
        thinking_display=flags.thinking_display or defaults.thinking_display,
        task_budget=flags.task_budget,
        betas=flags.betas,
        effort=flags.effort or _effort(env, stack),
        max_retries=defaults.max_retries if retries is None else min(retries, _MOST_RETRIES),
        idle_timeout=stack.first(lambda s: s.idle_timeout) or defaults.idle_timeout,
        request_timeout=timeout / 1000 if timeout else defaults.request_timeout,
        headers=environment.headers(env, "ANTHROPIC_CUSTOM_HEADERS"),
        client=environment.product(env, "CLAUDE_AGENT_SDK_CLIENT_APP"),
    )


def _name(flag: str | None, env: Mapping[str, str], stack: Stack, fixed: Layer | None, warnings: list[str]) -> str:
    """An alias stays one: it is looked up where models are known. `fixed` is the administrator's file that names one,
    which nobody else may change; a script that plays a model is none."""
    if fixed is not None and fixed.settings.model is not None and flag != _SCRIPT:
        name = fixed.settings.model.strip()
        if flag and flag.strip() != name:
            warnings.append(f"--model is not used: {fixed.origin} sets the model, and the administrator's files win.")
        return name
    candidates = (flag, env.get("ANTHROPIC_MODEL"), stack.first(_model), env.get("ANTHROPIC_DEFAULT_MODEL"))
    return next((found for text in candidates if text and (found := text.strip())), DEFAULT_MODEL)


def _model(settings: Settings) -> str | None:
    return settings.model


def _provider(env: Mapping[str, str], stack: Stack) -> Provider:
    chosen = [name for name in _PROVIDERS if environment.switch(env, name)]
    if len(chosen) > 1:
        raise ConfigError(f"{' and '.join(chosen)} are both set. Choose one.")
    if chosen:
        return _PROVIDERS[chosen[0]]
    return stack.first(lambda s: s.provider) or "anthropic"


def _transport(provider: Provider, stack: Stack) -> Transport:
    wanted: Transport | None = stack.first(lambda s: s.transport)
    if provider == "anthropic":
        return wanted or "wire"
    if wanted == "wire":
        raise ConfigError(f'coder.transport "wire" does not reach {provider}. Leave it out, or set it to "sdk".')
    return "sdk"


def _base_url(env: Mapping[str, str], provider: Provider) -> str:
    if provider == "anthropic":
        return environment.url(env, "ANTHROPIC_BASE_URL") or BASE_URL
    return environment.url(env, f"ANTHROPIC_{provider.upper()}_BASE_URL") or ""


def lacks_key(model: ModelConfig) -> bool:
    """Whether no request can succeed for want of a key. Other servers than Anthropic's may need none."""
    has_key = bool(model.api_key or model.auth_token or model.is_replay)
    return (
        model.provider == "anthropic" and not has_key and urlsplit(model.base_url).netloc == urlsplit(BASE_URL).netloc
    )


def _given_key(env: Mapping[str, str], stack: Stack) -> _Key:
    """The key of a bare session: what was given to this process, and nothing that is kept or set elsewhere."""
    if api_key := environment.secret(env, "ANTHROPIC_API_KEY"):
        return _Key(api_key=api_key, source="ANTHROPIC_API_KEY")
    return _helped(env, stack.where(lambda s: s.api_key_helper, "flag")) or _Key()


def _helped(env: Mapping[str, str], layer: Layer | None) -> _Key | None:
    if layer is None or layer.settings.api_key_helper is None:
        return None
    # Run at home: a name relative to the project could be the repository's own program.
    key = key_from(layer.settings.api_key_helper, layer.origin, user_home(env), env)
    return _Key(api_key=key, source="apiKeyHelper")


def _key(env: Mapping[str, str], stack: Stack, home: Path, warnings: list[str]) -> _Key:
    if api_key := environment.secret(env, "ANTHROPIC_API_KEY"):
        return _Key(api_key=api_key, source="ANTHROPIC_API_KEY")
    if token := environment.secret(env, "ANTHROPIC_AUTH_TOKEN"):
        return _Key(auth_token=token, source="ANTHROPIC_AUTH_TOKEN")
    return _helped(env, stack.where(lambda s: s.api_key_helper)) or _stored(env, home, warnings)


def _stored(env: Mapping[str, str], home: Path, warnings: list[str]) -> _Key:
    """What was kept, where it is for the address that is asked."""
    if not os.path.lexists(key_file(home)):
        return _Key()
    stored = stored_key.read(home)
    if stored is None or not stored_key.is_for(stored, env, BASE_URL):
        return _Key()
    if seen := stored_key.exposure(home):
        warnings.append(seen)
    source = stored_key.short_name(home, env) if stored.secret else "none"
    return _Key(stored.api_key, stored.auth_token, source, stored.base_url)


def _thinking(flags: Flags, env: Mapping[str, str], stack: Stack) -> bool | None:
    if flags.thinking is not None:
        return flags.thinking == "adaptive"
    if flags.thinking_tokens is not None:
        return flags.thinking_tokens > 0
    if environment.switch(env, "CLAUDE_CODE_DISABLE_THINKING") or environment.whole(env, "MAX_THINKING_TOKENS", 0) == 0:
        return False
    return stack.first(lambda s: s.thinking)


def _effort(env: Mapping[str, str], stack: Stack) -> Effort | None:
    named = env.get("CLAUDE_CODE_EFFORT_LEVEL", "").strip().lower()
    if not named:
        return stack.first(lambda s: s.effort)
    if named in ("auto", "unset"):
        return None
    for effort in get_args(Effort):
        if named == effort:
            return effort  # type: ignore[no-any-return]  # one of the literals
    raise ConfigError(f"CLAUDE_CODE_EFFORT_LEVEL must be one of {', '.join(get_args(Effort))}.")
