"""A status line of the person's own that keeps what it was told last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from tests.support.cli import Place


@dataclass(frozen=True, slots=True)
class StatusLine:
    """`path` is the settings file that names it."""

    path: Path
    out: Path

    @classmethod
    def of(cls, place: Place, **settings: Any) -> StatusLine:
        """It shows `own row`."""
        out = place.home / "told.json"
        path = place.home / ".coder" / "settings.json"
        path.parent.mkdir(exist_ok=True)
        command = f"cat > '{out}.new' && mv '{out}.new' '{out}' && echo own row"
        path.write_text(json.dumps({"statusLine": {"type": "command", "command": command, **settings}}))
        return cls(path, out)

    def told(self) -> Json | None:
        """What it was told last; None before the first time."""
        if not self.out.exists():
            return None
        made: Json = json.loads(self.out.read_text(encoding="utf-8"))
        return made
