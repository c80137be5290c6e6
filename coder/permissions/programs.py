"""What program texts (`python -c "…"`) would delete or run as a command. Guesses; must not know rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from coder.permissions.command import Command, Word
from coder.permissions.salvage import printed, salvage

_DELETION = re.compile(
    r"(?:rmtree|rm_rf?|rmSync|rmdirSync|unlinkSync|rimraf|unlink|removedirs|os\.remove|os\.rmdir|fs\.rm)"
    r"\s*\(?\s*(?:['\"]([^'\"]*)['\"])?"
)
_STARTS = r"(?:sudo|rm|rmdir|git|find|shred|sh|bash)"
_SHELL_TEXT = re.compile(rf"""(['"`])({_STARTS}\s(?:(?!\1).)*)\1""")
_LIST = re.compile(rf"""['"]({_STARTS})['"]((?:\s*,\s*['"][^'"]*['"])+)""")
_QUOTED = re.compile(r"""['"]([^'"]*)['"]""")


def deletions(command: Command) -> Iterator[Command]:
    """A program text that deletes (`shutil.rmtree('d')`) as the rm it amounts to, and what it gives to a shell."""
    for text in (*(word.text for word in command.words[1:]), *_read(command)):
        for found in _DELETION.finditer(text):
            target = Word(found[0], found[1] or found[0], dynamic=found[1] is None)
            yield Command((Word("rm", "rm"), Word("-r", "-r"), target))
        for found in _SHELL_TEXT.finditer(text):
            yield from salvage(found[2])
        for found in _LIST.finditer(text):
            yield Command(tuple(Word(each, each) for each in (found[1], *_QUOTED.findall(found[2]))))


def _read(command: Command) -> Iterator[str]:
    yield from command.documents
    for feeder in command.fed_by:
        yield from feeder.documents
        if text := printed(feeder):
            yield text
