"""What commands hand to others: names of files, revisions, a folder. Must not know rules or folders.

`xargs reader` and `reader $(…)` get words that nobody knows before they run. That is harmless when the reader is one
that no flag makes dangerous and the words come from a command that lists files, whose own places are judged. But a name
with a blank in it comes apart, and its pieces may name any file: so where names are not kept whole, the reader may only
be one that shows nothing of what is in a file.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from coder.permissions import readonly
from coder.permissions.command import Command, Word
from coder.permissions.grammar import Effects, Grammar
from coder.permissions.names import names
from coder.permissions.wrappers import unwrapped

_XARGS = Grammar("0rtn:L:P:d:I:s:x", "null no-run-if-empty max-args= max-lines= max-procs= delimiter= verbose exit")
_FILTERS = names("grep egrep fgrep head tail sort uniq tac cat")
_PRINTERS = names("echo basename dirname")
_REVISION = re.compile(r"[A-Za-z0-9@][\w./@{}^~-]*\Z", re.ASCII)


def fed_effects(words: tuple[Word, ...], fed_by: tuple[Command, ...]) -> Effects | None:
    """What `xargs reader …` touches; None when it is anything else, or not certainly a read."""
    name = readonly.known_name(words[0].text)
    if name == "wc" and any(word.text == "--files0-from=-" for word in words) and lists_files(fed_by):
        found = readonly.effects_of(tuple(word for word in words if word.text != "--files0-from=-"))
        return replace(found, follows=True) if found else None
    if name != "xargs":
        return None
    inner = _inner(words)
    if _puts_in_word(words, inner):
        return readonly.effects_of(tuple(Word(word.raw, word.text.replace("{}", "0")) for word in inner))
    effects = readonly.effects_of(inner) if inner else None
    if effects is None or not readonly.is_free(inner[0].text):
        return None
    if readonly.known_name(inner[0].text) in _PRINTERS:
        return effects
    if not lists_files(fed_by) or (effects.shows and not _keeps_names_whole(words, fed_by)):
        return None
    return replace(effects, follows=True)  # some of the names may be links


def _puts_in_word(words: tuple[Word, ...], inner: tuple[Word, ...]) -> bool:
    """`xargs -I{} date -d @{}`: each line ends up behind something that is neither a flag nor a path."""
    used = [word.text for word in inner if "{}" in word.text]
    return any(word.text == "-I{}" for word in words) and bool(used) and all(text.startswith("@") for text in used)


def _keeps_names_whole(words: tuple[Word, ...], fed_by: tuple[Command, ...]) -> bool:
    """Whether names end with a NUL on both sides, all the way."""
    if "-0" not in [word.text for word in words] and "--null" not in [word.text for word in words]:
        return False
    return all(_ends_with_nul(command) for command in fed_by)


def _ends_with_nul(command: Command) -> bool:
    texts = {word.text for word in command.words}
    match command.words[0].text:
        case "find":
            return "-print0" in texts and not {"-print", "-ls", "-printf"} & texts
        case "git":
            return "-z" in texts
        case "rg":
            return bool({"-0", "--null"} & texts)
        case "grep":
            return bool({"-Z", "--null"} & texts) and not command.fed_by
        case _:
            return False


def hint_for(words: tuple[Word, ...], fed_by: tuple[Command, ...]) -> str:
    """How the same can be had without a question; "" when there is no such way."""
    inner = _inner(words) if readonly.known_name(words[0].text) == "xargs" else ()
    if inner and readonly.is_free(inner[0].text) and lists_files(fed_by):
        return "names with blanks come apart: end them with NUL, as find -print0 and git -z do, and use xargs -0"
    return ""


def lists_files(commands: tuple[Command, ...]) -> bool:
    """Whether all these print names of files they found, or choose among such names."""
    return bool(commands) and all(_lists(command) for command in commands)


def text_of(command: Command) -> str | None:
    """What a command prints when that is certain, or as good as certain: the name of a revision is some plain word."""
    words = [word.text for word in command.words]
    if any(word.dynamic or word.glob or word.tilde for word in command.words) or command.assignments:
        return None
    match words:
        case ["echo", *rest] if not any(text.startswith("-") or "\\" in text for text in rest):
            return " ".join(rest)
        case ["printf", text] if not {"%", "\\"} & set(text) and not text.startswith("-"):
            return text
        case ["printf", "%s", text]:
            return text
        case ["pwd"] if len(command.folders) == 1:
            return str(command.folders[0])
        case ["dirname", path] if not path.startswith("-"):
            return posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")
        case ["basename", path] if not path.startswith("-"):
            return posixpath.basename(path.rstrip("/")) or "/"
        case ["git", verb, *rest] if _names_revision(verb, rest) and readonly.effects_of(command.words):
            return "HEAD"
        case _:
            return None


def _names_revision(verb: str, rest: list[str]) -> bool:
    flags = [text for text in rest if text.startswith("-")]
    operands = [text for text in rest if not text.startswith("-")]
    plain = all(_REVISION.match(text) and ".." not in text for text in operands)
    match verb:
        case "describe" | "merge-base" | "symbolic-ref":
            return True
        case "rev-list":
            return "--objects" not in flags and not any(flag.startswith("--format") for flag in flags)
        case "rev-parse":
            return plain and all(re.match(r"--(short|verify|abbrev-ref|quiet)\b|-q\Z", flag) for flag in flags)
        case "branch":
            return rest == ["--show-current"]
        case "log":
            return any(re.match(r"--(format|pretty)=(format:)?%[hH]\Z", flag) for flag in flags) and plain
        case _:
            return False


def _inner(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The command behind xargs' own flags."""
    for index in range(1, len(words)):
        if words[index].text.startswith("-"):
            continue
        call = _XARGS.read(words[1:index])
        if call is not None and not call.operands:
            return words[index:]
    return ()


def _lists(command: Command) -> bool:
    words = unwrapped(command.words)
    effects = readonly.effects_of(words)
    if effects is None or any(redirect.operator == "<" for redirect in command.redirects):
        return False
    match [word.text for word in words]:
        case ["git", "ls-files", *_] | ["find" | "ls" | "fd", *_]:
            return not any(word.text.startswith(("-printf", "-ls", "--format")) for word in words)
        case ["rg", *flags] if {"-l", "--files", "--files-with-matches"} & set(flags):
            return True
        case ["grep" | "egrep" | "fgrep", *flags] if any(re.match(r"-[A-Za-z]*l", flag) for flag in flags):
            return True
        case ["git", "grep", *flags] if {"-l", "--name-only", "--files-with-matches"} & set(flags):
            return True
        case ["git", "diff" | "diff-tree", *flags] if "--name-only" in flags:
            return True
        case [name, *_] if name in _FILTERS:
            return not effects.reads and lists_files(command.fed_by)
        case _:
            return False
