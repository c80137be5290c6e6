"""Rules a person could add, narrow enough to be safe to offer, and the flags that carry them. Must not decide."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from coder.permissions.command import Command, Word
from coder.permissions.facts import Need
from coder.permissions.names import names
from coder.permissions.pathrules import literal
from coder.permissions.patterns import command_pattern
from coder.permissions.readonly import is_reader
from coder.permissions.splitting import split_rules
from coder.permissions.wrappers import unwrapped

MOST = 5
_LONGEST = 300
_PLAIN = re.compile(r"[A-Za-z0-9_][\w.+/@-]*\Z")
_VERB = re.compile(r"[a-z][a-z0-9_:-]*\Z")
_SCRIPT = re.compile(r"[\w./-]+\.(py|js|mjs|ts|rb|pl|php|sh)\Z")
_INTERPRETER = re.compile(
    r"(python|pypy|node|nodejs|deno|bun|ruby|perl|php|lua|luajit|tclsh|r|rscript|osascript|awk|gawk|mawk|ts-node|tsx"
    r"|pwsh|ash|bash|sh|zsh|dash|ksh|csh|tcsh|fish)[\d.]*\Z"
)
_EXACT = names(
    "rm rmdir unlink shred mv cp ln chmod chown chgrp dd kill pkill killall truncate tee sed curl wget scp rsync "
    "eval exec source . sudo doas su env xargs npx pnpx bunx uvx ssh find watch setsid ionice flock script parallel "
    "direnv mise devbox nix strace export alias trap install busybox unshare chroot nsenter setpriv systemd-run at "
    "batch cross-env dotenv nodemon tmux screen gdb vim vi nvim emacs ed sqlite3 coder"
)
_WITH_VERB = names(
    "git npm pnpm yarn cargo go pip pip3 uv poetry pipenv hatch gh docker podman kubectl helm terraform brew apt "
    "apt-get dotnet mvn gradle rustup conda composer bundle rake mix make just task nox tox"
)
_RUNNERS = {"run", "exec", "x"}  # `npm run build`, `uv run pytest`: the word after them is what counts


def command_rule(command: Command, tool: str = "Bash") -> str:
    """The rule for "do not ask again": by program and verb, word for word where a prefix would open too much; or ""."""
    words = unwrapped(command.words)
    if _INTERPRETER.match(words[0].text.rpartition("/")[2].lower()) and not _names_program(words):
        return ""  # it runs what it reads
    texts = [word.text for word in words]
    # A known reader that needs a question has a flag that does more than read: its prefix would let that flag pass.
    prefix = [] if is_reader(words) else _prefix(texts)
    if prefix:
        pattern = " ".join(prefix) + " *"
        if command_pattern(pattern).matches(tuple(texts)):
            return f"{tool}({pattern})"
    return exact_rule(command.text, tool)


def printed_by(command: Command) -> str:
    """The program whose output a shell or an interpreter takes for its own program; "" when it is none."""
    words = unwrapped(command.words)
    runs = _INTERPRETER.match(words[0].text.rpartition("/")[2].lower()) and not _names_program(words)
    inline = any(re.match(r"-\w*[ce]\Z", word.text) for word in words[1:])
    return unwrapped(command.fed_by[-1].words)[0].text if runs and not inline and command.fed_by else ""


def _names_program(words: tuple[Word, ...]) -> bool:
    return any(not word.text.startswith("-") or word.text == "-m" for word in words[1:])


def exact_rule(text: str, tool: str = "Bash") -> str:
    """A rule for this text and no other; "" when the rule language cannot say it."""
    rule = f"{tool}({text.strip()})"
    sayable = len(text) <= _LONGEST and text.isprintable() and "*" not in text and not text.rstrip().endswith(":*")
    return rule if sayable and split_rules(rule) == [rule] else ""


def place_rule(tool: str, path: Path) -> tuple[str, ...]:
    """The rule for this one file; none when its name would end the rule and begin another."""
    rule = f"{tool}({literal(path)})"
    return (rule,) if split_rules(rule) == [rule] else ()


def _prefix(texts: list[str]) -> list[str]:
    """The first words that name what is run; none where they would name too much."""
    head, *rest = texts
    second, third = (*rest, "", "")[:2]
    if not _PLAIN.match(head) or head in _EXACT:
        return []
    if _INTERPRETER.match(head.rpartition("/")[2].lower()):
        if second == "-m" and _PLAIN.match(third):
            return [head, second, third]
        return [head, second] if _SCRIPT.match(second) else []
    if head not in _WITH_VERB:
        return [head]
    if head == "git" and second in ("submodule", "bisect", "rebase"):
        return []
    if not _VERB.match(second):
        return [head] if head in ("make", "just", "tox", "nox") and not rest else []
    if second not in _RUNNERS:
        return [head, second]
    if head in ("docker", "podman", "kubectl") or not _PLAIN.match(third):
        return []
    return [] if _INTERPRETER.match(third) or third in _EXACT else [head, second, third]


def suggestions(needs: Iterable[Need]) -> tuple[str, ...]:
    """The rules that would allow it all, without doubles; none when there would be too many to read."""
    rules = tuple(dict.fromkeys(rule for need in needs for rule in need.rules))
    return rules if len(rules) <= MOST else ()


def remedy(needs: tuple[Need, ...], *, leave_plan: bool = False) -> str:
    """The flags that would have allowed the call, ready to paste; "" when no flag would."""
    if not all(need.has_remedy for need in needs):
        return ""
    edits = any(need.accept_edits for need in needs)
    rules = suggestions(need for need in needs if not need.accept_edits and need.folder is None)
    if not rules and any(need.rules and not need.accept_edits and need.folder is None for need in needs):
        return ""
    flags = [f"--allowedTools {_quoted(' '.join(rules))}"] if rules else []
    if edits:
        flags.append("--permission-mode acceptEdits")
    elif leave_plan:
        flags.append("--permission-mode default")
    flags += [f"--add-dir {_quoted(str(f))}" for f in dict.fromkeys(need.folder for need in needs if need.folder)]
    return " ".join(flags)


def folder_to_add(path: Path, home: Path) -> Path | None:
    """The folder whose --add-dir would bring `path` inside; None where that would be the whole disk or home."""
    folder = path.parent
    return None if folder in (Path("/"), home) or home.is_relative_to(folder) else folder


def _quoted(text: str) -> str:
    if re.match(r"[\w./-]+\Z", text):
        return text
    return shlex.quote(text) if re.search(r'["$`\\!]', text) else f'"{text}"'
