"""Why a run ended, as rows: what happened, what was kept, what to do. Pure; must not know the network.

What a server said is quoted only where it is a short sentence: never a body, a URL-encoded text or a traceback.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from coder.core.events import ModelRetrying, RunEnded
from coder.frontends.render.wording import counted, duration, whole_seconds
from coder.frontends.styled import Row, foreign, row

_GAVE_UP = re.compile(r"Gave up after (\d+) retr(?:y|ies) in ([^.]+)\.")
_ASKED = re.compile(r"asks to wait ([^.]+)\.")
_SPAN = re.compile(r"(\d+) (h|min|s)\b")
_TOKENS = re.compile(r"([\d,]+)(?: tokens)? *> *([\d,]+)")
_UNREACHABLE = re.compile(r"cannot be reached: (.+?)\. Check ")
_MISSING_MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)
_NOT_A_SENTENCE = re.compile(r"[{}<>]|https?:|%[0-9A-Fa-f]{2}|Traceback|\\x|\\u")
_LONGEST = 200
_OWN_ADVICE = (" Set ANTHROPIC_API_KEY", " Check ", " The server asks", " Gave up after", " Put them into")
_LONGEST_BACKOFF = 8.5  # seconds; what is longer, the server asked for
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the session knows beside the event.

    `key_source` names where the key came from ("ANTHROPIC_API_KEY"), `key_end` is its last four characters.
    `base_source` names the variable or setting the address came from, "" for the default. `restored`: the message is
    back in the prompt. `seconds` is how long the run took, `arrived` how many tokens of the reply came before it broke.
    `used` and `limit` are the tokens of the context, 0 when not known.
    """

    key_source: str = ""
    key_end: str = ""
    base_url: str = ""
    base_source: str = ""
    model: str = ""
    restored: bool = False
    seconds: float = 0.0
    arrived: int = 0
    used: int = 0
    limit: int = 0
    log: str = ""  # the file with the details of a crash, as it is to be shown


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
        asked = whole_seconds(int(event.delay))
        asks = f": the server asks for {asked}" if event.max_retries and event.delay > _LONGEST_BACKOFF else ""
        return f"Rate limit ({event.status or 429}){asks}. {left} · {key} stops"
    attempt = f"try {event.attempt + 1} of {event.max_retries + 1} · " if event.max_retries else ""
    return f"{_waiting(event)}. {left} · {attempt}{key} stops"


def _waiting(event: ModelRetrying) -> str:
    match event.kind:
        case "overloaded":
            return f"The model is overloaded ({event.status or 529})"
        case "connection":
            return f"No connection{_why(event.message)}"
        case "timeout":
            return "The server did not answer in time"
        case "cut":
            return "The answer was cut off"
        case _:
            return f"The server failed ({event.status})" if event.status else "The server failed"


def _why(message: str) -> str:
    found = _UNREACHABLE.search(message)
    return f" ({foreign(found[1])})" if found and _is_sentence(found[1]) else ""


def _texts(ended: RunEnded, facts: Facts) -> list[str]:
    match ended.reason:
        case "context_full":
            return _too_long(ended, facts)
        case "rate_limit" | "model_error":
            return _model(ended, facts)
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
        case _:
            return _crash(ended, facts)


def _model(ended: RunEnded, facts: Facts) -> list[str]:
    kind, status = ended.error_kind, ended.status
    match kind:
        case "auth":
            return _refused(ended, facts)
        case "not_found":
            return _not_found(ended, facts)
        case "rate_limit":
            asked = _ASKED.search(ended.error)
            wait = f": the server asks to wait {_short_span(asked[1])}" if asked else ""
            return [f"Rate limit ({status or 429}){wait}. {_kept_and_again(facts, 'later')}, or switch with /model."]
        case "overloaded":
            gave_up = _GAVE_UP.search(ended.error)
            lasted = (
                f" for {_short_span(gave_up[2])} ({counted(int(gave_up[1]) + 1, 'try', 'tries')})" if gave_up else ""
            )
            number = "" if gave_up else f" ({status or 529})"
            return [f"The model stayed overloaded{lasted}{number}. {_kept_and_again(facts)}, or switch with /model."]
        case "connection":
            return _connection(ended, facts)
        case "timeout":
            tried = _tried(ended)
            return ["The server did not answer in time.", f"{tried}{_kept_and_again(facts)}."]
        case "cut":
            after = f" after {counted(facts.arrived, 'token')}" if facts.arrived else ""
            return [
                f"The answer was cut off{after} (connection lost).",
                'What arrived is kept. Say "go on" to continue.',
            ]
        case "server":
            number = f" ({status})" if status else ""
            return [f"The server failed{number}.", f"{_tried(ended)}{_kept_and_again(facts)}."]
        case "protocol":
            return _protocol(ended, facts)
        case _:
            return _invalid(ended, facts)


