"""The question before the settings of a folder count, put through any front end. Must not know how it is shown, nor how
an approval is kept.
"""

from __future__ import annotations

from coder.config.question import Answer, TrustQuestion
from coder.frontends.desk import Ui
from coder.frontends.picker import Item, Picker
from coder.frontends.styled import Row, foreign, row


async def ask_trust(ui: Ui, question: TrustQuestion) -> Answer:
    """The answer; leaving the question is the safe one of them. "show" is dealt with here and never given back."""
    while True:
        picked = await ui.pick(picker_of(question))
        answer = question.choices[0][0] if picked is None or picked.item is None else _answer(question, picked.item)
        if answer != "show":
            return answer
        ui.say(shown_rows(question))


def picker_of(question: TrustQuestion) -> Picker:
    items = tuple(Item(value, (label,), key=str(at)) for at, (value, label) in enumerate(question.choices, 1))
    head, *rest = question.lines or ("nothing that runs",)
    above = [row(f"  This folder wants to:  {foreign(head)}")]
    above += [row(f"                         {foreign(line)}") for line in rest]
    return Picker(foreign(question.text), items, above=tuple(above))


def shown_rows(question: TrustQuestion) -> list[Row]:
    """Everything the folder brings, and what has changed since it was trusted."""
    rows = [row(f"  {foreign(line)}") for line in question.details]
    for change in question.changes:
        told = f"{change.file}: {change.what}" + (f": {change.text}" if change.text else "")
        rows.append(row(f"  {change.how} since you trusted it: {foreign(told)}"))
    return rows


def _answer(question: TrustQuestion, item: Item) -> Answer:
    return next((value for value, _ in question.choices if value == item.value), question.choices[0][0])
