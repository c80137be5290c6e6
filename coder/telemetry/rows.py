"""One line of the cost ledger: a request, what it used and cost, the fingerprint of its prompt. Pure; knows no file.

Reading takes any JSON: a line that is no row is None, a field that makes no sense is left out.
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import Any, Literal, TypeAlias, get_args

from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage
from coder.core.model import Purpose
from coder.core.prints import Difference, Print

VERSION = 1
Status: TypeAlias = Literal["billed", "estimated", "unknown"]
_ROLES = {"t": "t", "s": "s", "u": "u", "a": "a"}


@dataclass(frozen=True, slots=True)
class PromptRow:
    """The fingerprint as kept: `head` names tools and system (their texts lie beside the ledger), `new` are the pieces
    after the first `same`, which it shares with request `of` of the same run (0: with none)."""

    head: str = ""
    head_length: int = 0
    shape: str = ""
    of: int = 0
    same: int = 0
    new: tuple[Print, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`run` names the process, `number` counts its requests from 1. `usd` is None when it is not known."""

    ts: str  # UTC, as in transcripts
    session: str
    folder: str
    run: str
    number: int
    turn: int
    agent: str
    purpose: Purpose
    model: str
    usage: Usage
    price: str  # the day of the price table
    usd: float | None
    status: Status
    request_id: str = ""
    ms: int = 0
    prompt: PromptRow = field(default_factory=PromptRow)
    difference: Difference | None = None
    edit: str = ""  # why the conversation's past was changed before this request


def encode(row: Row) -> bytes:
    """A whole line, its end included."""
    usage, prompt = row.usage, row.prompt
    one_hour = usage.ephemeral_1h_input_tokens
    raw: Json = {
        "v": VERSION,
        "ts": row.ts,
        "session": row.session,
        "folder": row.folder,
        "run": row.run,
        "n": row.number,
        "turn": row.turn,
        "agent": row.agent,
        "purpose": row.purpose,
        "model": row.model,
        "tokens": {
            "in": usage.input_tokens,
            "out": usage.output_tokens,
            "cache_read": usage.cache_read_input_tokens,
            "write_5m": max(usage.cache_creation_input_tokens - one_hour, usage.ephemeral_5m_input_tokens),
            "write_1h": one_hour,
            **({"searches": usage.web_search_requests} if usage.web_search_requests else {}),
        },
        "price": row.price,
        "usd": None if row.usd is None else round(row.usd, 10),
        "status": row.status,
        "request": row.request_id,
        "ms": row.ms,
        "prompt": {
            "head": prompt.head,
            "head_length": prompt.head_length,
            "shape": prompt.shape,
            "of": prompt.of,
            "same": prompt.same,
            "new": [f"{role}{size}:{digest}" for role, size, digest in prompt.new],
        },
    }
    if (difference := row.difference) is not None:
        raw["break"] = {
            "place": difference.place,
            "at": difference.offset,
            "was": difference.was,
            "now": difference.now,
            "exact": difference.exact,
        }
    if row.edit:
        raw["edit"] = row.edit
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def decode(line: bytes | str) -> Row | None:
    """The row of a line; None for anything else. Never raises."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not all(isinstance(raw.get(key), str) for key in ("ts", "session", "model")):
        return None
    status: Any = raw.get("status")
    if status not in get_args(Status):
        return None
    purpose: Any = raw.get("purpose")
    return Row(
        ts=raw["ts"],
        session=raw["session"],
        folder=_text(raw.get("folder")),
        run=_text(raw.get("run")),
        number=_count(raw.get("n")),
        turn=_count(raw.get("turn")),
        agent=_text(raw.get("agent")) or "main",
        purpose=purpose if purpose in get_args(Purpose) else "main",
        model=raw["model"],
        usage=_usage(_dict(raw.get("tokens"))),
        price=_text(raw.get("price")),
        usd=_dollars(raw.get("usd")),
        status=status,
        request_id=_text(raw.get("request")),
        ms=_count(raw.get("ms")),
        prompt=_prompt(_dict(raw.get("prompt"))),
        difference=_difference(raw.get("break")),
        edit=_text(raw.get("edit")),
    )


def _usage(raw: Json) -> Usage:
    five, one = _count(raw.get("write_5m")), _count(raw.get("write_1h"))
    into, out, read = (_count(raw.get(name)) for name in ("in", "out", "cache_read"))
    return Usage(into, out, five + one, read, five, one, _count(raw.get("searches")))


def _prompt(raw: Json) -> PromptRow:
    new = raw.get("new")
    return PromptRow(
        _text(raw.get("head")),
        _count(raw.get("head_length")),
        _text(raw.get("shape")),
        _count(raw.get("of")),
        _count(raw.get("same")),
        tuple(_print(item) for item in new) if isinstance(new, list) else (),
    )


def _print(item: object) -> Print:
    size, _, digest = (item[1:] if isinstance(item, str) else "").partition(":")
    role: Any = _ROLES.get(item[:1] if isinstance(item, str) else "", "u")
    return role, int(size) if size.isdecimal() and size.isascii() else 0, digest


def _difference(raw: object) -> Difference | None:
    if not isinstance(raw, dict):
        return None
    texts = [_text(raw.get(key)) for key in ("place", "was", "now")]
    return Difference(texts[0], _count(raw.get("at")), texts[1], texts[2], raw.get("exact") is True)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else 0


def _dollars(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e12 else None
