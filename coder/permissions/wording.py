"""How reasons are put into words. Must not know what is decided."""

from __future__ import annotations

from coder.core.requests import Reason
from coder.permissions.rules import Rule

_SHOWN = 120
_VERBS = {"deny": "denies", "ask": "asks about", "allow": "allows"}
NAME_THEM = "name the files, and leave those out"
_SETTINGS = "it says what coder may do and run"
_SHELL = "a shell runs it when it starts"
_HOOK = "it says what git runs at a commit"
_EDITOR = "it can make an editor run programs"
_DANGERS = (
    ((".git", ".config/git"), "files in {name} can make git run other programs"),
    ((".gitconfig", ".gitmodules"), "it can make git run other programs"),
    ((".claude", ".coder", ".claude.json", ".mcp.json"), _SETTINGS),
    ((".vscode", ".idea", ".devcontainer", ".devcontainer.json", "pyrightconfig.json"), _EDITOR),
    ((".husky", ".pre-commit-config.yaml", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml"), _HOOK),
    ((".bash", ".zsh", ".zprofile", ".zlogin", ".zlogout", ".profile", ".envrc"), _SHELL),
)


def by_rule(rule: Rule, what: str = "it") -> Reason:
    """`a rule denies it: Bash(rm *) in .coder/settings.json`."""
    return Reason("rule", f"a rule {_VERBS[rule.behaviour]} {what}: {rule.source}", rule.text)


def speaks(rule: Rule, what: str = "that") -> str:
    """`Read(.env) in .coder/settings.json denies that`."""
    return f"{rule.source} {_VERBS[rule.behaviour]} {what}"


def danger(name: str) -> str:
    """What a write to the protected folder or file of this name could bring about."""
    for names, what in _DANGERS:
        if name in names or (what == _SHELL and name.startswith((".bash", ".zsh"))):
            return what.format(name=name)
    return _SETTINGS if name.startswith("/") else "it can change what other programs run"


def quoted(text: str) -> str:
    """A command for a sentence, where it must be plain which words are its own."""
    return f"`{shown(text)}`"


def shown(text: str) -> str:
    """A command for a sentence: on one line, invisible characters made visible, cut when long."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) > 31 else " " for c in text.strip())
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}…"
