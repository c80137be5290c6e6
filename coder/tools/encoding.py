"""Which encoding some bytes are in. Must not know files or tools.

Every answer round-trips: encoding the decoded text gives the same bytes again. That is what makes an edit safe even
when the guess is wrong; a good guess only makes the text readable.
"""

from __future__ import annotations

import re
from collections import Counter

from coder.core.dataclass import dataclass

_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_DOUBLE_BYTE = re.compile(rb"([\x81-\xfe])([\x40-\xfe])")
_SAMPLE = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """`bom` is what the bytes begin with; `errors` is the codec's error handler in both directions."""

    name: str
    bom: bytes = b""
    errors: str = "strict"

    def decode(self, data: bytes) -> str:
        return data[len(self.bom) :].decode(self.name, self.errors)

    def encode(self, text: str) -> bytes:
        """Without the BOM. Raises UnicodeEncodeError for a character this encoding has no place for."""
        return text.encode(self.name, self.errors)

    @property
    def label(self) -> str:
        return self.name.upper() + (" with BOM" if self.bom else "")


UTF8 = Encoding("utf-8")


def bom_of(data: bytes) -> Encoding | None:
    """The Unicode encoding that the first bytes announce, if they do."""
    return next((Encoding(name, bom) for bom, name in _BOMS if data.startswith(bom)), None)


def is_binary(data: bytes) -> bool:
    """Whether the first 8 kB look like no text at all: a NUL, or a good share of control characters."""
    head = data[:8192]
    if bom_of(head) is not None:
        return False
    return b"\0" in head or len(_CONTROL.findall(head)) * 20 > len(head)


def detect(data: bytes) -> Encoding:
    """The encoding of `data`. Always answers, and what it answers round-trips `data` exactly."""
    announced = bom_of(data)
    expected = announced or UTF8
    if _round_trips(expected, data):
        return expected
    if expected.name == "utf-8" and (announced or _is_mostly_utf8(data)):
        return Encoding("utf-8", expected.bom, "surrogateescape")
    for name in (*_legacy(data), "cp1252"):
        candidate = Encoding(name)
        if _round_trips(candidate, data):
            return candidate
    return Encoding("latin-1")


def detect_start(head: bytes) -> Encoding:
    """As `detect`, from the first bytes of a longer text, which may end within a character."""
    return bom_of(head) or detect(head[: head.rfind(b"\n") + 1] or head)


def _round_trips(encoding: Encoding, data: bytes) -> bool:
    try:
        return encoding.encode(encoding.decode(data)) == data[len(encoding.bom) :]
    except UnicodeError:
        return False


def _is_mostly_utf8(data: bytes) -> bool:
    sample = data[:_SAMPLE].decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= char <= "\udcff" for char in sample)
    whole = sum(char > "\x7f" for char in sample) - broken
    return whole > 2 * broken


def _legacy(data: bytes) -> tuple[str, ...]:
    """The likely encoding among those before Unicode, told by where their commonest characters lie."""
    runs = _HIGH_RUN.findall(data[:_SAMPLE])
    high = sum(map(len, runs))
    pairs = Counter((lead[0], trail[0]) for lead, trail in _DOUBLE_BYTE.findall(data[:_SAMPLE]))
    total = pairs.total() or 1

    def share(leads: range, trails: range) -> float:
        return sum(n for (lead, trail), n in pairs.items() if lead in leads and trail in trails) / total

    if share(range(0x82, 0x84), range(0x40, 0xF2)) > 0.3:  # kana
        return ("cp932",)
    if share(range(0xA4, 0xA6), range(0xA1, 0xF7)) > 0.3:  # kana
        return ("euc_jp",)
    if share(range(0xA1, 0xF8), range(0xA1, 0xFF)) > 0.9:
        if high >= 20 and share(range(0xB0, 0xC9), range(0xA1, 0xFF)) > 0.9:  # hangul syllables only
            return ("cp949", "gb18030")
        if share(range(0xA1, 0xD8), range(0xA1, 0xFF)) > 0.5:  # common hanzi and punctuation
            return ("gb18030",)
    if share(range(0xA1, 0xC7), range(0x40, 0xFF)) > 0.9 and share(range(0xA4, 0xC7), range(0x40, 0x7F)) > 0.15:
        return ("big5",) if high > 1.3 * len(runs) else ()
    if runs and high / len(runs) >= 3 and all(byte >= 0xA8 for run in runs for byte in run):
        return ("cp1251",)
    return ()
