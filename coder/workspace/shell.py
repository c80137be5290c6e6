"""How a command is handed to a shell: program, arguments, environment. Must not know processes that run."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.programs import absolute_folders, program_folders

# What a child must not learn: the credentials of the model.
_SECRET = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CODE_OAUTH_TOKEN")
# What would run a start-up file, or open a window to ask something.
_DISTURBING = ("BASH_ENV", "ENV", "SSH_ASKPASS", "SUDO_ASKPASS", "GPG_TTY")
# What was said for one run of ours in one folder.
_OURS = ("CODER_TRUST_FOLDER",)
# What would give the words of a command another meaning than the one the gate judged.
_REDEFINING = (
    *("BASHOPTS", "BASH_COMPAT", "CDPATH", "GLOBIGNORE", "GREP_OPTIONS", "POSIXLY_CORRECT", "RIPGREP_CONFIG_PATH"),
    *("SHELLOPTS", "_POSIX2_VERSION"),
)
_FUNCTION = "BASH_FUNC_"
# Settings of a repository that would make a reading git command run a program of that repository.
_GIT = (("core.fsmonitor", "false"), ("safe.bareRepository", "explicit"))
_QUIET = {
    "AWS_PAGER": "",
    "BAT_PAGER": "cat",
    "CLAUDECODE": "1",
    "CODER": "1",
    "DEBIAN_FRONTEND": "noninteractive",
    "EDITOR": "true",
    "GCM_INTERACTIVE": "never",
    "GH_PAGER": "cat",
    "GH_PROMPT_DISABLED": "1",
    "GIT_EDITOR": "true",
    "GIT_MERGE_AUTOEDIT": "no",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_SEQUENCE_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "MANPAGER": "cat",
    "PAGER": "cat",
    "PIP_NO_INPUT": "1",
    "SSH_ASKPASS_REQUIRE": "never",
    "SYSTEMD_PAGER": "cat",
    "TERM": "dumb",
    "VISUAL": "true",
}
# The kernel takes no single argument of 128 KiB or more, so a long command travels in pieces.
_PIECE = 100_000

# $1 is the trap, the rest the command. It is evaluated, never spliced into text, and sees no positional parameters.
_WRAPPER = 'trap "$1" EXIT; shift; coder_command={pieces}; set --; eval "$coder_command"'
# Runs as the shell ends and leaves its exit code alone: tells where it ended, when that is not where it began.
_TRAP = '{{ [ "${{PWD-}}" = {cwd} ] || command pwd >|{report} || :; }} >/dev/null 2>&1'


@dataclass(frozen=True, slots=True)
class Shell:
    program: Path

    @property
    def is_bash(self) -> bool:
        return self.program.name == "bash"

    def argv(self, command: str, cwd: Path, report: Path) -> list[bytes]:
        """Runs `command`; the shell writes the folder it ends in to `report`, only when that is not `cwd`.

        Raises OSError for text that no process can be given.
        """
        try:
            text = command.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise OSError(errno.EINVAL, "the command holds half a character (a lone surrogate)") from error
        if b"\0" in text:
            raise OSError(errno.EINVAL, "the command holds a NUL character")
        trap = _TRAP.format(cwd=shlex.quote(str(cwd)), report=shlex.quote(str(report)))
        pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
        wrapper = _WRAPPER.format(pieces="".join(f"${{{number}}}" for number in range(1, len(pieces) + 1)))
        flags = [b"--noprofile", b"--norc"] if self.is_bash else []
        program = os.fsencode(self.program)
        return [program, *flags, b"-c", wrapper.encode(), os.fsencode(self.program.name), os.fsencode(trap), *pieces]


def find_shell(env: Mapping[str, str], roots: Iterable[Path] = ()) -> Shell:
    """bash from PATH (never from a workspace) or /bin, else /bin/sh. Does not check that /bin/sh is there."""
    for folder in (*program_folders(env, roots), "/bin", "/usr/bin"):
        program = Path(folder, "bash")
        if program.is_file() and os.access(program, os.X_OK):
            return Shell(program)
    return Shell(Path("/bin/sh"))


def child_environment(base: Mapping[str, str], cwd: Path) -> dict[str, str]:
    """`base` without the model's credentials, and with everything that would page, edit, prompt, or change what the
    words of a command mean made harmless."""
    dropped = {*_SECRET, *_DISTURBING, *_OURS, *_REDEFINING}
    kept = {name: value for name, value in base.items() if name not in dropped and not name.startswith(_FUNCTION)}
    # A relative entry would make `ls` whatever the folder at hand calls so.
    path = os.pathsep.join(absolute_folders(base)) or os.defpath
    return {**kept, **_QUIET, **_git_settings(base), "PATH": path, "PWD": str(cwd)}


def _git_settings(base: Mapping[str, str]) -> dict[str, str]:
    """Our settings behind the ones that `base` hands to git by the same way."""
    given = base.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isascii() and given.isdigit() else 0
    made = {"GIT_CONFIG_COUNT": str(first + len(_GIT))}
    for number, (key, value) in enumerate(_GIT, start=first):
        made |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return made
