"""The models the fake API lists. Must not know prices; names and limits only."""

from __future__ import annotations

from coder.core.messages import Json

MODELS = (
    ("claude-opus-5-5", "Claude Opus 5.5", "2026-09-15T00:00:00Z", 1_000_000, 128_000),
    ("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-15T00:00:00Z", 1_000_000, 128_000),
    ("claude-haiku-5-5", "Claude Haiku 5.5", "2026-09-15T00:00:00Z", 200_000, 64_000),
    ("claude-opus-4-8", "Claude Opus 4.8", "2026-05-01T00:00:00Z", 1_000_000, 128_000),
    ("claude-haiku-4-5", "Claude Haiku 4.5", "2025-10-01T00:00:00Z", 200_000, 64_000),
)


def model_page() -> Json:
    """The answer of GET /v1/models."""
    data = [_entry(*row) for row in MODELS]
    return {"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}


def model_entry(name: str) -> Json | None:
    """The answer of GET /v1/models/{name}, or None for a model not listed."""
    return next((_entry(*row) for row in MODELS if row[0] == name), None)


def _entry(name: str, title: str, created: str, max_input: int, max_output: int) -> Json:
    return {
        "type": "model",
        "id": name,
        "display_name": title,
        "created_at": created,
        "lifecycle": "active",
        "max_input_tokens": max_input,
        "max_tokens": max_output,
    }
