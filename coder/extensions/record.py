"""What is written down of an installed extension, as values and as JSON. Must not know where it is kept, or files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, field, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.extensions.user_config import Value

_FORMAT = 1
_FOLDER = re.compile(r"[A-Za-z0-9+][A-Za-z0-9.+-]{0,99}")  # as coder.extensions.names makes them


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person has said yes to. `command` is a template: what they configure stands in it as its name.

    `tools` are those that the manifest declares; `is_open`: it says that there are others, made when it runs.
    """

    kind: str = ""
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()  # names of variables
    runtimes: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    is_open: bool = False
    publisher: str = ""
    signature: str = "unsigned"


@dataclass(frozen=True, slots=True)
class Installed:
    """One version in its folder. `archive` and `content` are SHA-256: of the file it came in, and of what was unpacked.

    `print` is the folder's state when `content` was last found right: what has the same is not read again.
    """

    folder: str
    version: str
    archive: str
    content: str
    print: str = ""
    author: str = ""
    consent: Consent = Consent()


@dataclass(frozen=True, slots=True)
class Record:
    """`name` is that of its folder and its server, `title` the manifest's. `reason` tells why it is off, where coder
    turned it off. `config` has no secrets: those in the vault are named in `secrets`.

    `offered` are the tools that it had when it last ran, `pinned` when it first did, None: it never ran. `agreed` are
    tools said yes to later, `waiting` those that nobody has said yes to. `kept`: only its configuration is left.
    """

    name: str
    title: str
    current: Installed
    previous: Installed | None = None
    enabled: bool = True
    reason: str = ""
    config: Mapping[str, Value] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    offered: tuple[str, ...] | None = None
    pinned: tuple[str, ...] | None = None
    agreed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    kept: bool = False


def digest_of(record: Record) -> str:
    """Changes with anything that decides what runs; secrets are not in it, for it is written down elsewhere."""
    config = sorted((key, repr(value)) for key, value in record.config.items())
    return sha256(repr((record.current.content, record.current.consent.command, config)).encode()).hexdigest()


def as_json(record: Record) -> bytes:
    return (json.dumps({"format": _FORMAT, **asdict(record)}, indent=2, ensure_ascii=True) + "\n").encode()


def from_json(data: bytes) -> Record:
    """Raises ValueError for what `as_json` did not write."""
    try:
        raw = json.loads(data)
        if not isinstance(raw, dict) or raw.pop("format", None) != _FORMAT:
            raise ValueError("it is of another version of coder")
        raw["current"] = _installed(raw["current"])
        raw["previous"] = None if raw["previous"] is None else _installed(raw["previous"])
        raw["config"] = {_text(key): _value(value) for key, value in raw["config"].items()}
        for key in ("offered", "pinned"):
            raw[key] = None if raw[key] is None else _texts(raw[key])
        for key in ("secrets", "agreed", "waiting"):
            raw[key] = _texts(raw[key])
        _typed(raw, {"name": str, "title": str, "enabled": bool, "reason": str, "kept": bool})
        return Record(**raw)
    except (KeyError, TypeError, AttributeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("it is not as coder wrote it") from error


def _installed(raw: Any) -> Installed:
    consent = dict(raw["consent"])
    for key in ("command", "env", "runtimes", "tools"):
        consent[key] = _texts(consent[key])
    _typed(consent, {"kind": str, "is_open": bool, "publisher": str, "signature": str})
    plain = {each.name: raw[each.name] for each in fields(Installed) if each.name != "consent"}
    _typed(plain, dict.fromkeys(plain, str))
    if not _FOLDER.fullmatch(plain["folder"]):
        raise TypeError
    return Installed(**plain, consent=Consent(**consent))


def _typed(raw: Mapping[str, Any], types: Mapping[str, type]) -> None:
    if any(type(raw[key]) is not expected for key, expected in types.items()):
        raise TypeError


def _texts(raw: Any) -> tuple[str, ...]:
    return tuple(map(_text, raw)) if isinstance(raw, list) else _fail()


def _value(raw: Any) -> Value:
    if isinstance(raw, list):
        return tuple(each if isinstance(each, str | int | float) else _fail() for each in raw)
    return raw if isinstance(raw, str | int | float) else _fail()


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else _fail()


def _fail() -> Any:
    raise TypeError
