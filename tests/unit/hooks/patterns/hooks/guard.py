#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.8"
# ///
"""Blocks by exit code, and keeps a log below the project."""

import json
import re
import sys
from pathlib import Path

data = json.load(sys.stdin)
log = Path.cwd() / "logs" / "calls.json"
log.parent.mkdir(exist_ok=True)
calls = json.loads(log.read_text()) if log.exists() else []
log.write_text(json.dumps([*calls, data]))
if data.get("tool_name") == "Bash" and re.search(r"\brm\s+-[a-z]*r", data["tool_input"].get("command", "")):
    print("BLOCKED: dangerous command", file=sys.stderr)
    sys.exit(2)
