"""Whether what a report cites is there: each `path:line` in its file, each passage quoted from one near that line, each
address among the pages that were read. Reads files through a reader; must not know who wrote the report.

What cannot be looked up (a file that is denied, too large, or elsewhere) is never called wrong.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.evidence.passages import MOST, SHORTEST, Passage, Reference, cited_in
from coder.evidence.sources import Files, Read, Reader, anything

_NEAR = 10  # lines by which a quotation may be off
_SHOWN = 70
_MOST_ALIKE = 5  # paths of one name
_TOLD = 20
_UNREAD = "no page of this address was read"
_NUMBERED = re.compile(r"^\s{0,8}\d{1,7}\s?[:|→\t]\s?", re.MULTILINE)
_GAP = re.compile(r"\s{0,20}(?:#|//|--|/\*|<!--)?\s{0,20}(?:\.\.\.|…)\s{0,20}(?:\*/|-->)?")
_WHOLE = re.compile(r"(?<![\w@+.()\[\]/-])(?:[\w@+.()\[\]-]{1,120}+/){1,20}+[\w@+.()\[\]-]{1,120}+")
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "})
_HOSTS = frozenset(("com", "org", "net", "io", "dev", "local", "localhost", "internal", "example", "test", "de", "app"))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as the report says, or that could not be looked up (`is_wrong` is not set then). `line` is
    that of the report."""

    what: str
    why: str
    line: int
    is_wrong: bool = True

    def __str__(self) -> str:
        return f"{self.what} ({self.why})"


