"""The list of skills the model is told of: bounded, always in the same order, and honest about what is left out.

Must not know how it reaches the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coder.commands.definition import Definition
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line

_CHARS_A_TOKEN = 4
_VARIABLE = "SLASH_COMMAND_TOOL_CHAR_BUDGET"


@dataclass(frozen=True, slots=True)
class Listing:
    """`text` is a line for each, empty when there are none. `notice` is for the person: what of it is short."""

    text: str = ""
    notice: str = ""
    named: int = 0  # those of which only the name is told
    left_out: int = 0


def budget(window: int, share: float, env: Mapping[str, str]) -> int:
    """How many characters the list may have: a share of the context window, or what the environment says."""
    said = env.get(_VARIABLE, "").strip()
    if said.isdecimal() and len(said) < 10:
        return int(said)
    return int(window * _CHARS_A_TOKEN * share)


def listing(
    definitions: Iterable[Definition], chars: int, each: int, overrides: Mapping[str, str] | None = None
) -> Listing:
    """`chars` bounds the whole text, `each` one description. The order given is who comes first when room is short."""
    known = [one for one in definitions if one.model_may]
    lines: list[str] = []
    room = chars
    for one in known:  # a name for everyone comes before a description for some
        line = f"- {one.name}"
        if len(line) + 1 > room:
            break
        lines.append(line)
        room -= len(line) + 1
    named = 0
    for place, one in enumerate(known[: len(lines)]):
        said = _said(one, each)
        if not said or (overrides or {}).get(one.name) == "name-only":
            continue
        if len(said) + 2 > room:
            named += 1
            continue
        lines[place] += f": {said}"
        room -= len(said) + 2
    left_out = len(known) - len(lines)
    return Listing("\n".join(lines), _notice(len(known), named, left_out, chars), named, left_out)


def _said(one: Definition, each: int) -> str:
    # On one line, and nothing unseen in it: what a file says must not look like another entry of the list.
    text = visible_line(" ".join(" - ".join(filter(None, (one.description, one.when))).split()))
    return text if len(text) <= each else f"{text[: max(0, each - 1)].rstrip()}…"


def _notice(known: int, named: int, left_out: int, chars: int) -> str:
    if not named and not left_out:
        return ""
    parts = [f"only the name of {named}" if named else "", f"nothing of {left_out}" if left_out else ""]
    return (
        f"of {known} skills and commands the model is told {' and '.join(filter(None, parts))}: their list is held to "
        f"{chars:,} characters. Switch off what is not needed (skillOverrides), shorten descriptions, or raise "
        "skillListingBudgetFraction."
    )
