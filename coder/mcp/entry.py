"""One entry of a configuration, key by key, with its variables put in. Must not know other entries, or files."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from coder.mcp.expand import MOST, Expansion, TooLongError
from coder.mcp.server import PLAIN, Hosted, Http, Login, Stdio, Transport

_KINDS: dict[str, Literal["http", "sse"]] = {"http": "http", "streamable-http": "http", "sse": "sse"}
_TYPES = "stdio, http, sse"
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_MOST_ITEMS = 1000
_SHORTEST = 1000  # milliseconds that a call must be given
_LONGEST = 7 * 24 * 3600 * 1000


class Unusable(Exception):
    """The entry cannot be used; `str()` completes "MCP server NAME: …". `whole` is a sentence of its own, `kind`
    names the mistake for programs."""

    def __init__(self, text: str, whole: str | None = None, kind: str = "invalid_config") -> None:
        super().__init__(text)
        self.whole = whole
        self.kind = kind


class Entry:
    """`notes` are what of it is not used although it is; they grow as it is read. `hidden` are the values of variables
    that were put in. `withheld` are the variables that are
    not in `env` for it must not have them. Methods raise Unusable."""

    def __init__(
        self,
        name: str,
        raw: Mapping[str, Any],
        env: Mapping[str, str],
        folder: Path,
        withheld: frozenset[str] = frozenset(),
    ) -> None:
        self._name = name
        self._raw = raw
        self._env = env
        self._folder = folder
        self._withheld = withheld
        self.notes: list[str] = []
        self.hidden: tuple[str, ...] = ()

    def transport(self, cwd: Path) -> Transport:
        kind = self._raw.get("type")
        if kind is None and "url" in self._raw:
            raise Unusable(
                "",
                f'MCP server "{self._name}" has a "url" but no "type"; add "type": "http" (or "sse"). It is not used.',
                "url_missing_type",
            )
        if kind is None or kind == "stdio":
            return self._stdio(cwd)
        if kind == "sdk":
            return Hosted()
        if kind == "ws":
            raise Unusable("type ws is not supported; use http, if the server speaks it", kind="unknown_type")
        if not isinstance(kind, str) or kind not in _KINDS:
            raise Unusable(f"type must be one of {_TYPES}", kind="unknown_type")
        return self._http(_KINDS[kind])

    def digest(self, transport: Transport) -> str:
        """Changes with all that decides what runs, or where."""
        match transport:
            case Stdio():
                parts: list[Any] = [transport.command, list(transport.args), dict(transport.env), str(transport.cwd)]
            case Http(login=login):
                parts = [transport.kind, transport.url, dict(transport.headers), transport.helper]
                if login is not None:
                    parts += [login.client_id, login.client_secret, login.callback_port, list(login.scopes)]
                    parts.append(login.metadata_url)
            case _:
                parts = []
        held = json.dumps([self._name, type(transport).__name__, *parts], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(held.encode("ascii")).hexdigest()

    def timeout(self) -> float | None:
        """Seconds that a call may take."""
        given = self._raw.get("timeout")
        if given is not None:
            if type(given) in (int, float) and _SHORTEST <= given <= _LONGEST:
                return float(given) / 1000
            self.notes.append(f"timeout must be milliseconds from {_SHORTEST} to {_LONGEST}; it is not used")
        return self.milliseconds("MCP_TOOL_TIMEOUT", _SHORTEST)

    def milliseconds(self, variable: str, lowest: int) -> float | None:
        """What a variable of the session says, in seconds."""
        given = self._env.get(variable, "").strip()
        if not given:
            return None
        if given.isascii() and given.isdigit() and len(given) <= 12 and int(given) >= lowest:
            return min(int(given), _LONGEST) / 1000
        self.notes.append(f"{variable} must be milliseconds from {lowest}; it is not used")
        return None

    def switch(self, key: str) -> bool:
        given = self._raw.get(key)
        if given is not None and not isinstance(given, bool):
            self.notes.append(f"{key} must be true or false; it is not used")
        return given is True

    def _stdio(self, cwd: Path) -> Stdio:
        expansion = Expansion(self._env)
        command = self._text("command", expansion)
        args = tuple(self._checked(f"args[{i}]", arg, expansion) for i, arg in enumerate(self._list("args")))
        env = {}
        for name, value in self._object("env").items():
            if not name or "=" in name or "\0" in name or not _encodes(name):
                raise Unusable("env holds a name that no variable can have")
            text = str(value) if type(value) is int else value
            env[name] = self._checked(f"env.{name}", text, expansion)
        folder = self._folder
        if "cwd" in self._raw:
            folder = Path(os.path.normpath(self._folder / self._text("cwd", expansion)))
        self._tell_unset(expansion)
        return Stdio(command, args, {**env, "CLAUDE_PROJECT_DIR": str(cwd), "CLAUDECODE": "1"}, folder)

    def _http(self, kind: Literal["http", "sse"]) -> Http:
        expansion = Expansion(self._env)
        url = self._text("url", expansion)
        headers = {}
        for name, value in self._object("headers").items():
            if not _HEADER.fullmatch(name):
                raise Unusable("headers holds a name that no header can have")
            text = self._checked(f"headers.{name}", value, expansion).strip()
            if not (text.isascii() and text.isprintable()) and text:
                raise Unusable(f"headers.{name} holds a character that no header can have")
            headers[name] = text
        self._tell_unset(expansion)
        if not _is_address(url):
            raise Unusable("url must be an http or https address")
        helper = ""
        if self._raw.get("headersHelper") is not None:
            helper = self._checked("headersHelper", self._raw["headersHelper"], Expansion({}))
        return Http(url, kind, headers, helper, self._login())

    def _login(self) -> Login | None:
        if not (given := self._object("oauth")):
            return None
        texts = {}
        for key in ("clientId", "clientSecret", "authServerMetadataUrl"):
            value = given.get(key, "")
            if not isinstance(value, str) or not value.isprintable() or len(value) > MOST:
                raise Unusable(f"oauth.{key} must be a text")
            texts[key] = value
        port = given.get("callbackPort")
        if port is not None and not (type(port) is int and 0 < port < 65536):
            raise Unusable("oauth.callbackPort must be a port from 1 to 65535")
        if (metadata := texts["authServerMetadataUrl"]) and not metadata.startswith("https://"):
            raise Unusable("oauth.authServerMetadataUrl must be an https address")
        scopes = given.get("scopes", ())
        words = scopes.split() if isinstance(scopes, str) else scopes
        if not isinstance(words, list | tuple) or not all(
            isinstance(word, str) and word.isprintable() for word in words
        ):
            raise Unusable("oauth.scopes must be a text, or a list of texts")
        return Login(texts["clientId"], texts["clientSecret"], port, tuple(words), metadata)

    def _text(self, key: str, expansion: Expansion) -> str:
        if not isinstance(self._raw.get(key), str) or not self._raw[key].strip():
            raise Unusable(f"{key} must be a text that is not empty")
        return self._checked(key, self._raw[key], expansion)

    def _checked(self, key: str, value: object, expansion: Expansion) -> str:
        if not isinstance(value, str):
            raise Unusable(f"{key} must be a text")
        try:
            text = expansion.text(value)
        except TooLongError:
            raise Unusable(f"{key} is longer than {MOST} characters") from None
        if "\0" in text or not _encodes(text):
            raise Unusable(f"{key} holds a character that no program can be given")
        return text

    def _list(self, key: str) -> list[object]:
        value = self._raw.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise Unusable(f"{key} must be a list of texts")
        if len(value) > _MOST_ITEMS:
            raise Unusable(f"{key} holds more than {_MOST_ITEMS} items")
        return value

    def _object(self, key: str) -> Mapping[str, Any]:
        value = self._raw.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Unusable(f"{key} must be an object")
        if len(value) > _MOST_ITEMS:
            raise Unusable(f"{key} holds more than {_MOST_ITEMS} items")
        return value

    def _tell_unset(self, expansion: Expansion) -> None:
        self.hidden = tuple(value for name, value in expansion.used.items() if name not in PLAIN)
        self.notes += [
            f"${{{name}}} is your key for the model, and no server of the project gets it before you approved that: "
            "coder trust add"
            if name in self._withheld
            else f"${{{name}}} is not set, and stays as it is written; set it, or write ${{{name}:-default}}"
            for name in expansion.unset
        ]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and _is_plain(url)
    except ValueError:
        return False


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and not set(url) & set(' \\<>"')


def _encodes(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
