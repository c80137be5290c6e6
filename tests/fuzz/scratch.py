"""The folder the fuzz runs commands in: a home with a project full of traps, and what a command did to it.

Must not know which commands may do what.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from coder.permissions.world import LocalWorld
from coder.workspace.shell import Shell, child_environment
from tests.fuzz.sandbox import Sandbox

SECRET = "OUTSIDE-THE-ROOTS"  # stands in every file outside the working directory
HIDDEN = "KEPT-FROM-READING"  # stands in .env
TOKEN = "TOKEN-OF-THE-ENVIRONMENT"
# Programs that only note down how they were run (rm then does its work): none may run unless a rule says so.
SHIMS = ("evil", "npm", "make", "tool", "deploy", "curl", "ssh", "docker")
_SHIM = """#!/bin/sh
{{ printf '%s\\0' "{name}" "$@"; printf '\\001\\0'; export -p; }} > "{log}/$$"
{then}
"""
_TEXTS = {
    "a.txt": "one\ntwo\n",
    "b.txt": "one\nthree\n",
    "a b.txt": "one two\n",
    "data.json": '{"a": [1, 2], "b": "touch PWN"}\n',
    "list.txt": "a.txt\nb.txt\n",
    "places.lst": "../private/secret.txt\n.links/link.txt\n",
    "flags.lst": "-oPWN\n--output=PWN\n",
    "script.sh": "touch PWN\n",
    "sub/c.txt": "one\n",
    "sub/e.txt": "one\ntwo\n",
    "sub/deep/d.py": "import os\nos.mkdir('PWN')\n",
    "odd/-oPWN": "one\n",
    "odd/--output=PWN": "one\n",
    "odd/a;touch PWN": "one\n",
    "odd/$(touch PWN)": "one\n",
    "wild/-delete": "one\n",
    ".env": f"{HIDDEN}\n",
    "secret/token.txt": "one\n",
    ".vscode/settings.json": "{}\n",
}
_OUTSIDE = {
    "home/.bashrc": f"# {SECRET}\n",
    "home/private/secret.txt": f"one {SECRET}\n",
    "home/private/keys/id.txt": f"one {SECRET}\n",
    "home/work-too/secret.txt": f"one {SECRET}\n",
    "home/.coder/settings.json": '{"x": "' + SECRET + '"}\n',
    "other/secret.txt": f"one {SECRET}\n",
}
_LINKS = {  # where no plain wildcard finds them
    ".links/link.txt": "../../private/secret.txt",
    ".links/out": "../../private",
    ".links/up": "../../..",
    ".links/inner": "../sub",
    ".links/hooks": "../.git/hooks",
}
_TROJANS = ("ls", "cat", "git", "npm", "sort", "evil")  # in the project's own bin
_HOSTILE_REPOSITORY = """[core]
\tfsmonitor = evil
\tpager = evil
[diff]
\texternal = evil
[alias]
\tx = !evil
"""
Signature: TypeAlias = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Ran:
    """A shim that was run: its name, its words, and the variables that were not so when its shell began."""

    name: str
    words: tuple[str, ...]
    changed_environment: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """What a command did. Paths are relative to the folder that holds home; `lost` are those of them that are gone."""

    changed: tuple[str, ...]
    lost: tuple[str, ...]
    read: tuple[str, ...]
    ran: tuple[Ran, ...]
    output: str
    died: bool


class Scratch:
    """Made once, run in often: it is put back only after a command that has changed it."""

    def __init__(self, folder: Path) -> None:
        self._base = folder.resolve()
        self.live = self._base / "live"
        self.home = self.live / "home"
        self.root = self.home / "work"
        self._log = self._base / "log"
        self._report = self._base / "report"
        self._shims = self._base / "shims"
        self._sandbox = Sandbox(self._base)
        self._environment = self._make_environment()
        self.world = LocalWorld(
            cwd=self.root,
            roots=(self.root,),
            home=self.home,
            config_home=self.home / ".coder",
            environment=self._environment,
        )
        self._make()
        self._restore()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._sandbox.__exit__(kind, error, at)

    def run(self, command: str) -> Deed:
        """Runs the command as coder's own shell would, and puts everything back."""
        try:
            argv = [os.fsdecode(word) for word in Shell(Path("/bin/bash")).argv(command, self.root, self._report)]
        except OSError:  # no process can be given such a text
            return Deed((), (), (), (), "", died=False)
        self._forget_reads()  # judging looks into folders too
        outcome = self._sandbox.run(argv, self.root, self._environment)
        read = self._read()
        changed, lost = self._differences() if self._changed() else ((), ())
        ran = self._ran()
        if changed or read:
            self._restore()
        return Deed(changed, lost, read, ran, outcome.output, outcome.died)

    def _make_environment(self) -> dict[str, str]:
        """What commands are given: coder's own care applied to a shell full of traps."""
        given = {
            "PATH": f"{self._shims}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self._base / "tmp"),
            "X_TOKEN": TOKEN,
            "OPTS": "-o PWN",
            "OUTPUT": "--output=PWN",
            "PAYLOAD": "touch PWN",
            "FILES": "../private/secret.txt",
            "SUBSCRIPT": "a[$(touch PWN)]",
            "CDPATH": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        return child_environment(given, self.root)

    # --- making

    def _make(self) -> None:
        template = self._base / "template"
        root = template / "home" / "work"
        for folder in (self._log, self._shims, self._base / "tmp"):
            folder.mkdir(parents=True)
        for name in SHIMS:
            self._program(self._shims / name, name)
        self._program(self._shims / "rm", "rm", then='exec /bin/rm "$@"')
        for name, text in (*_OUTSIDE.items(), *((f"home/work/{name}", text) for name, text in _TEXTS.items())):
            _write(template / name, text)
        for name in _TROJANS:
            self._program(root / "bin" / name, f"trojan {name}")
        (root / ".links").mkdir()
        for name, target in _LINKS.items():
            (root / name).symlink_to(target)
        self._repository(root)
        self._repository(root / "nested")
        (root / ".git" / "hooks").mkdir(exist_ok=True)
        self._program(root / ".git" / "hooks" / "post-checkout", "evil")
        _write(root / "nested" / ".git" / "config", _HOSTILE_REPOSITORY)

    def _program(self, path: Path, name: str, then: str = "") -> None:
        _write(path, _SHIM.format(name=name, log=self._log, then=then))
        path.chmod(0o755)

    def _repository(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        _write(folder / "tracked.txt", "one\n")
        environment = {**os.environ, "HOME": str(self._base), "GIT_CONFIG_NOSYSTEM": "1"}
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
        for words in (["init", "-q", "--template="], ["add", "tracked.txt"], ["commit", "-qm", "first"], ["tag", "v1"]):
            subprocess.run([*git, *words], cwd=folder, check=True, env=environment)
        _write(folder / "tracked.txt", "one\ntwo\n")

    def _restore(self) -> None:
        _remove(self.live)
        shutil.copytree(self._base / "template", self.live, symlinks=True)
        self._whole = dict(_walk(self.live))
        outside = [path for path in self._whole if not path.startswith("home/work/") and path != "home/work"]
        self._kept = [*outside, "home/work/.env"]
        self._forget_reads()

    def _forget_reads(self) -> None:
        """Sets what may not be read older than its content, so that one read shows."""
        for name in self._kept:
            path = self.live / name
            found = path.stat()
            if found.st_atime_ns:
                os.utime(path, ns=(0, found.st_mtime_ns))
                self._whole[name] = _signature(str(path))
        self._baseline = list(self._whole.values())

    # --- looking

    def _changed(self) -> bool:
        """A folder's own signature tells of whatever was made or removed in it, so known paths are enough."""
        try:
            return [_signature(f"{self.live}/{name}") for name in self._whole] != self._baseline
        except OSError:
            return True

    def _differences(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        now = dict(_walk(self.live)) if self.live.exists() else {}
        names = {*now, *self._whole}
        changed = sorted(name for name in names if now.get(name) != self._whole.get(name))
        return tuple(changed), tuple(name for name in changed if name not in now)

    def _read(self) -> tuple[str, ...]:
        read = []
        for name in self._kept:
            try:
                if os.lstat(f"{self.live}/{name}").st_atime_ns:
                    read.append(name)
            except OSError:
                continue
        return tuple(read)

    def _ran(self) -> tuple[Ran, ...]:
        found = []
        for note in sorted(self._log.iterdir()):
            words, _, environment = note.read_text(encoding="utf-8", errors="replace").partition("\0\1\0")
            name, *rest = words.split("\0")
            changed = (text for text in environment.split("\nexport ") if not self._given(text))
            found.append(Ran(name, tuple(rest), tuple(text.partition("=")[0] for text in changed)))
            note.unlink()
        return tuple(found)

    def _given(self, text: str) -> bool:
        """Whether a line of `export -p` says what the command was given."""
        name, _, value = text.removeprefix("export ").strip().partition("=")
        return not name or shlex.split(value)[:1] == [self._environment.get(name)]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _signature(path: str) -> Signature:
    found = os.lstat(path)
    return found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _walk(top: Path) -> list[tuple[str, Signature]]:
    found = []
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            found.append((os.path.relpath(path, top), _signature(path)))
    return found


def _remove(folder: Path) -> None:
    if folder.is_dir():
        for inner, _, _ in os.walk(folder):
            os.chmod(inner, stat.S_IRWXU)
        shutil.rmtree(folder)
