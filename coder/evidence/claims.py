"""Whether an answer claims that tests, a build or a linter passed. Pure; must not know what was seen to happen.

Rather misses a claim than sees one that is none: questions, plans, conditions, what was so before and what others said
are left alone, and so is what stands in code or in quotes.
"""

from __future__ import annotations

import re

from coder.evidence.hints import may_claim
from coder.evidence.phrases import KINDS, LIMITED, SUBORDINATE, SURE, UNSURE, Claim

_LONG = 50_000  # characters of an answer, its end
_WIDE = 2_000  # of a line
_NEAR = 80
_FENCE = re.compile(r"^ {0,3}(?:```|~~~).*?(?:^ {0,3}(?:```|~~~)[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r'"[^"\n]{0,300}"|“[^”\n]{0,300}”|«[^»\n]{0,300}»|„[^“”\n]{0,300}[“”]')
_CODE = re.compile(r"`{1,3}([^`\n]{1,200})`{1,3}")
_RUNS = re.compile(
    r"(?:pytest|py\.test|ruff|mypy|eslint|tsc|jest|vitest|mocha|rspec|phpunit|clippy|flake8|pyright|pylint|ctest|tox"
    r"|(?:npm|yarn|pnpm|bun|cargo|go|make|dotnet|mvn|gradle)(?: run)? (?:test|build|lint|clippy|check))\b",
)
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,2}(?=\S)|(?<=\S)_{1,2}(?!\w)|~~")
_SENTENCE_END = re.compile(r"(?<=[.!?;。！？])(?=\s|$)|(?<=[。！？])|\s+[–—-]{1,2}\s+")
_CLAUSE = re.compile(r",? (?:and|but|so|then|und|et|y) |, (?=all\b|every|both\b|the\b|\d)", re.IGNORECASE)
_NOT_SAID = (">", "- [ ]", "* [ ]", "☐")


def claims(answer: str) -> frozenset[Claim]:
    """What it says has passed."""
    text = answer[-_LONG:]
    if not may_claim(text):
        return frozenset()
    text = _CODE.sub(_code, _FENCE.sub("\n", text))
    text = _EMPHASIS.sub("", _QUOTED.sub("…", text))
    found: set[Claim] = set()
    for line in text.split("\n"):
        if not line.lstrip().startswith(_NOT_SAID):
            for sentence in _SENTENCE_END.split(line[:_WIDE].strip(" \t|#-*•")):
                found |= _said(sentence.strip())
    return frozenset(found)


def _code(match: re.Match[str]) -> str:
    """The name of a runner stays, as what passed; other code says nothing."""
    runs = _RUNS.match(match[1])
    return runs[0] if runs is not None else "…"


def _said(sentence: str) -> set[Claim]:
    if sentence.endswith("?"):
        return set()
    return {kind for kind, pattern in KINDS if any(_is_claim(sentence, match) for match in pattern.finditer(sentence))}


def _is_claim(sentence: str, match: re.Match[str]) -> bool:
    numbers = match.groupdict()
    if numbers.get("some") != numbers.get("of") or numbers.get("ok") != numbers.get("all"):
        return False  # 7 of 12 passed
    if LIMITED.search(sentence[match.end() : match.end() + _NEAR]):
        return False
    before = sentence[: match.start()]
    if not SUBORDINATE.match(sentence):
        before = _CLAUSE.split(before)[-1]
    return not UNSURE.search(SURE.sub("", before))
