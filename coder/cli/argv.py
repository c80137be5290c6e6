"""argv as scripts and SDKs write it, in the form that argparse reads without mistaking a value for a flag. Must not
know what a flag means.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from coder.core.errors import ConfigError

# Their value is text of anybody's making: whatever comes next is theirs, also where it looks like a flag.
_TEXTS = frozenset(
    (
        *("--system-prompt", "--append-system-prompt", "--append-subagent-system-prompt"),
        *("--json-schema", "--agents", "--name", "-n"),
    )
)
_LONG = {"-n": "--name"}
_BY_EQUALS_ONLY = {"--debug": "--debug", "-d": "--debug"}  # what follows is the prompt: only `=` gives them a value


def bound(argv: Sequence[str], known: Collection[str], takers: Collection[str]) -> list[str]:
    """The same with a value that begins with a dash tied to its flag by `=`. `known` are all flags, `takers` those that
    want a value. What stands behind `--` is no flag's. Raises ConfigError."""
    made: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            return [*made, word, *words]
        flag, _, value = word.partition("=")
        if value == "--" and flag in known:  # argparse loses it
            raise ConfigError(f"{flag} cannot be `--`, which ends the flags.")
        if word in _BY_EQUALS_ONLY:
            made.append(f"{_BY_EQUALS_ONLY[word]}=")
        elif words and word in takers and _is_value(word, words[0], known):
            made.append(f"{_LONG.get(word, word)}={words.pop(0)}")
        else:
            made.append(word)
    return made


def _is_value(flag: str, following: str, known: Collection[str]) -> bool:
    """Whether argparse has to be told. It reads a value without a dash by itself, and lists go on after it."""
    if flag in _TEXTS:
        return following != "--"
    return following.startswith("-") and following != "-" and following not in known
