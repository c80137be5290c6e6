"""What the journals of earlier runs say: where they are, and what of them is kept. Must not know steps."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import Json
from coder.core.ordinary import open_ordinary

FOLDER = "workflows"  # below the folder of a session
_NUMBERED = re.compile(r"(?P<name>.+)-(?P<number>[1-9][0-9]{0,8})\.jsonl", re.DOTALL)
_MOST_BYTES = 64 << 20
_MOST_LINE = 4 << 20


@dataclass(slots=True, eq=False)
class Past:
    """What a journal says. `state` is how the run ended last, "" when it was cut off, `stopped_at` the places where it
    did. `kept` are the results by their keys, the later ones count; `again` how often what was done at a place was
    given up; `asked` are the keys of all agents that were begun, `usd` what they cost, None when that is not known,
    `seconds` how long it ran."""

    arguments: Mapping[str, str] | None = None
    digest: str = ""
    state: str = ""
    stopped_at: tuple[str, ...] = ()
    kept: dict[str, Json] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    usd: float | None = 0.0
    seconds: float = 0.0
    _this_time: float = 0.0  # of the process that wrote the latest line

    def take(self, record: Json) -> None:
        if record.get("type") == "run":
            self.seconds, self._this_time = self.seconds + self._this_time, 0.0
        self._this_time = max(self._this_time, _seconds(record))
        match record:
            case {"type": "run", "arguments": dict() as arguments, "digest": str() as digest}:
                self.arguments = {str(name): str(value) for name, value in arguments.items()}
                self.digest, self.state, self.stopped_at = digest, "", ()
            case {"type": "result", "key": str() as key}:
                self.kept[key] = record
                self._spend(record.get("usd", 0.0))
            case {"type": "asked", "key": str() as key}:
                self.asked.add(key)
            case {"type": "again", "place": str() as place}:
                self.again[place] = self.again.get(place, 0) + 1
            case {"type": "end", "state": str() as state, "places": list() as places}:
                self.state, self.stopped_at = state, tuple(str(place) for place in places)

    def ends(self) -> None:
        """There is no more to be taken."""
        self.seconds, self._this_time = self.seconds + self._this_time, 0.0

    def _spend(self, usd: object) -> None:
        is_known = self.usd is not None and isinstance(usd, int | float) and not isinstance(usd, bool)
        self.usd = self.usd + usd if is_known else None  # type: ignore[operator]  # a number, as was just seen


def read(path: Path) -> Past | None:
    """What is there; None for a file that says nothing. Lines that are cut off or damaged count as not written.

    Raises SessionError for a file that cannot be read.
    """
    past = Past()
    try:
        for record in _records(path):
            past.take(record)
    except OSError as error:
        raise SessionError(f"The workflow run {path} cannot be read: {error.strerror}.") from error
    past.ends()
    return past if past.arguments is not None else None


def numbered(folder: Path, name: str) -> tuple[Path, ...]:
    """The runs of a workflow in a session's folder, the latest first."""
    found = []
    with contextlib.suppress(OSError):
        for path in (folder / FOLDER).iterdir():
            match = _NUMBERED.fullmatch(path.name)
            if match is not None and match["name"] == _safe(name):
                found.append((int(match["number"]), path))
    return tuple(path for _, path in sorted(found, reverse=True))


def new_path(folder: Path, name: str) -> Path:
    """Where the next run of a workflow has its journal."""
    latest = next((int(path.stem.rpartition("-")[2]) for path in numbered(folder, name)), 0)
    return folder / FOLDER / f"{_safe(name)}-{latest + 1}.jsonl"


def unfinished(folder: Path, name: str, arguments: Mapping[str, str]) -> Path | None:
    """The latest run with the same arguments, when it is not done."""
    for path in numbered(folder, name):
        with contextlib.suppress(SessionError):
            past = read(path)
            if past is not None and past.arguments == dict(arguments):
                return path if past.state != "done" else None
    return None


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:100].lstrip(".") or "workflow"


def _records(path: Path) -> Iterator[Json]:
    total = 0
    with open_ordinary(path) as file:
        while (line := file.readline(_MOST_LINE)) and (total := total + len(line)) <= _MOST_BYTES:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                yield record


def _seconds(record: Json) -> float:
    value = record.get("seconds", 0.0)
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0.0
