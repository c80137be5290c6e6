"""What an extension asks the person for: the fields of `user_config`, read from a manifest.

Must not know how they are asked, where the values are kept, or how they reach the server.
"""

from __future__ import annotations

import math
import re
from typing import Any, Literal, TypeAlias, get_args

from coder.core.dataclass import dataclass
from coder.extensions.manifest_check import Part, shown

FieldType: TypeAlias = Literal["string", "number", "boolean", "directory", "file"]
Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = Scalar | tuple[Scalar, ...]
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class Field:
    """`default` is what stands in the manifest: the variables of a text in it (`${HOME}` …) are not filled in yet."""

    key: str
    type: FieldType
    title: str
    description: str = ""
    required: bool = False
    default: Value | None = None
    multiple: bool = False
    sensitive: bool = False
    min: float | None = None
    max: float | None = None


def read_fields(part: Part | None) -> tuple[Field, ...]:
    if part is None:
        return ()
    return tuple(_field(key, part) for key in part.names())


def _field(key: str, config: Part) -> Field:
    if not _KEY.fullmatch(key):
        config.refuse(key, "a key of letters, digits, _, . and -")
    part = config.part(key)
    if part is None:
        config.refuse(key, "an object with type and title")
    kind = part.raw("type")
    if kind not in get_args(FieldType):
        part.refuse("type", "string, number, boolean, directory or file")
    if not part.has("title"):
        part.warn("title", "is missing; the key is shown instead")
    low, high = part.number("min"), part.number("max")
    if low is not None and high is not None and low > high:
        part.refuse("min", f"no more than max, {shown(high)}")
    if kind != "number" and (low is not None or high is not None):
        part.warn("min" if low is not None else "max", "counts for numbers only")
    multiple, sensitive = part.flag("multiple"), part.flag("sensitive")
    default = _default(part, kind, multiple=multiple)
    if sensitive and default not in (None, "", ()):
        part.warn("default", "is a secret that everybody can read in the bundle")
    found = Field(
        key, kind, part.text("title", default=key), part.text("description"),
        part.flag("required"), default, multiple, sensitive, low, high,
    )  # fmt: skip
    part.finish()
    return found


def _default(part: Part, kind: FieldType, *, multiple: bool) -> Value | None:
    value = part.raw("default")
    if value is None:
        return None
    if isinstance(value, list):
        if not multiple:
            part.refuse("default", "one value, since multiple is not true")
        if len(value) > _MOST_VALUES:
            part.refuse("default", f"at most {_MOST_VALUES} values")
        # An empty list is written where nothing is meant.
        return tuple(_scalar(part, item, kind) for item in value) or None
    if value == "" and kind != "string":
        return None  # as many manifests write "none"
    found = _scalar(part, value, kind)
    return (found,) if multiple else found


def _scalar(part: Part, value: Any, kind: FieldType) -> Scalar:
    """The value as its field holds it. One of another type that can only mean one thing is taken, with a warning."""
    if isinstance(value, bool):
        if kind == "boolean":
            return value
    elif isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        if kind == "number":
            return value
    elif isinstance(value, str) and kind not in ("number", "boolean"):
        return part.checked("default", value)
    meant: Scalar | None = None
    if kind == "number" and isinstance(value, str):
        meant = _number(value)
    elif kind == "boolean" and value in ("true", "false"):
        meant = value == "true"
    elif kind == "string" and isinstance(value, bool | int | float):
        meant = text_of(value)
    if meant is None:
        part.refuse("default", f"a {kind}")
    part.warn("default", f"is {shown(value)}, taken as the {kind} {shown(meant)}")
    return meant


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def text_of(value: Scalar) -> str:
    """A value as a server gets it: true and false in lower case, a whole number without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
