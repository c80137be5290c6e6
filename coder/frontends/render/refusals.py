"""What the model or the way to it refused, in words: what happened, what was kept, what to do. Pure; knows no network.

What a server said is quoted only where it is a short sentence: never a body, a URL-encoded text or a traceback.
"""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.core.events import RunEnded
from coder.frontends.amounts import counted, duration, whole_seconds
from coder.frontends.styled import foreign

_GAVE_UP = re.compile(r"Gave up after (\d+) retr(?:y|ies) in ([^.]+)\.")
_ASKED = re.compile(r"asks to wait ([^.]+)\.")
_SPAN = re.compile(r"(\d+) (h|min|s)\b")
UNREACHABLE = re.compile(r"cannot be reached: (.+?)\. Check ")
_MISSING_MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)
_NOT_A_SENTENCE = re.compile(r"[{}<>]|https?:|%[0-9A-Fa-f]{2}|Traceback|\\x|\\u")
_LONGEST = 400
_OWN_ADVICE = (" Set ANTHROPIC_API_KEY", " Check ", " The server asks", " Gave up after", " Put them into")
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the session knows beside the event.

    `key_source` names where the key came from ("ANTHROPIC_API_KEY"), `key_end` is its last four characters.
    `base_source` names the variable or setting the address came from, "" for the default. `restored`: the message is
    back in the prompt. `arrived` is how many tokens of the reply came before it broke.
    `used` and `limit` are the tokens of the context, 0 when not known.
    """

    key_source: str = ""
    key_end: str = ""
    base_url: str = ""
    base_source: str = ""
    model: str = ""
    restored: bool = False
    arrived: int = 0
    used: int = 0
    limit: int = 0
    log: str = ""  # the file with the details of a crash, as it is to be shown


def model_texts(ended: RunEnded, facts: Facts) -> list[str]:
    kind, status = ended.error_kind, ended.status
    match kind:
        case "auth":
            return _refused(ended, facts)
        case "not_found":
            return _not_found(ended, facts)
        case "rate_limit":
            asked = _ASKED.search(ended.error)
            wait = f": the server asks to wait {_short_span(asked[1])}" if asked else ""
            return [f"Rate limit ({status or 429}){wait}. {kept_and_again(facts, 'later')}, or switch with /model."]
        case "overloaded":
            gave_up = _GAVE_UP.search(ended.error)
            lasted = (
                f" for {_short_span(gave_up[2])} ({counted(int(gave_up[1]) + 1, 'try', 'tries')})" if gave_up else ""
            )
            number = "" if gave_up else f" ({status or 529})"
            return [f"The model stayed overloaded{lasted}{number}. {kept_and_again(facts)}, or switch with /model."]
        case "connection":
            return _connection(ended, facts)
        case "timeout":
            tried = _tried(ended)
            return ["The server did not answer in time.", f"{tried}{kept_and_again(facts)}."]
        case "cut":
            after = f" after {counted(facts.arrived, 'token')}" if facts.arrived else ""
            kept = f"{kept_and_again(facts)}." if facts.restored else 'What arrived is kept. Say "go on" to continue.'
            return [f"The answer was cut off{after} (connection lost).", kept]
        case "server":
            number = f" ({status})" if status else ""
            return [f"The server failed{number}.", f"{_tried(ended)}{kept_and_again(facts)}."]
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
            f"{kept(facts)} Choose another with /model.",
        ]
    where = f" at {_address(facts)}" if facts.base_url else ""
    return [
        f"The server{where} does not know this request ({number}).",
        _source(facts),
        f"{kept(facts)} Choose another model with /model, or correct the address.",
    ]


def _connection(ended: RunEnded, facts: Facts) -> list[str]:
    found = UNREACHABLE.search(ended.error)
    where = _address(facts) or "the address of the model"
    if found is None:
        return [
            _quoted(ended) or f"The connection to {where} failed.",
            _source(facts),
            f"{_tried(ended)}{kept(facts)}",
        ]
    why = found[1].replace("its name was not found (DNS)", "the name was not found")
    reason = f" ({foreign(why)})" if is_sentence(why) else ""
    question = "Is the server running?" if "refused" in why else "Is the network up?"
    return [
        f"Nobody answers at {where}{reason}.",
        f"{question} {_source(facts)}".rstrip(),
        f"{_tried(ended)}{kept(facts)}",
    ]


def _protocol(ended: RunEnded, facts: Facts) -> list[str]:
    where = _address(facts) or "The server"
    return [
        _quoted(ended) or f"{where} answered with something that is not the Messages API.",
        _source(facts),
        kept(facts),
    ]


def _invalid(ended: RunEnded, facts: Facts) -> list[str]:
    said = _said(ended)
    number = f" ({ended.status}{f' {said}' if said else ''})" if ended.status else ""
    if not number:
        return [_quoted(ended) or "The model could not go on.", f"{kept_and_again(facts)}."]
    return [f"The request was refused{number}.", f"{kept(facts)} Change it, or go back with /rewind."]


def _said(ended: RunEnded) -> str:
    """The server's own words behind `(401): `, without what coder adds to them; "" for anything but a sentence."""
    text = ended.error.partition(f"({ended.status}):")[2].strip()
    for advice in _OWN_ADVICE:
        text = text.partition(advice)[0]
    text = text.strip().removesuffix(".")
    return foreign(text) if is_sentence(text) else ""


def _quoted(ended: RunEnded) -> str:
    text = _GAVE_UP.sub("", ended.error).strip()
    return foreign(text) if is_sentence(text) else ""


def is_sentence(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and "\n" not in text and _NOT_A_SENTENCE.search(text) is None


def _source(facts: Facts) -> str:
    return f"The address came from {foreign(facts.base_source)}." if facts.base_source else ""


def kept(facts: Facts) -> str:
    return "Your message is back in the prompt." if facts.restored else "What was done is kept."


def kept_and_again(facts: Facts, when: str = "") -> str:
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