def _refused(ended: RunEnded, facts: Facts) -> list[str]:
    said = _said(ended)
    number = f" ({ended.status}{f' {said}' if said else ''})" if ended.status else ""
    key = (
        [f"The key came from {foreign(facts.key_source)} and ends in …{foreign(facts.key_end)}."]
        if facts.key_end
        else []
    )
    nothing_lost = "Nothing was lost; your message is back in the prompt." if facts.restored else "Nothing was lost."
    if ended.status == 403:
        model = f" for {foreign(facts.model)}" if facts.model else ""
        return [
            f"Access was refused{model}{number}.",
            *key,
            f"{nothing_lost} Use another key with /login, or switch with /model.",
        ]
    if ended.status == 402:
        return [f"The account cannot pay for this request{number}.", *key, f"{nothing_lost} Check its plan and credit."]
    if not ended.status and not facts.key_end:
        return ["There is no API key.", f"{nothing_lost} Give one with /login."]
    if not ended.status:
        return ["The API key cannot be used.", *key, f"{nothing_lost} Fix the key with /login."]
    return [f"The API key was refused{number}.", *key, f"{nothing_lost} Fix the key with /login."]


def _not_found(ended: RunEnded, facts: Facts) -> list[str]:
    said, number = _said(ended), ended.status or 404
    if _MISSING_MODEL.search(said or "") and facts.model:
        return [
            f"There is no model {foreign(facts.model)} here ({number}).",
            f"{_kept(facts)} Choose another with /model.",
        ]
    where = f" at {_address(facts)}" if facts.base_url else ""
    return [
        f"The server{where} does not know this request ({number}).",
        _source(facts),
        f"{_kept(facts)} Choose another model with /model, or correct the address.",
    ]


def _connection(ended: RunEnded, facts: Facts) -> list[str]:
    found = _UNREACHABLE.search(ended.error)
    where = _address(facts) or "the address of the model"
    if found is None:
        return [
            _quoted(ended) or f"The connection to {where} failed.",
            _source(facts),
            f"{_tried(ended)}{_kept(facts)}",
        ]
    why = found[1].replace("its name was not found (DNS)", "the name was not found")
    reason = f" ({foreign(why)})" if _is_sentence(why) else ""
    question = "Is the server running?" if "refused" in why else "Is the network up?"
    return [
        f"Nobody answers at {where}{reason}.",
        f"{question} {_source(facts)}".rstrip(),
        f"{_tried(ended)}{_kept(facts)}",
    ]


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
    text = foreign(text) if _is_sentence(text) else "The budget of this session is used up."
    return [text, "What was done is kept. Raise the limit with --max-budget-usd or --max-tokens: coder -c"]


def _protocol(ended: RunEnded, facts: Facts) -> list[str]:
    where = _address(facts) or "The server"
    return [
        _quoted(ended) or f"{where} answered with something that is not the Messages API.",
        _source(facts),
        _kept(facts),
    ]


def _invalid(ended: RunEnded, facts: Facts) -> list[str]:
    said = _said(ended)
    number = f" ({ended.status}{f' {said}' if said else ''})" if ended.status else ""
    if not number:
        return [_quoted(ended) or "The model could not go on.", f"{_kept_and_again(facts)}."]
    return [f"The request was refused{number}.", f"{_kept(facts)} Change it, or go back with /rewind."]


def _crash(ended: RunEnded, facts: Facts) -> list[str]:
    what = ended.error.strip().split("\n")[-1]
    what = f": {foreign(what)[:_LONGEST].removesuffix('.')}" if what and _is_sentence(what) else ""
    where = f" The details are in {foreign(facts.log)}." if facts.log else ""
    return [f"coder stopped because of a fault of its own{what}.", f"{_kept_and_again(facts)}.{where}"]


def _said(ended: RunEnded) -> str:
    """The server's own words behind `(401): `, without what coder adds to them; "" for anything but a sentence."""
    text = ended.error.partition(f"({ended.status}):")[2].strip()
    for advice in _OWN_ADVICE:
        text = text.partition(advice)[0]
    text = text.strip().removesuffix(".")
    return foreign(text) if _is_sentence(text) else ""


def _quoted(ended: RunEnded) -> str:
    text = _GAVE_UP.sub("", ended.error).strip()
    return foreign(text) if _is_sentence(text) else ""


def _is_sentence(text: str) -> bool:
    return 0 < len(text) <= 2 * _LONGEST and "\n" not in text and _NOT_A_SENTENCE.search(text) is None


def _source(facts: Facts) -> str:
    return f"The address came from {foreign(facts.base_source)}." if facts.base_source else ""


def _kept(facts: Facts) -> str:
    return "Your message is back in the prompt." if facts.restored else "What was done is kept."


def _kept_and_again(facts: Facts, when: str = "") -> str:
    again = " ".join(filter(None, ("to try again", when)))
    if facts.restored:
        return f"Your message is back in the prompt: press enter {again}"
    return f'What was done is kept: say "go on" {again}'


def _address(facts: Facts) -> str:
    """Without the user and password it may carry."""
    return foreign(_CREDENTIALS.sub("", facts.base_url))


def _tried(ended: RunEnded) -> str:
    found = _GAVE_UP.search(ended.error)
    return f"Tried {counted(int(found[1]) + 1, 'time')} in {_short_span(found[2])}. " if found else ""


def _short_span(text: str) -> str:
    """`2 min 10 s` as `2m 10s`."""
    seconds = sum(int(number) * {"h": 3600, "min": 60, "s": 1}[unit] for number, unit in _SPAN.findall(text))
    return whole_seconds(seconds) if seconds < 60 else duration(seconds)
