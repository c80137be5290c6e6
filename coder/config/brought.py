"""What one file of a folder would run, contact or loosen, told from its JSON. Pure and total: any JSON will do.

Whatever of a repository's settings is not listed here must not count before trust. Must not know whether it is trusted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from coder.config.shown import shown
from coder.core.messages import Json
from coder.core.own_keys import is_own_key
from coder.core.trust import Brought, Kind

MCP_FILE = ".mcp.json"
PLUGIN = ".claude-plugin/plugin.json"  # what a plugin would run, wherever it is written
MARKDOWN = ".md"  # a command, skill or agent, whose head grants something while it is used
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)")
# Keys whose value is a command, or an object that holds one.
_COMMANDS = (
    "statusLine",
    "subagentStatusLine",
    "fileSuggestion",
    "awsAuthRefresh",
    "awsCredentialExport",
    "gcpAuthRefresh",
    "otelHeadersHelper",
    "check",
)
# Keys that loosen or weaken something when they are set.
_LOOSENING = (
    "sandbox",
    "disableAllHooks",
    "allowedHttpHookUrls",
    "httpHookAllowedEnvVars",
    "enableAllProjectMcpServers",
    "enabledMcpjsonServers",
    "enabledPlugins",
    "extraKnownMarketplaces",
    "pluginConfigs",
    "autoCommit",
    "autoMode",
    "skipAutoPermissionPrompt",
    "skipDangerousModePermissionPrompt",
    "skipWebFetchPreflight",
    "autoMemoryDirectory",
    "claudeMdExcludes",
    "plansDirectory",
    "cleanupPeriodDays",
    "worktree",
    "webFetch",
    "agent",
)


def brought_by(file: str, value: Json) -> tuple[Brought, ...]:
    """What the file called `file` (relative to its folder) brings. Empty when it only tightens or decorates."""
    if file.endswith(MARKDOWN):
        return tuple(_grants(value, file))
    if file.endswith(PLUGIN):
        return (*_settings(value, file), *_servers(value, file), *_styles(value, file))
    return tuple(_servers(value, file) if file == MCP_FILE else _settings(value, file))


def content_of(item: Brought) -> str:
    """What stands for the whole file that a command or skill is; empty for other things."""
    return item.digest.partition(":")[0] if item.file.endswith(MARKDOWN) else ""


def name_of(file: str) -> str:
    """What a command or skill is called, by its file."""
    path = PurePath(file)
    return path.parent.name if path.name == "SKILL.md" else path.stem


def _settings(value: Json, file: str) -> Iterator[Brought]:
    yield from _hooks(value.get("hooks"), file)
    for key in ("apiKeyHelper", *_COMMANDS):
        if held := value.get(key):
            command = held.get("command", held) if isinstance(held, dict) else held
            yield _item(file, "command", key, _text(command), held, never=key == "apiKeyHelper")
    for name, content in _object(value.get("env")).items():
        yield _item(file, "variable", name, _text(content), content)
    rules = _object(value.get("permissions"))
    for rule in _list(rules.get("allow")):
        yield _item(file, "rule", _text(rule), "", rule)
    for folder in _list(rules.get("additionalDirectories")):
        yield _item(file, "folder", _text(folder), "", folder)
    if (mode := rules.get("defaultMode")) is not None:
        yield _item(file, "mode", _text(mode), "", mode, never=mode == "bypassPermissions")
    for key in _LOOSENING:
        if held := value.get(key):
            yield _item(file, "setting", key, _text(held), held)
    for key, held in _object(value.get("coder")).items():
        yield _item(file, "setting", f"coder.{key}", _text(held), held)
    if value.get("confirmIrreversible") is False:
        yield _item(file, "setting", "confirmIrreversible", "false", False, never=True)
    if value.get("fileCheckpointingEnabled") is False:
        yield _item(file, "setting", "fileCheckpointingEnabled", "false", False, never=True)


def _styles(value: Json, file: str) -> Iterator[Brought]:
    """Those that a plugin puts upon every session that has it, by what stands in them."""
    for name, digest in _object(value.get("outputStyle")).items():
        yield _item(file, "setting", f"outputStyle {name}", "for the whole session", digest)


def _hooks(value: object, file: str) -> Iterator[Brought]:
    """A handler each. What has another form than expected is one thing, taken as it stands."""
    if value and not isinstance(value, dict):
        yield _item(file, "hook", "hooks", _text(value), value)
    for event, groups in _object(value).items():
        for group in _list(groups) or ([groups] if groups else []):
            known = _object(group)
            handlers = known.get("hooks")
            if not isinstance(handlers, list):
                yield _item(file, "hook", event, _text(group), group)
                continue
            frame = {key: held for key, held in known.items() if key != "hooks"}
            matcher = f" on {_text(frame['matcher'])}" if frame.get("matcher") else ""
            for handler in handlers:
                yield _item(file, "hook", event + matcher, _handler(handler), [frame, handler])


def _handler(handler: object) -> str:
    if not isinstance(handler, dict):
        return _text(handler)
    match handler.get("type"):
        case "command":
            return " ".join(map(_text, [handler.get("command"), *_list(handler.get("args"))]))
        case "http":
            names = [f"${_text(name)}" for name in _list(handler.get("allowedEnvVars"))]
            return " ".join((_text(handler.get("url")), *(("with", *names) if names else ())))
        case _:
            return _text(handler)


def _grants(value: Json, file: str) -> Iterator[Brought]:
    """Its text says what is done with them, so that no part of the file may change unseen."""
    rules = [
        _item(file, "rule", _text(rule), f"while /{name_of(file)} is used", rule)
        for rule in _list(value.get("allowed-tools"))
    ]
    head = (*_of_agent(value, file), *_hooks(value.get("hooks"), file), *_servers(value, file))
    for item in (*rules, *head):
        yield replace(item, digest=f"{value.get('sha256')}:{item.digest}" if item.digest else "")


def _of_agent(value: Json, file: str) -> Iterator[Brought]:
    when = f"while the agent {name_of(file)} runs"
    if mode := value.get("permissionMode"):
        yield _item(file, "mode", _text(mode), when, mode)
    if memory := value.get("memory"):
        yield _item(file, "folder", f"agent-memory/{name_of(file)} of your own", when, memory)


def _servers(value: Json, file: str) -> Iterator[Brought]:
    servers = value.get("mcpServers")
    if servers and not isinstance(servers, dict):
        yield _item(file, "server", "mcpServers", _text(servers), servers)
    for name, entry in _object(servers).items():
        yield _item(file, "server", name, _server(entry), entry)
        for key in _keys_in(entry):  # its digest is of the whole entry: the key goes where it was seen to go
            yield _item(file, "key", key, name, [name, entry])


def _keys_in(entry: object) -> list[str]:
    """The keys of the person's for the model that a server would be given."""
    names = dict.fromkeys(_REFERENCE.findall(_text([entry])))
    return [name for name in names if is_own_key(name)]


def _server(entry: object) -> str:
    """The line that would start it, with its variables in front, or the address."""
    if not isinstance(entry, dict):
        return _text(entry)
    words = [f"{key}={_text(held)}" for key, held in _object(entry.get("env")).items()]
    words += [_text(entry[key]) for key in ("command", "url") if entry.get(key)]
    words += map(_text, _list(entry.get("args")))
    words += [f"(in {_text(entry['cwd'])})"] if entry.get("cwd") else []
    words += [f"(header {name}: {_text(held)})" for name, held in _object(entry.get("headers")).items()]
    if helper := entry.get("headersHelper"):
        words.append(f"(headers from {_text(helper)})")
    return " ".join(words) or _text(entry)


def _item(file: str, kind: Kind, name: str, text: str, content: object, *, never: bool = False) -> Brought:
    try:
        held = json.dumps([kind, name, content], sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(held.encode("ascii")).hexdigest()
    except RecursionError:  # too deep to tell from another: no approval covers it
        digest = ""
    return Brought(file, kind, shown(name, 80), shown(text), digest, never)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to show)"


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
