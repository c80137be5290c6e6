"""What a report cites, as it stands in the text: places in files, addresses, and the passages quoted from them. Pure;
must not know whether any of it is true.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from coder.core.dataclass import dataclass

MOST = 400_000  # characters of a report that are looked at
_MOST_FOUND = 1_000
SHORTEST = 12  # characters of a quotation
_GAP_AFTER, _GAP_BEHIND = 40, 24  # characters between a reference and what is quoted
_LONGEST_LINK = 2_600
_PART = r"[\w@+.()\[\]-]{1,120}+"
_PLACE = re.compile(
    rf"(?<![\w/.:@#+~-])(?P<path>(?:~/|/|(?:\.{{1,2}}/){{1,8}})?(?:{_PART}/){{0,20}}+{_PART})"
    r"(?::L?(?P<first>\d{1,7})(?:[-–]L?(?P<last>\d{1,7})|:\d{1,5})?"
    r"|\#L(?P<anchor>\d{1,7})(?:C\d{1,5})?(?:[-–]L?(?P<until>\d{1,7})(?:C\d{1,5})?)?)(?!\w)(?!\.\d)"
)
_EXTENSION = re.compile(r"[\w)\]]\.[A-Za-z]\w{0,11}\Z")
_BARE = re.compile(
    r"(?:Make|Docker|Gem|Rake|Jenkins|Proc|Vagrant|Brew|Just|Container)file|LICENSE|NOTICE|README|OWNERS"
)
_URL = re.compile(r"https?://[^\s<>\"'`\\\x00-\x1f]{3,2000}")
_LINK = re.compile(r"\[[^\]\n]{0,300}\]\([^()\s]{1,2000}(?:\s\"[^\"\n]{0,200}\")?\)")
_FENCE = re.compile(r"^ {0,8}(?P<mark>`{3,}|~{3,})(?P<info>[^\n]{0,300})$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^\n]{1,2000}?)(?<!`)\1(?!`)")
_SAID = re.compile(r"\"([^\"\n]{12,2000})\"|“([^”\n]{12,2000})”")
_BLOCK = re.compile(r"(?:^ {0,3}>[^\n]*\n?)+", re.MULTILINE)
_AFTER = re.compile(
    r"[`*_)\]]{0,4}\s{0,3}(?:(?:says|reads|has|contains|shows|states)\b)?\s?(?:that\b)?\s{0,3}(?:[:—–-]{1,2})?\s{0,3}[(*_]{0,3}\Z"
)
_BEFORE = re.compile(
    r"[*_)]{0,3}\s{0,3}(?:[—–-]{1,2}|(?:in|at|from|see)\b)?\s{0,3}[(\[`*_]{0,4}(?:(?:in|at|from|see)\b ?)?`?\Z"
)
_SUGGESTS = re.compile(
    r"\b(?:should|could|would|instead|suggest\w*|propos\w*|fix\w*|replac\w*|chang\w*|becomes?|rewrit\w*|patch\w*|try|"
    r"add\w*|insert\w*|without|lacks?|no|not|never|missing)\b",
    re.IGNORECASE,
)
_SHOWS = re.compile(
    r"\b(?:e\.g|for example|such as|output\w*|prints?|printed|fails?|error\w*|results?|ran|runs?|running|gives)\b",
    re.IGNORECASE,
)
_LACKS = re.compile(r"[`\"”]?\s?(?:(?:is|are|was|were)\s)?(?:missing|absent|not|never|gone|nowhere)\b")
_NO_QUOTE = frozenset(("diff", "patch", "suggestion", "console", "output", "mermaid", "shell-session"))


@dataclass(frozen=True, slots=True)
class Span:
    """`line` is where it begins in the report, from 1; `start` and `end` are its place in the text."""

    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A place, lines `first` to `last` of `path`, or an address of the web in `url`. `around` is that with the Markdown
    link that it is part of."""

    at: Span
    around: Span
    text: str
    path: str = ""
    first: int = 0
    last: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that are quoted. `of` are the references they may belong to; none: nobody's words."""

    at: Span
    words: str
    of: tuple[Reference, ...] = ()
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Cited:
    references: tuple[Reference, ...]
    passages: tuple[Passage, ...]


def cited_in(report: str) -> Cited:
    """All of it. What is in a passage that belongs to a reference is that file's own text, and no reference itself."""
    text = report[:MOST]
    where = _Where(text)
    fences = tuple(_fences(text, where))
    references = tuple(_references(text, where))
    outside = tuple(each for each in references if not any(_is_in(each.at, fence.at) for fence, _ in fences))
    found = [_attributed_block(text, fence, info, outside) for fence, info in fences]
    found += [_attributed_block(text, block, "", outside) for block in _quoted(text, where, fences)]
    taken = tuple(each.at for each in found)
    found += [each for each in _inline(text, where, taken, outside) if each.of]
    passages = tuple(each for each in found if each.of)
    free = tuple(each for each in references if not any(_is_in(each.at, passage.at) for passage in passages))
    return Cited(free, passages)


class _Where:
    def __init__(self, text: str) -> None:
        self._ends = list(accumulate(len(line) + 1 for line in text.split("\n")))

    def span(self, start: int, end: int) -> Span:
        return Span(start, end, bisect_right(self._ends, start) + 1)


