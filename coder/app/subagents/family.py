"""Who asked whom among the agents of a session, and so who may say something to whom. Must not know how one is run."""

from __future__ import annotations

from coder.app.subagents.record import Record


class Family:
    """Those of the session itself are nobody's: their parent is "main"."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    @property
    def all(self) -> tuple[Record, ...]:
        """In the order in which they were asked."""
        return tuple(self._records.values())

    def add(self, record: Record) -> None:
        self._records[record.id] = record

    def get(self, id: str) -> Record | None:
        return self._records.get(id)

    def find(self, name: str, parent: str = "main") -> Record | None:
        """By its id, or the latest of that name: one that `parent` asked itself goes first, so that nobody else's takes
        the name of it. Who is none of its kin is not there for an agent."""
        known = self.kin(parent)
        if (found := self._records.get(name)) is not None:
            return found if found in known else None
        named = [each for each in reversed(known) if each.brief.name == name != ""]
        return next((each for each in named if each.brief.parent == parent), named[0] if named else None)

    def kin(self, of: str) -> tuple[Record, ...]:
        """Whom an agent may say something to: whoever it asked, who asked it, and whom that one asked besides. All are
        the session's own."""
        record = self._records.get(of)
        if record is None:
            return self.all
        above = record.brief.parent
        return tuple(each for each in self.all if each.id == above or each.brief.parent in (of, above))

    def asked(self, record: Record, by: str) -> bool:
        """Whether `by`, if it is an agent, asked for it itself. The session asked for all."""
        return by not in self._records or record.brief.parent == by

    def parent_of(self, record: Record) -> Record | None:
        return self._records.get(record.brief.parent)

    def waiter_of(self, record: Record) -> Record | None:
        """The agent that waits for this one: who sent it on, else who asked it."""
        return self._records.get(record.sender or record.brief.parent)

    def ancestors(self, record: Record) -> tuple[str, ...]:
        above: list[str] = []
        parent = self.waiter_of(record)
        while parent is not None and parent.id not in above:
            above.append(parent.id)
            parent = self.waiter_of(parent)
        return tuple(above)

    def is_above(self, id: str, of: str) -> bool:
        record = self._records.get(of)
        return record is not None and id in self.ancestors(record)
