"""Flags and commands that other agents' command lines have and coder has not: refused with the reason, or, where
leaving them out changes nothing that a run does, let through with a word. Must not know what coder's own flags are.
"""

from __future__ import annotations

from collections.abc import Mapping

_REFUSED: dict[str, str] = {
    "--plugin-url": "coder loads no plugin from an address. Load it down, look at it, and use --plugin-dir",
    "--project-config-root": (
        "settings of a project come from the folder that is worked in. Leave them out and name those of another "
        "checkout: --setting-sources user --settings FILE"
    ),
    "--chrome": "coder drives no browser. An MCP server can: coder mcp add",
    "--from-pr": "coder finds no session by a pull request. Use -r with words of the session",
    "--channels": "coder listens to no channels",
    "--teammate-mode": "coder has no teams. Subagents work inside one session",
    "--bg": "coder has no background sessions. Use coder -p … & or coder batch",
    "--background": "coder has no background sessions. Use coder -p … & or coder batch",
    "--exec": "coder has no background sessions. Run the command itself",
    "--tmux": "coder starts no tmux. Start it inside one: tmux new coder -w NAME",
    "--advisor": "coder asks no second model for advice. --fallback-model names one to go on with",
    "--cloud": "coder runs here alone, and has no cloud",
    "--teleport": "coder runs here alone, and has no cloud",
    "--environment": "coder runs here alone, and has no cloud",
    "--ref": "coder runs here alone, and has no cloud. Check the ref out, or use -w",
    "--remote": "coder runs here alone, and has no cloud",
    "--remote-control": "coder cannot be driven from elsewhere. Use --input-format stream-json",
}
_SUGGESTS = "--prompt-suggestions"  # for a program that drives coder; else it is let through
# What they ask for is never done, and nothing depends on it.
_IGNORED: dict[str, str] = {
    "--ide": "there is no editor to connect to",
    "--no-chrome": "no browser is driven anyway",
    _SUGGESTS: "next prompts are suggested with --input-format stream-json alone",
    "--debug-to-stderr": "a log goes to a file, with --debug or --debug-file",
    "--mcp-debug": "each server has a log of its own, and --debug=mcp has what coder says of them",
}
# By the first word of what would be two prompts: what it does elsewhere.
_NO_COMMANDS: dict[str, str] = dict.fromkeys(
    ("plugin", "plugins"), "coder has no marketplaces of plugins. Load it down, look at it, and use --plugin-dir"
)
_VERSION = frozenset({"-v", "--version", "-h", "--help"})


def ignorable() -> tuple[str, ...]:
    return tuple(_IGNORED)


def refusal(flag: str) -> str:
    """Why a flag is not to be had; "" for one that nobody knows."""
    name = flag.split("=", 1)[0]
    if name in _VERSION:
        return f"{name} stands alone: coder {name}"
    if name in _REFUSED:
        return f"{name}: {_REFUSED[name]}."
    return ""


def no_command(prompt: str | None) -> str:
    """Why there is no such command; "" for a word that nobody knows as one."""
    return f"{prompt}: {_NO_COMMANDS[prompt]}." if prompt in _NO_COMMANDS else ""


def notices(given: Mapping[str, object]) -> tuple[str, ...]:
    """A line for each that was given and does nothing. `given` is by the name that argparse makes of a flag."""
    found = {flag: why for flag, why in _IGNORED.items() if given.get(flag.removeprefix("--").replace("-", "_"))}
    if given.get("input_format") == "stream-json":
        found.pop(_SUGGESTS, None)
    return tuple(f"{flag} does nothing here: {why}." for flag, why in found.items())