def _references(text: str, where: _Where) -> Iterator[Reference]:
    links = [where.span(match.start(), match.end()) for match in _LINK.finditer(text)]
    urls = list(_URL.finditer(text))[:_MOST_FOUND]
    for match in urls:
        url = _trimmed(match[0])
        at = where.span(match.start(), match.start() + len(url))
        yield Reference(at, _around(at, links), url, url=url)
    spans = [where.span(match.start(), match.end()) for match in urls]
    for number, match in enumerate(_PLACE.finditer(text)):
        if number >= _MOST_FOUND:
            return
        at = where.span(match.start(), match.end())
        path = match["path"].rpartition("](")[2]
        while path and path[0] in "[(" and {"[": "]", "(": ")"}[path[0]] not in path:
            path = path[1:]  # it belongs to the sentence
        if not _may_be_file(path) or any(_is_in(at, span) for span in spans):
            continue
        first = int(match["first"] or match["anchor"])
        last = int(match["last"] or match["until"] or first)
        start = match.start() + len(match["path"]) - len(path)
        at = where.span(start, match.end())
        yield Reference(at, _around(at, links), text[start : match.end()], path, first, last)


def _may_be_file(path: str) -> bool:
    name = path.rpartition("/")[2]
    if not name or not any(char.isalpha() for char in name):
        return False
    return bool(_EXTENSION.search(name)) or "/" in path.strip("/") or bool(_BARE.fullmatch(name))


def _trimmed(url: str) -> str:
    url = url.rstrip(".,;:!?*_")
    while url.endswith((")", "]")) and url.count("(") + url.count("[") < url.count(")") + url.count("]"):
        url = url[:-1].rstrip(".,;:!?*_")
    return url


def _around(at: Span, links: Sequence[Span]) -> Span:
    return next((link for link in links if _is_in(at, link)), at)


def _is_in(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _fences(text: str, where: _Where) -> Iterator[tuple[Passage, str]]:
    """Blocks of code, with what stands behind their first mark."""
    opened: re.Match[str] | None = None
    for number, match in enumerate(_FENCE.finditer(text)):
        if number > 2 * _MOST_FOUND:
            return
        if opened is None:
            opened = match
        elif match["mark"].startswith(opened["mark"]) and not match["info"].strip():
            words = text[opened.end() + 1 : match.start()]
            yield Passage(where.span(opened.start(), match.end()), words, is_block=True), opened["info"].strip()
            opened = None


def _quoted(text: str, where: _Where, fences: Sequence[tuple[Passage, str]]) -> Iterator[Passage]:
    """Blocks of lines that begin with `>`."""
    for match in _BLOCK.finditer(text):
        at = where.span(match.start(), match.end())
        if not any(_is_in(at, fence.at) for fence, _ in fences):
            words = re.sub(r"^ {0,3}>+ ?", "", match[0], flags=re.MULTILINE)
            yield Passage(at, words, is_block=True)


def _attributed_block(text: str, block: Passage, info: str, references: Sequence[Reference]) -> Passage:
    kind = info.split(maxsplit=1)[0].lower() if info else ""
    if kind in _NO_QUOTE or len(block.words.strip()) < SHORTEST:
        return block
    found: list[Reference] = []
    above = text[: block.at.start].rstrip()
    start = above.rfind("\n") + 1
    line = above[start:]
    before = [each for each in references if start <= each.at.start and each.at.end <= len(above)]
    is_close = text[len(above) : block.at.start].count("\n") <= 2
    if before and is_close and not _is_own(_without(line, start, before)):
        found.append(before[-1])
    rest = text[block.at.end :]
    begin = block.at.end + len(rest) - len(rest.lstrip())
    if text[block.at.end : begin].count("\n") <= 2:
        found += [
            each
            for each in references
            if begin <= each.around.start and not text[begin : each.around.start].strip("([`*_—–- ")
        ][:1]
    return Passage(block.at, block.words, tuple(found), is_block=True)


def _is_own(words: str) -> bool:
    """Whether a block that they lead to is what the writer proposes, or what came of something."""
    return bool(_SUGGESTS.search(words) or _SHOWS.search(words))


def _without(line: str, start: int, references: Sequence[Reference]) -> str:
    """The line but for what it refers to: `fix.py` is no word of the sentence."""
    kept, at = [], 0
    for each in references:
        kept.append(line[at : each.around.start - start])
        at = each.around.end - start
    return " ".join((*kept, line[at:]))


def _inline(text: str, where: _Where, taken: Sequence[Span], references: Sequence[Reference]) -> Iterator[Passage]:
    spots = [*((match, 2) for match in _CODE.finditer(text)), *((match, 0) for match in _SAID.finditer(text))]
    sorted_ones = sorted(references, key=lambda each: each.around.start)
    starts = [each.around.start for each in sorted_ones]
    for match, group in spots[: 2 * _MOST_FOUND]:
        words = match[group] if group else match[1] or match[2]
        at = where.span(match.start(), match.end())
        if len(words.strip()) < SHORTEST or any(_is_in(at, span) for span in taken):
            continue
        near = sorted_ones[bisect_right(starts, at.start - _LONGEST_LINK) : bisect_right(starts, at.end + _GAP_BEHIND)]
        if any(_is_in(each.at, at) and len(each.text) + 2 >= len(words.strip()) for each in near):
            continue  # it is the reference
        if of := tuple(_neighbours(text, at, near)):
            yield Passage(at, words, of)


def _neighbours(text: str, at: Span, references: Sequence[Reference]) -> Iterator[Reference]:
    sentence = text[max(0, at.start - 60) : at.start].rpartition("\n")[2]
    if _LACKS.match(text[at.end - 1 : at.end + 40]):
        return
    for each in references:
        if 0 <= at.start - each.around.end <= _GAP_AFTER:
            after = text[each.around.end : at.start]
            if "\n\n" not in after and _AFTER.fullmatch(after):
                yield each
        elif 0 <= each.around.start - at.end <= _GAP_BEHIND:
            before = text[at.end : each.around.start]
            if "\n\n" not in before and _BEFORE.fullmatch(before) and not _SUGGESTS.search(sentence):
                yield each
