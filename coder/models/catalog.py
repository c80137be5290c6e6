"""What is known of models (limits, abilities, prices, short names), from a dated file. Must not know any transport."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.core.messages import Usage


_UNKNOWN_CONTEXT, _UNKNOWN_OUTPUT = 200_000, 32_000
_MILLION = 1_000_000
OFFLINE = "demo"  # the model of `coder --model demo`, which is a script
_FREE = dict.fromkeys(("input", "output", "cache_write_5m", "cache_write_1h", "cache_read"), 0.0)
_NAME = re.compile(r"(?:^|[/.:])(claude-[a-z0-9.-]+)")
_DATE = re.compile(r"-(\d{8}|latest)$")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`id` is the row of the table, or the name as given when there is none (`known` is False: safe assumptions).

    `thinking`: it can be asked to think before it answers, as coder asks.
    """

    id: str
    context_window: int = _UNKNOWN_CONTEXT
    max_output: int = _UNKNOWN_OUTPUT
    thinking: bool = False
    effort: bool = False
    known: bool = False

    @property
    def lacks_thinking(self) -> bool:
        """Whether it is known that it does not think before it answers."""
        return self.known and not self.thinking


def as_of() -> str:
    """The day the table was checked, as YYYY-MM-DD."""
    return str(_table()["as_of"])


def resolve(name: str, env: Mapping[str, str]) -> str:
    """The model id for an alias ("sonnet", "best", …), which `ANTHROPIC_DEFAULT_*_MODEL` in `env` may set.

    Every other name is returned as it is, without a "[1m]" suffix.
    """
    bare = name.strip().removesuffix("[1m]")
    alias = _table()["aliases"].get(bare.lower())
    if alias is None:
        return bare
    return env.get(alias["variable"], "").strip().removesuffix("[1m]") or str(alias["model"])


def aliases() -> dict[str, str]:
    """The short names and the models they stand for, unless the environment says otherwise (`resolve`)."""
    return {name: str(alias["model"]) for name, alias in _table()["aliases"].items()}


def models() -> tuple[str, ...]:
    """The ids of the table, the newest and strongest of each family first."""
    return tuple(_table()["models"])


def describe(model: str) -> ModelFacts:
    """Limits and abilities. Never fails."""
    key = _key(model)
    row = _table()["models"].get(key)
    if row is None:
        return ModelFacts(model)
    return ModelFacts(key, row["context_window"], row["max_output"], row["thinking"], row["effort"], known=True)


def title(model: str) -> str:
    """The name as people write it: "Claude Opus 4.8" for claude-opus-4-8. A model that is not known keeps its own."""
    key = _key(model)
    if key not in _table()["models"]:
        return model
    parts = key.split("-")
    words = (part.capitalize() for part in parts if not part.isdigit())
    return " ".join((*words, ".".join(part for part in parts if part.isdigit())))


def price(model: str, usage: Usage) -> float | None:
    """US dollars for one reply's usage; None when the model's price is not known."""
    rates = _prices(model, usage.prompt_tokens)
    if rates is None:
        return None
    one_hour = usage.ephemeral_1h_input_tokens
    five_minutes = max(usage.cache_creation_input_tokens - one_hour, usage.ephemeral_5m_input_tokens, 0)
    micros = (
        usage.input_tokens * rates["input"]
        + usage.output_tokens * rates["output"]
        + five_minutes * rates["cache_write_5m"]
        + one_hour * rates["cache_write_1h"]
        + usage.cache_read_input_tokens * rates["cache_read"]
        + usage.web_search_requests * (_table()["web_searches"] if model != OFFLINE else 0)
    )
    return float(micros / _MILLION)


def dearest(model: str, prompt_tokens: int) -> tuple[float, float] | None:
    """US dollars that a token of a prompt of this length, and one of its reply, cost at most as coder asks for them:
    with cache marks of five minutes and nothing in the cache. None when the price is not known."""
    rates = _prices(model, prompt_tokens)
    if rates is None:
        return None
    return max(rates["input"], rates["cache_write_5m"]) / _MILLION, rates["output"] / _MILLION


def rates(model: str) -> tuple[float, float] | None:
    """US dollars for a million tokens of a short prompt, and of a reply; None when the price is not known."""
    found = _prices(model, 0)
    return None if found is None else (found["input"], found["output"])


def is_same_model(one: str, other: str) -> bool:
    """Whether two names, dated or with a provider's prefix, are of one model."""
    return one == other or _key(one) == _key(other)


def _prices(model: str, prompt_tokens: int) -> dict[str, float] | None:
    if model == OFFLINE:
        return _FREE
    row = _table()["models"].get(_key(model))
    if row is None:
        return None
    above = row.get("above")
    if above is not None and prompt_tokens > above["prompt_tokens"]:
        return dict(above["price"])
    return row["price"] and dict(row["price"])


def _key(model: str) -> str:
    """The table's name for an id with a provider's prefix or suffix: us.anthropic.<id>-20250929-v1:0, <id>@20250929."""
    found = _NAME.search(model.strip().lower())
    if found is None:
        return model
    name = _DATE.sub("", re.sub(r"-v\d+$", "", found[1]))
    return name.replace(".", "-").removesuffix("-0") if name not in _table()["models"] else name


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("catalog.json").read_text(encoding="utf-8"))
    return table
