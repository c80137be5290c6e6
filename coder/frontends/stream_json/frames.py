"""What every message to a program that reads along is made of. Pure; must not know events."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from coder.core.messages import Json, Usage


def framed(session_id: str, uuid: str = "", /, **fields: Any) -> Json:
    """What every message is made with."""
    return {**fields, "session_id": session_id, "uuid": uuid or str(uuid4())}


def system(session_id: str, subtype: str, /, **fields: Any) -> Json:
    return framed(session_id, type="system", subtype=subtype, **fields)


def usage(counts: Usage) -> Json:
    return {
        "input_tokens": counts.input_tokens,
        "output_tokens": counts.output_tokens,
        "cache_creation_input_tokens": counts.cache_creation_input_tokens,
        "cache_read_input_tokens": counts.cache_read_input_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.ephemeral_5m_input_tokens,
            "ephemeral_1h_input_tokens": counts.ephemeral_1h_input_tokens,
        },
        "server_tool_use": {"web_search_requests": counts.web_search_requests, "web_fetch_requests": 0},
        "service_tier": "standard",
    }
