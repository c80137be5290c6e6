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

from coder.config.answer_form import NOT_VALID
from coder.core.errors import SchemaError
from coder.core.messages import Json

_WRAPPED = "value"
_MOST = 12  # problems that are told
_LONGEST = 300  # characters of one
_DEEPEST = 100
# What the API does not take at the top of a tool's input.
_NOT_ON_TOP = ("anyOf", "oneOf", "allOf", "not", "if", "$ref", "$dynamicRef")
_REFERENCES = ("$ref", "$dynamicRef")


class AnswerForm:
    """`for_tool` is what the model is shown: an object always. A form that is none stands under `value` in it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Raises SchemaError."""
        self._schema = dict(schema)
        kind = validators.validator_for(self._schema, default=Draft202012Validator)
        try:
            kind.check_schema(self._schema, format_checker=FormatChecker(()))  # patterns are looked at below
            self._check_parts(self._schema)
        except exceptions.SchemaError as error:
            raise SchemaError(f"{NOT_VALID}: {_line(error.json_path, error.message)}") from error
        except RecursionError as error:
            raise SchemaError(f"{NOT_VALID}: it is nested too deeply.") from error
        self._validator: Any = _lenient(kind)(self._schema, registry=REGISTRY)
        self._is_wrapped = self._schema.get("type") != "object" or any(key in self._schema for key in _NOT_ON_TOP)
        self.for_tool: Json = self._wrapped() if self._is_wrapped else _plain(self._schema)

    def problems(self, raw: Json) -> list[str]:
        """What is wrong with the input of the tool, a line each; none when it fits. Never raises."""
        if self._is_wrapped and raw.keys() != {_WRAPPED}:
            return [f"The answer stands under `{_WRAPPED}`, and nothing else stands beside it."]
        try:
            return [_told(error) for error in islice(self._validator.iter_errors(self.meant(raw)), _MOST)]
        except RecursionError:
            return ["It is nested too deeply."]

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


def _lenient(kind: Any) -> Any:
    """A pattern in a dialect that Python does not read is a remark, not a condition."""
    pattern = kind.VALIDATORS["pattern"]

    def fits(validator: Any, wanted: str, value: Any, schema: Any) -> Iterator[Any]:
        if _is_readable(wanted):
            yield from pattern(validator, wanted, value, schema) or ()

    return validators.extend(kind, {"pattern": fits})


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
