"""What a command printed, made fit for a model: cleaned of terminal tricks, cut in the middle, the cut stated exactly.

Must not know how the bytes were gathered, nor what the command's exit code means.
"""

from __future__ import annotations

import re
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.workspace import Captured

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movement
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # window titles, links
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_RUBBED_OUT = re.compile(r"[^\n\x08]\x08")
# Control characters as their pictures (U+2400 and on), so that they can be seen; the bell and C1 codes vanish.
_PICTURES: dict[int, int | None] = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r\b\a"}
_PICTURES |= {0x07: None, 0x08: None, 0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0))

_BACKSPACES = 4  # in a row; nroff and spinners need one
_HEAD_SHARE = 0.25
_BINARY_LIMIT = 2_000
_BINARY_SAMPLE = 8_192
_BINARY_SHARE = 0.1
_LINE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Printed:
    """What is shown: `head` alone when nothing was cut. The counts are of bytes and line ends as they were printed."""

    head: str
    tail: str
    omitted_bytes: int = 0
    omitted_newlines: int = 0
    overwritten: int = 0
    is_binary: bool = False

    @property
    def is_cut(self) -> bool:
        return self.omitted_bytes > 0

    def text(self, kept: Path | None, saved: int | None = None) -> str:
        """One text. `kept` is the file with the whole output, or with its first `saved` bytes where that is not all."""
        if not self.is_cut:
            return self.head + self.tail
        where = "They could not be kept."
        if kept is not None:
            part = "The whole output is" if saved is None else f"The first {saved:,} bytes of the output are"
            where = f"{part} in {kept}"
        lines = f"{counted(self.omitted_newlines, 'line')} ({counted(self.omitted_bytes, 'byte')})"
        what = lines if self.omitted_newlines else f"{counted(self.omitted_bytes, 'byte')} of one line"
        return f"{self.head.rstrip()}\n\n[{what} left out here. {where}]\n\n{self.tail.lstrip()}"


def printed(captured: Captured, limit: int) -> Printed:
    """At most about `limit` characters: a quarter from the start, the rest from the end, whole lines where possible."""
    is_binary = _looks_binary(captured.head[:_BINARY_SAMPLE])
    limit = min(limit, _BINARY_LIMIT) if is_binary else limit
    raw = captured.head + captured.tail
    if captured.omitted == 0 and not (is_binary and len(raw) > 4 * limit):
        whole, overwritten = clean(raw)
        if len(whole) <= limit:
            return Printed(whole.strip("\n"), "", overwritten=overwritten, is_binary=is_binary)
    head = _fit(captured.head if captured.omitted else raw, int(limit * _HEAD_SHARE), from_end=False)
    rest = captured.tail if captured.omitted else raw[len(head) :]
    tail = _fit(rest, limit - int(limit * _HEAD_SHARE), from_end=True)
    (head_text, above), (tail_text, below) = clean(head), clean(tail)
    return Printed(
        head_text.strip("\n"),
        tail_text.strip("\n"),
        captured.total - len(head) - len(tail),
        captured.newlines - head.count(b"\n") - tail.count(b"\n"),
        above + below,
        is_binary,
    )


def clean(raw: bytes) -> tuple[str, int]:
    """The text a terminal would be left with, roughly, and how many overwritten states of lines were dropped."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    for _ in range(_BACKSPACES if "\b" in text else 0):
        text = _RUBBED_OUT.sub("", text)
    overwritten = 0
    if "\r" in text:
        states = [[state for state in line.split("\r") if state] or [""] for line in text.split("\n")]
        overwritten = sum(len(line) - 1 for line in states)
        text = "\n".join(line[-1] for line in states)
    return text.translate(_PICTURES), overwritten


def last_line(captured: Captured) -> str:
    """The last line with anything in it, shortened; "" when there is none."""
    return last_lines(captured, 1)


def last_lines(captured: Captured, most: int) -> str:
    """The last lines with anything in them, each shortened; "" when there is none."""
    text, _ = clean((captured.tail or captured.head)[-10 * most * _LINE_CHARS :])
    lines = [line for line in text.split("\n") if line.strip()]
    return "\n".join(line.strip()[:_LINE_CHARS] for line in lines[-most:])


def whole_characters(raw: bytes) -> bytes:
    """`raw` without the beginning of a UTF-8 character that was cut off at its end."""
    for back in range(1, min(4, len(raw)) + 1):
        byte = raw[-back]
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return raw[:-back] if back < size else raw
        if byte < 0x80:
            break
    return raw


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _fit(raw: bytes, limit: int, *, from_end: bool) -> bytes:
    """The longest start (or end) of `raw`, nearly, whose clean text has at most `limit` characters."""
    cut = _end_of if from_end else _start_of
    size = 2 * limit
    part = cut(raw, size)
    while len(clean(part)[0]) < limit and size < len(raw):
        size *= 4
        part = cut(raw, size)
    while (length := len(clean(part)[0])) > limit:
        part = cut(part, min(int(len(part) * limit / length), len(part) - 1))
    return part


def _start_of(raw: bytes, size: int) -> bytes:
    if size >= len(raw):
        return whole_characters(raw)
    newline = raw.rfind(b"\n", 0, size)
    return raw[: newline + 1] if newline >= size // 2 else whole_characters(raw[:size])


def _end_of(raw: bytes, size: int) -> bytes:
    part = raw[-size:] if size else b""
    newline = part.find(b"\n")
    if size < len(raw) and 0 <= newline < size // 2:
        return part[newline + 1 :]
    skip = 0
    while skip < min(3, len(part)) and 0x80 <= part[skip] < 0xC0:
        skip += 1
    return part[skip:]


def _looks_binary(sample: bytes) -> bool:
    text = _ESCAPES.sub("", whole_characters(sample).decode("utf-8", "replace"))
    odd = sum(1 for char in text if char == "\ufffd" or (char < " " and char not in "\t\n\r\b\x1b"))
    return odd > len(text) * _BINARY_SHARE
