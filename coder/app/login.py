"""Tries a key or an address with one tiny request, and keeps it when it works. Must not know how a person is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from coder.config import stored_key, write
from coder.config.credentials import BASE_URL
from coder.config.environment import headers, switch, url
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import user_settings
from coder.config.stored_key import Stored
from coder.core.config import ModelConfig
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError, ModelError
from coder.core.messages import Message, Text
from coder.core.model import ModelRequest
from coder.core.visible import visible_line
from coder.models import catalog
from coder.models.connecting import transport

Verdict: TypeAlias = Literal["works", "refused", "untried"]
PATIENCE = 20.0  # seconds without a byte
CLOUDS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_LOCAL = re.compile(r"localhost|127(\.\d{1,3}){3}|::1|0\.0\.0\.0")
_SAID = re.compile(r"\((\d{3})\): (.*?)\.? (?:Set ANTHROPIC_API_KEY|Check )", re.DOTALL)
_WHY = re.compile(r"cannot be reached: (.*?)\. Check", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trial:
    """`said`: what happened, then what was kept and what to do, a line each. Safe to show, and without the secret."""

    verdict: Verdict
    said: tuple[str, ...] = ()


def address_of(text: str) -> str:
    """An address as a person types it: without `http://` a local one is meant, or else `https://`. Raises
    ConfigError."""
    text = text.strip()
    if text and "://" not in text:
        host = text.split("/", 1)[0].rsplit(":", 1)[0]
        text = f"{'http' if _LOCAL.fullmatch(host) else 'https'}://{text}"
    found = url({"The address": text}, "The address")
    if found is None:
        raise ConfigError("The address is missing. It is one such as http://localhost:11434.")
    if "@" in urlsplit(found).netloc:
        raise ConfigError("The address must not hold a name or password. Give the token by itself.")
    return "" if found == BASE_URL else found.removesuffix("/v1")


def default_address(env: Mapping[str, str]) -> str:
    """The address a key is for when none was said; "" is Anthropic's. Raises ConfigError."""
    named = url(env, "ANTHROPIC_BASE_URL") or ""
    return "" if named == BASE_URL else named


def shown_address(address: str) -> str:
    """An address as it may be shown: without a name and password that somebody put there."""
    parts = urlsplit(address)
    return visible_line(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())


def is_local(address: str) -> bool:
    """Whether it is on this machine, where servers mostly need no key."""
    return bool(_LOCAL.fullmatch(urlsplit(address).hostname or ""))


def comes_first(env: Mapping[str, str]) -> str:
    """The variable that is used instead of what is kept, or ""."""
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", *CLOUDS)
    return next((name for name in names if (switch(env, name) if name in CLOUDS else env.get(name, "").strip())), "")


async def log_in(
    stored: Stored, env: Mapping[str, str], home: Path, cwd: Path, *, model: str = "", tries: bool = True
) -> Trial:
    """Tries what the person gave, unless not `tries`, and keeps it when it works, `model` in their settings.

    Raises ConfigError when it cannot be kept.
    """
    trial = await try_out(_candidate(stored, env, home, cwd, model), env) if tries else Trial("works")
    if trial.verdict != "works":
        return replace(trial, said=(*trial.said, "Nothing was kept."))
    stored_key.keep(home, stored)
    if model:
        write.set_value(user_settings(home), "model", model, env)
    what = stored_key.masked(stored.secret) or visible_line(stored.base_url)
    said = [f"{what} is kept in {stored_key.short_name(home, env)}, which only you can read.", *trial.said]
    if first := comes_first(env):
        said.append(f"{first} is set, and comes first. Unset it to use what is kept.")
    return Trial("works", tuple(said))


async def try_out(model: ModelConfig, env: Mapping[str, str]) -> Trial:
    """One small request, never repeated: counting a prompt, or where the server cannot count a reply of one token."""
    request = ModelRequest(
        model=catalog.resolve(model.name, env), messages=(Message("user", (Text("hi"),)),), max_tokens=1
    )
    try:
        server = transport(replace(model, idle_timeout=PATIENCE, request_timeout=PATIENCE))
    except ModelError as error:
        return _judged(error, model)
    try:
        try:
            await server.count_tokens(request)
        except ModelError as error:
            if error.kind not in ("not_found", "protocol", "invalid"):
                return _judged(error, model)
            async for _ in server.stream(request):
                pass
    except ModelError as error:
        return _judged(error, model)
    finally:
        await server.aclose()
    return Trial("works")


def _candidate(stored: Stored, env: Mapping[str, str], home: Path, cwd: Path, model: str) -> ModelConfig:
    """The settings of the person with this key: how it is sent, further headers, the model."""
    try:
        base = load(Flags(model=model or None, headless=False), env, cwd, home).model
    except ConfigError:  # what is kept may be what is broken
        base = ModelConfig(model or "default", BASE_URL, headers=headers(env, "ANTHROPIC_CUSTOM_HEADERS"))
    return replace(
        base,
        base_url=stored.base_url or BASE_URL,
        api_key=stored.api_key,
        auth_token=stored.auth_token,
        key_source="none",
        transport="wire",
        provider="anthropic",
        is_replay=False,
    )


def _judged(error: ModelError, model: ModelConfig) -> Trial:
    secret = model.api_key or model.auth_token
    said = _SAID.search(str(error))
    words = visible_line(said[2] if said else "")
    if error.status in (401, 403):
        what = "The API key was" if secret else "A request without a key was"
        ends = f"It ends in …{end}." if (end := stored_key.ending(secret)) else ""
        return Trial("refused", tuple(filter(None, (f"{what} refused ({error.status} {words}".rstrip() + ").", ends))))
    if error.kind == "rate_limit" or error.status == 402:
        return Trial("works", (visible_line(str(error)),))  # the key was recognised
    if why := _WHY.search(str(error)):
        address = shown_address(model.base_url)
        advice = "Is the server running?" if is_local(model.base_url) else "Check the network and the address."
        return Trial("untried", (f"Nobody answers at {address} ({visible_line(why[1])}).", advice))
    if error.status in (400, 404) and model.base_url == BASE_URL:
        return Trial("works", (visible_line(str(error)),))
    return Trial("untried", (visible_line(str(error)),))
