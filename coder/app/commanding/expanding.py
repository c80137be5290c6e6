"""Makes of the text of one command or skill what the model reads: words put in, commands run, files named.

Must not know who asked for it, or what becomes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from coder.commands.definition import Definition
from coder.commands.injection import DISABLED, REFUSED, Shell, Unplaceable, Words, pieces, placed
from coder.commands.mentions import Mention, mention_of, written_mentions
from coder.commands.options import with_options
from coder.commands.substitution import Given, Slot, fill, first_number, with_arguments
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.visible import visible_line

Inline = Callable[[str, str], Awaitable[str]]
"""What a command of a text prints, by the command and how it is written. Raises SessionError."""


@dataclass(frozen=True, slots=True)
class Body:
    """`mentioned` are the files that the text itself names, not those that were typed."""

    text: str
    mentioned: tuple[Mention, ...]


async def expanded(
    definition: Definition, body: str, arguments: str, facts: Mapping[str, str], inline: Inline | None
) -> Body:
    """`inline` is None where no text may run anything. What was typed, and what is printed, is never looked at again.

    Raises SessionError.
    """
    folder = str(definition.folder or definition.file.parent)
    of_plugin = {"PLUGIN_ROOT": definition.plugin, "PLUGIN_DATA": definition.data}
    own = {**facts, "SKILL_DIR": folder, **{name: str(place) for name, place in of_plugin.items() if place is not None}}
    given = Given(arguments, definition.arguments, own, first_number(body))
    parts: list[str] = []
    takes = False
    for piece in pieces(body):
        match piece:
            case Words(text):
                filled, took = _filled(text, definition, given)
            case Shell():
                filled, took = await _output(piece, given, inline)
        parts.append(filled)
        takes = takes or took
    text = "".join(parts).strip()
    text = text if takes else with_arguments(text, given)
    if definition.kind == "skill" and definition.folder is not None:
        text = prompts.load("reminders/skill", folder=visible_line(folder), body=text)
    return Body(text, tuple(dict.fromkeys(_mentioned(body, given))))


def _filled(text: str, definition: Definition, given: Given) -> tuple[str, bool]:
    taken: list[bool] = []

    def put(words: str) -> str:
        made, took = fill(words, given)
        taken.append(took)
        return made

    return with_options(text, definition.options, put), any(taken)


async def _output(shell: Shell, given: Given, inline: Inline | None) -> tuple[str, bool]:
    try:
        command, takes = placed(shell.command, given)
    except Unplaceable as problem:
        pattern, word = visible_line(shell.pattern), visible_line(str(problem))[:200]
        raise SessionError(
            f"{REFUSED.format(pattern=pattern)}: {word!r} cannot be put there and be sure to stay one word. "
            "Use letters, digits and ./:@%+=,-_ or put the placeholder into plain quotes."
        ) from problem
    return (DISABLED if inline is None else await inline(command, shell.pattern)), takes


def _mentioned(body: str, given: Given) -> list[Mention]:
    """A mention in the text may be a place for words: `@$1`."""
    found: list[Mention] = []
    for written in written_mentions(body):
        words: list[str] = []

        def put(slot: Slot, words: list[str] = words) -> str:
            words.extend(slot.values)
            return slot.raw

        filled, _ = fill(written, given, put)
        if not words:
            found.append(mention_of(written))
            continue
        several = words if len(words) > 1 and filled != words[0] else []
        found += [mention_of(name.removeprefix("@")) for name in (filled, *several) if name.strip("@")]
    return found
