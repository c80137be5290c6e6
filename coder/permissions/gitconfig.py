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
_RUNS = re.compile(
    r"diff\.external|diff\..*\.(?:command|textconv)|filter\..*\.(?:clean|smudge|process)|gpg\.(?:.*\.)?program",
    re.DOTALL,
)
# In a clone that fetches what it lacks when it is looked at, also what fetching runs.
_FETCHES = re.compile(r"remote\..*\.promisor|extensions\.partialclone", re.DOTALL)
_RUNS_TO_FETCH = re.compile(
    r"core\.(?:sshcommand|gitproxy|askpass)|credential\.(?:.*\.)?helper|remote\..*\.(?:uploadpack|vcs)|protocol\..*",
    re.DOTALL,
)
_ADDRESS = re.compile(r"remote\..*\.url|url\..*\.insteadof", re.DOTALL)


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
    """The first setting that names a program a reading command would run; "" for none."""
    if name := next((name for name, _ in found if _RUNS.fullmatch(name)), ""):
        return name
    if not any(_FETCHES.fullmatch(name) for name, _ in found):
        return ""
    return next((name for name, value in found if _runs_to_fetch(name, value)), "")


def _runs_to_fetch(name: str, value: str) -> bool:
    if _ADDRESS.fullmatch(name):
        return "::" in name + value  # `ext::command`, or another program that fetches
    return bool(_RUNS_TO_FETCH.fullmatch(name))
