"""Scripts from parsed YAML or JSON, strictly. Must not play them or open files."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import Any

from coder.core.messages import Json
from coder.replay.conditions import When
from coder.replay.faults import KINDS, Fault
from coder.replay.fields import Fields, expected, fail, typed
from coder.replay.script import FOREVER, Rule, Script, Turn, places

REASONS = (
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
)


def script(raw: object, source: str) -> Script:
    """A script from a mapping or a list of turns. Raises ConfigError naming file, key and what is expected."""
    if isinstance(raw, list):
        raw = {"turns": raw}
    top = Fields(raw, f"{source}:")
    if top.get("version", int, 1) != 1:
        expected(top.at("version"), "1", top.raw["version"])
    made = Script(
        turns=tuple(turn(item, where) for where, item in top.items("turns")),
        rules=tuple(_rule(item, where) for where, item in top.items("rules")),
        otherwise=turn(top.raw["otherwise"], top.at("otherwise")) if top.has("otherwise") else None,
        context_limit=top.maybe("context_limit", int),
        cache_min_tokens=top.maybe("cache_min_tokens", int),
        source=source,
    )
    top.done()
    if not (made.turns or made.rules or made.otherwise):
        fail(f"{source}", "the script says nothing; expected turns, rules or otherwise")
    return made


def turn(raw: object, where: str) -> Turn:
    """One turn: text, a list of blocks, or a mapping. Raises ConfigError."""
    if isinstance(raw, str):
        raw = {"text": raw}
    elif isinstance(raw, list):
        raw = {"blocks": raw}
    given = Fields(raw, where)
    blocks = [_block(item, place) for place, item in given.items("blocks")]
    if given.has("thinking"):
        blocks.insert(0, _block({"thinking": given.raw["thinking"]}, where))
    if given.has("text"):
        blocks.append(_block({"text": given.raw["text"]}, where))
    if given.has("tool"):
        blocks.append(_block({key: given.raw[key] for key in ("tool", "input", "id") if given.has(key)}, where))
    made = Turn(
        blocks=tuple(blocks),
        stop_reason=given.get("stop_reason", str, ""),
        stop_sequence=given.maybe("stop_sequence", str),
        stop_details=given.maybe("stop_details", dict),
        usage=None if given.has("usage") and given.raw["usage"] is None else given.get("usage", dict, {}),
        delta=_positive(given.get("delta", int, 32), given.at("delta")),
        wait=_seconds(given.get("wait", float, 0.0), given.at("wait")),
        delay=_seconds(given.get("delay", float, 0.0), given.at("delay")),
        faults=_faults(given),
        repeat=_times(given, "repeat", 1),
        expect=_when(given.raw["expect"], given.at("expect")) if given.has("expect") else None,
    )
    given.done()
    if not made.blocks and not made.faults and not made.stop_reason:
        fail(where, "an empty turn; expected text, tool, blocks, stop_reason or fault")
    _check_places(made, made.expect, where)
    return made


def _rule(raw: object, where: str) -> Rule:
    given = Fields(raw, where)
    when = _when(given.raw["when"] if given.has("when") else {}, given.at("when"))
    if not given.has("reply"):
        fail(given.at("reply"), "missing; expected a turn")
    reply = turn(given.raw["reply"], given.at("reply"))
    if reply.repeat != 1:
        fail(given.at("reply.repeat"), "a rule repeats by itself; give the rule `times` to limit it")
    rule = Rule(when, reply, _times(given, "times", FOREVER))
    given.done()
    _check_places(reply, when, given.at("reply"))
    return rule


def _when(raw: object, where: str) -> When:
    given = Fields(raw, where)
    values: dict[str, Any] = {}
    for field in fields(When):
        if not given.has(field.name):
            continue
        if field.name in ("turn", "request"):
            values[field.name] = _positive(given.need(field.name, int), given.at(field.name))
        elif field.name == "tool_error":
            values[field.name] = given.need(field.name, bool)
        elif field.name.endswith("regex"):
            values[field.name] = _pattern(given.need(field.name, str), given.at(field.name))
        else:
            values[field.name] = given.need(field.name, str)
    given.done()
    return When(**values)


def _pattern(text: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as error:
        fail(where, f"not a regular expression: {error}")


def _block(raw: object, where: str) -> Json:
    if isinstance(raw, str):
        raw = {"text": raw}
    given = Fields(raw, where)
    kind = given.maybe("type", str)
    if given.has("raw"):
        block: Json = given.need("raw", dict)
        typed(block.get("type"), str, given.at("raw.type"))
    elif kind == "tool_use" or given.has("tool"):
        name = given.need("tool" if given.has("tool") else "name", str)
        block = {"type": "tool_use", "name": name, "input": given.get("input", dict, {})}
        if (given_id := given.maybe("id", str)) is not None:
            block["id"] = given_id
    elif kind == "redacted_thinking" or given.has("redacted_thinking"):
        given.has("redacted_thinking")
        block = {"type": "redacted_thinking"}
    elif kind == "thinking" or given.has("thinking"):
        block = {"type": "thinking", "thinking": given.need("thinking", str)}
        if (signature := given.maybe("signature", str)) is not None:
            block["signature"] = signature
    elif kind in (None, "text"):
        block = {"type": "text", "text": given.need("text", str)}
    else:
        expected(given.at("type"), "text, thinking, redacted_thinking or tool_use; any other block goes in `raw`", kind)
    given.done()
    return _encodable(block, where)


def _encodable(block: Json, where: str) -> Json:
    try:
        repr_text = "".join(_strings(block))
        repr_text.encode("utf-8")
    except UnicodeEncodeError:
        fail(where, "holds half of a surrogate pair; expected whole characters")
    return block


def _strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in _strings(item)]
        case dict():
            return [text for pair in value.items() for item in pair for text in _strings(item)]
        case _:
            return []


def _faults(given: Fields) -> tuple[Fault, ...]:
    if not given.has("fault"):
        return ()
    raw = given.raw["fault"]
    where = given.at("fault")
    if isinstance(raw, list):
        return tuple(fault(item, f"{where}[{index}]") for index, item in enumerate(raw))
    return (fault(raw, where),)


def fault(raw: object, where: str) -> Fault:
    """A fault from `{kind: ..., ...}` or from its bare kind. Raises ConfigError."""
    if isinstance(raw, str):
        raw = {"kind": raw}
    given = Fields(raw, where)
    kind = given.need("kind", str)
    if kind not in KINDS:
        expected(given.at("kind"), f"one of {', '.join(KINDS)}", kind)
    values: dict[str, Any] = {}
    for field in fields(KINDS[kind]):
        if field.name == "times":
            values["times"] = _times(given, "times", 1)
        elif given.has(field.name) and given.raw[field.name] is not None:
            values[field.name] = typed(given.raw[field.name], _fault_type(str(field.type)), given.at(field.name))
        elif field.default is MISSING and field.default_factory is MISSING:
            fail(given.at(field.name), f"missing; the fault {kind} needs it")
    given.done()
    return KINDS[kind](**values)


def _fault_type(annotation: str) -> type:
    plain = annotation.removesuffix(" | None")
    return {"int": int, "float": float, "str": str, "bool": bool, "Json": dict}[plain]


def _times(given: Fields, key: str, default: int) -> int:
    if not given.has(key):
        return default
    value = given.raw[key]
    if value == "forever":
        return FOREVER
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        expected(given.at(key), "a whole number from 1, or forever", value)
    return value


def _positive(value: int, where: str) -> int:
    if value < 1:
        expected(where, "a whole number from 1", value)
    return value


def _seconds(value: float, where: str) -> float:
    if not 0 <= value < float("inf"):
        expected(where, "a number of seconds from 0", value)
    return value


def _check_places(reply: Turn, when: When | None, where: str) -> None:
    if when is None or not when.names:
        return
    unknown = sorted(places(list(reply.blocks)) - when.names)
    if unknown:
        fail(where, f"{{{{{unknown[0]}}}}} is not captured; the expressions capture {', '.join(sorted(when.names))}")
