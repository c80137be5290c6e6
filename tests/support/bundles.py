"""Tiny extensions for tests: a bundle of a manifest and files, and a client that speaks to a server by hand."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Says what it was given: its arguments and all of its environment.
SERVER = """
import json, os, sys
TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in os.environ.get("TOOLS", "echo").split()]
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    match message["method"]:
        case "initialize":
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                      "serverInfo": {"name": "echo", "version": "1"}}
        case "tools/list":
            result = {"tools": TOOLS}
        case _:
            said = json.dumps({"args": sys.argv[1:], "env": dict(os.environ)})
            result = {"content": [{"type": "text", "text": said}]}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""
HELLO: list[dict[str, Any]] = [
    {
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    },
    {"method": "notifications/initialized"},
]


def manifest(**changes: Any) -> dict[str, Any]:
    """A python extension named echo; `args`, `env` are of its command line, all else keys of the manifest."""
    config: dict[str, Any] = {
        "command": "python3",
        "args": ["${__dirname}/server/main.py", *changes.pop("args", [])],
        "env": changes.pop("env", {}),
    }
    return {
        "manifest_version": "0.3",
        "name": "echo",
        "version": "1.0.0",
        "description": "Sends back what it is told.",
        "author": {"name": "Mia"},
        "server": {"type": "python", "entry_point": "server/main.py", "mcp_config": config},
        "tools": [{"name": "echo", "description": "Sends it back."}],
        **changes,
    }


def bundle(path: Path, files: Mapping[str, str] | None = None, **changes: Any) -> Path:
    """The bundle at `path`, made anew."""
    contents = {
        "manifest.json": json.dumps(manifest(**changes)),
        "server/main.py": SERVER,
        **(files or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def called(
    command: str,
    args: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    tool: str = "echo",
    arguments: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `tool` answers, of a server started as a session would, with what every program gets beside."""
    calls = [
        *HELLO,
        {"method": "tools/list"},
        {"method": "tools/call", "params": {"name": tool, "arguments": arguments or {}}},
    ]
    with subprocess.Popen(
        [command, *args],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **env},
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as server:
        assert server.stdin and server.stdout
        answer: dict[str, Any] = {}
        for number, call in enumerate(calls):
            is_asked = not call["method"].startswith("notifications/")
            known = {"id": number} if is_asked else {}
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **known, **call}) + "\n")
            server.stdin.flush()
            while is_asked and answer.get("id") != number:
                line = server.stdout.readline()
                assert line, "it ended without an answer"
                answer = json.loads(line)
        server.stdin.close()
        server.stdout.read()
    found: dict[str, Any] = answer["result"]
    return found


def echoed(command: str, args: Sequence[str], env: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    """What the server was given: `args` and `env`."""
    said: dict[str, Any] = json.loads(called(command, args, env, cwd)["content"][0]["text"])
    return said
