"""Settings files with hooks, and small hooks that keep what they were given."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from tests.support.cli import Place


def handler(command: str, **more: Any) -> Json:
    return {"type": "command", "command": command, **more}


def group(*handlers: Json | str, matcher: str = "") -> Json:
    made = [handler(each) if isinstance(each, str) else each for each in handlers]
    return {"matcher": matcher, "hooks": made} if matcher else {"hooks": made}


def settings(place: Place, hooks: dict[str, list[Json]], **more: Any) -> Path:
    """The person's own settings file."""
    return write(place.home / ".coder" / "settings.json", {"hooks": hooks, **more})


def write(path: Path, content: Json) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def keeps(path: Path, then: str = "") -> str:
    """A command that adds its input to a file, as a line, and goes on with `then`."""
    return f"cat >> {shlex.quote(str(path))}; {then}".rstrip("; ")


def says(value: Json) -> str:
    """A command that prints this as JSON."""
    return f"printf %s {shlex.quote(json.dumps(value))}"


def specific(event: str, **fields: Any) -> Json:
    return {"hookSpecificOutput": {"hookEventName": event, **fields}}


def kept(path: Path) -> list[Json]:
    """What such commands were given."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
