"""The names that the public contract has for what can go wrong with the model. Must not know who reads them."""

from __future__ import annotations

_CATEGORIES = {
    "auth": "authentication_failed",
    "rate_limit": "rate_limit",
    "overloaded": "overloaded",
    "invalid": "invalid_request",
    "too_long": "invalid_request",
    "not_found": "model_not_found",
    "server": "server_error",
}


def category(kind: str) -> str:
    """The contract's error category of a model error kind."""
    return _CATEGORIES.get(kind, "unknown")
