"""A server's question as an `elicitation` frame, and the answer. Pure; must not know who sends it."""

from __future__ import annotations

from coder.core.messages import Json
from coder.core.requests import FieldAsked, ServerAnswer, ServerQuestion

_TYPES = {"text": "string", "number": "number", "integer": "integer", "yes or no": "boolean"}


def elicitation(asked: ServerQuestion) -> Json:
    frame: Json = {"subtype": "elicitation", "mcp_server_name": asked.server, "message": asked.message}
    if asked.url:
        return {**frame, "mode": "url", "url": asked.url}
    properties = {field.name: _schema(field) for field in asked.fields}
    required = [field.name for field in asked.fields if field.required]
    schema: Json = {"type": "object", "properties": properties}
    return {**frame, "mode": "form", "requested_schema": schema | ({"required": required} if required else {})}


def elicitation_said(answer: Json, asked: ServerQuestion) -> ServerAnswer:
    """Only what was asked for goes to the server, and only with a yes."""
    action, content = answer.get("action"), answer.get("content")
    if action == "cancel":
        return ServerAnswer("cancel")
    names = {field.name for field in asked.fields}
    given = {name: value for name, value in content.items() if name in names} if isinstance(content, dict) else {}
    is_whole = all(field.name in given for field in asked.fields if field.required)
    if action != "accept" or not is_whole:
        return ServerAnswer("decline")
    return ServerAnswer("accept", given)


def _schema(field: FieldAsked) -> Json:
    words = {"title": field.title, "description": field.about}
    made: Json = {key: value for key, value in words.items() if value}
    if field.default is not None:
        made["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    choices = [{"const": value, "title": shown} for value, shown in field.choices]
    if field.kind == "many":
        made |= {"type": "array", "items": {"anyOf": choices}}
        return made | _bounds(field, "minItems", "maxItems")
    if field.kind == "one":
        return {**made, "type": "string", "oneOf": choices}
    made["type"] = _TYPES[field.kind]
    if field.kind == "text":
        return made | ({"format": field.form} if field.form else {}) | _bounds(field, "minLength", "maxLength")
    return made | _bounds(field, "minimum", "maximum") if field.kind != "yes or no" else made


def _bounds(field: FieldAsked, least: str, most: str) -> Json:
    given = {least: field.least, most: field.most}
    return {key: value for key, value in given.items() if value is not None}
