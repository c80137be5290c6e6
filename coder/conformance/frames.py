"""What came on standard output, as lines, frames and documents. Must not know what a frame means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from coder.conformance.check import Unmet
from coder.core.dataclass import dataclass
from coder.core.messages import Json

# What Node's readline takes for the end of a line as well.
_ENDS = (b"\r", "\u2028".encode(), "\u2029".encode())


def frame_in(line: bytes) -> Json | None:
    """As the SDKs read: what does not begin with a brace, or is no JSON object, is passed over."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def frames_in(data: bytes) -> list[Json]:
    return [frame for line in data.split(b"\n") if (frame := frame_in(line)) is not None]


def strict(data: bytes) -> None:
    """Every line is a JSON object, also for readers to whom more is a line end, and the last one is ended."""
    if not data.endswith(b"\n"):
        raise Unmet("the last line of stdout to end with a line end", data[-80:])
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        if frame_in(line) is None or not line.startswith(b"{") or any(end in line for end in _ENDS):
            raise Unmet(f"line {number} of stdout to be one JSON object", line[:200])


def of_type(frames: Iterable[Json], kind: str, subtype: str | None = None) -> list[Json]:
    return [
        frame for frame in frames if frame.get("type") == kind and (subtype is None or frame.get("subtype") == subtype)
    ]


def blocks(frames: Iterable[Json], kind: str, role: str) -> list[Json]:
    """The blocks of a type in the messages of `assistant` or `user`."""
    found: list[Json] = []
    for frame in of_type(frames, role):
        message = frame.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            found += [block for block in content if isinstance(block, dict) and block.get("type") == kind]
    return found


def only_result(frames: Sequence[Json]) -> Json:
    found = of_type(frames, "result")
    if len(found) != 1:
        raise Unmet("exactly one result", f"{len(found)} among {kinds(frames)}")
    return found[0]


def kinds(frames: Iterable[Json]) -> str:
    """In short, for what was seen instead."""
    named = [
        f"{frame.get('type')}/{frame['subtype']}" if "subtype" in frame else str(frame.get("type")) for frame in frames
    ]
    return " ".join(named) or "nothing"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over. `code` is negative for a process that a signal ended, as `subprocess` has it."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def frames(self) -> list[Json]:
        return frames_in(self.stdout)

    @property
    def document(self) -> Json:
        """The one JSON document of `--output-format json`."""
        try:
            found = json.loads(self.stdout)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Unmet("stdout to be one JSON object", self.stdout)
        return found

    def clean(self) -> None:
        """Ended well, and said nothing on the side."""
        if self.code != 0:
            raise Unmet("exit code 0", f"{self.code}; stderr {self.stderr!r}")
        if self.stderr:
            raise Unmet("an empty stderr", self.stderr)
