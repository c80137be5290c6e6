"""Writes one pattern for two engines, Rust's and Python's, so that both find the same. Must not know files.

Neither engine is left to interpret anything: classes, case and line ends are spelled out from one tree.
"""

from __future__ import annotations

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.tools import charset
from coder.tools.charset import Ranges
from coder.tools.pattern import Chars, Choice, LineEnd, LineStart, Node, Refused, Repeat, Sequence, WordEdge, parse

_LONGEST = 5_000  # characters of a pattern
_HEAVIEST = 20_000  # characters matched when every bounded repetition is written out


@dataclass(frozen=True, slots=True)
class Dialects:
    """One pattern, several spellings. Python's are for `re.MULTILINE | re.ASCII`.

    `clean` is for text that was valid UTF-8; `escaped` for text whose broken bytes are lone surrogates, which no part
    of a pattern may match. `required` is text that every match contains, or "".
    """

    rust: str
    clean: str
    escaped: str
    required: str


def translate(pattern: str, *, ignore_case: bool = False, multiline: bool = False, extents: bool = False) -> Dialects:
    """The pattern for both engines; `extents` when it matters where a match ends. Raises ToolError with the reason."""
    try:
        if not pattern:
            raise Refused("it is empty. Use Glob to list files.")
        if len(pattern) > _LONGEST:
            raise Refused(f"it has {len(pattern):,} characters; at most {_LONGEST:,} are accepted.")
        tree = parse(pattern, ignore_case=ignore_case, multiline=multiline)
        _check(tree, extents=extents or multiline)
    except Refused as refusal:
        shown = pattern if len(pattern) <= 200 else f"{pattern[:200]}..."
        raise ToolError(f"The pattern was not searched for: {refusal}\nReceived: {shown}") from refusal
    return Dialects(
        rust=_write(tree, _RUST),
        clean=_write(tree, _CLEAN),
        escaped=_write(tree, _ESCAPED),
        required=_required(tree),
    )


def _check(tree: Node, *, extents: bool) -> None:
    if _weight(tree) > _HEAVIEST:
        raise Refused("its repetitions multiply to something too large. Use `*` or `+` instead of large numbers.")
    if extents and _is_nullable(tree):
        raise Refused(
            "it also matches nothing at all, which with `multiline` or `-o` is everywhere: drop a `*` or `?`."
        )
    if extents and _repeats_nothing(tree):
        raise Refused("it repeats something that may be empty, as in `(a*)*`. Make the inner part mandatory: `(a+)*`.")


def _weight(node: Node) -> int:
    match node:
        case Repeat(item, low, high, _):
            return _weight(item) * max(low, high or 0, 1)
        case Sequence(parts) | Choice(parts):
            return 1 + sum(_weight(part) for part in parts)
        case _:
            return 1


def _is_nullable(node: Node) -> bool:
    match node:
        case Chars():
            return False
        case Sequence(items):
            return all(_is_nullable(item) for item in items)
        case Choice(options):
            return any(_is_nullable(option) for option in options)
        case Repeat(item, low, _, _):
            return low == 0 or _is_nullable(item)
        case _:
            return True


def _repeats_nothing(node: Node) -> bool:
    match node:
        case Repeat(item, _, high, _):
            return (high != 1 and _is_nullable(item)) or _repeats_nothing(item)
        case Sequence(parts) | Choice(parts):
            return any(_repeats_nothing(part) for part in parts)
        case _:
            return False


def _required(tree: Node) -> str:
    """The longest run of fixed characters at the top of the tree."""
    runs = [""]
    for item in tree.items if isinstance(tree, Sequence) else (tree,):
        char = charset.single(item.ranges) if isinstance(item, Chars) else None
        if char is None:
            runs.append("")
        else:
            runs[-1] += char
    return max(runs, key=len)


@dataclass(frozen=True, slots=True)
class _Spelling:
    line_start: str
    line_end: str
    word_edge: str
    is_rust: bool = False
    has_surrogates: bool = False  # the text may hold code points that no part of a pattern may match


_RUST = _Spelling("(?m:^)", r"(?:\x{D}?(?m:$))", r"(?-u:\b)", is_rust=True)
_CLEAN = _Spelling("^", r"(?:\r?$)", r"\b")
_ESCAPED = _Spelling("^", r"(?:\r?$)", r"\b", has_surrogates=True)


def _write(node: Node, spelling: _Spelling) -> str:
    match node:
        case Chars(ranges):
            return _write_chars(ranges, spelling)
        case LineStart():
            return spelling.line_start
        case LineEnd():
            return spelling.line_end
        case WordEdge():
            return spelling.word_edge
        case Sequence(items):
            return "".join((_grouped if isinstance(item, Choice) else _write)(item, spelling) for item in items)
        case Choice(options):
            return "|".join(_write(option, spelling) for option in options)
        case Repeat(item, low, high, lazy):
            atom = _write(item, spelling) if isinstance(item, Chars) else _grouped(item, spelling)
            return atom + _write_bounds(low, high) + ("?" if lazy else "")


def _grouped(node: Node, spelling: _Spelling) -> str:
    return f"(?:{_write(node, spelling)})"


def _write_bounds(low: int, high: int | None) -> str:
    match low, high:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _, None:
            return f"{{{low},}}"
        case _:
            return f"{{{low},{high}}}"


def _write_chars(ranges: Ranges, spelling: _Spelling) -> str:
    char = charset.single(ranges)
    if char is not None:
        return _write_point(ord(char), spelling)
    if spelling.is_rust or ranges[-1][1] != charset.LAST:
        return f"[{_write_ranges(ranges, spelling)}]"
    others = charset.complement(ranges, surrogates=spelling.has_surrogates)
    return f"[^{_write_ranges(others, spelling)}]" if others else "(?s:.)"


def _write_ranges(ranges: Ranges, spelling: _Spelling) -> str:
    spans = ((_write_point(low, spelling), _write_point(high, spelling), low == high) for low, high in ranges)
    return "".join(low if alone else f"{low}-{high}" for low, high, alone in spans)


def _write_point(point: int, spelling: _Spelling) -> str:
    char = chr(point)
    if char.isascii() and char.isalnum():
        return char
    if spelling.is_rust:
        return f"\\x{{{point:X}}}"
    return f"\\x{point:02x}" if point <= 0xFF else f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
