"""Why a request read less from the cache than it could have, from rows of the ledger. Pure; knows no file, no prices.

A request can read what the one before it read and wrote. What it read less of that is a miss: those tokens were paid
for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage
from coder.core.model import ASIDE
from coder.core.prints import Difference, Print, byte_difference, offset, place, shared
from coder.core.spans import span
from coder.telemetry.rows import Row

Price = Callable[[str, Usage], "float | None"]
Heads = Callable[[str], Sequence[str]]  # the tools and system texts that a head's hash names; () when they are gone
_FIVE_MINUTES, _ONE_HOUR = 300.0, 3600.0


@dataclass(frozen=True, slots=True)
class Miss:
    """`tokens` were not read although the request before had them cached; `dollars` is what that cost more, None when
    the price is not known. `difference` is where this request stops extending the one before, if it does."""

    tokens: int
    dollars: float | None
    why: str
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One request: tokens read from the cache, written to it, and neither; and what it missed."""

    row: Row
    read: int
    written: int
    uncached: int
    miss: Miss | None

    @property
    def hit(self) -> float:
        """The part of the prompt that was read, 0 to 1."""
        prompt = self.read + self.written + self.uncached
        return self.read / prompt if prompt else 0.0

    def to_json(self) -> Json:
        row, miss = self.row, self.miss
        found: Json = {
            "ts": row.ts, "turn": row.turn, "agent": row.agent, "purpose": row.purpose, "model": row.model,
            "read": self.read, "written": self.written, "uncached": self.uncached, "hit": round(self.hit, 4),
        }  # fmt: skip
        if miss is None:
            return found
        found["miss"] = {"tokens": miss.tokens, "usd": miss.dollars, "why": miss.why}
        if (where := miss.difference) is not None:
            found["miss"] |= {
                "place": where.place, "byte": where.offset, "exact": where.exact, "was": where.was, "now": where.now,
            }  # fmt: skip
        return found


@dataclass(frozen=True, slots=True)
class CacheReport:
    lines: tuple[Line, ...]

    @property
    def misses(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.miss is not None)

    @property
    def wasted(self) -> int:
        return sum(line.miss.tokens for line in self.lines if line.miss)

    @property
    def dollars(self) -> float | None:
        """None when the price of a miss is not known."""
        known = [line.miss.dollars for line in self.lines if line.miss]
        return None if None in known else sum(cost for cost in known if cost is not None)

    @property
    def hit(self) -> float:
        prompts = sum(line.row.usage.prompt_tokens for line in self.lines)
        return sum(line.read for line in self.lines) / prompts if prompts else 0.0


def report(rows: Iterable[Row], price: Price, heads: Heads) -> CacheReport:
    """About the requests of one session, in order of time."""
    books: dict[tuple[str, str], _Conversation] = {}
    lines = []
    for row in rows:
        if row.status == "unknown":
            continue
        lane = row.purpose if row.purpose in ASIDE else ""
        lines.append(books.setdefault((row.agent, lane), _Conversation(price, heads)).line(row))
    return CacheReport(tuple(lines))


class _Conversation:
    """The requests of one agent, each of which extends the one before."""

    def __init__(self, price: Price, heads: Heads) -> None:
        self._price = price
        self._heads = heads
        self._last: Row | None = None
        self._pieces: dict[tuple[str, int], tuple[Print, ...]] = {}

    def line(self, row: Row) -> Line:
        usage, prompt = row.usage, row.prompt
        base = self._pieces.get((row.run, prompt.of), ()) if prompt.of else ()
        if len(base) >= prompt.same:  # not so when a line of the ledger is gone
            pieces = (*base[: prompt.same], *prompt.new)
            self._pieces[row.run, row.number] = pieces
        last, self._last = self._last, row
        miss = self._miss(last, row) if last is not None else None
        return Line(row, usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.input_tokens, miss)

    def _miss(self, last: Row, row: Row) -> Miss | None:
        could = last.usage.cache_read_input_tokens + last.usage.cache_creation_input_tokens
        usage = row.usage
        paid = usage.cache_creation_input_tokens + usage.input_tokens
        tokens = min(could - usage.cache_read_input_tokens, paid)
        if tokens <= 0:
            return None
        difference = row.difference if row.run == last.run else self._across(last, row)
        return Miss(tokens, self._more(row, tokens), _why(last, row, difference), difference)

    def _more(self, row: Row, tokens: int) -> float | None:
        usage = row.usage
        written = min(tokens, usage.cache_creation_input_tokens)
        one_hour = min(usage.ephemeral_1h_input_tokens, usage.cache_creation_input_tokens - written)
        ideal = replace(
            usage,
            input_tokens=usage.input_tokens - (tokens - written),
            cache_creation_input_tokens=usage.cache_creation_input_tokens - written,
            cache_read_input_tokens=usage.cache_read_input_tokens + tokens,
            ephemeral_5m_input_tokens=usage.cache_creation_input_tokens - written - one_hour,
            ephemeral_1h_input_tokens=one_hour,
        )
        paid, needed = self._price(row.model, usage), self._price(row.model, ideal)
        return None if paid is None or needed is None else max(0.0, paid - needed)

    def _across(self, last: Row, row: Row) -> Difference | None:
        """Between the last request of one process and the first of another."""
        old, new = self._pieces.get((last.run, last.number)), self._pieces.get((row.run, row.number))
        if old is None or new is None:
            return None
        at = shared(old, new)
        if at == len(old):
            changed = last.prompt.shape != row.prompt.shape
            where = offset(new, row.prompt.head_length)
            words = (last.prompt.shape, row.prompt.shape)
            return Difference("thinking and effort", where, *words, exact=True) if changed else None
        start, where_to = offset(old, at), place(new if at < len(new) else old, at)
        heads = at < last.prompt.head_length, at < row.prompt.head_length
        # A text that was added to the head, or is gone from it, stands for nothing on the other side.
        was = b"" if heads == (False, True) else self._words(last, old, at)
        now = b"" if heads == (True, False) else self._words(row, new, at)
        if was is None or now is None:
            return Difference(where_to, start)
        inner, said, says = byte_difference(was, now)
        return Difference(where_to, start + inner, said, says, exact=True)

    def _words(self, row: Row, pieces: Sequence[Print], at: int) -> bytes | None:
        """The JSON of a piece of the head, as it was sent; None when it is not known to the byte."""
        if at >= row.prompt.head_length:
            return b"" if at >= len(pieces) else None
        kept = self._heads(row.prompt.head)
        data = kept[at].encode("utf-8", "replace") if at < len(kept) else b""
        return data if len(data) == pieces[at][1] else None


def _why(last: Row, row: Row, difference: Difference | None) -> str:
    if last.model != row.model:
        return f"the model changed from {last.model} to {row.model}"
    if row.edit:
        return f"the past was changed: {row.edit}"
    if difference is not None:
        part = difference.place.partition("[")[0]
        words = {"tools": "the tools changed", "system": "the system prompt changed"}
        return words.get(part, "an earlier message changed" if part == "messages" else f"{difference.place} changed")
    idle = _started(row) - _started(last)
    if idle > (_ONE_HOUR if last.usage.ephemeral_1h_input_tokens else _FIVE_MINUTES):
        return f"the cache expired: {span(idle)} between the requests"
    if last.status == "estimated":
        return "the reply before broke off"
    return "not known: the request begins like the one before it, but the API did not find it in its cache"


def _started(row: Row) -> float:
    return datetime.fromisoformat(row.ts).timestamp() - row.ms / 1000
