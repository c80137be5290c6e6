"""Why a run ended, as rows: what happened, what was kept, what to do. Pure; must not know the network."""

from __future__ import annotations

import math
import re

from coder.core.events import ModelRetrying, RunEnded
from coder.frontends.amounts import whole_seconds
from coder.frontends.render.refusals import UNREACHABLE, Facts, is_sentence, kept_and_again, model_texts
from coder.frontends.styled import Row, foreign, row

_TOKENS = re.compile(r"([\d,]+)(?: tokens)? *> *([\d,]+)")


def failure_rows(ended: RunEnded, facts: Facts) -> list[Row]:
    """Nothing for a run that was done. Rows are as long as they are; what goes on is set in by two."""
    if ended.reason in ("done", "interrupted"):
        return []
    first, *rest = _texts(ended, facts)
    return [row(("✗ ", "bad"), first), *(row(f"  {text}") for text in rest if text)]


def retry_text(event: ModelRetrying, seconds_left: float, *, key: str = "esc") -> str:
    """A live row while the model is waited for; it says how long yet. The caller puts its mark before it."""
    left = f"Trying again in {whole_seconds(math.ceil(max(seconds_left, 0)))}"
    if event.kind == "rate_limit":
        asks = f": the server asks for {whole_seconds(math.ceil(event.asked))}" if event.asked else ""
        return f"Rate limit ({event.status or 429}){asks}. {left} · {key} stops"
    attempt = f"try {event.attempt + 1} of {event.max_retries + 1} · " if event.max_retries else ""
    return f"{_waiting(event)}. {left} · {attempt}{key} stops"


def _waiting(event: ModelRetrying) -> str:
    match event.kind:
        case "overloaded":
            return f"The model is overloaded ({event.status or 529})"
        case "connection":
            return _why(event.message) or "No connection"
        case "timeout":
            return "The server did not answer in time"
        case "cut":
            return "The answer was cut off"
        case _:
            return f"The server failed ({event.status})" if event.status else "The server failed"


def _why(message: str) -> str:
    found = UNREACHABLE.search(message)
    why = foreign(found[1]) if found and is_sentence(found[1]) else ""
    return why[:1].upper() + why[1:]


def _texts(ended: RunEnded, facts: Facts) -> list[str]:
    match ended.reason:
        case _ if not ended.turns and ended.error.startswith("The workflow "):  # it says how it is gone on with
            return [foreign(ended.error)]
        case "context_full":
            return _too_long(ended, facts)
        case "rate_limit" | "model_error":
            return model_texts(ended, facts)
        case "max_tokens":
            return [
                "The answer reached the output limit and was cut off.",
                'What arrived is kept. Say "go on" to continue.',
            ]
        case "refusal":
            return [
                "The model refused to go on with this request.",
                "What was done until then is kept. Put it differently, or go back with /rewind.",
            ]
        case "budget" | "token_budget":
            return _budget(ended)
        case "max_turns":
            return ["The limit of turns for one run is reached.", 'What was done is kept. Say "go on" to continue.']
        case "time_budget":
            return ["The time limit is reached.", 'What was done is kept. Say "go on" to continue.']
        case "loop":
            return [
                "The model went in circles: the same call with the same result, again and again.",
                'What was done is kept. Say what it should do differently, or "go on".',
            ]
        case "malformed":
            return [
                "The model repeated a call that cannot be run, so it was stopped.",
                "What was done is kept. Say what it should do differently, or switch with /model.",
            ]
        case "hook_stopped" | "gate_unmet":
            said = foreign(ended.error.strip()) or "A hook ended the run."
            what = 'What was done is kept. Say what to do next, or "go on".' if ended.turns else "It was not sent."
            return [said if said.endswith((".", "!", "?")) else f"{said}.", what]
        case _:
            return _crash(ended, facts)


def _too_long(ended: RunEnded, facts: Facts) -> list[str]:
    found = _TOKENS.search(ended.error)
    used, limit = (int(text.replace(",", "")) for text in found.groups()) if found else (facts.used, facts.limit)
    numbers = f": {used:,} of {limit:,} tokens" if used > limit > 0 else ""
    return [
        f"The conversation no longer fits{numbers}.",
        "/compact makes a summary and goes on · /rewind goes back · /clear starts new.",
    ]


def _budget(ended: RunEnded) -> list[str]:
    text = ended.error.partition(" Go on with:")[0]
    text = foreign(text) if is_sentence(text) else "The budget of this session is used up."
    return [text, "What was done is kept. Raise the limit with --max-budget-usd or --max-tokens: coder -c"]


def _crash(ended: RunEnded, facts: Facts) -> list[str]:
    what = ended.error.strip().split("\n")[-1]
    what = f": {foreign(what)[:200].removesuffix('.')}" if what and is_sentence(what) else ""
    where = f" The details are in {foreign(facts.log)}." if facts.log else ""
    return [f"coder stopped because of a fault of its own{what}.", f"{kept_and_again(facts)}.{where}"]
