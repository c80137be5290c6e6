"""What no checkpoint brings back: deleting the places everything lives in, forced pushes and the like.

Knows no rules or modes. What it cannot tell for certain it takes for the worst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.permissions import gitlosses
from coder.permissions.command import Command, Word
from coder.permissions.names import names
from coder.permissions.paths import Place, is_home, is_inside, locate, path_of
from coder.permissions.patterns import matches_glob
from coder.permissions.texts import texts_of
from coder.permissions.wording import quoted
from coder.permissions.world import World
from coder.permissions.wrappers import program

_DELETERS = names("rm rmdir unlink trash srm")
_RECURSIVE = re.compile(r"-[A-Za-z]*[rR][A-Za-z]*\Z|--r(e(c(u(r(s(i(v(e)?)?)?)?)?)?)?)?\Z")
_ONLY_WILDCARDS = re.compile(r"[*.]*\*[*.]*\Z")
_WILD = re.compile(r"[*?\[]")
_DEVICE = re.compile(r"/dev/(?!null\Z|std|tty|fd/|zero\Z|shm/|pts/)")
_DROPS = re.compile(r"(?i)(drop\s+(table|database|schema)|truncate\s+table|delete\s+from\s+\S+\s*(;|\Z))")
_DATABASES = names("psql mysql mariadb sqlite3 duckdb clickhouse-client sqlcmd mongosh")
_FD_RUNS = frozenset({"-x", "-X", "--"})
_ERASERS = names("shred wipefs blkdiscard fdisk sfdisk parted dropdb dropuser")
# Programs whose verbs destroy what lies elsewhere: each phrase is words that stand in this order.
_ELSEWHERE = {
    "terraform": ("destroy",),
    "kubectl": ("delete",),
    "docker": ("system prune", "volume rm", "volume remove", "volume prune"),
    "podman": ("system prune", "volume rm", "volume remove", "volume prune"),
    "aws": ("s3 rb", "s3 rm"),
    "gh": ("repo delete", "release delete"),
    "npm": ("unpublish",),
    "redis-cli": ("flushall", "flushdb"),
}


@dataclass(frozen=True, slots=True)
class Stop:
    """`why` as a clause about `command`; `word` is what a person types to say yes."""

    why: str
    word: str
    command: Command


def irreversible(command: Command, world: World, *, lost: bool = False, fed: bool = False) -> Stop | None:
    """Why this command must never run unasked; None when it is none of those.

    `lost`: it may run in a folder that nobody knows; `fed`: words nobody knows may be the names of any files.
    """
    name = program(command.words[0].text)
    names = [name]
    if command.words[0].dynamic:  # nobody knows which program it is: it is taken for the worst
        names = ["git", "find", "dd", *(["rm"] if any(_RECURSIVE.match(word.text) for word in command.words) else [])]
    why = next(filter(None, (_reason(each, command, world, lost, fed) for each in names)), "") or _device(command)
    if not why:
        return None
    word = gitlosses.verb_of(command.words[1:]) if name == "git" else name
    return Stop(why, word or name or "yes", command)


def _reason(name: str, command: Command, world: World, lost: bool, fed: bool) -> str:
    words = command.words
    match name:
        case _ if name in _DELETERS:
            return _deletion(command, words[1:], world, lost, fed)
        case "chmod" | "chown" | "chgrp" if any(_RECURSIVE.match(word.text) for word in words[1:]):
            return _deletion(command, words[2:], world, lost, verb="changes")
        case "mv":
            return _vital_move(command, world)
        case "find" if any(word.text == "-delete" or word.dynamic for word in words[1:]) or _runs_deleter(words):
            return "find deletes every file it finds, and nobody sees which before"
        case "fd" | "fdfind" if _FD_RUNS & {word.text[:2] for word in words} and _names_deleter(words):
            return f"{name} deletes every file it finds, and nobody sees which before"
        case "git":
            return gitlosses.loss(words[1:])
        case "dd":
            return _dd(words[1:])
        case _ if name in _ERASERS or name.startswith("mkfs"):
            return f"{name} erases what cannot be read again"
        case "terraform" | "tofu" if any(re.match(r"--?destroy\b", word.text) for word in words[1:]):
            return f"{name} apply -destroy deletes what lies elsewhere, where coder keeps no copy"
        case _ if name in _DATABASES and any(_DROPS.search(text) for text in _statements(command)):
            return f"{name} would delete data that nothing here keeps a copy of"
        case _:
            return _elsewhere(name, words[1:])


def _deletion(
    command: Command, words: tuple[Word, ...], world: World, lost: bool, fed: bool = False, verb: str = "deletes"
) -> str:
    some_flags = any(word.dynamic and word.text.startswith("-") for word in words)  # -r may be among them
    recursive = verb == "changes" or some_flags or any(_RECURSIVE.match(word.text) for word in words)
    flagged = any(word.dynamic for word in words)  # as likely -r as anything
    if recursive and command.expands:
        return f"{quoted(command.text)} {verb} a place that is known only when it runs: ${command.expands[0]}"
    for word in words:
        if not word.dynamic and (not word.text or word.text.startswith("-")):
            continue
        if word.dynamic or (word.tilde and not is_home(word)):
            if recursive or word.glob or not word.single or word.listed or (fed and word.dynamic):
                return f"{quoted(command.text)} {verb} a place that is known only when it runs: {word.raw or word.text}"
            continue
        if recursive and lost and not word.text.startswith(("/", "~")):
            return (
                f"{quoted(command.text)} {verb} a place that is known only when it runs: {word.text}, wherever cd went"
            )
        for folder in command.folders:
            if what := _loss(word, folder, world, outside=recursive or flagged):
                hint = ". Write ./~ for a file of that name" if word.text in ("~", "~/") else ""
                return f"{quoted(command.text)} {verb} {what}{hint}"
    return ""


def _loss(word: Word, cwd: Path, world: World, *, outside: bool) -> str:
    """What would be lost; `outside` also counts what lies outside the working directories and is not the session's."""
    text = path_of(word, world)
    wild = _WILD.search(text) if word.glob else None
    if wild is None:
        place = locate(text, world, cwd)
        return _name(place, world) or (_elsewhere_on_disk(place, world) if outside else "")
    stem = text[: text.rfind("/", 0, wild.start()) + 1]
    folder = locate(stem or ".", world, cwd)
    pattern = text[len(stem) :].split("/", 1)[0]
    loose = re.sub(r"\[[^]]*\]|\?", "*", pattern)
    if _ONLY_WILDCARDS.match(loose) and (inside := _name(folder, world)):
        return f"everything in {inside}"
    if loose.startswith(".") and matches_glob(loose, ".git"):
        return f"what {word.raw} matches, which may be the history of a repository"
    for path in _vital(world):
        step = next((path.relative_to(f).parts[0] for f in folder.both if path != f and path.is_relative_to(f)), None)
        if step and matches_glob(loose, step):
            return f"what {word.raw} matches, which may be {path}"
    if Path("/") in folder.both:
        return "top folders of the disk"
    return _elsewhere_on_disk(folder, world) if outside else ""


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
        if path.name.casefold() == ".git" and not world.is_created(path):
            return f"the history of the repository, {path}"
    return ""


