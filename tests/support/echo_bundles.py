"""The four small extensions of tests/data/extensions, packed and spoken to. Each has a tool that shows its config."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coder.extensions.launch import Launch
from coder.extensions.packing import pack

ECHOES = Path(__file__).resolve().parents[1] / "data" / "extensions"
KINDS = ("node", "python", "binary", "uv")
_HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@dataclass(frozen=True)
class Config:
    """What a server was given."""

    token: str
    limit: str
    loud: str
    args: tuple[str, ...]


def packed(kind: str, folder: Path) -> Path:
    return pack(ECHOES / kind, folder / f"echo-{kind}.mcpb").path


def converse(launch: Launch, *calls: tuple[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Starts the server and asks it, one call after the other; what it answers."""
    asked = [("initialize", _HELLO), *calls]
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": at, "method": name, "params": params})
        for at, (name, params) in enumerate(asked)
    ]
    lines.insert(1, json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}))
    done = subprocess.run(
        [launch.command, *launch.args],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        cwd=launch.cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **launch.env},
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(asked))), done.stderr
    return answers[1:]


def shown_config(launch: Launch) -> Config:
    (answer,) = converse(launch, ("tools/call", {"name": "show_config", "arguments": {}}))
    text = answer["result"]["content"][0]["text"]
    parts = dict(part.split("=", 1) for part in text.split(";"))
    token, limit, loud = (bytes.fromhex(parts[name]).decode() for name in ("token", "limit", "loud"))
    args = tuple(bytes.fromhex(arg).decode() for arg in parts["args"].split(",")) if parts["args"] else ()
    return Config(token, limit, loud, args)
