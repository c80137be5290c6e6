"""What of a request or reply varies from run to run, and how it is written so that it does not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from coder.core.messages import Json

REDACTED = "[redacted]"
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"(\b127\.0\.0\.1|\blocalhost|\[::1\]):\d{2,5}\b"), r"\1:<port>"),
    (re.compile(r"(?:/private)?/(?:tmp|var/folders|var/tmp)/[^\s\"'`:,;)\]}>]+"), "<tmp>"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b", re.IGNORECASE), "<address>"),
    (re.compile(r"^<git>\n.*\n</git>$", re.DOTALL), "<git>"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|us|µs|s|sec|secs|seconds?|minutes?)\b"), "<duration>"),
)


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every string in it changed; keys stay."""
    match value:
        case str():
            return change(value)
        case list():
            return [map_strings(item, change) for item in value]
        case dict():
            return {key: map_strings(item, change) for key, item in value.items()}
        case _:
            return value


def canonical_text(text: str) -> str:
    """Text with durations, dates, uuids, ports, addresses and temporary paths replaced by their kind."""
    for pattern, kind in _VARYING:
        text = pattern.sub(kind, text)
    return text


class Roots:
    """Paths that differ between recording and replay, by name; written as `{{name}}` in a cassette.

    A path is known by its given and by its resolved spelling."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = dict(paths)
        spellings = {spelling: name for name, path in paths.items() for spelling in (path, os.path.realpath(path))}
        known = sorted((path for path in spellings if len(path) > 1), key=len, reverse=True)
        self._names = spellings
        alternatives = "|".join(map(re.escape, known))
        self._pattern = re.compile(rf"(?:{alternatives})(?![\w-])") if known else None

    @property
    def names(self) -> list[str]:
        return sorted(self._paths)

    def hide(self, text: str) -> str:
        """Every known path replaced by its place."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: f"{{{{{self._names[found.group()]}}}}}", text)

    def show(self, text: str) -> str:
        """Every place replaced by its path; places of other names stay."""
        return _PLACE.sub(lambda found: self._paths.get(found.group(1), found.group()), text)

    def show_json(self, text: str) -> str:
        """The same inside JSON text, where a path may need escaping."""

        def path(found: re.Match[str]) -> str:
            known = self._paths.get(found.group(1))
            return found.group() if known is None else json.dumps(known)[1:-1]

        return _PLACE.sub(path, text)


def plain_request(request: Json, roots: Roots, secrets: tuple[str, ...] = ()) -> Json:
    """A request as a cassette keeps it: paths by name, credentials and cache marks gone."""

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, REDACTED)
        return roots.hide(text)

    plain: Json = map_strings(_unmarked(request), clean)
    if isinstance(plain.get("metadata"), dict):
        plain["metadata"] = dict.fromkeys(plain["metadata"], REDACTED)
    return plain


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_schema = "properties" in value or "input_schema" in value  # nothing inside a schema is a mark of ours
    return {
        key: item if is_schema and key in ("properties", "input_schema") else _unmarked(item)
        for key, item in value.items()
        if key != "cache_control"
    }
