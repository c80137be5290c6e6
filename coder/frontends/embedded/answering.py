"""The form that an answer is to have, and the value of that form. Must not know how the model is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from coder.core.errors import ConfigError, ToolError
from coder.core.events import RunEnded
from coder.core.messages import Json
from coder.tools import schema


def form_of(answer: type[Any] | Mapping[str, Any] | None) -> Json | None:
    """The JSON schema; None where any answer will do. Raises ConfigError for a type that has none."""
    if answer is None or isinstance(answer, Mapping):
        return None if answer is None else dict(answer)
    if not (isinstance(answer, type) and is_dataclass(answer)):
        raise ConfigError(f"Options.answer is {answer!r}. Give a dataclass or a JSON schema.")
    try:
        return schema.schema(answer)
    except TypeError as error:
        raise ConfigError(f"Options.answer: {error} in {answer.__name__}. Give each field a plain type.") from error


def value_of(answer: type[Any] | Mapping[str, Any] | None, ended: RunEnded) -> Any:
    """What was handed in, as the dataclass that was asked for or as plain JSON; None where nothing was."""
    if ended.handed_in is None or answer is None:
        return None
    if isinstance(answer, Mapping):
        return ended.handed_in.value
    try:
        return schema.parse(answer, ended.handed_in.value, answer.__name__)
    except (ToolError, TypeError, ValueError):  # fits the schema and not the type: a `__post_init__` refuses it
        return None
