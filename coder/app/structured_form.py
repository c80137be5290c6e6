"""A JSON schema that somebody gave, as the form of a tool's input, and whether a value fits it. The one importer of
jsonschema. Reaches for nothing outside the schema; must not know who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, exceptions, validators
from jsonschema_specifications import REGISTRY
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from coder.app import structured_apart as apart
from coder.app.structured_bounds import STEPS, Room, Steps, TooLong, TooMuch, are_unique
from coder.app.structured_patterns import LONGEST, most_steps
from coder.config.answer_form import NOT_VALID
from coder.core.errors import SchemaError
from coder.core.messages import Json

_WRAPPED = "value"
_MOST = 12  # problems that are told
_LONGEST = 300  # characters of one
_DEEPEST = 100
_MOST_PARTS = 3_000
_PATTERNS = ("pattern", "patternProperties")
_MOST_PATTERNS = 100  # that are looked at here: each is compiled first, and no more of them are kept
_AT_ONCE = 10_000_000  # steps of patterns that are taken here for one value: a tenth of a second at the very most
# What a value or a schema can make of arithmetic and of names: it does not fit, whatever it is.
_ODD = (ArithmeticError, TypeError, ValueError, AttributeError, KeyError)
# What the API does not take at the top of a tool's input.
_NOT_ON_TOP = ("anyOf", "oneOf", "allOf", "not", "if", "$ref", "$dynamicRef")
_REFERENCES = ("$ref", "$dynamicRef")


class AnswerForm:
    """`for_tool` is what the model is shown: an object always. A form that is none stands under `value` in it."""

    def __init__(self, schema: Mapping[str, Any], steps: int = STEPS) -> None:
        """`steps` are taken at most to look at one value. Raises SchemaError."""
        self._schema = dict(schema)
        try:
            parts = list(islice(_parts(self._schema), _MOST_PARTS + 1))
            if len(parts) > _MOST_PARTS:
                raise SchemaError(f"{NOT_VALID}: it has more than {_MOST_PARTS:,} parts.")
            kind = validators.validator_for(self._schema, default=Draft202012Validator)
            kind.check_schema(self._schema, format_checker=FormatChecker(()))  # patterns are looked at below
            self._check_parts(self._schema)
        except exceptions.SchemaError as error:
            raise SchemaError(f"{NOT_VALID}: {_line(error.json_path, error.message)}") from error
        except RecursionError as error:
            raise SchemaError(f"{NOT_VALID}: it is nested too deeply.") from error
        except _ODD as error:
            raise SchemaError(f"{NOT_VALID}: something in it is of the wrong kind.") from error
        self._steps = Steps(steps)
        self._room = Room()
        self._has_patterns = any(name in part for part in parts for name in _PATTERNS)
        # Those of names are put together.
        self._is_apart = any("patternProperties" in part for part in parts) or _patterns(parts) > _MOST_PATTERNS
        self._validator: Any = _lenient(kind, self._steps, self._room)(self._schema, registry=REGISTRY)
        self._is_wrapped = self._schema.get("type") != "object" or any(key in self._schema for key in _NOT_ON_TOP)
        self.for_tool: Json = self._wrapped() if self._is_wrapped else _plain(self._schema)

    def problems(self, raw: Json) -> list[str]:
        """What is wrong with the input of the tool, a line each; none when it fits, or when that takes `problems_apart`
        to find out. Never raises."""
        if self._is_wrapped and raw.keys() != {_WRAPPED}:
            return [f"The answer stands under `{_WRAPPED}`, and nothing else stands beside it."]
        return self._at_once(self.meant(raw)) or []

    async def problems_apart(self, raw: Json) -> list[str]:
        """What else is wrong with an input in which `problems` found nothing: others are served meanwhile."""
        if not self._has_patterns:
            return []
        value = self.meant(raw)
        if (found := self._at_once(value)) is None:
            found = await apart.problems(self._schema, value)
        return self.problems_of(value) if found is None else found

    def problems_of(self, value: Any, room: int | None = None) -> list[str]:
        """As `problems`, of what is meant, and found out here. Raises TooLong where patterns might take more than
        `room` steps; None: they may take what they take."""
        self._steps.begin()
        self._room.begin(room)
        try:
            return [_told(error) for error in islice(self._validator.iter_errors(value), _MOST)]
        except RecursionError:
            return ["It is nested too deeply."]
        except TooMuch:
            return ["Whether it fits takes too many steps to find out."]
        except _ODD:
            return ["It holds a value that cannot be compared with the form."]

    def _at_once(self, value: Any) -> list[str] | None:
        """None where patterns might take long."""
        if self._is_apart:
            return None
        try:
            return self.problems_of(value, _AT_ONCE)
        except TooLong:
            return None

    def meant(self, raw: Json) -> Any:
        return raw[_WRAPPED] if self._is_wrapped else raw

    def _wrapped(self) -> Json:
        inner = _moved(_plain(self._schema))
        return {
            "type": "object",
            "properties": {_WRAPPED: inner},
            "required": [_WRAPPED],
            "additionalProperties": False,
        }

    def _check_parts(self, schema: Json) -> None:
        """What the metaschema does not see: names that lead nowhere, and patterns that cannot be read."""
        resolver = (REGISTRY.with_resource("", DRAFT202012.create_resource(schema))).resolver()
        has_bases = any("$id" in part for part in _parts(schema))
        for part in _parts(schema):
            for name in _REFERENCES:
                target = part.get(name)
                if not isinstance(target, str) or (has_bases and target.startswith("#")):
                    continue
                try:
                    resolver.lookup(target)
                except Unresolvable as error:
                    outside = " (coder fetches no schema: put it under $defs)" if "://" in target else ""
                    raise SchemaError(f"{NOT_VALID}: {target[:200]!r} leads nowhere{outside}.") from error
            patterns = part.get("patternProperties")
            for pattern in patterns if isinstance(patterns, dict) else ():
                if not _is_readable(pattern):
                    raise SchemaError(f"{NOT_VALID}: the pattern {pattern[:200]!r} cannot be read.")


def _parts(value: Any, depth: int = 0) -> Iterator[Json]:
    """Every object in it. Raises RecursionError where it is nested too deeply."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(each, depth + 1)


