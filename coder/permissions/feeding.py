"""`xargs` with a reader, fed by a command that lists files. Must not know rules or folders.

What xargs hands over is known only when it runs, so the reader must be one that no flag makes dangerous, and the names
must come from a command whose own places are judged: `git ls-files | xargs wc -l` reads what git ls-files names.
"""

from __future__ import annotations

from coder.permissions import readonly
from coder.permissions.command import Command, Word
from coder.permissions.grammar import Effects, Grammar
from coder.permissions.names import names
from coder.permissions.wrappers import unwrapped

_XARGS = Grammar("0rtn:L:P:d:I:s:x", "null no-run-if-empty max-args= max-lines= max-procs= delimiter= verbose exit")
_FILTERS = names("grep egrep fgrep head tail sort uniq tac cat")
_PRINTERS = names("echo basename dirname")


def fed_effects(words: tuple[Word, ...], fed_by: tuple[Command, ...]) -> Effects | None:
    """What `xargs reader …` touches; None when it is anything else, or not certainly a read."""
    if readonly.known_name(words[0].text) != "xargs":
        return None
    inner = _inner(words)
    if not inner:
        return None
    effects = readonly.effects_of(inner)
    if effects is None or not readonly.is_free(inner[0].text):
        return None
    if readonly.known_name(inner[0].text) in _PRINTERS or _lists_files(fed_by):
        return effects
    return None


def _inner(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The command behind xargs' own flags."""
    for index in range(1, len(words)):
        if not words[index].text.startswith("-"):
            call = _XARGS.read(words[1:index])
            if call is not None and not call.operands:
                return words[index:]
    return ()


def _lists_files(fed_by: tuple[Command, ...]) -> bool:
    """Whether the names come from a lister, past filters that only choose among them."""
    if not fed_by:
        return False
    for command in fed_by:
        words = unwrapped(command.words)
        texts = [word.text for word in words]
        effects = readonly.effects_of(words)
        if effects is None or (command.redirects and any(r.operator == "<" for r in command.redirects)):
            return False
        match texts:
            case ["git", "ls-files", *_] | ["find", *_] | ["ls", *_]:
                continue
            case ["rg", *flags] if {"-l", "--files", "--files-with-matches"} & set(flags):
                continue
            case ["grep" | "egrep" | "fgrep", *flags] if any(
                f[:1] == "-" and f[1:2] != "-" and "l" in f for f in flags
            ):
                continue
            case ["git", "grep", *flags] if {"-l", "--name-only", "--files-with-matches"} & set(flags):
                continue
            case ["git", "diff" | "diff-tree" | "show" | "log", *flags] if "--name-only" in flags:
                continue
            case [name, *_] if name in _FILTERS and not effects.reads and _lists_files(command.fed_by):
                continue
            case _:
                return False
    return True
