"""The forms of git commands that lose what nothing brings back. Must not know rules, modes or folders."""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.permissions.command import Word
from coder.permissions.names import names

VALUED = names("-C -c --git-dir --work-tree --namespace --super-prefix --config-env --exec-path --attr-source")
"""Options of git itself that take the next word."""
# Everything there is, as git names it: `.`, `./`, `:/`, `:(top)`, `*`.
_ALL = r"(?:(?::\([^)]*\)|:[/!^]*)(?:\.?/)*[.*]*|(?:\./)*(?:\.|\./|\*+))/?\Z"


def _long(name: str) -> str:
    """A long option and its abbreviations."""
    return "--" + "(?:".join(name) + ")?" * (len(name) - 1) + r"(?:=|\Z)"


_FORCE = rf"-[A-Za-z]*f[A-Za-z]*\Z|--force|{_long('force')}"


@dataclass(frozen=True, slots=True)
class _Loss:
    """`marks`: the words that make it one; `why`: what is lost; `unless`: the words that make it harmless again."""

    marks: re.Pattern[str]
    why: str
    unless: re.Pattern[str] | None = None


def _loss(marks: str, why: str, unless: str = "") -> _Loss:
    return _Loss(re.compile(marks), why, re.compile(unless) if unless else None)


_CLEAN = "git clean deletes files that git does not know and cannot bring back"
_VERBS = {
    "push": _loss(
        rf"{_FORCE}|-[A-Za-z]*d[A-Za-z]*\Z|{_long('mirror')}|{_long('delete')}|{_long('prune')}|\+.|:.",
        "a forced push replaces or deletes commits that others may rely on",
    ),
    "clean": _loss("", _CLEAN),
    "reset": _loss(_long("hard"), "git reset --hard discards changes that were never committed"),
    "checkout": _loss(
        rf"{_ALL}|{_FORCE}|{_long('pathspec-from-file')}", "git checkout replaces changes that were never committed"
    ),
    "switch": _loss(
        rf"{_FORCE}|{_long('discard-changes')}", "git switch --force replaces changes that were never committed"
    ),
    "restore": _loss(
        rf"{_ALL}|{_long('pathspec-from-file')}",
        "git restore replaces changes that were never committed",
        unless=r"(--staged|-S)\Z",
    ),
    "read-tree": _loss(rf"-u\Z|{_long('reset')}", "git read-tree replaces changes that were never committed"),
    "checkout-index": _loss(_FORCE, "git checkout-index -f replaces changes that were never committed"),
    "rm": _loss(
        r"-[A-Za-z]*(f[A-Za-z]*r|r[A-Za-z]*f)|-[A-Za-z]*r[A-Za-z]*\Z",
        "git rm deletes files with changes that were never committed",
        unless=_long("cached"),
    ),
    "stash": _loss(r"(drop|clear)\Z", "git stash drop throws away changes that were put aside"),
    "worktree": _loss(_FORCE, "git worktree remove --force deletes uncommitted work"),
    "reflog": _loss(r"(expire|delete)\Z", "git reflog expire drops the way back to earlier commits"),
    "gc": _loss(r"--p(r(u(n(e)?)?)?)?(\Z|=(?!never\Z))", "git gc --prune drops what no branch names"),
    "prune": _loss("", "git prune drops what no branch names"),
    "filter-branch": _loss("", "git filter-branch rewrites the history of whole branches"),
    "filter-repo": _loss("", "git filter-repo rewrites the history of the repository"),
}
_ALWAYS = names("filter-branch filter-repo prune")


def verb_of(words: tuple[Word, ...]) -> str:
    """The verb (of the words after `git`), when it is one that can lose something; "" when it is not."""
    index = _verb_at(words)
    return words[index].text if index < len(words) and words[index].text in _VERBS else ""


def loss(words: tuple[Word, ...]) -> str:
    """What the words after `git` would lose, as a clause; "" for nothing. A word nobody knows may be any flag."""
    at = _verb_at(words)
    if any(_names_alias(word.text) for word in words[:at]):
        return "an alias of git set in front can stand for any command"
    if at < len(words) and words[at].dynamic:
        return next(
            filter(None, (_lost(kind, verb, words[at + 1 :]) for verb, kind in _VERBS.items() if kind.marks.pattern)),
            "",
        )
    verb = verb_of(words)
    return _lost(_VERBS[verb], verb, words[at + 1 :]) if verb else ""


def _lost(kind: _Loss, verb: str, rest: tuple[Word, ...]) -> str:
    texts = [word.text for word in rest]
    if verb == "clean":
        return "" if _only_lists(rest) else kind.why
    if verb == "rm" and not any(re.match(_FORCE, text) for text in texts):
        return ""  # without it git keeps what was changed
    kept = not any(re.match(r"-[A-Za-z]*W|--w", text) for text in texts)
    if kind.unless and kept and any(kind.unless.match(text) for text in texts):
        return ""
    loses = any(word.dynamic or kind.marks.match(word.text) for word in rest)
    return kind.why if loses or verb in _ALWAYS else ""


def _verb_at(words: tuple[Word, ...]) -> int:
    """Where the verb stands, behind git's own options and their values."""
    index = 0
    while index < len(words):
        text = words[index].text
        if words[index].dynamic and not text.startswith("-"):
            later = (at for at in range(index + 1, len(words)) if words[at].text in _VERBS)
            return next(later, index)  # it may be any options, or the verb
        if not text.startswith("-"):
            return index
        index += 2 if text in VALUED else 1
    return index


def _names_alias(text: str) -> bool:
    return bool(re.match(r"(-c|--config-env=)?alias\.", text, re.IGNORECASE))


def _only_lists(words: tuple[Word, ...]) -> bool:
    """Whether `git clean` only says what it would delete: its last word on that counts, and `-e` takes a value."""
    lists = False
    texts = iter(words)
    for word in texts:
        text = word.text
        if word.dynamic or text == "--":
            break
        if re.match(_long("dry-run"), text):
            lists = True
        elif text.startswith("--no-d"):
            lists = False
        elif len(text) > 3 and "--exclude".startswith(text):
            next(texts, None)
        elif text.startswith("-") and not text.startswith("--"):
            flags, value, attached = text[1:].partition("e")
            lists = lists or "n" in flags
            if value and not attached:
                next(texts, None)
    return lists and not any(word.dynamic for word in words)