def _patterns(parts: list[Json]) -> int:
    return len({part["pattern"] for part in parts if isinstance(part.get("pattern"), str)})


def _plain(schema: Json) -> Json:
    """Without which dialect it is written in: the API knows one."""
    return {key: value for key, value in schema.items() if key != "$schema"}


def _moved(value: Any) -> Any:
    """The same with its pointers leading to where it stands now."""
    if isinstance(value, list):
        return [_moved(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key: _moved(each) for key, each in value.items()}
    for name in _REFERENCES:
        target = made.get(name)
        if isinstance(target, str) and (target == "#" or target.startswith("#/")):
            made[name] = f"#/properties/{_WRAPPED}{target[1:]}"
    return made


def _lenient(kind: Any, steps: Steps, room: Room) -> Any:
    """A pattern in a dialect that Python does not read is a remark, not a condition; and all of it comes to an end."""
    pattern = kind.VALIDATORS["pattern"]

    def fits(validator: Any, wanted: str, value: Any, schema: Any) -> Iterator[Any]:
        if not isinstance(value, str):
            return
        if len(wanted) > LONGEST:
            room.take(None)  # to compile it is long enough
        if _is_readable(wanted):
            room.take(most_steps(wanted, len(value)))
            yield from pattern(validator, wanted, value, schema) or ()

    def unique(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
        if wanted is True and isinstance(value, list) and not are_unique(value):
            yield exceptions.ValidationError("some of its items are the same")

    return validators.extend(kind, steps.counted({**kind.VALIDATORS, "pattern": fits, "uniqueItems": unique}))


def _is_readable(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _told(error: exceptions.ValidationError) -> str:
    """Of several ways that all do not fit, also the one that came nearest."""
    nearest = exceptions.best_match([error])
    told = _line(error.json_path, error.message)
    return told if nearest is error or nearest is None else f"{told} {_line(nearest.json_path, nearest.message)}"


def _line(path: str, message: str) -> str:
    where = path.removeprefix("$").removeprefix(".")
    words = " ".join(message.split())
    return f"{f'`{where}`: ' if where else ''}{words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''}"
