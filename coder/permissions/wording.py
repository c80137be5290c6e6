"""How reasons are put into words. Must not know what is decided."""

from __future__ import annotations

from coder.core.requests import Reason
from coder.permissions.rules import Rule

_SHOWN = 120
_VERBS = {"deny": "denies", "ask": "asks about", "allow": "allows"}
NAME_THEM = "name the files, and leave those out"
_FOLDERS = {
    "change what coder may do and run": (".claude", ".coder"),
    "make git run other programs": (".git", ".config/git"),
    "make an editor run programs": (".vscode", ".idea", ".devcontainer"),
    "make git run programs at a commit": (".husky",),
}
_FILES = {
    "change what coder may do and run": (".claude.json", ".mcp.json"),
    "make git run other programs": (".gitconfig", ".gitmodules"),
    "make an editor run programs": (".devcontainer.json", "pyrightconfig.json"),
    "make git run programs at a commit": (".pre-commit", "lefthook", ".lefthook"),
    "make a shell run programs when it starts": (
        ".bash",
        ".zsh",
        ".zprofile",
        ".zlogin",
        ".zlogout",
        ".profile",
        ".env",
    ),
}


def by_rule(rule: Rule, what: str) -> Reason:
    """`a rule denies x: Bash(rm *) in .coder/settings.json`."""
    return Reason("rule", f"a rule {_VERBS[rule.behaviour]} {what}: {_named(rule)}", rule.text)


def speaks(rule: Rule, what: str = "that") -> str:
    """`Read(.env) in .coder/settings.json denies that`."""
    return f"{_named(rule)} {_VERBS[rule.behaviour]} {what}"


def _named(rule: Rule) -> str:
    """`Bash(rm *) in .coder/settings.json`; a long rule is cut, so that none can fill the screen with its own words."""
    return f"{shown(rule.text)} in {rule.origin}" if rule.origin else shown(rule.text)


def danger(name: str) -> str:
    """What a write to the protected folder or file of this name could bring about."""
    for what, folders in _FOLDERS.items():
        if name in folders:
            return f"files in {name} can {what}"
    if name.startswith("/"):
        return "files there can change what coder may do and run"
    found = (what for what, starts in _FILES.items() if name.startswith(starts))
    return f"it can {next(found, 'change what other programs run')}"


def quoted(text: str) -> str:
    """A command for a sentence, where it must be plain which words are its own."""
    return f"`{shown(text)}`"


def shown(text: str) -> str:
    """A command for a sentence: on one line, invisible characters made visible, cut when long."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) > 31 else " " for c in text.strip())
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}…"
