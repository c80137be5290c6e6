"""Commands that run other commands, and the `NAME=value` in front of them. Must not know rules.

Two directions, two measures: to allow, only wrappers that change nothing are taken off, by their exact grammar;
to deny, every place where another command could begin is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from coder.permissions.command import Command, Word
from coder.permissions.moves import added, followed, set_by_option
from coder.permissions.names import names
from coder.permissions.programs import deletions
from coder.permissions.salvage import program as program  # the others know it from here
from coder.permissions.texts import UNKNOWN, given_texts, placed_words, salvaged
from coder.permissions.world import World

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
    "source trap sh bash dash zsh ksh fish find fd fdfind rtk cmd"
)
_XARGS_VALUED = names("-d -n -P -L -s -a -E -I -J")
_SHELL_TEXT = names("sh bash dash zsh ksh fish eval su watch ssh trap script parallel flock")
_EXEC_FLAGS = frozenset({"-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"})
_INTERPRETERS = re.compile(r"(python|pypy|node|deno|bun|perl|ruby|php)[\d.]*\Z")
_PLAIN = re.compile(r"[\w./:=@%+,-]*\Z")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
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


def every_start(command: Command, world: World, depth: int = 3) -> Iterator[Command]:
    """The command itself and every command that might begin inside it, for rules that say no.

    Behind a wrapper (`sudo -u x rm`, `find -exec rm`, `npx rm`) each of the next words may be the start; a text given
    to a shell (`bash -c 'rm x'`, `echo rm x | sh`) is salvaged as a script of its own.
    """
    for start in _starts(command, world):
        yield start
        head = program(start.words[0].text)
        if not depth:
            continue
        if _INTERPRETERS.match(head):
            yield from (_at(inner, start) for inner in deletions(start))
        texts = [*given_texts(start)]
        if start.words is command.words:
            texts += _texts_among(command.words)
        for text in texts:
            inner = followed(tuple(salvaged(iter((text,)))), start.folders, world)
            for each in inner:
                yield from every_start(replace(each, start=command.start, end=command.end), world, depth - 1)


def _starts(command: Command, world: World) -> Iterator[Command]:
    words = placed_words(command.words)
    head = program(words[0].text)
    reads_words = head in ("xargs", "parallel")
    if reads_words and _runs_what_it_reads(words):
        words = (*words, UNKNOWN)
    yield command
    left = _MOST_STARTS if head in _STARTERS else 0
    folders = added(command.folders, set_by_option(words), world)
    runner, begun = head, False
    for index, word in enumerate(words[1:], 1):
        if words[index - 1].text in _EXEC_FLAGS and head in ("find", "fd", "fdfind"):
            left = max(left, 1)
        if left <= 0 or _is_option(word.text):
            continue
        if begun and word.dynamic and index < len(command.words) and not command.words[index].dynamic:
            continue  # what xargs puts there is a word of the command, which has begun
        begun = runner == "xargs" and (begun or words[index - 1].text not in _XARGS_VALUED)
        left -= 1
        inner = words[index:]
        if reads_words and inner[-1] is not UNKNOWN:
            inner += (UNKNOWN,)
        folders = added(folders, set_by_option(inner), world)
        yield replace(command, words=inner, assignments=(), redirects=(), folders=folders)
        if program(word.text) in _STARTERS:
            left, begun = _MOST_STARTS, False
            runner = program(word.text)


def _runs_what_it_reads(words: tuple[Word, ...]) -> bool:
    """`xargs sh -c`, `xargs env`: what it reads comes where a command, or a text of commands, may stand."""
    return any(program(word.text) in _SHELL_TEXT for word in words) or program(words[-1].text) in _STARTERS


def _texts_among(words: tuple[Word, ...]) -> Iterator[str]:
    """The words that a shell, or a program that starts one, may take for a script."""
    takes_text = False
    for word in words:
        text = word.text
        if takes_text and not _PLAIN.match(text):
            yield re.sub(r"\A(-\w|--[\w-]+=)(?=.)", "", text, count=1)
        takes_text = takes_text or program(text) in _SHELL_TEXT


def _at(inner: Command, outer: Command) -> Command:
    return replace(inner, folders=outer.folders, start=outer.start, end=outer.end)


def _is_option(text: str) -> bool:
    return text.startswith("-") or bool(_ASSIGNED.match(text))
