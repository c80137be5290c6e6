"""Commands that run other commands, and the `NAME=value` in front of them. Must not know rules.

Two directions, two measures: to allow, only wrappers that change nothing are taken off, by their exact grammar;
to deny, every place where another command could begin is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from coder.permissions.command import Command, Word
from coder.permissions.names import names
from coder.permissions.salvage import SHELLS, salvage

_SAFE_NAMES = names(
    "LANG LANGUAGE LC_ALL LC_CTYPE LC_COLLATE LC_MESSAGES LC_NUMERIC LC_TIME TZ TERM COLORTERM NO_COLOR FORCE_COLOR "
    "CLICOLOR CLICOLOR_FORCE COLUMNS LINES CI PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONHASHSEED "
    "PYTHONIOENCODING PYTHONUTF8 RUST_BACKTRACE RUST_LOG NODE_ENV GOOS GOARCH CGO_ENABLED GIT_OPTIONAL_LOCKS "
    "GIT_TERMINAL_PROMPT TIME_STYLE BLOCK_SIZE"
)
_SAFE_VALUE = re.compile(r"[A-Za-z0-9_.,:+@=-]*\Z")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*\Z")
_SAFE_PAIRS = frozenset({"PAGER=cat", "GIT_PAGER=cat", "MANPAGER=cat", "GIT_EDITOR=true", "EDITOR=true", "IFS="})
_DURATION = re.compile(r"\d+(\.\d+)?[smhd]?\Z")
_NUMBER = re.compile(r"-?\d+\Z")
_BUFFERING = re.compile(r"-[ioe](0|L|\d+[KM]?)\Z")
_STARTERS = names(
    "timeout nice nohup time command builtin exec stdbuf noglob nocorrect xargs sudo doas su env setsid ionice chrt "
    "taskset watch flock unshare nsenter chroot parallel npx pnpx bunx npm pnpm yarn bun uvx uv poetry pipx pipenv "
    "hatch devbox direnv mise nix docker podman kubectl ssh caffeinate strace ltrace script busybox toybox eval "
    "source trap sh bash dash zsh ksh fish find fd rtk cmd"
)
_SHELL_TEXT = names("sh bash dash zsh ksh fish eval su watch ssh trap env xargs find script parallel flock")
_EXEC_FLAGS = frozenset({"-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"})
_INTERPRETERS = re.compile(r"(python|pypy|node|deno|bun|perl|ruby|php)[\d.]*\Z")
_DELETION = re.compile(
    r"(?:rmtree|rm_rf?|rmSync|rmdirSync|unlinkSync|rimraf|unlink|removedirs|os\.remove|os\.rmdir|fs\.rm)"
    r"\s*\(?\s*(?:['\"]([^'\"]*)['\"])?"
)
_META = frozenset(" \t\n;&|$`(")
_MOST_STARTS = 12


def has_safe_environment(command: Command) -> bool:
    """Whether every `NAME=value` in front is known to change no more than output or locale."""
    return all(_is_safe(word) for word in command.assignments)


def _is_safe(word: Word) -> bool:
    name, _, value = word.text.partition("=")
    if word.dynamic:
        return False
    if name == "TZ" and _ZONE.match(value):
        return True
    return word.raw in _SAFE_PAIRS or (name in _SAFE_NAMES and bool(_SAFE_VALUE.match(value)))


def unwrapped(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words without leading `timeout 5`, `nice -n 3`, `nohup`, `time`, `command`, `stdbuf -oL`, `builtin`."""
    while len(words) > 1:
        inner = _inside(words)
        if inner is None or inner >= len(words):
            return words
        words = words[inner:]
    return words


