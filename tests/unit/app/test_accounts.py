from __future__ import annotations

from pathlib import Path

import pytest

from coder.app.accounts import Accounts
from coder.core.events import AnyEvent, ContextEdited, Notice, TurnStarted, UsageReported
from coder.core.messages import Message, Text, Usage
from coder.core.model import ModelRequest
from coder.models.metered import Attempt, Status
from coder.models.prints import Fingerprints
from coder.telemetry.ledger_file import LedgerFile
from coder.telemetry.rows import Row
from coder.telemetry.spending import read

FIRST = ModelRequest("claude-sonnet-5-5", (Message("user", (Text("hi"),)),), ("Use the key topsecretvalue.",))
SECOND = ModelRequest("claude-sonnet-5-5", (*FIRST.messages, Message("assistant", (Text("ok"),))), FIRST.system)


class Book:
    """Accounts over a home, and what they told."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.told: list[AnyEvent] = []
        self.prints = Fingerprints()
        self.accounts = Accounts("s", home, LedgerFile(home), ("topsecretvalue",))
        self.accounts.tell_through(self.told.append)

    def record(self, request: ModelRequest, status: Status = "billed", agent: str = "main") -> None:
        taken = self.prints.take(request)
        self.prints.keep(taken)
        self.accounts.record(Attempt(request, agent, Usage(1_000_000, 10), status, "req_1", 0.5, taken))

    @property
    def rows(self) -> tuple[Row, ...]:
        return read(self.home).rows


@pytest.mark.behaviour("B-531")
def test_what_may_not_have_been_billed_is_in_the_ledger_and_in_no_total(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for status in ("billed", "estimated", "unknown"):
        book.record(FIRST, status)
    assert [event.status for event in book.told if isinstance(event, UsageReported)] == ["billed", "estimated"]
    assert [(row.status, row.usd) for row in book.rows] == [
        ("billed", pytest.approx(2.0001)),
        ("estimated", pytest.approx(2.0001)),
        ("unknown", None),
    ]


def test_a_row_says_what_the_request_was_part_of(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.accounts.on(TurnStarted(turn=4))
    book.accounts.on(ContextEdited(why="clear tool results", where="messages[3]", freed=9))
    book.record(FIRST)
    book.record(SECOND)
    first, second = book.rows
    assert [(row.turn, row.edit, row.number) for row in book.rows] == [(4, "clear tool results", 1), (4, "", 2)]
    assert (first.prompt.of, first.prompt.same, len(first.prompt.new)) == (0, 0, 2)
    assert (second.prompt.of, second.prompt.same, len(second.prompt.new)) == (1, 2, 1)
    assert first.prompt.head == second.prompt.head and first.prompt.head_length == 1


def test_no_secret_is_kept_with_the_system_prompt(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.record(FIRST)
    (head,) = (tmp_path / "ledger" / "heads").iterdir()
    assert "topsecretvalue" not in head.read_text(encoding="utf-8") and "Use the key" in head.read_text(
        encoding="utf-8"
    )


@pytest.mark.behaviour("B-533")
def test_a_ledger_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b"")
    book = Book(tmp_path)
    book.record(FIRST)
    book.record(SECOND)
    assert len([event for event in book.told if isinstance(event, UsageReported)]) == 2
    assert [event.level for event in book.told if isinstance(event, Notice)] == ["info"]
