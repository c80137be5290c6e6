"""What a command would do, in words: read, write, delete, run, reach, change in git. Tells; must not judge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coder.core.requests import Effect, EffectKind
from coder.permissions import filewrites, readonly
from coder.permissions.command import Command, Word
from coder.permissions.irreversible import irreversible
from coder.permissions.names import names
from coder.permissions.paths import Place, locate, path_of
from coder.permissions.patterns import host_of
from coder.permissions.suggest import printed_by
from coder.permissions.touched import places, touched, touches_paths, writes_paths
from coder.permissions.wording import shown
from coder.permissions.world import World
from coder.permissions.wrappers import has_safe_environment, program, unwrapped

_DELETERS = names("rm rmdir unlink shred trash srm")
_NETWORK = names(
    "curl wget ssh scp sftp rsync ftp telnet nc ncat netcat ping dig host nslookup traceroute gh glab aws gcloud az "
    "kubectl helm terraform ansible http https xh mosh rclone"
)
_FETCHERS = {
    "npm": names("install i ci add update publish view audit outdated exec create init"),
    "pnpm": names("install i add update publish dlx"),
    "yarn": names("install add upgrade publish dlx"),
    "pip": names("install download index"),
    "pip3": names("install download index"),
    "uv": names("add sync pip lock tool run"),
    "poetry": names("install add update publish lock"),
    "cargo": names("add install publish update fetch build"),
    "go": names("get install mod"),
    "docker": names("pull push build run login"),
    "brew": names("install upgrade update"),
    "apt": names("install update upgrade"),
    "apt-get": names("install update upgrade"),
    "gem": names("install update push"),
    "bundle": names("install update"),
    "composer": names("install update require"),
}
_ALWAYS_FETCH = names("npx pnpx bunx uvx")
_GIT_REMOTE = names("push fetch pull clone ls-remote submodule")
_GIT_STATE = {
    "add": "what the next commit holds",
    "am": "commits and files",
    "branch": "branches",
    "checkout": "the branch or files of the work tree",
    "cherry-pick": "commits and files",
    "clean": "untracked files of the work tree",
    "clone": "a new repository",
    "commit": "a new commit on this branch",
    "config": "git's settings",
    "fetch": "what is known of the remote",
    "gc": "what git keeps",
    "init": "a new repository",
    "merge": "this branch and the work tree",
    "mv": "files and the next commit",
    "notes": "notes on commits",
    "pull": "this branch and the work tree",
    "push": "branches of the remote",
    "rebase": "the commits of this branch",
    "reflog": "the way back to earlier commits",
    "remote": "which remotes there are",
    "reset": "where this branch points, or the work tree",
    "restore": "files of the work tree or the next commit",
    "revert": "a new commit that undoes another",
    "rm": "files and the next commit",
    "stash": "changes put aside",
    "submodule": "submodules",
    "switch": "the branch and the work tree",
    "tag": "tags",
    "update-ref": "where branches point",
    "worktree": "work trees",
}
_FORCED = "commits on the remote, replaced or deleted"
_NAMED = 3  # as many of what a wildcard stands for are named
_WILD = re.compile(r"[*?\[]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LOGIN = re.compile(r"[\w.-]+@([\w.-]+)(:.*)?\Z")


def effects_of(command: Command, world: World) -> Iterator[Effect]:
    """Every effect that can be told from the words; a program we know nothing of only `runs`."""
    words = unwrapped(command.words)
    name = program(words[0].text)
    if name != "xargs":  # its words are another command
        yield from _file_effects(command, world, deletes=name in _DELETERS)
    yield from _unknown(command, words if touches_paths(command) else (), deletes=name in _DELETERS)
    if readonly.effects_of(words) is not None:
        if not has_safe_environment(command):
            yield Effect("runs", shown(command.text))
        return
    yield from _reach(name, words)
    if name == "git":
        verb = next((word.text for word in words[1:] if word.text in _GIT_STATE), "")
        forced = verb == "push" and irreversible(command, world) is not None
        yield Effect("changes git", _FORCED if forced else _GIT_STATE.get(verb, shown(command.text)))
    elif name not in _DELETERS and filewrites.effects_of(words) is None:
        source = printed_by(command)
        yield Effect("runs", f"what {source} prints" if source else shown(command.text))


def _file_effects(command: Command, world: World, *, deletes: bool) -> Iterator[Effect]:
    named = _wildcards(command, world)
    for touch, place in touched(command, world):
        path = place.written
        what = named.get(place, str(place))
        if not what or path.as_posix() in ("/dev/null", "/dev/stdin", "/dev/fd/63"):
            continue
        if touch == "read":
            yield Effect("reads", what, path)
        else:
            yield Effect("deletes" if deletes else "writes", what, path)


def _wildcards(command: Command, world: World) -> dict[Place, str]:
    """Of each place that only a wildcard names, the wildcard and what it stands for; "" where its search begins."""
    named: dict[Place, str] = {}
    words = (*command.words, *(redirect.target for redirect in command.redirects))
    for word in (word for word in words if word.glob):
        text = path_of(word, world)
        found = sorted({path for folder in command.folders for path, _ in world.matches(text, folder) or ()})
        listed = [_as_typed(path, text, command.folders[0]) for path in found[:_NAMED]]
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        verb = "matches" if _WILD.search(word.raw) else "stands for"
        now = ", ".join(listed) + more if found else "nothing yet, or too much to list"
        what = f"what {word.raw} {verb} ({now})"
        meant = found or [locate(text, world, folder).written for folder in command.folders]
        for place in places((word,), command.folders, world):
            named[place] = what if place.written in meant else ""
    for word in (word for word in words if not word.glob):
        for place in places((word,), command.folders, world):
            named.pop(place, None)
    return named


def _as_typed(path: Path, pattern: str, folder: Path) -> str:
    """A path as bash would write it in place of the pattern."""
    return str(path if pattern.startswith("/") or not path.is_relative_to(folder) else path.relative_to(folder))


def _unknown(command: Command, words: tuple[Word, ...], *, deletes: bool) -> Iterator[Effect]:
    """The places that only the run itself will tell."""
    kind: EffectKind = "deletes" if deletes else "writes" if writes_paths(command) else "reads"
    for word in words[1:]:
        if word.dynamic:
            yield Effect(kind, f"a place that is known only when it runs: {word.raw}")
    for redirect in command.redirects:
        if redirect.target.dynamic:
            verb: EffectKind = "reads" if redirect.operator == "<" else "writes"
            yield Effect(verb, f"a place that is known only when it runs: {redirect.target.raw}")


def _reach(name: str, words: tuple[Word, ...]) -> Iterator[Effect]:
    texts = [word.text for word in words[1:]]
    verb = next((text for text in texts if not text.startswith("-")), "")
    remote = name == "git" and bool(_GIT_REMOTE & set(texts[:3]))
    if not (name in _NETWORK or name in _ALWAYS_FETCH or verb in _FETCHERS.get(name, ()) or remote):
        return
    hosts = [host_of(text) for text in texts if _ADDRESS.match(text)]
    hosts += [found[1] for text in texts if (found := _LOGIN.match(text))]
    where = [host for host in dict.fromkeys(hosts) if host]
    if remote and not where:
        where = [f"the remote {next((t for t in texts[1:] if not t.startswith('-')), 'of this branch')}"]
    for place in where or ["the network"]:
        yield Effect("reaches", place)
