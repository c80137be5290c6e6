"""The question before a call, as data: what would happen, why it asks, what can be answered. One model for all front
ends. Must not know rows, colours, or how it is made.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.requests import Allow, Deny, Reply
from coder.core.visible import visible_line
from coder.frontends.evidence import Evidence

Kind: TypeAlias = Literal["command", "edit", "fetch", "server", "plan", "other"]

NO_AND_STOP = Deny("", interrupt=True)
GRACE_MS = 300
ESCAPE = "esc"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text shown, made visible; line ends stay. `asks`: it is this that needs the answer."""

    text: str
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """`takes_words`: what the person writes next goes with it."""

    key: str
    label: str
    reply: Allow | Deny
    takes_words: bool = False


@dataclass(frozen=True, slots=True)
class Dialog:
    """`body` is the command, the address or the arguments; empty for an edit, which has `evidence`.

    `effects` are parts of a sentence, `told` whole ones, said by the tool itself.
    With `confirm` there are no choices: only that word means yes. `otherwise` is the reply to escape, to the end of
    input, and to anything else that leaves the question. Keys typed in the first `grace_ms` are no answer.
    """

    kind: Kind
    title: str
    subject: str  # "Bash npm test", on one line
    body: tuple[Piece, ...]
    said: str  # by the model, about the call
    where: str
    is_elsewhere: bool  # not in the folder the session began in
    why: str
    effects: tuple[str, ...]
    evidence: Evidence | None
    choices: tuple[Choice, ...]
    confirm: str = ""
    is_cut: bool = False
    otherwise: Reply = NO_AND_STOP
    told: tuple[str, ...] = ()
    grace_ms: int = GRACE_MS


def answer(dialog: Dialog, typed: str, words: str = "") -> Reply | None:
    """The reply that a key, or a typed word, stands for; None when it is no answer. `words` go with a choice for them.

    `esc` is the key of that name, in every question.
    """
    typed = typed.strip()
    if typed == ESCAPE:
        return dialog.otherwise
    if dialog.confirm:
        return Allow() if typed == dialog.confirm else None
    for choice in dialog.choices:
        if choice.key == typed:
            return Deny(words.strip()) if choice.takes_words else choice.reply
    return None


def echo(dialog: Dialog, reply: Reply) -> str:
    """The row that an answered question leaves behind."""
    match reply:
        case Allow(remember=rules) if rules:
            return f"✓ {dialog.subject} · allowed, and from now on: {', '.join(map(rule_shown, rules))}"
        case Allow(mode=mode) if mode == "acceptEdits":
            return f"✓ {dialog.subject} · allowed, and all edits in this folder"
        case Allow():
            return f"✓ {dialog.subject} · allowed once"
        case Deny(nobody=True):
            return f"✗ {dialog.subject} · there was nobody to ask"
        case Deny(message=words) if words:
            return f"✗ {dialog.subject} · you said no: {visible_line(words)}"
        case _:
            return f"✗ {dialog.subject} · you said no"


def rule_shown(rule: str) -> str:
    """A rule as it will be saved; of a rule for Bash what stands in its parentheses."""
    inner = rule.removeprefix("Bash(").removesuffix(")")
    return visible_line(inner if f"Bash({inner})" == rule else rule)
