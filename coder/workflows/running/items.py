"""What a step is done for: each item of a list, or once for none in particular. Must not know who does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.workflows.running.means import digest
from coder.workflows.running.outcome import Answer, Halt
from coder.workflows.scope import Scope
from coder.workflows.workflow import Step

_LABEL = 60


@dataclass(slots=True, eq=False)
class Item:
    """`index` -1: for none in particular. `mark` tells it from the others whatever their order, `label` does so for
    people. `wrong` is what was wrong with the last try, `earlier` what that ended with."""

    index: int = -1
    value: Any = None
    mark: str = ""
    label: str = ""
    answer: Answer | None = None
    wrong: str = ""
    earlier: Any = None

    def fails(self, why: str) -> None:
        """What there is of it does not count: it is to be done again."""
        self.wrong, self.earlier = why, self.answer.result if self.answer is not None else None
        self.answer = None


def items_of(step: Step, scope: Scope, place: str) -> tuple[list[Item], int]:
    """And how many there are too many of. Raises Halt."""
    each = step.each
    if each is None:
        return [Item()], 0
    of = list(each.items) if each.items else scope.find(each.of).value
    if not isinstance(of, list):
        raise Halt("failed", place, f"{each.of} is no list, so there is nothing to do it for")
    seen: dict[str, int] = {}
    items = []
    for index, value in enumerate(of[: each.most]):
        same = digest(value)
        seen[same] = seen.get(same, 0) + 1  # an item may stand there twice
        items.append(Item(index, value, f"{same}.{seen[same]}", label_of(value)))
    return items, len(of) - len(items)


def result_of(step: Step, items: Sequence[Item]) -> Any:
    """What a step is worth to those that follow: of several a list, in which those that failed say so."""
    if step.each is None:
        answer = items[0].answer
        return None if answer is None or (answer.failed and answer.result == "") else answer.result
    return [_entry(item, is_typed=step.out is not None) for item in items]


def label_of(value: Any) -> str:
    """An item as people are shown it."""
    if isinstance(value, dict):
        named = (value[name] for name in ("title", "name", "path", "file") if isinstance(value.get(name), str))
        value = next(named, value)
    line = visible_line(str(value))
    return line if len(line) <= _LABEL else f"{line[: _LABEL - 1]}…"


def _entry(item: Item, *, is_typed: bool) -> Any:
    answer = item.answer or Answer(failed="it was not begun")
    if not answer.failed:
        return answer.result
    return {"item": item.value, "failed": answer.failed} if is_typed else f"FAILED {item.label}: {answer.failed}"
