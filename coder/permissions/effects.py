"""What a command would do, in words: read, write, delete, run, reach, change in git. Tells; must not judge."""

from __future__ import annotations

import re
from collections.abc import Iterator

from coder.core.requests import Effect, EffectKind
from coder.permissions import filewrites, readonly
from coder.permissions.command import Command, Word
from coder.permissions.names import names
from coder.permissions.patterns import host_of
from coder.permissions.touched import touched, touches_paths, writes_paths
from coder.permissions.wording import shown
from coder.permissions.world import World
from coder.permissions.wrappers import program, unwrapped

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
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LOGIN = re.compile(r"[\w.-]+@([\w.-]+)(:.*)?\Z")


def effects_of(command: Command, world: World) -> Iterator[Effect]:
    """Every effect that can be told from the words; a program we know nothing of only `runs`."""
    words = unwrapped(command.words)
    name = program(words[0].text)
    if name != "xargs":  # its words are another command
        yield from _file_effects(command, world, deletes=name in _DELETERS)
    known = readonly.effects_of(words)
    yield from _unknown(command, words if touches_paths(command) else (), deletes=name in _DELETERS)
    if known is not None:
        return
    yield from _reach(name, words)
    if name == "git":
        verb = next((word.text for word in words[1:] if word.text in _GIT_STATE), "")
        yield Effect("changes git", _GIT_STATE.get(verb, shown(command.text)))
    elif name not in _DELETERS and filewrites.effects_of(words) is None:
        yield Effect("runs", shown(command.text))


def _file_effects(command: Command, world: World, *, deletes: bool) -> Iterator[Effect]:
    for touch, place in touched(command, world):
        path = place.written
        if path.as_posix() in ("/dev/null", "/dev/stdin", "/dev/fd/63"):
            continue
        if touch == "read":
            yield Effect("reads", str(place), path)
        else:
            yield Effect("deletes" if deletes else "writes", str(place), path)


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
