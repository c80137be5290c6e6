"""A git settings file, read as git reads it, and what of it makes a git command that only reads run a program.

Pure: text in, names out. Must not know where such files are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLANK = re.compile(r"(?:[ \t\n\r]|[#;][^\n]*)*")
_SECTION = re.compile(r'\[([A-Za-z0-9.-]*)(?:[ \t\r]+"((?:\\[^\n]|[^"\\\n])*)")?\]')
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(?:(=)|(?=\n))")
_VALUE = re.compile(r'((?:\\\n|\\[^\n]|"(?:\\\n|\\[^\n]|[^"\\\n])*"|[^"\\\n#;])*)(?:[#;][^\n]*)?(?=\n)')
_CHARACTER = re.compile(r"\\(.)|(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "b": "\b", "\n": ""}

# Programs that `git status`, `diff`, `log`, `show`, `blame` and the like start. Those that the environment of our shell
# switches off (core.fsmonitor, core.pager, editors) are not among them, nor those of commands that change something.
# A merge driver runs where a merge is shown by doing it again. New versions of git take an alias for `whatchanged`.
_RUNS = re.compile(
    r"diff\.external|diff\..*\.(?:command|textconv)|filter\..*\.(?:clean|smudge|process)|gpg\.(?:.*\.)?program|"
    r"merge\..*\.driver|hook\..*\.command|alias\.(?i:whatchanged)(?:\.command)?",
    re.DOTALL,
)
# What is missing in such a clone is fetched as soon as it is looked at, from wherever the clone says.
_FETCHES = re.compile(r"extensions\.partialclone|remote\..*\.(?:promisor|partialclonefilter)", re.DOTALL)
# Formats that ask for a signature run gpg, and so does `log.showSignature`.
_FORMAT = re.compile(r"format\.pretty|pretty\..*", re.DOTALL)
_SIGNATURE = re.compile(r"%[-+ ]?G|%\(signature")
_SORTS = frozenset({"branch.sort", "tag.sort"})
_OFF = frozenset({"false", "no", "off", "0"})
_INCLUDES = re.compile(r"include\.path|includeif\..*\.path", re.DOTALL)
# Files that reading commands read, named from the top of the work tree.
FILES = frozenset(
    {"blame.ignorerevsfile", "mailmap.file", "diff.orderfile", "core.excludesfile", "core.attributesfile"}
)


def settings(text: str) -> Iterator[tuple[str, str]]:
    """Every `section.sub.name` with its value, "" when it has none. Ends where git would refuse the file."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n") + "\n\n"
    at, section = 0, ""
    while (found := _BLANK.match(text, at)) and (at := found.end()) < len(text):
        if head := _SECTION.match(text, at):
            section = head[1].lower()
            if head[2] is not None:
                section += "." + re.sub(r"\\(.)", r"\1", head[2])
            at = head.end()
            continue
        name = _NAME.match(text, at)
        value = _VALUE.match(text, name.end()) if name and name[2] else None
        if name is None or (name[2] and value is None):
            return
        at = value.end() if value else name.end()
        yield f"{section}.{name[1].lower()}".lstrip("."), _plain(value[1]) if value else ""


def _plain(value: str) -> str:
    """Without quotes and escapes, and without the blanks round it that are outside quotes."""
    made, kept, quoted = "", 0, False
    for escaped, plain in _CHARACTER.findall(value):
        if plain == '"':
            quoted = not quoted
        elif not (plain.isspace() and not quoted and not made):
            made += _ESCAPED.get(escaped, escaped) or plain
        if quoted or not plain.isspace():
            kept = len(made)
    return made[:kept]


def running(found: list[tuple[str, str]]) -> str:
    """The first setting that makes a reading command run a program, or fetch; "" for none."""
    return next((name for name, value in found if _runs(name, value)), "")


def includes(name: str) -> bool:
    """Whether the value of the setting is a file of more settings, under whatever condition."""
    return bool(_INCLUDES.fullmatch(name))


def _runs(name: str, value: str) -> bool:
    if name == "log.showsignature":
        return value.lower() not in _OFF
    if name == "diff.submodule":
        return value == "diff"  # git diff, in folders that only the history takes for submodules
    if name in _SORTS:
        return "signature" in value
    if _FORMAT.fullmatch(name):
        return bool(_SIGNATURE.search(value))
    return bool(_RUNS.fullmatch(name) or _FETCHES.fullmatch(name))
