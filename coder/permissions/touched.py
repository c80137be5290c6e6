"""The paths a command names, and how it may touch them. Must not know rules, modes or where paths may lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from coder.permissions import filewrites, readonly
from coder.permissions.command import PIPE, Command, Word
from coder.permissions.grammar import Effects
from coder.permissions.names import names
from coder.permissions.paths import Place, locate, path_of
from coder.permissions.world import World
from coder.permissions.wrappers import program, unwrapped

Touch: TypeAlias = Literal["read", "write"]
FREE = frozenset({"/dev/null", "/dev/stdin", PIPE})  # reading these tells nothing that is not told anyway
_READERS = names(
    "cat head tail less more bat batcat nl tac rev grep egrep fgrep rg sed awk gawk mawk cut sort uniq diff cmp "
    "comm od xxd hexdump strings base64 fold fmt paste join jq zcat column view wc md5sum "
    "sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum shasum cp mv scp rsync source . tee dd xargs"
)
_WILD = frozenset("*?[")
_GIT_SHOWS = names("diff grep show blame cat-file hash-object log archive")
_WRITERS = names("rm rmdir unlink mv cp touch tee truncate ln install chmod chown shred patch dd mkdir rsync scp split")


def touched(command: Command, world: World) -> Iterator[tuple[Touch, Place]]:
    """Every path the command is known or likely to read or write: enough for rules that say no, not for leave."""
    folders = command.folders
    words = unwrapped(command.words)
    known, writes = readonly.effects_of(words), filewrites.effects_of(words)
    name = program(words[0].text)
    operands = tuple(word for word in words[1:] if not word.text.startswith("-"))
    reads = known.reads if known else operands if name in _READERS else ()
    changes = operands if name in _WRITERS or _edits_in_place(words) else ()
    if writes:
        changes = written(writes, folders, world)
    if name == "dd":
        reads, changes = _given(operands, "if="), _given(operands, "of=")
    if known is None or known.content:
        yield from (("read", place) for place in places(reads, folders, world))
    yield from (("write", place) for place in places(changes, folders, world))
    for redirect in command.redirects:
        if not redirect.copies and redirect.target.text != "/dev/null":  # where nothing is changed and nothing told
            touch: Touch = "read" if redirect.operator == "<" else "write"
            yield from ((touch, place) for place in places((redirect.target,), folders, world))


def named(command: Command, world: World) -> Iterator[Place]:
    """Every path among the words of a program we know nothing of, and of git where it shows files: it may read them."""
    words = unwrapped(command.words)
    if readonly.effects_of(words) is not None or filewrites.effects_of(words) is not None:
        return
    if program(words[0].text) == "git" and not _GIT_SHOWS & {word.text for word in words[1:]}:
        return
    for word in words[1:]:
        for text in _values(word.text):
            if "." in text or "/" in text:  # any other word is as likely the name of something else
                yield from places(
                    (replace(word, text=text, glob=word.glob and bool(_WILD & set(text))),), command.folders, world
                )


def _values(text: str) -> Iterator[str]:
    """The word, and the path in `if=x`, `--file=x`, `-fx` and `@x`."""
    yield text
    if text.startswith("-") and len(text) > 2:
        yield text[2:]
    value = text.partition("=")[2] or text
    yield value.removeprefix("@")


def sweeps(command: Command, world: World) -> bool:
    """Whether it shows files of whole folders in a way that the reader of plain commands does not see."""
    words = unwrapped(command.words)
    texts = {word.text for word in words[1:]}
    match program(words[0].text):
        case "find":
            return readonly.effects_of(words) is None and bool({"-exec", "-execdir", "-ok", "-okdir"} & texts)
        case "diff":
            return _names_folder(words[1:], command, world)
        case "git" if "diff" in texts:
            outside = "--no-index" in texts or not any(_in_repository(folder, world) for folder in command.folders)
            return outside and _names_folder(words[1:], command, world)
        case _:
            return False


def _names_folder(words: tuple[Word, ...], command: Command, world: World) -> bool:
    return any(world.exists(place.real / "..") for place in places(words, command.folders, world))


def _in_repository(folder: Path, world: World) -> bool:
    return any(world.exists(each / ".git") for each in (folder, *folder.parents))


def written(effects: Effects, folders: tuple[Path, ...], world: World) -> tuple[Word, ...]:
    """The words a file command writes to, and where its last one is a folder, those inside it."""
    ends = places(effects.writes[-1:], folders, world)
    inside = any(world.exists(end.real / "..") for end in ends)  # only a folder has a `..`
    return (*effects.writes, *effects.into) if inside else effects.writes


def _given(words: tuple[Word, ...], key: str) -> tuple[Word, ...]:
    """The paths behind `if=` and `of=`."""
    return tuple(replace(word, text=word.text.removeprefix(key)) for word in words if word.text.startswith(key))


def touches_paths(command: Command) -> bool:
    """Whether its words are paths, as far as we know the program."""
    return program(unwrapped(command.words)[0].text) in _READERS | _WRITERS


def writes_paths(command: Command) -> bool:
    """Whether the paths among its words are there to be written."""
    return program(unwrapped(command.words)[0].text) in _WRITERS


def places(words: tuple[Word, ...], folders: tuple[Path, ...], world: World, *, stems: bool = True) -> Iterator[Place]:
    """Where the words lead from each of the folders the command may run in; for a wildcard, what it stands for now.

    `stems`: also the folder in which a wildcard is looked up.
    """
    for word in words:
        if word.dynamic:
            continue
        text = path_of(word, world)
        for folder in folders:
            matches = world.matches(text, folder) if word.glob else ()
            if word.glob and stems:
                yield locate(_glob_stem(text), world, folder)  # its names are looked at in any case
            if not matches and matches is not None:
                yield locate(text, world, folder)
            yield from (Place(written, real) for written, real in matches or ())


def too_wide(word: Word, command: Command, world: World) -> bool:
    """Whether a wildcard stands for more than can be looked at one by one."""
    return word.glob and any(world.matches(path_of(word, world), folder) is None for folder in command.folders)


def unseen(word: Word, command: Command, world: World) -> bool:
    """Whether a wildcard stands for files that are not there to be looked at: too many, or none yet."""
    return word.glob and not all(world.matches(path_of(word, world), folder) for folder in command.folders)


def _glob_stem(text: str) -> str:
    """The folder a wildcard is looked up in; a `..` after it could lead anywhere, so then the top of the disk."""
    first = min((text.find(c) for c in "*?[" if c in text), default=len(text))
    if "/.." in text[first:]:
        return "/"
    return text[: text.rfind("/", 0, first) + 1] or "."


def _edits_in_place(words: tuple[Word, ...]) -> bool:
    return program(words[0].text) == "sed" and any(word.text.startswith(("-i", "--in-place")) for word in words[1:])
