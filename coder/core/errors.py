"""The error tree. Each says what failed, why, and what to do next.

CoderError
├── ConfigError      a setting, flag or file of the person's cannot be used      (exit 2)
│   └── SchemaError      --json-schema is none                                 (exit 1)
├── ModelError       the model cannot be reached or refused the request          (exit 4 or 1)
├── ToolError        a tool call failed; its text is written for the model
├── ProtocolError    a peer (or our own history) broke a wire contract
└── SessionError     a transcript cannot be read or written
    └── UnknownSession   there is none by that name                      (exit 1)
"""

from __future__ import annotations

from typing import Literal, TypeAlias

ErrorKind: TypeAlias = Literal[
    "rate_limit",  # 429
    "overloaded",  # 529
    "server",  # other 5xx, and error events mid-stream
    "connection",  # refused, DNS, TLS, proxy, reset
    "timeout",  # idle watchdog, read timeout
    "cut",  # the stream ended before message_stop
    "auth",  # 401, 403, no key
    "not_found",  # 404: model or endpoint
    "too_long",  # prompt is too long / request too large
    "invalid",  # other 4xx
    "protocol",  # 200 with something that is not the Messages API
    "budget",  # not sent: the money of --max-budget-usd does not pay for it
    "token_budget",  # not sent: the tokens of --max-tokens do not reach for it
]


class CoderError(Exception):
    """Base of all expected errors; `str()` is fit to be shown to a person."""


class ConfigError(CoderError):
    pass


class SchemaError(ConfigError):
    pass


class ModelError(CoderError):
    """`status` is the HTTP status or None; `retry_after` is in seconds. `sent`: nothing came back, but the request may
    have arrived, and been billed."""

    def __init__(
        self,
        message: str,
        kind: ErrorKind,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
        request_id: str = "",
        sent: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.retryable = retryable
        self.retry_after = retry_after
        self.status = status
        self.request_id = request_id
        self.sent = sent


class ToolError(CoderError):
    """`data` is the structured result for people and SDKs, where there is one."""

    def __init__(self, message: str, data: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.data = data


class ProtocolError(CoderError):
    pass


class SessionError(CoderError):
    pass


class UnknownSession(SessionError):
    pass
