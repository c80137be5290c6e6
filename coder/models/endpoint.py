"""Where the Messages API is and how to authenticate there. Must not know any HTTP library."""

from __future__ import annotations

import re
from dataclasses import field
from urllib.parse import urlsplit

from coder import __version__
from coder.core.config import ModelConfig
from coder.core.dataclass import dataclass
from coder.core.errors import ModelError

API_VERSION = "2026-10-21"
DEFAULT_BASE_URL = "https://api.anthropic.com"
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_LONGEST_MESSAGE = 600
_BETA = "anthropic-beta"
_TASK_BUDGETS = "task-budgets-2026-03-13"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One Messages API server as a session sees it. `base` ends in neither a slash nor /v1."""

    base: str
    host: str  # with the port, without credentials: fit to be shown
    is_loopback: bool
    headers: dict[str, str] = field(repr=False)
    key_source: str
    idle_timeout: float  # seconds without a byte, pings included
    send_timeout: float  # seconds for sending a whole request
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def messages_url(self) -> str:
        return f"{self.base}/v1/messages"

    @property
    def count_url(self) -> str:
        return f"{self.messages_url}/count_tokens"

    @property
    def is_tls(self) -> bool:
        return self.base.startswith("https:")

    def clean(self, text: str) -> str:
        """Foreign text made fit to be shown: secrets and control characters out, one line, bounded."""
        for secret in self.secrets:
            text = text.replace(secret, "[secret]")
        text = " ".join(_CONTROL.sub(" ", text).split())
        return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + " …"


def endpoint(config: ModelConfig) -> Endpoint:
    """The endpoint of a configuration. Raises ModelError for a base URL or a key that cannot be used."""
    base = (config.base_url or DEFAULT_BASE_URL).strip().rstrip("/").removesuffix("/v1").rstrip("/")
    try:
        parts = urlsplit(base)
        port = parts.port
    except ValueError as error:
        raise _bad_base_url("it is not a URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _bad_base_url("it must start with http:// or https:// and name a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    agent = f"coder/{__version__} {config.client}".strip()
    headers = {"user-agent": agent, **{name.lower(): value for name, value in config.headers.items()}}
    if betas := ",".join(dict.fromkeys([*filter(None, [headers.get(_BETA)]), *_betas(config)])):
        headers[_BETA] = betas
    headers |= _credentials(config)
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise ModelError(
                f"The {_source(name, config)} has a character that an HTTP header cannot carry. Set it again.", "auth"
            )
    secrets = [config.api_key.strip(), config.auth_token.strip(), parts.password or "", *config.headers.values()]
    return Endpoint(
        base=base,
        host=host if port is None else f"{host}:{port}",
        is_loopback=_LOOPBACK.fullmatch(parts.hostname) is not None,
        headers=headers,
        key_source=config.key_source,
        idle_timeout=config.idle_timeout,
        send_timeout=config.request_timeout,
        secrets=tuple(sorted({s for s in secrets if len(s) >= 6}, key=len, reverse=True)),
    )


def _betas(config: ModelConfig) -> tuple[str, ...]:
    return (*config.betas, _TASK_BUDGETS) if config.task_budget is not None else config.betas


def _credentials(config: ModelConfig) -> dict[str, str]:
    key, token = config.api_key.strip(), config.auth_token.strip()
    if key and config.key_header == "x-api-key":
        return {"x-api-key": key}
    if key or token:
        return {"authorization": f"Bearer {key or token}"}
    return {}


def _source(header: str, config: ModelConfig) -> str:
    if header not in ("authorization", "x-api-key"):
        return f"header {header!r} of ANTHROPIC_CUSTOM_HEADERS"
    return "API key" if config.key_source in ("", "none") else f"API key from {config.key_source}"


def _bad_base_url(reason: str) -> ModelError:
    return ModelError(
        f"ANTHROPIC_BASE_URL cannot be used: {reason}. Set it, for example, to {DEFAULT_BASE_URL}.", "connection"
    )
