"""The texts a command gives to a shell to run: by its words, or by what the shell reads. Must not know rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from coder.permissions.command import PIPE, Command, Word
from coder.permissions.salvage import SHELLS, printed, program, salvage

# Stands for a command, or for words of one, that nobody knows before it runs.
UNKNOWN = Word("…", "what it reads", dynamic=True, single=False)
_INPUTS = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", PIPE})
_ENDS = frozenset({"--", "--version", "--help"})
_VALUED = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})
_SPLIT = re.compile(r"(-[A-Za-z0]*?S|--s[plitsrng-]*(?:=|\Z))(.*)", re.DOTALL)
_PLACE = re.compile(r"(?:-[rtx0]*[IiJ]|--replace(?:-str)?=?)(.*)\Z", re.DOTALL)


def given_texts(command: Command) -> Iterator[str | None]:
    """The texts the command would run, None for one that is known only when it runs."""
    head, rest = program(command.words[0].text), command.words[1:]
    match head:
        case "eval":
            if any(word.dynamic for word in rest):
                yield None
            yield " ".join(word.text for word in rest)
        case "alias":
            yield from (f"{word.text.partition('=')[2]} $_" for word in rest if "=" in word.text)
        case "env":
            yield from _split(rest)
        case _ if head in SHELLS and _reads_input(head, rest):
            yield from _read_by(command)
        case _:
            pass


def placed_words(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words of `xargs` and `parallel` with those marked unknown that what they read is put into."""
    name = program(words[0].text)
    if name not in ("xargs", "parallel"):
        return words
    holder, behind = ("{}", 0) if name == "parallel" else ("", 0)
    for index, word in enumerate(words[1:], 1):
        if found := _PLACE.match(word.text):
            takes_next = word.text.startswith("-") and word.text.endswith(("I", "J"))
            holder = (words[index + 1].text if index + 1 < len(words) else "") if takes_next else found[1] or "{}"
            behind = index + takes_next
            break
    return tuple(
        replace(word, dynamic=word.dynamic or (holder != "" and index > behind and holder in word.text))
        for index, word in enumerate(words)
    )


def _split(words: tuple[Word, ...]) -> Iterator[str]:
    """`env -S 'tool deploy' prod`."""
    for index, word in enumerate(words):
        if found := _SPLIT.match(word.text):
            rest = words[index + 1 :]
            first = found[2] or "".join(word.text for word in rest[:1])
            yield " ".join((first, *(word.text for word in rest[not found[2] :])))
        elif not word.text.startswith("-") and "=" not in word.text:
            return


def _reads_input(head: str, words: tuple[Word, ...]) -> bool:
    """Whether a shell runs what it reads, and not a file or a text among its words."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.text in _VALUED:
            skip = True
        elif word.text in _INPUTS or word.text == "-s":
            return True
        elif word.text in _ENDS or re.match(r"-[A-Za-z]*c", word.text) or not word.text.startswith(("-", "+")):
            return False
    return head not in ("source", ".")


def _read_by(command: Command) -> Iterator[str | None]:
    yield from command.documents
    certain = bool(command.documents)
    for feeder in command.fed_by:
        text = printed(feeder)
        if text is None:
            yield from feeder.documents
        certain = True
        yield text
    if not certain or any(word.text == PIPE for word in command.words):
        yield None


def texts_of(command: Command) -> Iterator[str]:
    """What a command prints or is fed, wherever that goes: some shell of the line may run it."""
    yield from command.documents
    if program(command.words[0].text) in ("echo", "printf"):
        yield printed(command) or " ".join(word.text for word in command.words[1:])


def salvaged(texts: Iterator[str | None]) -> Iterator[Command]:
    """Every command that might be in the texts; for one that is not known, a command that may be any."""
    for text in texts:
        yield from (Command((UNKNOWN,)),) if text is None else salvage(text)
