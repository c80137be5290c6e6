"""A plugin folder with one of everything, for sessions that are given it."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ODD = Path(__file__).parent / "mcp_servers" / "odd.py"


def put(root: Path, files: Mapping[str, Any]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return root


def bakery(root: Path, seen: Path | None = None, more: Mapping[str, Any] | None = None) -> Path:
    """Called `bakery`. Its hook writes what it is given into `seen`."""
    line = (
        f'echo "$CLAUDE_PLUGIN_ROOT|$CLAUDE_PLUGIN_DATA|$CLAUDE_PLUGIN_OPTION_OVEN|${{CLAUDE_PLUGIN_DATA}}" >> {seen}'
    )
    hook = {"hooks": [{"type": "command", "command": line if seen is not None else "true"}]}
    files: dict[str, Any] = {
        ".claude-plugin/plugin.json": {
            "name": "bakery",
            "userConfig": {"oven": {"type": "string", "title": "Oven", "description": "Which", "default": "stone"}},
        },
        "commands/knead.md": "---\ndescription: kneads\n---\nKnead $0 in ${CLAUDE_PLUGIN_ROOT}.\n",
        "skills/prove/SKILL.md": "---\ndescription: How to prove.\n---\nProve it twice.\n",
        "agents/baker.md": "---\nname: baker\ndescription: bakes\n---\nYou bake in ${CLAUDE_PLUGIN_DATA}.\n",
        "output-styles/floury.md": "---\ndescription: floury\n---\nSpeak of flour.\n",
        "hooks/hooks.json": {"description": "d", "hooks": {"UserPromptSubmit": [hook]}},
        ".mcp.json": {"mcpServers": {"oven": {"command": sys.executable, "args": [str(ODD), "${CLAUDE_PLUGIN_ROOT}"]}}},
    }
    return put(root, {**files, **(more or {})})


def zipped(root: Path, archive: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(root.rglob("*")):
            if path.is_file():
                made.write(path, f"{inside}{path.relative_to(root)}")
    return archive
