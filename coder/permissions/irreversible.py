"""What no checkpoint brings back: deleting the places everything lives in, and a few more. Knows no rules or modes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coder.permissions.lexer import Command, Word
from coder.permissions.names import names
from coder.permissions.paths import Place, is_home, locate, path_of
from coder.permissions.patterns import matches_glob
from coder.permissions.world import World
from coder.permissions.wrappers import program

_DELETERS = frozenset({"rm", "rmdir", "unlink", "shred", "trash", "srm"})
_RECURSIVE = re.compile(r"-[A-Za-z]*[rR][A-Za-z]*\Z|--recursive\Z")
_FORCED_CLEAN = re.compile(r"-[A-Za-z]*f[A-Za-z]*\Z|--force\Z")
_FORCED_PUSH = re.compile(r"-[A-Za-z]*f[A-Za-z]*\Z|--force|--mirror\Z|\+.")
_NARROWING = names("-name -iname -path -ipath -regex -iregex -newer -mtime -mmin -atime -size -empty")
_ONLY_WILDCARDS = re.compile(r"[*?.]*[*?][*?.]*\Z")
_WILD = re.compile(r"[*?\[]")


def irreversible(command: Command, cwds: tuple[Path, ...], world: World) -> str:
    """Why this command must never run unasked, as a sentence; "" when it is none of those."""
    words = command.words
    match program(words[0].text):
        case name if name in _DELETERS:
            return _deletion(command, words[1:], cwds, world)
        case "chmod" | "chown" | "chgrp" if any(_RECURSIVE.match(word.text) for word in words[1:]):
            return _deletion(command, words[2:], cwds, world, verb="changes")
        case "find" if _deletes_everything(words):
            return _deletion(command, _find_folders(words) or (Word(".", "."),), cwds, world)
        case "git":
            return _git(words[1:])
        case "dd" if any(word.text.startswith("of=/dev/") and word.text != "of=/dev/null" for word in words):
            return "dd writes straight to a device."
        case name if name == "mkfs" or name.startswith("mkfs."):
            return f"{name} erases a whole device."
        case _:
            return ""


def _deletion(
    command: Command, words: tuple[Word, ...], cwds: tuple[Path, ...], world: World, verb: str = "deletes"
) -> str:
    recursive = any(_RECURSIVE.match(word.text) for word in words)
    for word in words:
        if word.text.startswith("-"):
            continue
        if word.dynamic or (word.tilde and not is_home(word)):
            if recursive or word.glob:
                return f"{command.text} {verb} a place that is known only when it runs: {word.raw or word.text}."
            continue
        for cwd in cwds:
            if what := _loss(word, cwd, world):
                hint = " Write ./~ for a file of that name." if word.tilde else ""
                return f"{command.text} {verb} {what}.{hint}"
    return ""


def _loss(word: Word, cwd: Path, world: World) -> str:
    text = path_of(word, world)
    wild = _WILD.search(text) if word.glob else None
    if wild is None:
        return _name(locate(text, world, cwd), world)
    stem = text[: text.rfind("/", 0, wild.start()) + 1]
    folder = locate(stem or ".", world, cwd)
    pattern = text[len(stem) :].split("/", 1)[0]
    if _ONLY_WILDCARDS.match(pattern):
        inside = _name(folder, world)
        return inside and f"everything in {inside}"
    loose = re.sub(r"\[[^]]*\]|\?", "*", pattern)
    for path in _vital(world):
        step = next((path.relative_to(f).parts[0] for f in folder.both if path != f and path.is_relative_to(f)), None)
        if step and matches_glob(loose, step):
            return f"what {word.raw} matches, which may be {path}"
    return "top folders of the disk" if Path("/") in folder.both else ""


def _name(place: Place, world: World) -> str:
    for path in place.both:
        if path == Path("/"):
            return "the whole disk"
        if path == world.home or path == world.resolve(world.home):
            return "your home folder"
        for vital in _vital(world):
            if path == vital:
                return f"coder's settings, {path}" if path == world.config_home else f"the working directory {path}"
            if vital.is_relative_to(path):
                return f"{path}, which holds {vital}"
        if path.parent == Path("/"):
            return f"{path}, a top folder of the disk"
        if path.name == ".git":
            return f"the history of the repository, {path}"
    return ""


def _vital(world: World) -> Iterator[Path]:
    for folder in (world.cwd, *world.roots, world.home, world.config_home):
        yield folder
        yield world.resolve(folder)


def _deletes_everything(words: tuple[Word, ...]) -> bool:
    texts = {word.text for word in words}
    if texts & _NARROWING:
        return False
    return "-delete" in texts or (bool(texts & {"-exec", "-execdir"}) and bool({program(t) for t in texts} & _DELETERS))


def _find_folders(words: tuple[Word, ...]) -> tuple[Word, ...]:
    folders: list[Word] = []
    for word in words[1:]:
        if word.text.startswith("-") or word.text in ("(", "!"):
            break
        folders.append(word)
    return tuple(folders)


def _git(words: tuple[Word, ...]) -> str:
    texts = [word.text for word in words]
    if "push" in texts and any(_FORCED_PUSH.match(text) for text in texts[texts.index("push") + 1 :]):
        return "A forced push replaces history that others may have."
    if "clean" in texts and any(_FORCED_CLEAN.match(text) for text in texts[texts.index("clean") + 1 :]):
        return "git clean deletes files that git does not know and cannot bring back."
    return ""
