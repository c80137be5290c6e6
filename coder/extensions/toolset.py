"""The tools an extension offers against those that were said yes to. Must not know the protocol, or who asks.

A manifest may declare all its tools, or say that there are others, made when it runs; the person was told so, and then
nothing is held back. One that declares none is taken at its first word: what it offers when it first runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from coder.core.errors import ConfigError
from coder.extensions.record import Record
from coder.extensions.store import Store

_MOST = 2000
_LONGEST = 200


def undeclared(record: Record, tools: Iterable[str]) -> tuple[str, ...]:
    """Those of `tools` that nobody has said yes to: they are not to be called."""
    consent = record.current.consent
    if consent.is_open:
        return ()
    known = {*consent.tools, *record.agreed}
    if not consent.tools:
        if record.pinned is None:
            return ()
        known |= set(record.pinned)
    return tuple(sorted(set(tools) - known))


def observed(store: Store, name: str, tools: Iterable[str], first: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """What a session tells when the server has said what it offers: writes it down for `show` and `enable`, and returns
    what is held back. `first` is what the session heard first of it. Blocks on the disk. Raises ConfigError, OSError.
    """
    offered = _bounded(tools)
    pinned = offered if first is None else _bounded(first)
    record = store.found(name)
    if _judged(record, offered, pinned) != record:
        with store.locked():
            record = store.found(name)
            store.save(_judged(record, offered, pinned))
    return _judged(record, offered, pinned).waiting


def _judged(record: Record, offered: tuple[str, ...], pinned: tuple[str, ...]) -> Record:
    seen = replace(record, offered=offered, pinned=pinned if record.pinned is None else record.pinned)
    return replace(seen, waiting=undeclared(seen, offered))


def _bounded(tools: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({tool[:_LONGEST] for tool in tools}))[:_MOST]


def agree(record: Record) -> Record:
    """With a yes to the tools that wait for one."""
    return replace(record, agreed=tuple(sorted({*record.agreed, *record.waiting})), waiting=())


class Toolset:
    """The same for one session, which has to know at once: `held` is by what was last read, and never behind what was
    heard before."""

    def __init__(self, home: Path, record: Record) -> None:
        self._store = Store(home)
        self._record = record

    def held(self, tools: Iterable[str]) -> frozenset[str]:
        return frozenset(undeclared(self._record, tools))

    def heard(self, tools: Iterable[str]) -> None:
        """The first word of one that declares nothing counts from here on. Does not block."""
        if self._record.pinned is None:
            self._record = replace(self._record, pinned=tuple(sorted(set(tools))))

    def note(self, tools: Iterable[str]) -> None:
        """Writes down what is offered, and reads what was agreed to meanwhile. Blocks. What cannot be written is still
        held back."""
        with suppress(ConfigError, OSError):
            observed(self._store, self._record.name, tools, self._record.pinned)
        self.reread()

    def reread(self) -> None:
        """Blocks. Where the record is gone, what it said still counts."""
        with suppress(ConfigError, OSError):
            record = self._store.found(self._record.name)
            self._record = replace(record, pinned=record.pinned or self._record.pinned)
