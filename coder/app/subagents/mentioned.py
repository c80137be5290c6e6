"""The agents that a prompt mentions, `@agent-reviewer` or `@"reviewer (agent)"`, and what the model is told of that.
Must not know who typed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from coder.commands.mentions import Mention, written_mentions
from coder.core import prompts
from coder.core.messages import Text
from coder.core.visible import visible_line

_BEFORE, _BEHIND = "agent-", " (agent)"
_ABOUT = 200  # characters of what an agent says of itself


def mention_of(name: str) -> str:
    """How it is written behind the `@`."""
    is_plain = not any(sign.isspace() or sign in "\"'`<>|,;(){}[]\\" for sign in name)
    return f"{_BEFORE}{name}" if is_plain else f'"{name}{_BEHIND}"'


def offered(described: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What a menu puts behind the `@`, which adds the quotes, with a word about each agent."""
    for name, about in described:
        if name == visible_line(name) and '"' not in name:  # else what is typed would be another name
            yield mention_of(name).strip('"'), visible_line(" ".join(about.split()))[:_ABOUT]


def wanted(text: str, known: Collection[str]) -> tuple[Text, ...]:
    """A name that nobody has is left as it stands: it may be a file's."""
    names = list(dict.fromkeys(_named(text, known)))
    if not names:
        return ()
    return (Text(prompts.load("reminders/agent_wanted", names=", ".join(names).replace('"', "'"))),)


def _named(text: str, known: Collection[str]) -> Iterator[str]:
    for written in written_mentions(text):
        for spelling in Mention(written).spellings:
            if spelling.endswith(_BEHIND):
                name = spelling.removesuffix(_BEHIND)
            elif spelling.startswith(_BEFORE):
                name = spelling.removeprefix(_BEFORE)
            else:
                continue
            if name in known:
                yield name
                break
