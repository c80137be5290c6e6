"""What the places and conditions of a step can name: arguments, results of steps that ran, the item. Must not know
how a value is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any, NamedTuple

from coder.core.dataclass import dataclass
from coder.workflows.types import at


class Found(NamedTuple):
    """`is_own`: the person or the file says it, not a model. `absent` is the step that did not run, "" when there is
    none such."""

    value: Any
    is_own: bool = False
    absent: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """`results` are values (or texts) of the steps that ran, the latest of each; `steps` the names of all there are.
    `item` is the name and value of the item; `item_is_own`: it stands in the file."""

    results: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    steps: Collection[str] = ()
    item: tuple[str, Any] | None = None
    item_is_own: bool = False

    def find(self, path: str) -> Found:
        """Total: what there is not is None. `args.x` is the argument x, also where something else is called x."""
        first, *rest = path.split(".")
        names = tuple(rest)
        if first == "args" and names:
            return Found(at(self.arguments.get(names[0]), names[1:]), is_own=True)
        if self.item is not None and first == self.item[0]:
            return Found(at(self.item[1], names), is_own=self.item_is_own)
        if first in self.arguments:
            return Found(at(self.arguments[first], names), is_own=True)
        if first in self.results:
            return Found(at(self.results[first], names))
        return Found(None, absent=first if first in self.steps else "")
