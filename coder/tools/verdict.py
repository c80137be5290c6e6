"""What an exit code and a few telling words say about a command. Must not know how it was run.

Reads commands roughly (quotes and operators, not the whole shell grammar): a wrong guess costs a sentence, never a
permission.
"""

from __future__ import annotations

import re
import shlex
import signal

_NO_MATCH = "No matches found"
_DIFFER = "Files differ"
# Commands whose exit code 1 is an answer, not a failure.
_ANSWERS = {
    "grep": _NO_MATCH,
    "egrep": _NO_MATCH,
    "fgrep": _NO_MATCH,
    "rg": _NO_MATCH,
    "git grep": _NO_MATCH,
    "diff": _DIFFER,
    "git diff": _DIFFER,
    "find": "Some folders could not be read",
    "test": "The condition is false",
    "[": "The condition is false",
}
_NEVER_FAIL = ("cd", "echo", "export", "printf", "set", "true", ":")
_LONG = 10_000  # characters; nobody greps with a command this long
_OPERATORS = "();<>|&\n"
_BREAKS = frozenset(";|&\n()")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")

_WANTS_TERMINAL = re.compile(
    r"not a tty|not (?:a|to a|from a) terminal|no tty present|terminal is required|/dev/tty|inappropriate ioctl"
    r"|terminal prompts disabled|could not read (?:username|password)|EOF when reading a line"
    r"|host key verification failed|permission denied \([\w,-]*(?:publickey|password)"
    r"|a password is required|requires? an? (?:interactive )?(?:terminal|tty)|error opening terminal",
    re.IGNORECASE,
)
_READS_INPUT = re.compile(r"\s*(?:read\b[^|;&<]*|(?:cat|tee|bash|sh|python3?|node|sqlite3|psql|mysql)\s*-?\s*)")


def answer(command: str, code: int, text: str) -> str | None:
    """What exit code 1 answers, for a command that uses it to answer; None when it is a failure."""
    if code != 1 or ": cd: " in text or len(command) > _LONG:
        return None
    names = _deciding(command)
    answers = [_ANSWERS[name] for name in names if name in _ANSWERS]
    if not answers or any(name not in _ANSWERS and name not in _NEVER_FAIL for name in names):
        return None
    return answers[-1]


def wants_terminal(command: str, code: int, text: str) -> bool:
    """Whether the command seems to have asked for a terminal or for typed input."""
    if not text.strip():
        return bool(_READS_INPUT.fullmatch(command))
    return code != 0 and bool(_WANTS_TERMINAL.search(text))


def exit_code(code: int) -> int:
    """As a shell would report it: 128 and the signal's number for a killed process."""
    return code if code >= 0 else 128 - code


def signal_name(code: int) -> str:
    """ "SIGKILL" for -9; empty for an ordinary exit."""
    try:
        return signal.Signals(-code).name if code < 0 else ""
    except ValueError:
        return f"signal {-code}"


def _deciding(command: str) -> list[str]:
    """The commands of the last `&&` list that can decide its exit code: the last one of each pipeline."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace = " \t\r"
    lists: list[list[list[str]]] = [[[]]]
    try:
        for token in lexer:
            if not set(token) <= _BREAKS or not token:
                lists[-1][-1].append(token)
            elif token.strip("\n") == "&&":
                lists[-1].append([])
            elif token in ("|", "|&", "|\n"):
                lists[-1][-1] = []
            else:
                lists.append([[]])
    except ValueError:
        return []
    last = next((each for each in reversed(lists) if any(each)), [])
    return [_name(words) for words in last]


def _name(words: list[str]) -> str:
    rest = list(words)
    while rest and _ASSIGNMENT.match(rest[0]):
        rest.pop(0)
    if not rest:
        return ":"
    name = rest[0].rpartition("/")[2]
    return f"git {_git_command(rest[1:])}" if name == "git" else name


def _git_command(words: list[str]) -> str:
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = word in ("-C", "-c")
            continue
        return word
    return ""
