from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.messages import Usage
from coder.core.prints import Difference
from coder.telemetry import ledger_file
from coder.telemetry.ledger_file import LedgerFile, lines
from coder.telemetry.rows import PromptRow, Row, decode, encode
from coder.telemetry.spending import grouped, read, total

COUNTS = st.integers(0, 10**9)


def row(**changes: object) -> Row:
    fields: dict[str, object] = {
        "ts": "2026-11-29T10:00:00.000Z",
        "session": "s1",
        "folder": "/p",
        "run": "r",
        "number": 1,
        "turn": 1,
        "agent": "main",
        "purpose": "main",
        "model": "m",
        "usage": Usage(100, 10),
        "price": "2026-11-22",
        "usd": 0.5,
        "status": "billed",
    }
    return Row(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name


@given(
    st.builds(lambda i, o, five, one, r: Usage(i, o, five + one, r, five, one), COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    st.none() | st.floats(0, 1e6),
    st.sampled_from(["billed", "estimated", "unknown"]),
    st.text(max_size=9),
    st.lists(st.tuples(st.sampled_from("tsua"), COUNTS, st.text("0123456789abcdef", min_size=1)), max_size=4),
)
def test_a_row_is_read_back_as_it_was_written(
    usage: Usage, usd: float | None, status: str, text: str, new: list[object]
) -> None:
    text = text.encode("utf-8", "replace").decode()
    prompt = PromptRow(text, 3, text, 5, 2, tuple(new))  # type: ignore[arg-type]  # prints
    difference = Difference("system[0]", 7, text, text, exact=True)
    made = row(usage=usage, usd=usd, status=status, folder=text, prompt=prompt, difference=difference, edit=text)
    data = encode(made)
    found = decode(data)
    assert data.endswith(b"\n") and data.count(b"\n") == 1
    assert found is not None and found.usd == (None if usd is None else pytest.approx(usd, abs=1e-9))
    assert row(**{name: getattr(found, name) for name in Row.__slots__ if name != "usd"}, usd=usd) == made


KEYS = st.sampled_from(["ts", "session", "model", "status", "tokens", "prompt", "new", "break"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
def test_no_json_is_too_odd_to_be_looked_at(value: object) -> None:
    base = json.loads(encode(row()))
    for data in (value, {**base, **value} if isinstance(value, dict) else {**base, "tokens": value, "prompt": value}):
        found = decode(json.dumps(data))
        assert found is None or found.usage.prompt_tokens >= 0


@pytest.mark.behaviour("B-530")
def test_the_ledger_is_a_private_file_for_each_month(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path)
    for month in (11, 12, 12):
        file.append(encode(row()), datetime(2026, month, 3, tzinfo=UTC))
    file.close()
    found = {path.name: len(path.read_bytes().splitlines()) for path in (tmp_path / "ledger").iterdir()}
    assert found == {"2026-11.jsonl": 1, "2026-12.jsonl": 2}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ledger").iterdir()} == {0o600}
    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o700
    assert len(list(lines(tmp_path, datetime(2026, 12, 1, tzinfo=UTC)))) == 2


WRITER = """
import sys
from pathlib import Path
from coder.telemetry.ledger_file import LedgerFile
file = LedgerFile(Path(sys.argv[1]))
for number in range(200):
    file.append(b'{"v":1,"who":"%s","n":%d,"pad":"%s"}\\n' % (sys.argv[2].encode(), number, b"x" * 5000))
"""


@pytest.mark.behaviour("B-532")
def test_lines_of_many_processes_do_not_mix(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], env={**os.environ})
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    seen = [json.loads(line) for line in lines(tmp_path)]
    for name in "abc":
        assert [line["n"] for line in seen if line["who"] == name] == list(range(200))


@pytest.mark.behaviour("B-532")
def test_a_torn_line_costs_nothing_but_itself(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    whole = encode(row())
    torn = whole[:40]
    (folder / "2026-11.jsonl").write_bytes(whole + torn + whole + b"\xff\xfe not json\n" + whole + torn)
    file = LedgerFile(tmp_path)
    file.append(whole, datetime(2026, 11, 3, tzinfo=UTC))
    book = read(tmp_path)
    assert (len(book.rows), book.bad) == (4, 3)
    assert total(book.rows).dollars == 2.0
    assert (folder / "2026-11.jsonl").read_bytes().endswith(torn + b"\n" + whole)  # for other readers, too


def test_the_text_of_a_head_is_kept_and_found_again(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path)
    assert not file.has_head("ab" * 8)
    file.keep_head("ab" * 8, b"first")
    assert file.has_head("ab" * 8)
    assert ledger_file.head(tmp_path, "ab" * 8) == b"first"
    (kept,) = (tmp_path / "ledger" / "heads").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert ledger_file.head(tmp_path, "../../x") == b"" == ledger_file.head(tmp_path, "cd" * 8)


def test_a_home_without_a_ledger_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path).rows == ()


@pytest.mark.behaviour("B-545")
def test_sums_keep_apart_what_is_known_estimated_and_not_known() -> None:
    rows = [
        row(),
        row(status="estimated", usd=0.25),
        row(model="local", usd=None),
        row(status="unknown", usd=None, usage=Usage(10**6)),
    ]
    found = total(rows)
    assert (found.dollars, found.requests, found.unpriced, found.unsure, found.estimated) == (0.75, 3, 1, 1, 1)
    assert found.usage == Usage(300, 30) and found.estimated_dollars == 0.25
    assert found.to_json()["usd"] is None and found.to_json()["usd_at_least"] == 0.75


def test_days_are_those_of_the_zone() -> None:
    late = row(ts="2026-11-29T23:30:00.000Z")
    assert list(grouped([row(), late], "day", UTC)) == ["2026-11-29"]
    from datetime import timedelta, timezone

    assert list(grouped([row(), late], "day", timezone(timedelta(hours=2)))) == ["2026-11-29", "2026-11-30"]


def test_since_leaves_out_what_was_before(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path)
    for day in (3, 4, 5):
        file.append(encode(row(ts=f"2026-11-0{day}T10:00:00.000Z")), datetime(2026, 11, day, tzinfo=UTC))
    assert len(read(tmp_path, datetime(2026, 11, 4, tzinfo=UTC)).rows) == 2
