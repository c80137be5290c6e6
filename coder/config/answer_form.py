"""The form of a run's answer as `--json-schema` gives it. Must not know what a schema says, or who checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.config.jsonfile import parse_object
from coder.core.errors import ConfigError, SchemaError

if TYPE_CHECKING:
    from coder.core.messages import Json

_FLAG = "--json-schema"
NOT_VALID = f"{_FLAG} is not a valid JSON Schema"


def answer_form(text: str | None) -> Json | None:
    """None when none was asked for. Raises SchemaError for what is no JSON object; whether it is a schema is seen where
    it is used."""
    if text is None:
        return None
    try:
        return parse_object(text, _FLAG).value
    except ConfigError as error:
        if not text.lstrip().startswith("{"):
            raise SchemaError(f'{NOT_VALID}: it is no JSON object. One in a file: {_FLAG} "$(cat FILE)"') from error
        raise SchemaError(f"{NOT_VALID}: {str(error).removeprefix(_FLAG).lstrip(',: ')}") from error