def findings(
    report: str, files: Reader, pages: Mapping[str, str] | None = None, met: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """In the order of the report. `pages` are the texts of what was fetched, by address; None: addresses are not looked
    at. An address may stand in the texts `met` as well. Blocks as the reader does; never raises."""
    found = cited_in(report)
    desk = _Desk(files, report, {_plain(url): text for url, text in pages.items()} if pages is not None else None, met)
    made = [*_of_references(desk, found.references), *_of_passages(desk, found.passages)]
    unique = {(each.what, each.why): each for each in sorted(made, key=lambda each: each.line, reverse=True)}
    return tuple(sorted(unique.values(), key=lambda each: each.line))


def cited(
    report: str,
    roots: Sequence[Path],
    may_read: Callable[[Path], bool] = anything,
    pages: Mapping[str, str] | None = None,
    met: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """As `findings`, of the files below `roots`."""
    return findings(report, Files(roots, may_read), pages, met)


async def checked(
    report: str,
    roots: Sequence[Path],
    may_read: Callable[[Path], bool] = anything,
    pages: Mapping[str, str] | None = None,
    *,
    has_all: bool = True,
    met: Sequence[str] = (),
) -> str:
    """A note for the model and for people about what of the report is not so; "" when all is. The report itself stays
    as it is. `has_all`: an address that stands neither in `pages` nor in the texts `met` was not read, and is wrong."""
    made = await asyncio.to_thread(cited, report, roots, may_read, pages, met)
    wrong = [f"- line {each.line}: {each}" for each in made if each.is_wrong and (has_all or each.why != _UNREAD)]
    if not wrong:
        return ""
    more = [f"- and {len(wrong) - _TOLD} more"] if len(wrong) > _TOLD else []
    return prompts.load("reminders/cited", wrong="\n".join((*wrong[:_TOLD], *more)))


class _Desk:
    def __init__(self, files: Reader, report: str, pages: Mapping[str, str] | None, met: Sequence[str] = ()) -> None:
        self.met = met
        self.files = files
        self.pages = pages
        self._report = report[:MOST]
        self._whole: dict[str, list[str]] | None = None

    def read(self, path: str) -> Read:
        """A bare name may stand for a path that the report has in full."""
        known = self.files.read(path)
        if known.is_there or "/" in path:
            return known
        return next((whole for each in self._paths().get(path, ()) if (whole := self.files.read(each)).is_there), known)

    def _paths(self) -> dict[str, list[str]]:
        if self._whole is None:
            self._whole = {}
            for match in _WHOLE.finditer(self._report):
                path = match[0].lstrip("([").rstrip(")].")
                found = self._whole.setdefault(path.rpartition("/")[2], [])
                if path not in found and len(found) < _MOST_ALIKE:
                    found.append(path)
        return self._whole


def _of_references(desk: _Desk, references: Sequence[Reference]) -> Iterator[Finding]:
    for each in references:
        if each.url:
            yield from _of_address(desk, each)
            continue
        known = desk.read(each.path)
        if not known.is_there:
            if _means_a_file(desk.files, each.path):
                yield _finding(each, "no such file")
        elif known.lines is None:
            yield _finding(each, known.why, is_wrong=False)
        elif not 1 <= each.first <= each.last <= len(known.lines):
            count = len(known.lines)
            yield _finding(each, f"the file has {count} line{'' if count == 1 else 's'}")


def _means_a_file(files: Reader, path: str) -> bool:
    """`example.com:80` and `library/node:18` do not."""
    name = path.rpartition("/")[2]
    if "." in name.strip("."):
        return "/" in path or name.rpartition(".")[2].lower() not in _HOSTS
    return files.has_folder(path) if "/" in path else True


def _of_address(desk: _Desk, each: Reference) -> Iterator[Finding]:
    if desk.pages is None or _page(desk.pages, each.url) is not None:
        return
    if not any(_plain(each.url) in text for text in (*desk.pages.values(), *desk.met)):
        yield _finding(each, _UNREAD)


def _of_passages(desk: _Desk, passages: Sequence[Passage]) -> Iterator[Finding]:
    for passage in passages:
        parts = _parts(passage)
        whys = [_why_not(desk, each, parts) for each in passage.of] if parts else [""]
        if all(whys) and "?" not in whys:
            yield Finding(_short(passage.words), whys[0] or "", passage.at.line)


def _why_not(desk: _Desk, each: Reference, parts: Sequence[str]) -> str:
    """Why the words are not there; "" when they are, "?" when nobody can tell or the reference is wrong itself."""
    if each.url:
        page = _page(desk.pages, each.url) if desk.pages is not None else None
        return "?" if page is None else "" if _holds(_even(page), parts) else f"not on the page {_short(each.url)}"
    known = desk.read(each.path)
    if known.lines is None or not 1 <= each.first <= each.last <= len(known.lines):
        return "?"
    long = sum(part.count("\n") + 1 for part in parts) + _NEAR
    start, end = max(0, each.first - 1 - _NEAR), each.last + long
    if _holds(_even("\n".join(known.lines[start:end])), parts):
        return ""
    if not _holds(_even("\n".join(known.lines)), parts):
        return f"not in {visible_line(each.path)}"
    return f"in {visible_line(each.path)}, but not near line {each.first}"


def _holds(text: str, parts: Sequence[str]) -> bool:
    """Whether all parts stand in the text, one behind the other."""
    at = 0
    for part in parts:
        at = text.find(_even(part), at)
        if at < 0:
            return False
        at += 1
    return True


def _parts(passage: Passage) -> list[str]:
    """What has to stand there: a quotation may leave something out, and lines may be numbered."""
    words = passage.words
    lines = [line for line in words.split("\n") if line.strip()]
    if passage.is_block and lines and all(_NUMBERED.match(line) for line in lines):
        words = _NUMBERED.sub("", words)
    if not passage.is_block:
        words = words.strip().rstrip(".,;:!?")
    parts = [part for part in _GAP.split(words) if part.strip()]
    return parts if sum(len(part.strip()) for part in parts) >= SHORTEST - 2 else []


def _even(text: str) -> str:
    return " ".join(text.translate(_STRAIGHT).split())


def _page(pages: Mapping[str, str], url: str) -> str | None:
    return pages.get(_plain(url))


def _plain(url: str) -> str:
    return url.partition("#")[0].rstrip("/")


def _finding(each: Reference, why: str, *, is_wrong: bool = True) -> Finding:
    return Finding(_short(each.text), why, each.at.line, is_wrong)


def _short(text: str) -> str:
    line = visible_line(" ".join(text.split()))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
