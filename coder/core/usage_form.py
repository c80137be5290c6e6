"""Token counts in the form of the Messages API, for whoever reads along. Pure; must not know prices."""

from __future__ import annotations

from coder.core.messages import Json, Usage


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