def _elsewhere_on_disk(place: Place, world: World) -> str:
    if is_inside(place, world.roots, world) or all(world.is_created(path) for path in place.both):
        return ""
    return f"{place}, which lies outside the working directories"


def _vital(world: World) -> Iterator[Path]:
    for folder in (world.cwd, *world.roots, world.home, world.config_home):
        yield folder
        yield world.resolve(folder)


def _runs_deleter(words: tuple[Word, ...]) -> bool:
    return bool({word.text for word in words} & {"-exec", "-execdir", "-ok", "-okdir"}) and _names_deleter(words)


def _names_deleter(words: tuple[Word, ...]) -> bool:
    texts = {word.text for word in words}
    attached = {text[2:] for text in texts if text[:2] in _FD_RUNS}
    return bool({program(text) for text in texts | attached} & (_DELETERS | {"shred"}))


def _vital_move(command: Command, world: World) -> str:
    """A move of what everything lives in, which every path that leads there loses."""
    sources = [word for word in command.words[1:] if not word.text.startswith("-")][:-1]
    for word in sources:
        for folder in command.folders:
            if (
                not word.dynamic
                and not word.glob
                and (what := _name(locate(path_of(word, world), world, folder), world))
            ):
                return f"{quoted(command.text)} moves {what}"
    return ""


def _statements(command: Command) -> Iterator[str]:
    """The texts a database program may take for statements."""
    yield from (word.text for word in command.words[1:])
    yield from (redirect.target.text for redirect in command.redirects)
    for each in (command, *command.fed_by):
        yield from texts_of(each)


def _dd(words: tuple[Word, ...]) -> str:
    target = next((word for word in words if word.text.startswith("of=")), None)
    if target is None or target.text == "of=/dev/null":
        return ""
    return f"dd overwrites {target.text[3:] or 'a file'} and keeps no copy"


def _device(command: Command) -> str:
    targets = [redirect.target for redirect in command.redirects if redirect.operator not in ("<", ">&")]
    device = next((target.text for target in targets if _DEVICE.match(target.text)), "")
    return f"{quoted(command.text)} writes straight to the device {device}" if device else ""


def _elsewhere(name: str, words: tuple[Word, ...]) -> str:
    texts = [word.text for word in words if not word.text.startswith("-")]
    for phrase in _ELSEWHERE.get(name, ()):
        wanted = phrase.split()
        if any(texts[at : at + len(wanted)] == wanted for at in range(min(len(texts), 4))):
            return f"{name} {phrase} deletes what lies elsewhere, where coder keeps no copy"
    return ""
