"""What is known of one call before the order of evaluation is applied. Must not know that order."""

from __future__ import annotations

from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.requests import Effect, Part, Reason
from coder.permissions.gitdrops import Drop


@dataclass(frozen=True, slots=True)
class Need:
    """Something that nothing allows yet: why, and what would allow it.

    `rules` are allow rules, `folder` an --add-dir, `accept_edits` a permission mode. All empty: only a person can.
    """

    reason: Reason
    rules: tuple[str, ...] = ()
    folder: Path | None = None
    accept_edits: bool = False

    @property
    def has_remedy(self) -> bool:
        return bool(self.rules or self.folder or self.accept_edits)


@dataclass(frozen=True, slots=True)
class Facts:
    """Each field answers one step of the order. `veiled`: a deny rule for this tool might hide in what is unclear.

    `waived`: an allow rule that covers even what is unclear. `confirm`: the word that says yes to `irreversible`.
    `concurrent`: may run beside its read-only neighbours. `drop`: git may drop work, so a checkpoint comes first.
    """

    denied: Reason | None = None
    asked: Reason | None = None
    irreversible: Reason | None = None
    read_only: bool = False
    concurrent: bool = False
    unclear: Need | None = None
    veiled: bool = False
    waived: Reason | None = None
    protected: Reason | None = None
    needs: tuple[Need, ...] = ()
    allowed: tuple[Reason, ...] = ()
    confirm: str = ""
    parts: tuple[Part, ...] = ()
    effects: tuple[Effect, ...] = ()
    drop: Drop | None = None
