"""What a bundle says about itself: its manifest.json as plain values, read and checked (formats 0.1 to 0.4).

Must not know the archive it came from, the person's configuration, or how the server is started.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from hashlib import sha256
from typing import Literal, TypeAlias, get_args

from coder.core.dataclass import dataclass
from coder.extensions.manifest_check import Part, parse
from coder.extensions.user_config import Field, read_fields

ServerType: TypeAlias = Literal["node", "python", "binary", "uv"]
VERSIONS = ("0.1", "0.2", "0.3", "0.4")
# The first one is today's name; the others are older, or were only ever written in announcements.
_VERSION_KEYS = ("manifest_version", "dxt_version", "mcpb_version")
_PLATFORMS = ("darwin", "win32", "linux")
_SEMVER = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_MOST_NAME = 100
_ENV_NAME = re.compile(r"[^=\0\s]{1,200}")
# Known, and of no use to a terminal.
_UNUSED = ("$schema", "icons", "screenshots", "localization", "_meta")


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """What one platform has otherwise: `command` and `args` replace (None: do not), `env` is laid over."""

    command: str | None = None
    args: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerPart:
    """`command` is None where the manifest leaves it to us (no `mcp_config`). Nothing is filled in yet."""

    type: ServerType
    entry_point: str
    command: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """A tool or prompt as the manifest announces it."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Empty `platforms`: all. `runtimes` and `clients` are version ranges by name, as they are written."""

    platforms: tuple[str, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)

    def allows(self, platform: str) -> bool:
        return not self.platforms or platform in self.platforms


