"""How rule patterns are read and matched: commands, hosts, names, `*`. Must not know what a rule leads to."""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass

SEPARATOR = "\x1f"  # stands between words, so that a blank inside quotes never looks like one between words
_WILDCARD = "\x1e"
_PLAIN = re.compile(r"[^ \t\n'\"\\*]+")
_SINGLE = re.compile(r"([^']*)'")
_DOUBLE = re.compile(r'((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\$`])')
_HOST = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#\\@\s]+)(?:[/?#][^\s]*)?\Z", re.IGNORECASE)
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\Z")


def match_wildcards(literals: tuple[str, ...], text: str) -> bool:
    """Whether `text` is the literals in order with anything between them. Linear: no regular expression, no blow-up."""
    if len(literals) == 1:
        return text == literals[0]
    first, *middle, last = literals
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    position, end = len(first), len(text) - len(last)
    for literal in middle:
        found = text.find(literal, position, end)
        if found < 0:
            return False
        position = found + len(literal)
    return True


def matches_glob(pattern: str, text: str) -> bool:
    return match_wildcards(tuple(pattern.split("*")), text)


def cook(text: str, wildcards: bool = False) -> str:
    """Words as the shell would see them, joined by SEPARATOR; with `wildcards`, each `*` becomes the wildcard mark.

    Quotes that never close are ordinary characters. Operators and expansions are not looked at.
    """
    words: list[str] = []
    word: list[str] | None = None
    index = 0
    while index < len(text):
        if plain := _PLAIN.match(text, index):
            word = [] if word is None else word
            word.append(plain[0])
            index = plain.end()
            continue
        char = text[index]
        index += 1
        if char in " \t\n":
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        word = [] if word is None else word
        if char in "'\"" and (quoted := (_SINGLE if char == "'" else _DOUBLE).match(text, index)):
            inner = quoted[1] if char == "'" else _ESCAPED.sub(r"\1", quoted[1])
            word.append(inner.replace("*", _WILDCARD) if wildcards else inner)
            index = quoted.end()
        elif char == "\\" and index < len(text):
            word.append(text[index])
            index += 1
        else:
            word.append(_WILDCARD if wildcards and char == "*" else char)
    if word is not None:
        words.append("".join(word))
    return SEPARATOR.join(words)


@dataclass(frozen=True, slots=True)
class CommandPattern:
    """`npm test`, `git log *`, `ls*`, `npm run:*`. A trailing ` *` also stands for nothing at all."""

    source: str
    literals: tuple[str, ...]
    boundary: bool  # ends in ` *`: the words before it, alone or followed by more

    @property
    def is_exact(self) -> bool:
        return len(self.literals) == 1

    @property
    def first_words(self) -> tuple[str, ...]:
        """The words in front of the first wildcard; the last of them may be the beginning of one."""
        return tuple(self.literals[0].removesuffix(SEPARATOR).split(SEPARATOR))

    def opens_at(self, index: int) -> bool:
        """Whether the word at `index` is only the beginning of one: `npm run test*`."""
        whole = self.is_exact or self.literals[0].endswith(SEPARATOR)
        return not whole and index == len(self.first_words) - 1

    def matches(self, words: tuple[str, ...]) -> bool:
        program, separator, _ = self.literals[0].partition(SEPARATOR)
        if separator and words[:1] != (program,):
            return False  # most commands part here, before their words are joined
        return self.matches_cooked(SEPARATOR.join(words))

    def matches_cooked(self, text: str) -> bool:
        if self.boundary and match_wildcards((*self.literals[:-2], self.literals[-2].removesuffix(SEPARATOR)), text):
            return True
        return match_wildcards(self.literals, text)


def command_pattern(source: str) -> CommandPattern:
    text = source.strip()
    if text.endswith(":*"):
        text = text[:-2].rstrip() + " *"
    literals = tuple(cook(text, wildcards=True).split(_WILDCARD))
    boundary = len(literals) > 1 and literals[-1] == "" and literals[-2].endswith(SEPARATOR)
    return CommandPattern(source.strip(), literals, boundary)


def host_of(url: str) -> str:
    """The host a URL would reach, lower case; "" when that is not plain to see (credentials, odd characters)."""
    found = _HOST.match(url.strip())
    if not found:
        return ""
    host = re.sub(r":\d*\Z", "", found.group(1)).lower().rstrip(".")
    return host if _HOST_NAME.match(host) else ""


def matches_host(pattern: str, host: str) -> bool:
    """`*` is every host, `*.x.com` every subdomain of x.com but not x.com, any other `*` one label."""
    wanted = pattern.strip().lower().rstrip(".")
    if wanted == "*":
        return bool(host)
    if wanted.startswith("*."):
        deep, labels = wanted[2:], host.split(".")
        return any(_same_labels(deep, labels[cut:]) for cut in range(1, len(labels)))
    return _same_labels(wanted, host.split("."))


def _same_labels(pattern: str, labels: list[str]) -> bool:
    wanted = pattern.split(".")
    return len(wanted) == len(labels) and all(matches_glob(w, label) for w, label in zip(wanted, labels, strict=True))
