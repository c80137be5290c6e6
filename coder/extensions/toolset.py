"""The tools an extension offers against those that were said yes to. Must not know the protocol, or who asks.

A manifest may declare all its tools, or say that there are others, made when it runs; the person was told so, and then
nothing is held back. One that declares none is taken at its first word: what it offers when it first runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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


def observed(store: Store, name: str, tools: Iterable[str]) -> tuple[str, ...]:
    """What a session tells when the server has said what it offers: writes it down for `show` and `enable`, and returns
    what is held back. Blocks on the disk. Raises ConfigError, OSError."""
    offered = tuple(sorted({tool[:_LONGEST] for tool in tools}))[:_MOST]
    record = store.found(name)
    held = undeclared(record, offered)
    pinned = offered if record.pinned is None else record.pinned
    if (record.offered, record.waiting, record.pinned) != (offered, held, pinned):
        with store.locked():
            record = store.found(name)
            held = undeclared(record, offered)
            pinned = offered if record.pinned is None else record.pinned
            store.save(replace(record, offered=offered, waiting=held, pinned=pinned))
    return held


def agree(record: Record) -> Record:
    """With a yes to the tools that wait for one."""
    return replace(record, agreed=tuple(sorted({*record.agreed, *record.waiting})), waiting=())
