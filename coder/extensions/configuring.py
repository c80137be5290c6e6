"""What people answer to an extension's questions: read by the type of each field, checked, parted from the secrets.

Must not know how they are asked, or how the values reach the server.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.errors import ConfigError
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.extensions.user_config import Field, Scalar, Value

_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_MOST = 1_000_000  # characters of a value
_MOST_VALUES = 200
_SHOWN = 60
_FAR = 1e15  # whole numbers up to here are the same as integers and as floats


def form_of(field: Field) -> str:
    """What a value of it must be, in words."""
    match field.type:
        case "number":
            low, high = _number(field.min), _number(field.max)
            span = f" from {low} to {high}" if low and high else f" of at least {low}" if low else ""
            return f"a number{span or (f' of at most {high}' if high else '')}"
        case "boolean":
            return "true or false"
        case "directory":
            return "a folder that exists"
        case "file":
            return "a file that exists"
        case _:
            return "a text that is not empty" if field.required else "a text"


def read_sets(fields: Sequence[Field], sets: Iterable[str], cwd: Path, home: Path) -> dict[str, Value]:
    """The values of `--set KEY=VALUE`; of a field that takes several, each time one more. Raises ConfigError."""
    texts: dict[str, list[str]] = {}
    known = {field.key: field for field in fields}
    for given in sets:
        key, mark, text = given.partition("=")
        if not mark:  # not quoted in the message: it may be a secret
            raise ConfigError("--set must have the form KEY=VALUE.")
        field = _known(known, key, "--set")
        if field.sensitive:
            raise ConfigError(
                f"--set {key}: it is a secret, which every program could read on this command line. Put it into a file "
                f"and say --set-file {key}=FILE, or --set-file {key}=- for standard input."
            )
        texts.setdefault(key, []).append(text)
    return {key: read(known[key], found, cwd, home, f"--set {key}") for key, found in texts.items()}


def read_files(fields: Sequence[Field], files: Mapping[str, str], cwd: Path, home: Path) -> dict[str, Value]:
    """The values of `--set-file KEY=FILE`, whose contents are given; one line end at the end is none of them."""
    known = {field.key: field for field in fields}
    found: dict[str, Value] = {}
    for key, text in files.items():
        field = _known(known, key, "--set-file")
        plain = text[:-1].removesuffix("\r") if text.endswith("\n") else text
        texts = plain.split("\n") if field.multiple else [plain]
        found[key] = read(field, texts, cwd, home, f"--set-file {key}")
    return found


def read(field: Field, texts: Sequence[str], cwd: Path, home: Path, where: str = "") -> Value:
    """The value that was typed, or the values where it takes several. Raises ConfigError that tells the form, and never
    a secret."""
    where = where or field.key
    if len(texts) > (_MOST_VALUES if field.multiple else 1):
        raise ConfigError(f"{where}: it takes {f'{_MOST_VALUES} values' if field.multiple else 'one value'} only.")
    values = tuple(_scalar(field, text, cwd, home, where) for text in texts)
    for value, text in zip(values, texts, strict=True):
        if problem := problem_of(field, value):
            raise ConfigError(f"{where}: it must be {problem}{_not(field, text)}.")
    return values if field.multiple else values[0]


def problem_of(field: Field, value: Scalar) -> str:
    """What it must be and is not; "" for one that is right. Looks at the disk for files and folders."""
    if isinstance(value, bool) is not (field.type == "boolean"):
        return form_of(field)
    if field.type == "number":
        if not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            return form_of(field)
        is_low = field.min is not None and value < field.min
        is_high = field.max is not None and value > field.max
        return form_of(field) if is_low or is_high else ""
    if field.type == "boolean":
        return ""
    if not isinstance(value, str) or len(value) > _MOST:
        return f"a text of at most {_MOST} characters"
    if "\0" in value:
        return "a text without NUL characters, which no program can be given"
    if field.type in ("directory", "file"):
        return "" if _is_there(Path(value), folder=field.type == "directory") else form_of(field)
    return form_of(field) if field.required and not value else ""


def fitting(fields: Sequence[Field], values: Mapping[str, Value]) -> dict[str, Value]:
    """Of the values of another version, those that this one knows and takes as they are. The disk is not asked."""
    known = {field.key: field for field in fields}
    return {key: value for key, value in values.items() if key in known and _fits(known[key], value)}


def missing(fields: Sequence[Field], values: Mapping[str, Value]) -> tuple[Field, ...]:
    """Those that must have a value and have none; the default of the manifest is one."""
    return tuple(
        field for field in fields if field.required and _is_empty(values.get(field.key)) and _is_empty(field.default)
    )


def parted(fields: Sequence[Field], values: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """What may be written down, and the secrets."""
    secret = {field.key for field in fields if field.sensitive}
    plain = {key: value for key, value in values.items() if key not in secret}
    return plain, {key: value for key, value in values.items() if key in secret}


def _scalar(field: Field, text: str, cwd: Path, home: Path, where: str) -> Scalar:
    match field.type:
        case "number":
            return _read_number(field, text, where)
        case "boolean":
            switch = _SWITCHES.get(text.strip().lower())
            if switch is None:
                raise ConfigError(f"{where}: it must be {form_of(field)}{_not(field, text)}.")
            return switch
        case "directory" | "file":
            if not text.strip() or "\0" in text:
                raise ConfigError(f"{where}: it must be {form_of(field)}.")
            path = home / text[2:] if text.startswith("~/") else home if text == "~" else cwd / text
            return os.path.normpath(path)
        case _:
            return text


def _read_number(field: Field, text: str, where: str) -> int | float:
    try:
        if len(text) > _SHOWN or "_" in text:  # 1_000 is a number for Python only
            raise ValueError
        number = float(text)
        return int(number) if number.is_integer() and abs(number) < _FAR else number
    except (ValueError, OverflowError):
        raise ConfigError(f"{where}: it must be {form_of(field)}{_not(field, text)}.") from None


def _fits(field: Field, value: Value) -> bool:
    if isinstance(value, tuple) is not field.multiple:
        return False
    kind = {"number": int | float, "boolean": bool}.get(field.type, str)
    return all(
        isinstance(each, kind)
        and isinstance(each, bool) is (field.type == "boolean")
        and (field.type in ("directory", "file") or not problem_of(field, each))
        for each in (value if isinstance(value, tuple) else (value,))
    )


def _known(known: Mapping[str, Field], key: str, flag: str) -> Field:
    if key not in known:
        there = f"It has {', '.join(known)}." if known else "It has none."
        raise ConfigError(f"{flag}: the extension has no setting {visible_line(key[:_SHOWN])!r}. {there}")
    return known[key]


def _is_there(path: Path, *, folder: bool) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode)


def _not(field: Field, text: str) -> str:
    return "" if field.sensitive else f", not {visible_line(text[:_SHOWN])!r}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _is_empty(value: Value | None) -> bool:
    return value in (None, "", ())
