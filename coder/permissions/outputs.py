"""What commands hand to others: names of files, revisions, a folder. Must not know rules or folders.

`xargs reader` and `reader $(…)` get words that nobody knows before they run. That is harmless when the reader is one
that no flag makes dangerous, the words come from a command that lists files, whose own places are judged, and no name
there is a trap: a link that leads out, a dash at its beginning, a blank at which it comes apart.
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
_REVISION = re.compile(r"(?!.*\.\./)[A-Za-z0-9@][\w./@{}^~-]*\Z", re.ASCII)


def _flags(parts: str) -> re.Pattern[str]:
    """What a word must match to be one of these flags, each a regular expression."""
    return re.compile(rf"(?:{'|'.join(parts.split())})\Z")


_PATTERN = re.compile(r"(?!.*\.\./)[A-Za-z0-9@][\w./@{}^~*?-]*\Z", re.ASCII)  # or one for the names of tags
# The flags with which these print a revision and nothing else.
_REVISIONS = {
    "describe": _flags(
        r"--(tags|all|always|long|exact-match|first-parent) --abbrev(=\d+)? --candidates=\d+ --match(=[\w*./-]+)?"
    ),
    "merge-base": _flags("-a --all --octopus --fork-point"),
    "symbolic-ref": _flags("-q --quiet --short"),
    "rev-list": _flags(
        r"-\d+ -n\d* --max-count=\d+ --max-parents=\d+ "
        r"--(all|walk-reflogs|no-merges|merges|first-parent|reverse|tags|branches)"
    ),
    "rev-parse": _flags(r"-q --quiet --short(=\d+)? --verify --abbrev-ref"),
    "branch": _flags("--show-current"),
    "log": _flags(r"-\d+ -n\d* --max-count=\d+ --(format|pretty)=(format:)?%[hH] --no-merges --first-parent"),
}
# The flags of those that list files: none adds to the names, or runs something.
_PLAIN_FLAGS = {
    "git ls-files": _flags(r"-[zcomdt]+ --(cached|others|modified|deleted|exclude-standard|full-name) --"),
    "git diff": _flags(r"-z --(name-only|cached|staged|merge-base) --diff-filter=\w+ --"),
    "git diff-tree": _flags(r"-[rz]+ --(name-only|no-commit-id) --diff-filter=\w+ --"),
    "git grep": _flags(r"-[lizEFPwe]+ --(name-only|files-with-matches|null) --"),
    "find": _flags(
        "-(name|iname|path|ipath|wholename|regex|iregex|type|size|empty|perm|user|mtime|mmin|newer) -(max|min)depth "
        "-(not|o|or|a|and|prune|print|print0|xdev|mount|P|H)"
    ),
    "ls": _flags("-[1aAdtrSU]+"),
    "fd": _flags("-[HIaesgtSdE0F]+ --(hidden|no-ignore|type|extension|glob|print0)(=.*)?"),
    "rg": _flags("-[lgtiwFS0ev]+ --(files|files-with-matches|hidden|null|glob|type|ignore-case)(=.*)? --"),
    "grep": _flags("-[lrRiwEFPnehHZ]+ --(files-with-matches|recursive|null|include|exclude|exclude-dir)(=.*)? --"),
}
# What makes these list at all, and what makes a filter name files of its own.
_MUST = {
    "rg": _flags("-[a-zA-Z0]*l[a-zA-Z0]* --files --files-with-matches"),
    "grep": _flags("-[a-zA-Z]*l[a-zA-Z]* --files-with-matches"),
    "git grep": _flags("-[a-zA-Z]*l[a-zA-Z]* --files-with-matches --name-only"),
    "git diff": _flags("--name-only"),
    "git diff-tree": _flags("--name-only"),
}
_NAMES_FILES = re.compile(r"-[A-Za-z]*[lLrRHf]|--(recursive|label|files|with-filename|file|dereference)")


def fed_effects(words: tuple[Word, ...], fed_by: tuple[Command, ...]) -> Effects | None:
    """What `xargs reader …` touches; None when it is anything else, or not certainly a read."""
    name = readonly.known_name(words[0].text)
    if name == "wc" and any(word.text == "--files0-from=-" for word in words) and lists_files(fed_by):
        found = readonly.effects_of(tuple(word for word in words if word.text != "--files0-from=-"))
        return replace(found, follows=True, fed="whole") if found else None
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
    if not lists_files(fed_by):
        return None
    return replace(effects, follows=True, fed="whole" if _keeps_names_whole(words, fed_by) else "pieces")


def _puts_in_word(words: tuple[Word, ...], inner: tuple[Word, ...]) -> bool:
    """`xargs -I{} date -d @{}`: each line ends up behind something that is neither a flag nor a path."""
    used = [word.text for word in inner if "{}" in word.text]
    if not inner or inner[0].text != "date":
        return False
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


def lists_files(commands: tuple[Command, ...]) -> bool:
    """Whether all these print names of files they found, or choose among such names."""
    return bool(commands) and all(_lists(command) for command in commands)


def text_of(command: Command) -> str | None:
    """What a command prints, when that is certain."""
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
        case _:
            return None


def names_revision(command: Command) -> bool:
    """Whether a git command prints the name of a revision, or nothing: a plain word that is no flag and no path out."""
    words = [word.text for word in command.words]
    if words[:1] != ["git"] or command.is_dynamic or any(word.glob for word in command.words):
        return False
    flags, rest = _REVISIONS.get(" ".join(words[1:2])), words[2:]
    if flags is None:
        return False
    if words[1] == "rev-parse" and not {"--verify", "--short", "--abbrev-ref"} & set(rest):
        rest = [text for text in rest if not re.match(r"HEAD\b", text)]
        return not rest
    if words[1] == "log" and not any(re.match(r"--(format|pretty)=(format:)?%[hH]\Z", text) for text in rest):
        return False
    plain = _PATTERN if words[1] == "describe" else _REVISION
    return all(flags.match(text) if text.startswith("-") else plain.match(text) for text in rest)


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
    texts = [word.text for word in words]
    name, rest = (" ".join(texts[:2]), texts[2:]) if texts[0] == "git" else (texts[0], texts[1:])
    flags = _PLAIN_FLAGS.get(name)
    if texts[0] in _FILTERS and not effects.reads and not any(_NAMES_FILES.match(text) for text in rest):
        return lists_files(command.fed_by)
    if flags is None or not all(flags.match(text) for text in rest if text.startswith("-")):
        return False
    return name not in _MUST or any(_MUST[name].match(text) for text in rest)