@dataclass(frozen=True, slots=True)
class Manifest:
    """All texts are foreign. `warnings`: what is odd in it, each on one line, fit to be shown."""

    name: str
    version: str
    display_name: str
    description: str
    author: Author
    server: ServerPart
    format_version: str
    user_config: tuple[Field, ...] = ()
    tools: tuple[Declared, ...] = ()
    prompts: tuple[Declared, ...] = ()
    tools_generated: bool = False
    prompts_generated: bool = False
    compatibility: Compatibility = Compatibility()
    long_description: str = ""
    homepage: str = ""
    documentation: str = ""
    support: str = ""
    repository: str = ""
    license: str = ""
    keywords: tuple[str, ...] = ()
    privacy_policies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name as a folder and as a server may be called; never empty, never `.` or `..`."""
        return slug_of(self.name)


def slug_of(name: str) -> str:
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9._-]+", "-", name.lower())).strip("-._")
    return plain or f"extension-{sha256(name.encode()).hexdigest()[:8]}"


def read_manifest(data: bytes, origin: str) -> Manifest:
    """The manifest in `data`, which is called `origin` in messages. Raises ManifestError."""
    part = parse(data, origin)
    format_version = _format_version(part)
    name = _name(part)
    tools, prompts = _declared(part, "tools"), _declared(part, "prompts")
    display_name = part.text("display_name", default=name)
    found = Manifest(
        name, _version(part), display_name, part.text("description", required=True), _author(part), _server(part),
        format_version, read_fields(part.part("user_config")), tools, prompts,
        part.flag("tools_generated"), part.flag("prompts_generated"), _compatibility(part.part("compatibility")),
        part.text("long_description"), part.text("homepage"), part.text("documentation"), part.text("support"),
        _repository(part), part.text("license"), part.texts("keywords"), part.texts("privacy_policies"),
    )  # fmt: skip
    part.text("icon")
    for key in _UNUSED:
        part.has(key)
    part.finish()
    return replace(found, warnings=tuple(part.source.warnings))


def _format_version(part: Part) -> str:
    expected = f"one of {', '.join(VERSIONS)}"
    found = {key: part.raw(key) for key in _VERSION_KEYS if part.has(key)}
    if not found:
        part.refuse("manifest_version", expected)
    for key, version in found.items():
        if version not in VERSIONS:
            part.refuse(key, f"{expected}; a newer coder may know it")
    if len(set(found.values())) > 1:
        part.refuse(next(reversed(found)), f"the same as {next(iter(found))}")
    return str(next(iter(found.values())))


def _name(part: Part) -> str:
    name = part.text("name", required=True)
    if len(name) > _MOST_NAME or not name.isprintable() or not any(map(str.isalnum, name)):
        part.refuse("name", f"at most {_MOST_NAME} characters, with a letter or digit among them")
    return name


def _version(part: Part) -> str:
    version = part.text("version", required=True)
    if not _VERSION.fullmatch(version) or ".." in version:
        part.refuse("version", "a version such as 1.2.3")
    if not _SEMVER.fullmatch(version):
        part.warn("version", f"is {version}, not of the form 1.2.3; an update is known by being different only")
    return version


def _author(part: Part) -> Author:
    author = part.part("author")
    if author is None:
        part.refuse("author", "an object with name")
    found = Author(author.text("name", required=True), author.text("email"), author.text("url"))
    author.finish()
    return found


def _repository(part: Part) -> str:
    if isinstance(part.raw("repository"), str):
        return part.text("repository")
    repository = part.part("repository")
    if repository is None:
        return ""
    repository.has("type")
    url = repository.text("url")
    repository.finish()
    return url


def _declared(part: Part, key: str) -> tuple[Declared, ...]:
    found = []
    for item in part.parts(key):
        found.append(Declared(item.text("name", required=True), item.text("description")))
        if key == "prompts":
            item.has("arguments")
            item.has("text")
        item.finish()
    return tuple(found)


def _server(part: Part) -> ServerPart:
    server = part.part("server")
    if server is None:
        part.refuse("server", "an object with type and entry_point")
    kind = server.raw("type")
    if kind not in get_args(ServerType):
        server.refuse("type", f"{', '.join(get_args(ServerType)[:-1])} or {get_args(ServerType)[-1]}")
    entry = server.text("entry_point", required=True)
    steps = entry.split("/")
    if "\\" in entry or entry.startswith(("/", "~")) or ".." in steps or re.match("[A-Za-z]:", entry):
        server.refuse("entry_point", "a path inside the bundle, with / between its parts")
    config = server.part("mcp_config")
    server.finish()
    if config is None:
        return ServerPart(kind, entry)
    overrides = config.part("platform_overrides")
    by_platform = {} if overrides is None else {name: _override(overrides, name) for name in overrides.names()}
    if not config.has("command") and not any(each.command for each in by_platform.values()):
        config.refuse("command", "the program that is the server")
    command = config.text("command") or None
    found = ServerPart(kind, entry, command, config.texts("args"), _env(config), by_platform)
    config.finish()
    return found


def _override(overrides: Part, platform: str) -> Override:
    part = overrides.part(platform)
    if part is None:
        return Override()
    if platform not in _PLATFORMS:
        overrides.warn(platform, f"is no platform; they are {', '.join(_PLATFORMS)}")
    args = part.texts("args") if part.has("args") else None
    found = Override(part.text("command") or None, args, _env(part))
    part.finish()
    return found


def _env(part: Part) -> dict[str, str]:
    env = part.part("env")
    if env is None:
        return {}
    for name in env.names():
        if not _ENV_NAME.fullmatch(name):
            env.refuse(name, "the name of a variable, without = and blanks")
        if not isinstance(env.raw(name), str):
            env.refuse(name, "a text")
    return {name: env.text(name) for name in env.names()}


def _compatibility(part: Part | None) -> Compatibility:
    if part is None:
        return Compatibility()
    platforms = part.texts("platforms")
    for platform in platforms:
        if platform not in _PLATFORMS:
            part.warn("platforms", f"names {platform!r}; known are {', '.join(_PLATFORMS)}")
    runtimes = part.part("runtimes")
    ranges = {} if runtimes is None else {name: runtimes.text(name) for name in runtimes.names()}
    clients = {key: part.text(key) for key in tuple(part.others())}
    return Compatibility(platforms, ranges, clients)
