"""A picker in lines: numbered items a page at a time, words to narrow them. Must not know what is chosen."""

from __future__ import annotations

from dataclasses import replace

from coder.frontends.picker import Item, Picked, Picker
from coder.frontends.picking import LEFT, spoken, spoken_answer
from coder.frontends.spoken.terminal import Terminal
from coder.frontends.spoken.words import spoken_rows, spoken_text

PAGE = 20
_MORE = "more"


async def choose(terminal: Terminal, picker: Picker) -> Picked | None:
    """None when it was left."""
    shown = list(enumerate(picker.items))
    page = _page(picker, shown)
    prompt = _put(terminal, page, len(shown))
    while True:
        typed = await terminal.line(f"{prompt} ")
        if typed is None:
            return None
        words = typed.strip()
        if words == _MORE and len(shown) > PAGE:
            shown = shown[PAGE:]
        elif (picked := _picked(picker, page, shown, words)) is not None:
            return picked if isinstance(picked, Picked) else None
        elif picker.can_search and not words.isdecimal() and (found := _found(picker, words)):
            shown = found
        else:
            if picker.can_search and not words.isdecimal():
                terminal.say(f"Nothing has {words!r} in it.")
            continue
        page = _page(picker, shown)
        prompt = _put(terminal, page, len(shown))


def _page(picker: Picker, shown: list[tuple[int, Item]]) -> Picker:
    return replace(picker, items=tuple(item for _, item in shown[:PAGE]))


def _put(terminal: Terminal, page: Picker, count: int) -> str:
    """Says the page; returns what asks for an answer."""
    head, *rest = spoken(replace(page, above=()), PAGE)
    head = head.removeprefix("? ")
    above = [*spoken_rows(page.above), *_hint(page.hint)]
    if not page.items:
        terminal.say(f"question: {head}", *above, *map(spoken_text, rest))
        keys = ", ".join(f"{action.key} ({action.label})" for action in page.actions)
        return f"Type {keys}, or press enter to leave:" if keys else "Press enter to leave:"
    *items, last = rest
    if count > PAGE:
        items.append(f"{count - PAGE} more. Type {_MORE} to hear them.")
    if page.can_search:
        items.append("Type words to narrow the list.")
    terminal.say(f"question: {head}", *above, *map(spoken_text, items))
    return f"{last.removesuffix(' and press enter:')} and press enter, or only enter to leave:"


def _hint(hint: str) -> list[str]:
    return [hint] if hint and "type to search" not in hint else []


def _picked(picker: Picker, page: Picker, shown: list[tuple[int, Item]], words: str) -> Picked | str | None:
    """ "left", what a number, an action or the key of an item stands for, or None."""
    keyed = next(((i, item) for i, item in shown if words and item.key == words and not words.isdecimal()), None)
    if keyed is not None:
        return Picked("enter", keyed[1], keyed[0])
    if any(words == action.key for action in picker.actions):
        return Picked(words, None)
    answer = spoken_answer(page, words)
    if isinstance(answer, Picked) and answer.item is not None:
        return replace(answer, index=shown[answer.index][0])
    return "left" if answer == LEFT else None


def _found(picker: Picker, words: str) -> list[tuple[int, Item]]:
    wanted = words.casefold().split()
    every = [(i, item, (item.words or " ".join(item.cells)).casefold()) for i, item in enumerate(picker.items)]
    found = [(i, item) for i, item, text in every if all(word in text for word in wanted)]
    if picker.find is not None and not found:
        found = [(len(picker.items) + i, item) for i, item in enumerate(picker.find(words))]
    return found
