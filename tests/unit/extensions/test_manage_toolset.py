from __future__ import annotations

from pathlib import Path

import pytest

from coder.extensions.record import Consent, Installed, Record
from coder.extensions.store import Store
from coder.extensions.toolset import Toolset, agree, observed, undeclared


def record(*declared: str, is_open: bool = False, **changes: object) -> Record:
    version = Installed("1", "1", "a", "c", consent=Consent(tools=declared, is_open=is_open))
    return Record("echo", "echo", version, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.behaviour("B-1720")
@pytest.mark.parametrize(
    ("known", "held"),
    [
        (record("a", "b"), ("c",)),
        (record("a"), ("b", "c")),
        (record("a", agreed=("c",)), ("b",)),
        (record("a", is_open=True), ()),
        (record(), ()),
        (record(pinned=("a", "b")), ("c",)),
        (record("a", pinned=("a", "b", "c")), ("b", "c")),
    ],
)
def test_a_tool_that_nobody_said_yes_to_is_held_back(known: Record, held: tuple[str, ...]) -> None:
    assert undeclared(known, ["c", "a", "b"]) == held


@pytest.mark.behaviour("B-1720")
def test_what_is_offered_is_written_down_and_agreed_to(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.locked():
        store.save(record("a"))
    assert observed(store, "echo", ["a", "b"]) == ("b",)
    written = store.found("echo")
    assert (written.offered, written.waiting) == (("a", "b"), ("b",))
    status = (tmp_path / "extensions/echo/extension.json").stat()
    assert observed(store, "echo", ["b", "a"]) == ("b",)
    assert (tmp_path / "extensions/echo/extension.json").stat() == status  # nothing new: nothing is written
    with store.locked():
        store.save(agree(written))
    assert observed(store, "echo", ["a", "b"]) == ()
    assert observed(store, "echo", ["a", "b", "c"]) == ("c",)


@pytest.mark.behaviour("B-1720")
def test_one_that_declares_nothing_is_held_to_what_it_offered_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.locked():
        store.save(record())
    assert observed(store, "echo", ["a"]) == ()
    assert observed(store, "echo", ["a", "b"]) == ("b",)
    assert observed(store, "echo", ["a"]) == ()


@pytest.mark.behaviour("B-1727")
def test_what_a_session_heard_first_counts_also_where_it_could_not_be_written(tmp_path: Path) -> None:
    store, known = Store(tmp_path), record()
    toolset = Toolset(tmp_path, known)
    toolset.heard(["a"])
    toolset.note(["a"])  # there is no record yet
    toolset.heard(["a", "b"])
    assert toolset.held(["a", "b"]) == {"b"}
    with store.locked():
        store.save(known)
    toolset.note(["a", "b"])
    assert toolset.held(["a", "b"]) == {"b"}
    assert (store.found("echo").pinned, store.found("echo").waiting) == (("a",), ("b",))
    with store.locked():
        store.save(agree(store.found("echo")))
    toolset.reread()
    assert toolset.held(["a", "b"]) == frozenset()
