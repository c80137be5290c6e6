"""The forms of git commands that lose what nothing brings back. Must not know rules, modes or folders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coder.permissions.command import Word

_FORCE = r"-[A-Za-z]*f[A-Za-z]*\Z|--force"


@dataclass(frozen=True, slots=True)
class _Loss:
    """`marks`: the words that make it one; `why`: what is lost; `unless`: the words that make it harmless again."""

    marks: re.Pattern[str]
    why: str
    unless: re.Pattern[str] | None = None


def _loss(marks: str, why: str, unless: str = "") -> _Loss:
    return _Loss(re.compile(marks), why, re.compile(unless) if unless else None)


_VERBS = {
    "push": _loss(
        rf"{_FORCE}|-[A-Za-z]*d[A-Za-z]*\Z|--mirror\Z|--delete\Z|--prune\Z|\+.|:.",
        "a forced push replaces or deletes commits that others may rely on",
    ),
    "clean": _loss(
        rf"{_FORCE}",
        "git clean deletes files that git does not know and cannot bring back",
        unless=r"-[A-Za-z]*n[A-Za-z]*\Z|--dry-run\Z",
    ),
    "reset": _loss(r"--hard\Z", "git reset --hard discards changes that were never committed"),
    "checkout": _loss(rf"(\.|:/|\*)\Z|{_FORCE}", "git checkout replaces changes that were never committed"),
    "restore": _loss(
        r"(\.|:/|\*)\Z", "git restore replaces changes that were never committed", unless=r"(--staged|-S)\Z"
    ),
    "stash": _loss(r"(drop|clear)\Z", "git stash drop throws away changes that were put aside"),
    "worktree": _loss(_FORCE, "git worktree remove --force deletes uncommitted work"),
    "reflog": _loss(r"(expire|delete)\Z", "git reflog expire drops the way back to earlier commits"),
    "gc": _loss(r"--prune(=now|=all)?\Z", "git gc --prune drops what no branch names"),
    "filter-branch": _loss("", "git filter-branch rewrites the history of whole branches"),
    "filter-repo": _loss("", "git filter-repo rewrites the history of the repository"),
}


def verb_of(words: tuple[Word, ...]) -> str:
    """The first word (of those after `git`) that can lose something; "" when there is none."""
    return next((word.text for word in words if word.text in _VERBS), "")


def loss(words: tuple[Word, ...]) -> str:
    """What the words after `git` would lose, as a clause; "" for nothing. A word nobody knows may be any flag."""
    verb = verb_of(words)
    if not verb:
        return ""
    kind = _VERBS[verb]
    rest = words[[word.text for word in words].index(verb) + 1 :]
    texts = [word.text for word in rest]
    if kind.unless and any(kind.unless.match(text) for text in texts) and not {"--worktree", "-W"} & set(texts):
        return ""
    loses = any(word.dynamic or kind.marks.match(word.text) for word in rest)
    return kind.why if loses or verb.startswith("filter-") else ""
