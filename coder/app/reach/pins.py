"""What a tool of a server was when the person said "don't ask again" for it: a server that later offers another tool
under that name is asked about anew. Rules that the person typed hold for whatever has the name. Must not know the gate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coder.app.reach.keeping import read_json, update_json
from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp.server import ServerTool

FILE = "mcp-approved.json"
_SHOWN = 200


class Pins:
    """`folder` is where the rules hold: the same name may be another server's elsewhere."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._file = file
        self._folder = str(folder)
        self._pins: dict[str, Any] | None = None
        self.problem = ""  # with reading the file, once it was read

    def changed(self, tool: ServerTool, server: str) -> str:
        """What is another than when the person allowed the tool; "" when nothing is, or it has no pin. `server` is the
        digest of what its server is."""
        pin = self._known().get(tool.name)
        if not isinstance(pin, dict):
            return ""
        said = _difference(pin, tool) if pin.get("digest") != digest_of(tool) else []
        if pin.get("server") != server:
            said.insert(0, "its server is started otherwise")
        return f"{tool.name} is no longer the tool you allowed: {'; '.join(said)}" if said else ""

    def pin(self, tool: ServerTool, server: str) -> str:
        """From now on the tool is what was allowed. Blocks. Returns what went wrong with keeping it, or ""."""
        pin: Json = {
            "digest": digest_of(tool),
            "server": server,
            "description": tool.description,
            "parameters": _parameters(tool),
        }
        self._known()[tool.name] = pin
        try:
            update_json(self._file, lambda found: self._with(found, tool.name, pin))
        except (OSError, ValueError, CoderError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            return f"What {tool.name} does now could not be noted, so a later change goes unseen: {self._file}: {why}."
        return ""

    def _with(self, found: Json, name: str, pin: Json) -> Json:
        here = found.get(self._folder)
        return {**found, self._folder: {**(here if isinstance(here, dict) else {}), name: pin}}

    def _known(self) -> dict[str, Any]:
        if self._pins is None:
            try:
                here = (read_json(self._file) or {}).get(self._folder)
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else str(error)
                self.problem = (
                    f"Which MCP tools you allowed cannot be read, so a change goes unseen: {self._file}: {why}."
                )
                here = None
            self._pins = dict(here) if isinstance(here, dict) else {}
        return self._pins


def digest_of(tool: ServerTool) -> str:
    """Changes with all that tells the model what the tool is."""
    parts = [tool.server, tool.tool, tool.description, tool.schema]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _difference(pin: Mapping[str, Any], tool: ServerTool) -> list[str]:
    was = pin.get("parameters")
    before = {each for each in was if isinstance(each, str)} if isinstance(was, list) else set()
    now = set(_parameters(tool))
    said = []
    if added := sorted(now - before):
        said.append(f"it takes {_names(added)} too")
    if gone := sorted(before - now):
        said.append(f"it no longer takes {_names(gone)}")
    if pin.get("description") != tool.description:
        said.append(f'its description is now "{_cut(tool.description)}"')
    return said or ["its parameters are described otherwise"]


def _parameters(tool: ServerTool) -> list[str]:
    properties = tool.schema.get("properties")
    return sorted(str(name) for name in properties) if isinstance(properties, dict) else []


def _names(names: list[str]) -> str:
    shown = ", ".join(visible_line(name[:60]) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _cut(text: str) -> str:
    return visible_line(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