def _inside(words: tuple[Word, ...]) -> int | None:
    """Where the inner command of a harmless wrapper begins; None when this is not one, or has flags we do not know."""
    texts = [word.text for word in words[:6]]
    match texts:
        case ["nohup" | "builtin" | "command" | "time", following, *_] if following[:1] not in ("-", ""):
            return 1
        case ["time", "-p", _, *_]:
            return 2
        case ["nice", "-n", number, *_] if _NUMBER.match(number):
            return 3
        case ["nice", number, *_] if re.match(r"--?\d+\Z", number):
            return 2
        case ["nice", following, *_] if following[:1] not in ("-", ""):
            return 1
        case ["stdbuf", first, *_] if _BUFFERING.match(first):
            return 1 + sum(1 for _ in _leading(texts[1:], _BUFFERING))
        case ["timeout", *rest]:
            return _inside_timeout(rest)
        case _:
            return None


def _inside_timeout(rest: list[str]) -> int | None:
    index = 0
    while index < len(rest) and rest[index].startswith("-"):
        option = rest[index]
        if option in ("--preserve-status", "--foreground", "-v", "--verbose"):
            index += 1
        elif option in ("-s", "--signal", "-k", "--kill-after"):
            index += 2
        elif re.match(r"--(signal|kill-after)=[A-Z0-9.smhd]+\Z", option):
            index += 1
        else:
            return None
    if index < len(rest) and _DURATION.match(rest[index]):
        return index + 2
    return None


def _leading(texts: list[str], pattern: re.Pattern[str]) -> Iterator[str]:
    for text in texts:
        if not pattern.match(text):
            return
        yield text


def every_start(command: Command, depth: int = 3) -> Iterator[Command]:
    """The command itself and every command that might begin inside it, for rules that say no.

    Behind a wrapper (`sudo -u x rm`, `find -exec rm`, `npx rm`) each of the next words may be the start; a text given
    to a shell (`bash -c 'rm x'`) is salvaged as a script of its own.
    """
    yield command
    head = program(command.words[0].text)
    if _INTERPRETERS.match(head):
        yield from _deletions(command)
    if head in SHELLS and depth:
        for text in _read_by(command):
            for inner in salvage(text):
                yield from every_start(_at(inner, command), depth - 1)
    left = _MOST_STARTS if head in _STARTERS else 0
    takes_text = head in _SHELL_TEXT
    for index, word in enumerate(command.words[1:], 1):
        if command.words[index - 1].text in _EXEC_FLAGS and head in ("find", "fd"):
            left = max(left, 1)
        if left <= 0 or _is_option(word.text):
            continue
        left -= 1
        words = command.words[index:]
        if head in ("xargs", "parallel"):
            words += (Word("…", "what it reads", dynamic=True, single=False),)
        yield replace(command, words=words, assignments=(), redirects=())
        if program(word.text) in _STARTERS:
            left = _MOST_STARTS
            takes_text = takes_text or program(word.text) in _SHELL_TEXT
        if takes_text and depth and not _META.isdisjoint(word.text):
            for inner in salvage(word.text):
                yield from every_start(_at(inner, command), depth - 1)


def _at(inner: Command, outer: Command) -> Command:
    return replace(inner, folders=outer.folders, start=outer.start, end=outer.end)


def _read_by(command: Command) -> Iterator[str]:
    """The texts a shell is given to run from its input, where they can be told."""
    yield from command.documents
    for feeder in command.fed_by:
        yield from feeder.documents
        if program(feeder.words[0].text) in ("echo", "printf"):
            yield " ".join(word.text for word in feeder.words[1:])


def _deletions(command: Command) -> Iterator[Command]:
    """A program text that deletes (`python -c "shutil.rmtree('d')"`) as the rm it amounts to."""
    for word in command.words[1:]:
        for found in _DELETION.finditer(word.text):
            target = Word(found[0], found[1] or found[0], dynamic=found[1] is None)
            yield _at(Command((Word("rm", "rm"), Word("-r", "-r"), target)), command)


def _is_option(text: str) -> bool:
    return text.startswith("-") or bool(re.match(r"[A-Za-z_]\w*=", text))


def program(text: str) -> str:
    """The name of a program without its folder: `/bin/rm` is `rm`."""
    return text.rpartition("/")[2]
